"""The pages of the site that are made from what exists: docstrings, commands, notebooks, files of the project."""
