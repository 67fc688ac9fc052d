"""Notebooks to test with, in a few lines."""

from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

PRODUCT_REPORT = Path(__file__).parent.parent.parent / "notebooks" / "product_report.ipynb"
DATA = PRODUCT_REPORT.parent.parent / "data"


def words(source, **more):
    return new_markdown_cell(source, **more)


def code(source, *outputs, tags=()):
    return new_code_cell(source, outputs=list(outputs), metadata={"tags": list(tags)})


def display(**data):
    """An output of a cell, by the kinds of its data: `html`, `markdown`, `plain`, `javascript`."""
    return nbformat.v4.new_output("display_data", {f"text/{kind}": text for kind, text in data.items()})


def notebook(folder, *cells, **metadata):
    path = folder / "notebook.ipynb"
    nbformat.write(new_notebook(cells=list(cells), metadata=metadata), path)
    return path
