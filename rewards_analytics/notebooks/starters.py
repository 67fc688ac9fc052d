"""The starter notebooks, in a folder of a team's own: with their outputs, their data, and a recipe for CI."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

from rewards_analytics.errors import RewardsError
from rewards_analytics.notebooks.validating import SANITIZE
from rewards_analytics.version import __version__

DATA: Final = (
    "rewards.json",
    "_history/README.md",
    "_history/flows.parquet",
    "_history/members.parquet",
    "_history/moves.parquet",
    "_history/rewards.parquet",
)
"""What the notebooks read, in the folder `data`."""

BENCHMARKS: Final = "_benchmarks/1M.json"
"""The results of the benchmarks, in the folder `data`; in a checkout they are where README shows them."""

_HERE: Final = Path(__file__).parent

_WORKFLOW: Final = """\
# Runs every notebook again and compares each output with the stored one.
name: notebooks
on: [push, pull_request]
permissions:
  contents: read
jobs:
  validate:
    runs-on: ubuntu-latest
    timeout-minutes: 30
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with:
          python-version: "3.12"
      - run: sh validate.sh
      - uses: actions/upload-artifact@v5
        if: always()
        with:
          name: notebooks
          path: notebooks.xml
"""

_SCRIPT: Final = """\
#!/bin/sh
# Runs every notebook again and compares each output with the stored one; fails if one differs.
# After an intended change: rewards-analytics validate --update *.ipynb
set -eu
python3 -m venv .venv
.venv/bin/pip install --quiet "rewards-analytics[lab]==VERSION"
.venv/bin/rewards-analytics validate --junit notebooks.xml *.ipynb
"""

_README: Final = """\
# Notebooks about rewards

Each notebook begins with its question, and a cell of parameters says what it reads and as of which day. The notebooks
are yours: change them, then store the new outputs.

    jupyter lab                                       # read and change them
    rewards-analytics validate *.ipynb                # run them again; exit with 1 if an output differs
    rewards-analytics validate --update *.ipynb       # store the new outputs after an intended change

`data/` holds made-up rewards, `data/_history/` a year of daily snapshots, and `data/_benchmarks/` measured times.
`validate.sh` validates in CI; GitHub runs it by `.github/workflows/notebooks.yml` where this folder is the top of a
repository.
`nbval-sanitize.cfg` lists what may differ from one run to the next, for those who run nbval themselves:

    python -m pytest --nbval --nbval-sanitize-with=nbval-sanitize.cfg --nbval-cell-timeout=120 .
"""


def write_starters(folder: str | os.PathLike[str]) -> list[Path]:
    """Write the starter notebooks into a new or empty folder, and return their paths.

    The folder also gets the data that they read, the file that lists what may differ between runs, and a recipe for CI:
    a shell script, and a workflow for GitHub Actions that calls it. If anything fails, nothing is written.

    Raises
    ------
    RewardsError
        If the folder is not empty or cannot be written.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     sorted(path.name for path in write_starters(f"{folder}/mine"))[:2]
    ['definitions.ipynb', 'distance.ipynb']
    """
    target = Path(folder).absolute()
    try:
        if target.exists() and any(target.iterdir()):
            raise RewardsError(f"The folder {folder} is not empty. Name a new folder: nothing in it is overwritten.")
        target.parent.mkdir(parents=True, exist_ok=True)
        made = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            _fill(made)
            if target.exists():
                target.rmdir()
            made.rename(target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise RewardsError(f"Cannot write to the folder {folder}: {error.strerror}. Name another one.") from error
    return sorted(target.glob("*.ipynb"))


def _fill(folder: Path) -> None:
    source = _source()
    files = {name: source / "data" / name for name in (*DATA, BENCHMARKS)}
    if source != _HERE / "starters":
        files[BENCHMARKS] = source / ".github" / "benchmarks" / Path(BENCHMARKS).name
    for name, path in files.items():
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / "data" / name)
    for path in sorted((source / "notebooks").glob("*.ipynb")):
        text = json.dumps(_beside_its_data(json.loads(path.read_text(encoding="utf-8"))), indent=1, ensure_ascii=False)
        (folder / path.name).write_text(f"{text}\n", encoding="utf-8")
    shutil.copyfile(SANITIZE, folder / SANITIZE.name)
    (folder / "README.md").write_text(_README, encoding="utf-8")
    (folder / "validate.sh").write_text(_SCRIPT.replace("VERSION", __version__), encoding="utf-8")
    (folder / ".gitignore").write_text(".ipynb_checkpoints/\n.venv/\nnotebooks.xml\n", encoding="utf-8")
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "notebooks.yml").write_text(_WORKFLOW, encoding="utf-8")


def _source() -> Path:
    """Where the notebooks and the data are: inside an installed package, or at the top of a checkout."""
    installed = _HERE / "starters"
    return installed if installed.is_dir() else _HERE.parent.parent


def _beside_its_data(notebook: dict[str, Any]) -> dict[str, Any]:
    """Let a notebook read `data/` in its own folder: in the project they are side by side."""
    for cell in notebook["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            cell["source"] = [line.replace('"../data/', '"data/') for line in cell["source"]]
    return notebook
