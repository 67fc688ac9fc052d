"""Strict validation of the notebooks means something: outputs are stored, and a changed one is found."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


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


def edit_a_number(text):
    return re.sub(r"\d(?=\.\d{9})", lambda digit: str((int(digit[0]) + 1) % 10), text, count=1)


def drop_a_row(text):
    return re.sub(r"│ MILES .*\n", "", text, count=1)


@pytest.mark.parametrize("change", [edit_a_number, drop_a_row])
def test_validation_fails_when_a_stored_table_is_changed(change, tmp_path):
    notebook = json.loads((ROOT / "notebooks" / "overview.ipynb").read_text(encoding="utf-8"))
    cell = next(cell for cell in code_cells(notebook) if cell["source"] == ["ra.totals(rewards)"])
    text = "".join(cell["outputs"][0]["data"]["text/plain"])
    assert change(text) != text
    cell["outputs"][0]["data"]["text/plain"] = change(text)
    # What comes after the table is not needed to find the change.
    notebook["cells"] = notebook["cells"][: notebook["cells"].index(cell) + 1]
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").symlink_to(ROOT / "data")
    copy = tmp_path / "notebooks" / "changed.ipynb"
    copy.write_text(json.dumps(notebook), encoding="utf-8")

    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        ROOT / "pyproject.toml",
        f"--rootdir={ROOT}",
        "-p",
        "no:cacheprovider",
    ]
    run = subprocess.run([*command, copy], cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 1, run.stdout
    assert "1 failed" in run.stdout
