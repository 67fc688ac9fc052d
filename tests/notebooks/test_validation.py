"""Strict validation of the notebooks means something: outputs are stored, and a changed one is found."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rewards_analytics.widgets.connect.demo_sandbox import DemoSandbox

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
DASHBOARDS = [path for path in NOTEBOOKS if path.stem != "product_report"]

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
REWARD = {
    "user_guid": "USR-1",
    "member_guid": "MBR-1",
    "balance_type": "EXPIRING_BALANCE",
    "unit_type": "MILES",
    "balance": "1000",
    "expires_on": "2027-01-31",
}


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_code_cell_was_run_once_from_top_to_bottom_and_without_error(path):
    cells = code_cells(json.loads(path.read_text(encoding="utf-8")))

    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert [output for output in outputs if output["output_type"] == "execute_result"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_opens_with_its_question_and_has_one_cell_of_parameters(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))

    title = "".join(notebook["cells"][0]["source"]).splitlines()[0]
    assert title.startswith("# ")
    assert title.endswith("?")
    tagged = [cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    assert len(tagged) == 1


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_notebook_shows_a_picture_and_a_dashboard_and_stores_what_it_showed(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    outputs = [output.get("data", {}) for cell in code_cells(notebook) for output in cell["outputs"]]
    sources = "".join("".join(cell["source"]) for cell in code_cells(notebook))

    assert [data for data in outputs if "image/png" in data or "image/svg+xml" in data]
    assert "pandas" in sources
    shown = [data[VIEW]["model_id"] for data in outputs if VIEW in data]
    assert shown
    assert set(shown) <= set(notebook["metadata"]["widgets"][STATE]["state"])


def test_no_key_is_stored_with_the_notebook_that_fetches():
    stored = (ROOT / "notebooks" / "fetch.ipynb").read_text(encoding="utf-8")
    demo = DemoSandbox(seed=2026)
    keys = demo.sandbox.api_key, demo.sandbox.client_id
    demo.close()

    assert not [key for key in keys if key in stored]
    assert '"value": "correct"' not in stored


# --- Validation finds what has changed ---


def validate(path):
    """Validate a notebook strictly, as continuous integration does; each cell and whether it passed."""
    command = [sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml", f"--rootdir={ROOT}"]
    run = subprocess.run(
        [*command, "-p", "no:cacheprovider", "-rA", path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    outcomes = re.findall(r"^(PASSED|FAILED) .*::Cell (\d+)", run.stdout, re.MULTILINE)
    return {int(cell): outcome for outcome, cell in outcomes}


def edit_a_number(text):
    return text.replace("12500.000000000", "12501.000000000")


def drop_a_row(text):
    return re.sub(r"│ MILES .*\n", "", text)


def change_the_order(text):
    return re.sub(r"(│ DOLLARS .*\n)(│ MILES .*\n)", r"\2\1", text)


def test_validation_fails_for_a_changed_number_a_dropped_row_another_order_and_a_new_warning(tmp_path):
    notebook = json.loads((ROOT / "notebooks" / "definitions.ipynb").read_text(encoding="utf-8"))
    parameters, setup = code_cells(notebook)[:2]
    table = next(cell for cell in code_cells(notebook) if cell["source"] == ["ra.totals(rewards)"])
    changed = [json.loads(json.dumps(table)) for _ in range(3)]
    for cell, change in zip(changed, (edit_a_number, drop_a_row, change_the_order), strict=True):
        text = "".join(cell["outputs"][0]["data"]["text/plain"])
        assert change(text) != text
        cell["outputs"][0]["data"]["text/plain"] = change(text)
    warned = json.loads(json.dumps(table))
    warned["source"] = 'import warnings\n\nwarnings.warn("new")\nra.totals(rewards)'
    cells = [parameters, setup, table, *changed, warned]
    notebook["cells"] = [cell | {"id": f"cell-{place}"} for place, cell in enumerate(cells)]
    path = tmp_path / "changed.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")

    assert validate(path) == dict(enumerate(["PASSED"] * 3 + ["FAILED"] * 4))


def test_the_lines_of_the_readme_write_and_validate_notebooks(tmp_path):
    """All but the one that installs."""
    section = (
        (ROOT / "README.md").read_text(encoding="utf-8").partition("## Notebooks that keep")[2].partition("\n## ")[0]
    )
    lines = section.split("```")[1].strip().splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["rewards-analytics", "notebooks"]] + 2 * [
        ["rewards-analytics", "validate"]
    ]
    script = "\n".join(line.replace("*.ipynb", "definitions.ipynb") for line in [*lines[1:], lines[2]])

    run = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stdout.count("mine/definitions.ipynb: 15 code cells as stored") == 2, run.stdout + run.stderr


# --- Parameters ---


def test_papermill_sets_the_parameters(tmp_path):
    papermill = pytest.importorskip("papermill", reason="papermill is missing: pip install papermill")
    two = [dict(REWARD, guid="RWD-1"), dict(REWARD, guid="RWD-2", user_guid="USR-2", balance="1000.5")]
    (tmp_path / "own.json").write_text(json.dumps(two))
    notebook = json.loads((ROOT / "notebooks" / "expiring.ipynb").read_text(encoding="utf-8"))
    # The parameters, what is loaded, and the answer in words.
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"][:3]
    (tmp_path / "expiring.ipynb").write_text(json.dumps(notebook))

    ran = papermill.execute_notebook(
        tmp_path / "expiring.ipynb",
        tmp_path / "ran.ipynb",
        parameters={"source": "own.json", "as_of": "2026-12-31"},
        cwd=tmp_path,
        progress_bar=False,
        execution_timeout=120,
    )

    outputs = [output for cell in ran.cells for output in cell.get("outputs", [])]
    assert outputs[0]["text"] == "2 rewards of 2 users, seen on 31 December 2026\n"
    assert outputs[1]["data"]["text/plain"] == "- 2,000.5 miles in 2 lots"
