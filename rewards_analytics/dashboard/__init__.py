"""The dashboard as a web page on this machine, served by Voila, for people without JupyterLab.

`server` starts and ends Voila, `site` writes the folder that it serves, and `page` runs in each visitor's kernel. The
rewards are loaded and checked once and passed on as Parquet: no text from the source or its name becomes code. The page
requests nothing from other hosts (`share/` holds a Voila template without external addresses). Its address carries a
token, because every user of the machine can reach a port on loopback.
"""
