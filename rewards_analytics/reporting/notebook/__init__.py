"""Reports from a notebook: run with parameters, then rendered as a page."""
