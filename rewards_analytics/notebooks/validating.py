"""Strict validation: a notebook runs again, and each output is compared with the one that it stores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import nbformat

from rewards_analytics.children import child
from rewards_analytics.errors import ArgumentError, MissingDependencyError, RewardsError
from rewards_analytics.files import temporary_folder, whole_file
from rewards_analytics.reporting.notebook import reading

SANITIZE: Final = Path(__file__).parent.parent / "nbval-sanitize.cfg"
"""What may differ from one run to the next."""

CELL_TIMEOUT_S: Final = 120.0

LIST: Final = "rewards-notebooks.json"
"""The file that lists the notebooks. As arguments, pytest would read a `[` or `::` in their paths its own way."""

FILE_VARIABLE: Final = "REWARDS_ANALYTICS_DIFFERENCES"
"""The environment variable that names the file for what the plugin `differences` finds."""

_RAN: Final = (0, 1, 5)
"""Exit statuses of pytest: all passed, some failed, there was nothing to run."""


@dataclass(frozen=True)
class Validated:
    """What the validation of one notebook found.

    Attributes
    ----------
    notebook
        Its path, as it was given.
    cells
        How many code cells were compared.
    differences
        For each cell that failed, its number among the code cells and the lines that say why.
    skipped
        How many cells say themselves that they are not run, or come after one that gave no answer.
    ignored
        How many cells say themselves that their outputs are not compared.
    """

    notebook: Path
    cells: int = 0
    differences: list[tuple[int, list[str]]] = field(default_factory=list)
    skipped: int = 0
    ignored: int = 0

    @property
    def is_valid(self) -> bool:
        """Whether every cell gave what it stores."""
        return not self.differences and self.cells > 0

    def text(self) -> str:
        """Say what was found, in one line, or in a few for each cell that differs."""
        more = f", {self.skipped} not run" if self.skipped else ""
        more += f", {self.ignored} run and not compared" if self.ignored else ""
        if self.is_valid:
            return f"{self.notebook}: {self.cells} code cells as stored{more}"
        if not self.differences:
            return f"{self.notebook}: no code cell was compared{more}"
        lines = [f"{self.notebook}: {len(self.differences)} of {self.cells} code cells differ{more}"]
        for cell, (first, *others) in self.differences:
            lines += [f"  code cell {cell} {first}", *(f"  {line}" for line in others)]
        return "\n".join(lines)


def validate(
    notebooks: Sequence[str | os.PathLike[str]],
    *,
    junit: str | os.PathLike[str] | None = None,
    cell_timeout: float = CELL_TIMEOUT_S,
) -> list[Validated]:
    """Run notebooks in this Python, each from its own folder, and compare every output with the stored one.

    Each text must be the same but for what `nbval-sanitize.cfg` lists. A code cell without an execution count fails:
    there is nothing that its output could be compared with. Of a picture the alternative text is compared, its drawing
    is not.

    Parameters
    ----------
    notebooks
        The notebooks' files. They are read, not changed.
    junit
        A file to write with the outcome of every cell in JUnit's XML, which CI services read.
    cell_timeout
        Seconds that one cell may take.

    Returns
    -------
    What was found in each notebook, in their order.

    Raises
    ------
    NotebookError
        If a notebook cannot be read, or its language is not Python; nothing is run then.

    Examples
    --------
    >>> validate(["absent.ipynb"])
    Traceback (most recent call last):
        ...
    rewards_analytics.errors.NotebookError: Cannot read the notebook absent.ipynb: No such file or directory.
    """
    if not cell_timeout > 0:
        raise ArgumentError(f"A limit of {cell_timeout:g} seconds leaves a cell no time. Pass more than 0.")
    paths = [Path(notebook) for notebook in notebooks]
    for path in paths:
        reading.read(path)
    with temporary_folder("rewards-validate-") as folder:
        found, results, listed = folder / "differences", folder / "junit.xml", folder / LIST
        found.touch()
        listed.write_text(json.dumps([str(path.absolute()) for path in dict.fromkeys(paths)]), encoding="utf-8")
        settings = folder / "pytest.ini"
        settings.write_text("[pytest]\n", encoding="utf-8")
        command = [
            *(sys.executable, "-m", "pytest", "-c", str(settings), f"--rootdir={Path.cwd()}", "--noconftest"),
            *("-p", "no:cacheprovider", "-p", "nbval.plugin", "-p", "rewards_analytics.notebooks.differences"),
            *("--nbval", "--nbval-current-env", f"--nbval-sanitize-with={SANITIZE}"),
            *(f"--nbval-cell-timeout={cell_timeout}", f"--junit-xml={results}", "--color=no", "--quiet"),
            str(listed),
        ]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", FILE_VARIABLE: str(found)}
        log = folder / "log"
        with log.open("wb") as output, child(command, folder, output, environment) as process:
            status = _end_of(process)
        if status not in _RAN:
            said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            why = " ".join("".join(said[-1:]).removeprefix("E ").split())
            raise RewardsError(
                f"The notebooks were not run: pytest ended with status {status} ({why}). "
                f"Check what is installed: {sys.executable} -m pip check"
            )
        if junit is not None:
            with whole_file(junit) as file:
                file.write(results.read_bytes())
        outcomes = [json.loads(line) for line in found.read_text(encoding="utf-8").splitlines()]
    return [_validated(path, outcomes) for path in paths]


def _end_of(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait(0.2)  # in short waits, between which Ctrl-C is seen
        except subprocess.TimeoutExpired:
            continue


def _validated(path: Path, outcomes: Sequence[dict[str, object]]) -> Validated:
    own = [outcome for outcome in outcomes if outcome["notebook"] == str(path.absolute())]
    counts = Counter(outcome["outcome"] for outcome in own)
    failed = [(outcome["cell"], outcome["lines"]) for outcome in own if outcome["outcome"] == "failed"]
    compared = counts["passed"] + counts["failed"]
    return Validated(path, compared, failed, counts["skipped"], counts["ignored"])  # type: ignore[arg-type]


def update(notebook: str | os.PathLike[str]) -> None:
    """Run a notebook from top to bottom and store its new outputs in its file, or leave it as it was.

    Raises
    ------
    NotebookError
        If the notebook cannot be read, or a cell fails.
    MissingDependencyError
        If the packages of the extra `notebook` are not installed.
    """
    path = Path(notebook)
    reading.read(path)
    try:
        from rewards_analytics.reporting.notebook.running import executed, read
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra(str(error.name), "notebook") from error
    node = read(path)
    node.metadata.pop("papermill", None)
    with whole_file(path) as file:
        node = executed(node, {}, path)
        for cell in node.cells:
            cell.metadata.pop("execution", None)  # times of the run, which differ each time
        file.write(nbformat.writes(node).encode() + b"\n")
