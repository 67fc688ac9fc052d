"""Tables in a narrow window: JupyterLab leaves an output 700 pixels of a window of 900."""

import json
from pathlib import Path

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent.parent / "notebooks").glob("*.ipynb"))

PAGE = """<!doctype html><meta charset="utf-8"><style>body {{ width: 700px; font: 14px sans-serif }}</style>{}"""
"""The outputs of a notebook, in JupyterLab's width and size of letters: tables come out as wide as there."""

# Not those of dashboards, which have tests of their own.
CUT = """[...document.querySelectorAll('.rewards-shown .table')]
    .filter(table => table.scrollWidth > table.clientWidth && !table.closest('.rewards-explore'))
    .map(table => table.getAttribute('aria-label'))"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_table_of_a_notebook_is_cut_in_a_window_of_900_pixels(chromium, path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    shown = ["".join(data["text/html"]) for data in outputs if "rewards-shown" in "".join(data.get("text/html", ""))]

    with chromium.new_context(viewport={"width": 900, "height": 900}) as context:
        page = context.new_page()
        page.set_content(PAGE.format("".join(shown)))

        assert page.locator(".rewards-shown .table").count() > 2
        assert page.evaluate(CUT) == []
