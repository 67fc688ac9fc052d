"""`rewards-analytics validate` and `notebooks`: notebooks of a team's own keep their numbers."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from nbval.plugin import get_sanitize_patterns

import rewards_analytics as ra
from rewards_analytics.notebooks.starters import write_starters
from rewards_analytics.notebooks.validating import SANITIZE, validate
from tests.cli.conftest import run  # noqa: F401 - a fixture

nbformat = pytest.importorskip("nbformat")
ROOT = Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
EVERY_NOTEBOOK = os.environ.get("EVERY_NOTEBOOK")
TABLE = "for unit, held in [('MILES', 1200), ('POINTS', 84000)]:\n    print(unit, held)"


DIFFERENCES = """\
same.ipynb: 2 code cells as stored
number.ipynb: 1 of 2 code cells differ
  code cell 2 gives another output than is stored:
    stored: MILES 1300
    now:    MILES 1200
row.ipynb: 1 of 1 code cells differ
  code cell 1 gives another output than is stored:
    now:    POINTS 84000
order.ipynb: 1 of 1 code cells differ
  code cell 1 gives another output than is stored:
    now:    MILES 1200
    stored: MILES 1200
outputs.ipynb: 1 of 1 code cells differ
  code cell 1 gives another output than is stored:
    now:    MILES 1200
    now:    POINTS 84000
counts.ipynb: 1 of 1 code cells differ
  code cell 1 was never run, or its outputs were stripped: it has no execution count
error.ipynb: 1 of 1 code cells differ
  code cell 1 ended in ValueError: invalid literal for int() with base 10: 'x'
two.ipynb: 2 of 3 code cells differ
  code cell 2 gives another output than is stored:
    stored: 1
    now:    2
  code cell 3 gives another output than is stored:
    now:    CELL:2: UserWarning: new
    now:    warnings.warn('new')
"""


def stored(folder, *sources, name="own", counts=True):
    """A notebook in which each cell stores what it prints."""
    cells = []
    for number, (source, printed) in enumerate(sources, start=1):
        outputs = [nbformat.v4.new_output("stream", name="stdout", text=printed)] if printed else []
        count = number if counts else None
        cells.append(nbformat.v4.new_code_cell(source, outputs=outputs, execution_count=count, id=f"cell-{number}"))
    path = folder / f"{name}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_every_way_in_which_a_notebook_can_differ_is_found(run, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    as_it_was = "MILES 1200\nPOINTS 84000\n"
    notebooks = [
        stored(tmp_path, ("a = 1", ""), (TABLE, as_it_was), name="same"),
        stored(tmp_path, ("a = 1", ""), (TABLE, "MILES 1300\nPOINTS 84000\n"), name="number"),
        stored(tmp_path, (TABLE, "MILES 1200\n"), name="row"),
        stored(tmp_path, (TABLE, "POINTS 84000\nMILES 1200\n"), name="order"),
        stored(tmp_path, (TABLE, ""), name="outputs"),
        stored(tmp_path, (TABLE, ""), name="counts", counts=False),
        stored(tmp_path, ("int('x')", ""), name="error"),
        stored(
            tmp_path, (TABLE, as_it_was), ("print(2)", "1\n"), ("import warnings\nwarnings.warn('new')", ""), name="two"
        ),
    ]

    ended = run("validate", *notebooks, "--junit", tmp_path / "cells.xml")

    assert ended.out.replace(f"{tmp_path}/", "") == DIFFERENCES
    assert (ended.status, ended.err) == (1, "")
    cells = ElementTree.parse(tmp_path / "cells.xml").getroot().iter("testcase")
    failed = [case.get("classname").removesuffix(".ipynb") for case in cells if case.find("failure") is not None]
    assert failed == ["number", "row", "order", "outputs", "counts", "error", "two", "two"]


def test_of_a_picture_the_words_are_compared_and_the_drawing_is_not(run, tmp_path):  # noqa: F811
    image = '<img src="data:image/svg+xml;base64,{}" alt="{}">'
    show = f"from IPython.display import HTML\nHTML('{image.format('bm93', '1,200 miles')}')"
    for name, html in (
        ("drawing", image.format("b2xk", "1,200 miles")),
        ("words", image.format("bm93", "1,300 miles")),
    ):
        data = {"text/html": html, "text/plain": "<IPython.core.display.HTML object>"}
        output = nbformat.v4.new_output("execute_result", data, execution_count=1)
        cell = nbformat.v4.new_code_cell(show, outputs=[output], execution_count=1, id="cell-1")
        nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / f"{name}.ipynb")

    drawing, words = (run("validate", tmp_path / f"{name}.ipynb") for name in ("drawing", "words"))

    assert (drawing.status, words.status) == (0, 1)
    assert [line.strip() for line in words.out.splitlines()[2:]] == [
        'stored: <img src="IMAGE" alt="1,300 miles">',
        'now:    <img src="IMAGE" alt="1,200 miles">',
    ]


def test_a_cell_that_hangs_is_named_and_the_others_are_still_compared(run, tmp_path):  # noqa: F811
    hanging = stored(tmp_path, ("while True: pass", ""), ("print(2)", "2\n"), name="hangs")
    ended = run("validate", hanging, "--cell-timeout", "2")
    assert ended.out.splitlines()[1:] == ["  code cell 1 gave no answer within 2 seconds"]
    assert ended.status == 1


SAID = """\
old [2025]/a::b.ipynb: 1 code cells as stored
itself.ipynb: 1 code cells as stored, 1 not run, 1 run and not compared
ignored.ipynb: no code cell was compared, 1 run and not compared
raises.ipynb: 1 of 1 code cells differ
  code cell 1 gives another output than is stored:
    now:    ValueError: invalid literal for int() with base 10: 'x'
ends.ipynb: 1 of 2 code cells differ, 2 not run
  code cell 2 ended its Python process
"""


def test_what_was_not_run_or_not_compared_is_said(run, tmp_path, monkeypatch):  # noqa: F811
    """A Python process that has ended is noticed at once, and a path may hold what pytest would read as its own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old [2025]").mkdir()
    ignored = ("# NBVAL_IGNORE_OUTPUT\nprint(1)", "2\n")
    notebooks = [
        stored(tmp_path / "old [2025]", ("print(1)", "1\n"), name="a::b"),
        stored(tmp_path, ignored, ("print(2)", "2\n"), ("# NBVAL_SKIP\nprint(3)", "4\n"), name="itself"),
        stored(tmp_path, ignored, name="ignored"),
        stored(tmp_path, ("# NBVAL_RAISES_EXCEPTION\nint('x')", ""), name="raises"),
        stored(tmp_path, ("a = 1", ""), ("import os\nos._exit(3)", ""), ("a", ""), ("print(4)", "4\n"), name="ends"),
    ]
    ended = run("validate", *notebooks, "--cell-timeout", "300")
    assert (ended.status, ended.out.replace(f"{tmp_path}/", "")) == (1, SAID)


def test_a_python_that_does_not_start_is_said_once_with_the_way_to_find_out_why(run, tmp_path, monkeypatch):  # noqa: F811
    ends = "import os, sys\nif 'ipykernel_launcher' in sys.orig_argv: os._exit(1)"
    (tmp_path / "sitecustomize.py").write_text(ends)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    path = stored(tmp_path, ("print(1)", "1\n"), ("print(2)", "2\n"))
    ended = run("validate", path)
    assert ended.status == 1
    assert ended.out.splitlines()[0] == f"{path}: 1 of 1 code cells differ, 1 not run"
    assert ended.out.splitlines()[1].startswith("  code cell 1 was not run, because no Python process started: ")
    assert ended.out.splitlines()[2] == f"    Find out why: {sys.executable} -m ipykernel --version"


def test_the_kernel_of_a_notebook_is_this_python_whatever_its_name(run, tmp_path):  # noqa: F811
    path = stored(tmp_path, ("import sys\nprint(sys.executable)", f"{sys.executable}\n"))
    notebook = json.loads(path.read_text())
    notebook["metadata"]["kernelspec"] = {"name": "of-a-colleague", "language": "python", "display_name": "x"}
    path.write_text(json.dumps(notebook))
    assert run("validate", path).out == f"{path}: 1 code cells as stored\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        ("{", "It is not a notebook"),
        ("[]", "It is not a notebook"),
        ('{"cells": [], "metadata": {"kernelspec": null}, "nbformat": 4, "nbformat_minor": 5}', "It is not a notebook"),
        ('{"cells": [], "metadata": {}, "nbformat": 9, "nbformat_minor": 0}', "Unsupported nbformat version 9"),
        ('{"cells": [], "metadata": {"kernelspec": {"language": "R"}}, "nbformat": 4, "nbformat_minor": 5}', "is R"),
        ('{"cells": [], "metadata": {"language_info": {"name": "R"}}, "nbformat": 4, "nbformat_minor": 5}', "is R"),
    ],
)
def test_what_cannot_be_read_is_an_error_before_anything_runs(run, tmp_path, content, why):  # noqa: F811
    good, bad = stored(tmp_path, ("open('ran', 'w')", ""), name="good"), tmp_path / "bad.ipynb"
    if content is not None:
        bad.write_text(content)
    ended = run("validate", good, bad)
    assert (ended.status, ended.out) == (1, "")
    assert f"Cannot read the notebook {bad}: " in ended.err
    assert why in ended.err
    assert not (tmp_path / "ran").exists()


def test_a_notebook_without_code_is_not_valid(run, tmp_path):  # noqa: F811
    ended = run("validate", stored(tmp_path))
    assert (ended.status, ended.out) == (1, f"{tmp_path / 'own.ipynb'}: no code cell was compared\n")


def test_update_stores_what_the_cells_give_now(run, tmp_path):  # noqa: F811
    path = stored(tmp_path, (TABLE, "MILES 1300\n"), counts=False)
    assert run("validate", "--update", path).status == 0
    (cell,) = json.loads(path.read_text())["cells"]
    assert (cell["execution_count"], cell["outputs"][0]["text"]) == (1, ["MILES 1200\n", "POINTS 84000\n"])
    assert "execution" not in cell["metadata"]


def test_update_leaves_a_notebook_whose_cell_fails_as_it_was(run, tmp_path):  # noqa: F811
    path = stored(tmp_path, ("int('x')", ""))
    before = path.read_bytes()
    ended = run("validate", "--update", path)
    assert (ended.status, path.read_bytes()) == (1, before)
    assert "code cell 1 failed with ValueError" in ended.err


# --- The project's own notebooks ---

HTML = re.compile(r'<style[\s\S]*?</style>|<[^>"]*(?:"[^"]*"[^>"]*)*>|[^<]+')
"""A style sheet, a tag, or a text between tags."""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_number_that_people_read_is_left_out_of_the_comparison(path):
    """Each is marked, between tags and in the words of pictures, and all marks are there when the text is compared."""

    def mark(part):
        if part[0].startswith("<style"):
            return part[0]
        read = r'(?<= )(?:alt|aria-label)="[^"]*"' if part[0].startswith("<") else r"[\s\S]+"
        return re.sub(read, lambda words: re.sub(r"\d+", "¤", words[0]), part[0])

    patterns = get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8"))
    numbers = 0
    for cell in code_cells(nbformat.read(path, as_version=4)):
        for data, kind in texts_of(cell):
            text = compared = HTML.sub(mark, data[kind])
            for regex, replace in patterns:
                compared = re.sub(regex, replace, compared)
            assert compared.count("¤") == text.count("¤"), kind
            numbers += text.count("¤")
    assert numbers > 50


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def texts_of(cell, *kinds):
    """Where the outputs of a cell store texts: each with its dictionary and key."""
    for output in cell.outputs:
        for data in (output, output.get("data", {})):
            yield from ((data, kind) for kind in kinds or ("text", "text/plain", "text/html") if kind in data)


def edit_a_number(cell):
    """Change the last digit of what is printed, and of each plain text."""
    for data, kind in texts_of(cell, "text", "text/plain"):
        data[kind] = re.sub(r"\d(?=\D*$)", another, data[kind])


def edit_a_number_of_html(cell):
    """Change the last digit between the tags of each table or sentence."""
    for data, kind in texts_of(cell, "text/html"):
        parts = HTML.findall(data[kind])
        last = max((place for place, part in enumerate(parts) if re.search(r"^[^<]*\d", part)), default=0)
        parts[last] = re.sub(r"^([^<]*)(\d)", lambda found: found[1] + another(found, 2), parts[last])
        data[kind] = "".join(parts)


def another(found, group=0):
    return str((int(found[group]) + 1) % 10)


def drop_a_row(cell):
    for data, kind in texts_of(cell, "text", "text/plain"):
        data[kind] = "".join(data[kind].splitlines(keepends=True)[:-1]) or data[kind]


def strip_outputs(cell):
    cell.outputs = []


def strip_the_count(cell):
    cell.execution_count = None


def leave(cell):
    """Such a cell has to pass."""


DAMAGES = [edit_a_number, edit_a_number_of_html, drop_a_row, strip_outputs, strip_the_count, leave]


@pytest.mark.parametrize("turn", range(len(DAMAGES)) if EVERY_NOTEBOOK else [0])
@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS] if EVERY_NOTEBOOK else ["product_report"])
def test_validation_fails_for_exactly_the_cells_whose_stored_outputs_were_changed(tmp_path, name, turn):
    """Cells are changed in different ways; with `EVERY_NOTEBOOK=1` each cell in every way, in its turn."""
    write_starters(tmp_path / "mine")
    path = tmp_path / "mine" / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    changed = []
    for number, cell in enumerate(code_cells(notebook), start=1):
        before = json.dumps(cell)
        DAMAGES[(number + turn) % len(DAMAGES)](cell)
        if json.dumps(cell) != before:
            changed.append(number)
    nbformat.write(notebook, path)

    (found,) = validate([path])

    assert [number for number, _ in found.differences] == changed
    assert len(changed) > 3


# --- Starters ---


def test_the_wheel_alone_writes_starters_that_validate(tmp_path):
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT]
    subprocess.run(build, check=True, env=os.environ | {"REWARDS_ANALYTICS_COMPILE": "never"}, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")

    def command(*arguments):
        environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}
        line = [sys.executable, "-m", "rewards_analytics", *arguments]
        return subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    written = command("notebooks", "mine")
    assert written.returncode == 0, written.stderr
    names = [path.name for path in NOTEBOOKS]
    assert [Path(line).name for line in written.stdout.splitlines()] == names
    assert {"README.md", "data", "nbval-sanitize.cfg", "validate.sh"} < {
        path.name for path in (tmp_path / "mine").iterdir()
    }
    assert (tmp_path / "mine/.github/workflows/notebooks.yml").exists()

    # Two of them, because all run as they are in the project's own tests.
    chosen = names if EVERY_NOTEBOOK else ["definitions.ipynb", "product_report.ipynb"]
    ended = command("validate", *(f"mine/{name}" for name in chosen))
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_starters_refuse_a_folder_that_is_not_empty_and_leave_nothing_behind(run, tmp_path):  # noqa: F811
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/own.ipynb").write_text("own")
    ended = run("notebooks", tmp_path / "mine")
    assert ended.status == 1
    assert f"The folder {tmp_path / 'mine'} is not empty" in ended.err
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "own.ipynb"]


def test_starters_fill_an_empty_folder_and_not_a_file(tmp_path):
    (tmp_path / "empty").mkdir()
    assert (tmp_path / "empty/overview.ipynb") in write_starters(tmp_path / "empty")
    (tmp_path / "file").touch()
    with pytest.raises(ra.RewardsError, match=r"Cannot write to the folder .*file: Not a directory"):
        write_starters(tmp_path / "file")
