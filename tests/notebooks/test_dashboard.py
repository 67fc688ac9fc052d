"""The static page of a dashboard is compared by strict validation, and shown where no script runs."""

import subprocess
import sys
from copy import deepcopy
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
SLOW_CELL = """
import time
slow = rewards.lazy().map_batches(lambda frame: time.sleep(0.8) or frame)
dashboard = ra.explore(slow)
"""


KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}


class Watched(nbclient.NotebookClient):
    """Runs a notebook and keeps every text that a cell shows, also one that a later text replaces."""

    def __init__(self, notebook):
        super().__init__(notebook, timeout=120)
        self.texts = []

    def process_message(self, message, *args):
        self.texts.append(message["content"].get("data", {}).get("text/plain", ""))
        return super().process_message(message, *args)


@pytest.fixture(scope="module")
def ran():
    """Two cells that one kernel has run, and the texts that were shown meanwhile."""
    cells = [*map(nbformat.v4.new_code_cell, (CELL, SLOW_CELL))]
    client = Watched(nbformat.v4.new_notebook(cells=cells, metadata=KERNEL))
    return client.execute(), client.texts


@pytest.fixture
def notebook(ran):
    """A notebook with a dashboard, as it was run."""
    return nbformat.v4.new_notebook(cells=deepcopy(ran[0].cells[:1]), metadata=ran[0].metadata)


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


def test_what_takes_a_moment_is_said_meanwhile_and_leaves_nothing(ran):
    done, texts = ran

    assert "Dashboard: collecting the rewards, 1 s" in texts
    assert [output.data for output in done.cells[1].outputs] == [{"text/html": ""}]


@pytest.mark.parametrize("template", ["lab", "rewards"])
def test_an_export_shows_the_static_page(notebook, template):
    from nbconvert import HTMLExporter

    html, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)

    assert "Not in the timeline" not in html
    assert html.count("Next expiries, one row for each holding and day") >= 1
