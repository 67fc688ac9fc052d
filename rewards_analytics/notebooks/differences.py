"""A pytest plugin that closes nbval's blind spots and says in a few lines what differs.

nbval passes a cell without an execution count unseen, so a notebook whose outputs were stripped would pass; it waits
for a Python process that has ended as for a cell that hangs; and it shows a difference as a long traceback. This plugin
fails such cells at once, and writes what each failed cell differs in as JSON lines to the file that
`REWARDS_ANALYTICS_DIFFERENCES` names.
"""

from __future__ import annotations

import difflib
import json
import os
import sys
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from queue import Empty
from typing import Any, Final

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile, NbCellError, coalesce_streams

from rewards_analytics.notebooks.validating import FILE_VARIABLE, LIST
from rewards_analytics.wording import one_line

NOT_RUN: Final = "was never run, or its outputs were stripped: it has no execution count"
ENDED: Final = "ended its Python process"
_MOST_LINES: Final = 6
_WIDEST: Final = 100
_TURN_S: Final = 0.5


class _PythonEndedError(Exception):
    """The Python process of a notebook is gone."""


class _Notebook(IPyNbFile):  # type: ignore[misc]
    """A notebook whose Python process is looked at while a cell runs."""

    without_python = False
    """Whether a cell has failed because its Python process did not start, or ended."""

    def setup(self) -> None:
        """Start the Python process."""
        super().setup()
        nbvals_own = self.kernel.await_reply

        def await_reply(msg_id: str, timeout: float) -> None:
            end = time.monotonic() + timeout
            while True:
                try:
                    nbvals_own(msg_id, timeout=max(0.0, min(_TURN_S, end - time.monotonic())))
                except Empty:
                    if not self.kernel.is_alive():
                        raise _PythonEndedError from None
                    if time.monotonic() >= end:
                        raise
                else:
                    return

        self.kernel.await_reply = await_reply


class _Notebooks(pytest.File):
    """The notebooks of a list."""

    def collect(self) -> Iterator[_Notebook]:
        for path in json.loads(self.path.read_text(encoding="utf-8")):
            yield _Notebook.from_parent(self, path=Path(path))


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> _Notebooks | None:
    """Collect the notebooks that the list names."""
    return _Notebooks.from_parent(parent, path=file_path) if file_path.name == LIST else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail a cell that has no stored run to compare with."""
    yield
    if isinstance(item, IPyNbCell) and item.cell.source.strip() and item.cell.execution_count is None:
        raise NbCellError(item.cell_num, NOT_RUN, item.cell.source)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Replace the traceback of a failed cell with its difference, and record the outcome of every cell."""
    report = yield
    if isinstance(item, IPyNbCell) and (report.when == "call" or not report.passed):
        lines = _why(item, call) if report.failed else []
        if report.failed:
            report.longrepr = "\n".join([f"Code cell {item.cell_num + 1} {lines[0]}", *lines[1:]])
        outcome = _outcome(item, report, call)
        _note({"notebook": str(item.path), "cell": item.cell_num + 1, "outcome": outcome, "lines": lines})
    return report


def _outcome(item: IPyNbCell, report: pytest.TestReport, call: pytest.CallInfo[None]) -> str:
    if report.passed and not item.options["check"]:
        return "ignored"
    if report.failed and (call.when == "setup" or not item.parent.kernel.is_alive()):
        # Python did not start. The first cell says so; the others count as not run.
        said, item.parent.without_python = item.parent.without_python, True
        return "skipped" if said else "failed"
    return str(report.outcome)


def _note(outcome: Mapping[str, object]) -> None:
    with Path(os.environ[FILE_VARIABLE]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(outcome) + "\n")


def _why(item: IPyNbCell, call: pytest.CallInfo[None]) -> list[str]:
    """What is wrong with a cell: a sentence without its subject, then the lines that differ."""
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, _PythonEndedError):
        return [ENDED]
    if call.when == "setup":
        line = one_line(f"was not run, because no Python process started: {error}", 200)
        return [line, f"  Find out why: {sys.executable} -m ipykernel --version"]
    if not isinstance(error, NbCellError):
        return [one_line(f"cannot be compared: {error!r}", 200)]
    message = str(error)
    if message == NOT_RUN or message.startswith("Unrun"):
        return [NOT_RUN]
    if message.startswith("Timeout"):
        return [f"gave no answer within {item.config.option.nbval_cell_timeout:g} seconds"]
    ended = [output for output in item.test_outputs or [] if output.output_type == "error"]
    if ended and not item.options["check_exception"]:
        return [one_line(f"ended in {ended[-1].ename}: {ended[-1].evalue}", 200)]
    return ["gives another output than is stored:", *_difference(item)]


def _difference(item: IPyNbCell) -> list[str]:
    """The lines that differ in the first kind of output that does."""
    stored, found = _texts(item, coalesce_streams(item.cell.outputs)), _texts(item, item.test_outputs)
    for kind in sorted({*stored, *found}, key=lambda kind: kind != "text/plain"):
        before, after = stored.get(kind, []), found.get(kind, [])
        if before != after:
            changes = _changes("\n".join(before).splitlines(), "\n".join(after).splitlines())
            return [*changes[:_MOST_LINES], *(["  …"] if len(changes) > _MOST_LINES else [])]
    return ["  the number of outputs differs"]


def _changes(before: Sequence[str], after: Sequence[str]) -> list[str]:
    changes = difflib.unified_diff(before, after, lineterm="", n=0)
    shown = [line for line in changes if not line.startswith(("---", "+++", "@@"))]
    return [f"  {'stored:' if line[0] == '-' else 'now:   '} {one_line(line[1:], _WIDEST)}" for line in shown]


def _texts(item: IPyNbCell, outputs: Sequence[Any]) -> dict[str, list[str]]:
    """The texts of each kind that nbval compares, without what differs from run to run."""
    texts: dict[str, list[str]] = {}
    for kind, text in _compared(outputs):
        if kind not in item.parent.skip_compare:
            texts.setdefault(kind, []).append(item.sanitize(text) if isinstance(text, str) else json.dumps(text))
    return texts


def _compared(outputs: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for output in outputs:
        if "text" in output:
            yield "printed", output["text"]
        if "ename" in output:
            yield "raised", f"{output['ename']}: {output['evalue']}"
        yield from output.get("data", {}).items()
