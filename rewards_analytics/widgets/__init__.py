"""Widgets for JupyterLab: the dashboard (`explore`) and the fetch form (`connect`)."""
