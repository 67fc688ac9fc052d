"""Strict validation of the notebooks means something: outputs are stored, and a changed one is found."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rewards_analytics as ra
from rewards_analytics.widgets.connect.demo_sandbox import DemoSandbox

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
WITH_PICTURES = [path for path in NOTEBOOKS if path.stem != "product_report"]
DASHBOARDS = [path for path in WITH_PICTURES if path.stem not in ("history", "lapse", "scale")]  # it shows one day

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
TOTALS = 'ra.show.table(ra.totals(rewards), "Totals per unit")'
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


def outputs_of(path):
    """What the cells of a notebook show, as stored."""
    cells = code_cells(json.loads(path.read_text(encoding="utf-8")))
    return [output.get("data", {}) for cell in cells for output in cell["outputs"]]


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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_needs_nothing_of_the_package_but_its_public_names(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    trees = [ast.parse("".join(cell["source"])) for cell in code_cells(notebook)]
    imported = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]

    ours = [ast.unparse(node) for node in imported if "rewards_analytics" in ast.unparse(node)]
    assert ours == ["import rewards_analytics as ra"]
    names = {
        node.attr
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ra"
    }
    assert names <= set(ra.__all__)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_leads_with_the_summary_and_shows_no_raw_frame(path):
    cells = code_cells(json.loads(path.read_text(encoding="utf-8")))
    outputs = [(cell, output.get("data", {})) for cell in cells for output in cell["outputs"]]

    assert "ra.show.summary" in "".join("".join(cell["source"]) for cell in cells[:9])
    for cell, data in outputs:
        html = "".join(data.get("text/html", ""))
        assert 'class="dataframe"' not in html, cell["source"]
        assert not re.search(r"\d\.\d{9}\b|0E-9", html + "".join(data.get("text/plain", ""))), cell["source"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_line_of_a_notebook_is_too_wide_to_read(path):
    """JupyterLab shows 84 letters of code in a window of 900 pixels."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        most = 84 if cell["cell_type"] == "code" else 99
        assert [line for line in "".join(cell["source"]).splitlines() if len(line) > most] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_dashboard_is_not_changed_by_a_later_cell(path):
    """What a reader sees is what the cell did: a cell that sets a control makes the dashboard that it shows."""
    changes = re.compile(r"(\w+)\.(?:units|every|tabs|as_of|horizon|user|member|balance_types)\b.*=[^=]")
    for cell in code_cells(json.loads(path.read_text(encoding="utf-8"))):
        source = "".join(cell["source"])
        for name in changes.findall(source):
            assert f"{name} = ra." in source or "form" in name, source


@pytest.mark.parametrize("path", WITH_PICTURES, ids=lambda path: path.stem)
def test_a_notebook_shows_a_picture(path):
    assert [data for data in outputs_of(path) if "image/png" in data or "image/svg+xml" in data]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_notebook_shows_a_dashboard_and_stores_what_it_showed(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    outputs = outputs_of(path)
    sources = "".join("".join(cell["source"]) for cell in code_cells(notebook))

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
    return text.replace("12,500", "12,501")


def drop_a_row(text):
    return re.sub(r"Miles .*\n", "", text)


def change_the_order(text):
    return re.sub(r"(Dollars .*\n)(Miles .*\n)", r"\2\1", text)


def test_validation_fails_for_a_changed_number_a_dropped_row_another_order_and_a_new_warning(tmp_path):
    notebook = json.loads((ROOT / "notebooks" / "definitions.ipynb").read_text(encoding="utf-8"))
    parameters, setup = code_cells(notebook)[:2]
    table = next(cell for cell in code_cells(notebook) if cell["source"] == [TOTALS])
    changed = [json.loads(json.dumps(table)) for _ in range(3)]
    for cell, change in zip(changed, (edit_a_number, drop_a_row, change_the_order), strict=True):
        text = "".join(cell["outputs"][0]["data"]["text/plain"])
        assert change(text) != text
        cell["outputs"][0]["data"]["text/plain"] = change(text)
    warned = json.loads(json.dumps(table))
    warned["source"] = f'import warnings\n\nwarnings.warn("new")\n{TOTALS}'
    cells = [parameters, setup, table, *changed, warned]
    notebook["cells"] = [cell | {"id": f"cell-{place}"} for place, cell in enumerate(cells)]
    path = tmp_path / "changed.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")

    assert validate(path) == dict(enumerate(["PASSED"] * 3 + ["FAILED"] * 4))


def test_the_lines_of_the_page_on_ci_write_and_validate_notebooks(tmp_path):
    """All but the one that installs."""
    page = (ROOT / ".docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    lines = page.split("```")[1].strip().splitlines()[1:]  # without the name of the language
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

    assert run.stdout.count("mine/definitions.ipynb: 17 code cells as stored") == 2, run.stdout + run.stderr


# --- Parameters ---


def test_papermill_sets_the_parameters(tmp_path):
    papermill = pytest.importorskip("papermill", reason="papermill is missing: pip install papermill")
    two = [dict(REWARD, guid="RWD-1"), dict(REWARD, guid="RWD-2", user_guid="USR-2", balance="1000.5")]
    (tmp_path / "own.json").write_text(json.dumps(two))
    notebook = json.loads((ROOT / "notebooks" / "expiring.ipynb").read_text(encoding="utf-8"))
    # The parameters, the summary, and the aging schedule.
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
    assert outputs[0]["data"]["text/plain"].splitlines()[-1] == "Made from 2 rewards of 2 users and 1 member."
    assert re.search(r"^31 to 60 days +2,000\.5$", outputs[1]["data"]["text/plain"], re.MULTILINE)
