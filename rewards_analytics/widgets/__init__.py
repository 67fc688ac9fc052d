"""Dashboards for JupyterLab: controls that call the public analyses and pictures."""
