"""The static page of a dashboard is compared by strict validation, and shown where no script runs."""

import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

import rewards_analytics

CELL = """
import datetime, rewards_analytics as ra
reward = {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
rewards = ra.load([reward | {"balance_type": "BALANCE", "balance": 84321, "expires_on": "2026-12-01"}])
ra.explore(rewards, as_of=datetime.date(2026, 11, 23), state={"tab": "expiring"})
"""


@pytest.fixture(scope="module")
def notebook():
    """A notebook with a dashboard, run once."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return nbclient.NotebookClient(made, timeout=120).execute()


def is_valid(notebook, folder):
    nbformat.write(notebook, folder / "dashboard.ipynb")
    rules = Path(rewards_analytics.__file__).with_name("nbval-sanitize.cfg")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--nbval",
        f"--nbval-sanitize-with={rules}",
    ]
    return subprocess.run([*command, "dashboard.ipynb"], cwd=folder, capture_output=True).returncode == 0


def test_the_static_page_comes_first_and_then_the_widget(notebook):
    page, widget = notebook.cells[0].outputs

    assert "<script" not in page.data["text/html"]
    assert list(widget.data) == ["application/vnd.jupyter.widget-view+json"]


def test_an_edited_number_in_the_static_page_is_found(notebook, tmp_path):
    assert is_valid(notebook, tmp_path)

    data = notebook.cells[0].outputs[0].data
    data["text/html"] = data["text/html"].replace("84,321", "84,322", 1)
    assert not is_valid(notebook, tmp_path)


@pytest.mark.parametrize("template", ["lab", "rewards"])
def test_an_export_shows_the_static_page(notebook, template):
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)

    assert "Not in the timeline" not in html
    assert html.count("Next expiries, one row for each holding and day") >= 1
