"""What the tests did, counted while they did it: the numbers on the site's page on testing.

    python -m tests.proof                             # all tests with branch coverage, and the fuzzing
    python -m tests.proof -m "not spark and not cluster and not browser"
    python -m tests.proof -m "spark or cluster or browser" --add       # to what is stored, without coverage

Writes `.github/proof.json`, which the site is built from. A test says what it tried with `count`; examples of
property-based tests and results per kind of frame are counted for it. Numbers of a test that failed do not count.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests import frames

ROOT: Final = Path(__file__).parents[1]
STORED: Final = ROOT / ".github" / "proof.json"
FUZZ_INPUTS: Final = 20_000
ENGINES: Final = {*frames.ENGINES, "pyspark", "stored"}
"""Kinds of frame, and a history as it is stored, by their names in tests' parameters."""

_PREFIX: Final = "proof: "
_tried: Counter[str] = Counter()
"""What the running test has tried."""


def count(what: str, number: int = 1) -> None:
    """Add to what the running test has tried."""
    _tried[what] += number


def count_faults(faults: Any) -> None:
    """Count the calls of a sandbox that fail, whether scheduled or at random."""
    pick = faults.pick

    def counted(call: str) -> str | None:
        fault: str | None = pick(call)
        count("faults of the API", fault is not None)
        return fault

    faults.pick = counted


def room(nodeid: str) -> str:
    """Folder of tests, `whole project` for a file that is in none, or where the examples stand."""
    parts = nodeid.partition("::")[0].split("/")
    if parts[0] != "tests":
        return {"rewards_analytics": "examples in docstrings", "notebooks": "cells of notebooks"}[parts[0]]
    return parts[1] if len(parts) > 2 else "whole project"


def engine(item: pytest.Item) -> str | None:
    """Kind of frame that a test runs on, if it is a parameter of it or the argument of its mark `oracle`."""
    mark = item.get_closest_marker("oracle")
    if mark is not None and mark.args:
        return str(mark.args[0])
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    found = parameters.get("engine", parameters.get("kind"))
    return found if isinstance(found, str) and found in ENGINES else None


class Recorder:
    """Adds up the numbers of all tests, those of other processes of pytest-xdist too, and writes them at the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._passed: set[str] = set()
        self._numbers: dict[str, Counter[str]] = {
            name: Counter() for name in ("passed", "examples", "engines", "oracle", "tried", "ended")
        }

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Begin to count."""
        _tried.clear()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Count the examples of a property-based test that ran to their end."""
        handle = getattr(getattr(item, "obj", None), "hypothesis", None)
        if handle is None:
            return (yield)
        inner, done = handle.inner_test, 0

        @functools.wraps(inner)
        def counted(*arguments: Any, **named: Any) -> None:
            nonlocal done
            inner(*arguments, **named)
            done += 1

        handle.inner_test = counted
        try:
            return (yield)
        finally:
            handle.inner_test = inner
            count("examples", done)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Note the kind of frame, and pass the numbers on with the report of the test."""
        if kind := engine(item):
            count(f"engine {kind}")
            if item.get_closest_marker("oracle"):
                count(f"oracle {kind}", _tried["examples"])
        item.user_properties += [(_PREFIX + what, number) for what, number in _tried.items() if number]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up a test that passed; pytest-xdist calls this where all reports arrive."""
        if report.when == "call" and report.passed:
            self._passed.add(report.nodeid)
        if report.outcome != "passed":
            self._numbers["ended"][report.outcome] += 1
        if report.when != "teardown" or not report.passed or report.nodeid not in self._passed:
            return
        self._numbers["passed"][room(report.nodeid)] += 1
        for name, number in report.user_properties:
            if name.startswith(_PREFIX):
                what = name.removeprefix(_PREFIX)
                group, _, kind = what.partition(" ")
                match group:
                    case "examples":
                        self._numbers["examples"][room(report.nodeid)] += number
                    case "engine" | "oracle":
                        self._numbers["engines" if group == "engine" else "oracle"][kind] += number
                    case _:
                        self._numbers["tried"][what] += number

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the numbers, once for all processes."""
        if not hasattr(session.config, "workerinput"):
            numbers = {name: dict(sorted(found.items())) for name, found in self._numbers.items()}
            self._path.write_text(json.dumps(numbers), encoding="utf-8")


def register(config: pytest.Config) -> None:
    """Record the run if the environment names a file for it in `PROOF`."""
    if path := os.environ.get("PROOF"):
        config.pluginmanager.register(Recorder(Path(path)), "proof")


# --- The command ------------------------------------------------------------------------------------


def _coverage(data: Path) -> dict[str, dict[str, int]]:
    """Branches and lines of each room of the package, and how many of them the tests ran through."""
    report = data.with_suffix(".json")
    for arguments in (["combine", "--quiet"], ["json", "--quiet", "-o", str(report)]):
        subprocess.run(_measured(*arguments), env=_environment(data), cwd=ROOT, check=True)
    rooms: dict[str, Counter[str]] = {}
    for name, found in json.loads(report.read_text(encoding="utf-8"))["files"].items():
        parts = Path(name).parts[1:]
        of_room = rooms.setdefault(parts[0] if len(parts) > 1 else "single modules", Counter())
        summary = found["summary"]
        of_room["branches"] += summary["num_branches"]
        of_room["covered_branches"] += summary["covered_branches"]
        of_room["lines"] += summary["num_statements"]
        of_room["covered_lines"] += summary["covered_lines"]
    return {name: dict(of_room) for name, of_room in sorted(rooms.items())}


def _measured(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "coverage", *arguments]


def _environment(data: Path) -> dict[str, str]:
    """The environment of a measurement of its own, even within another one."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return environment | {"COVERAGE_FILE": str(data)}


def main() -> int:
    """Run the tests and the fuzzing, and store what they did."""
    from tests.benchmarks import fuzz_loading, results

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-m", dest="marks", default="", help="which tests, as for pytest")
    parser.add_argument("-n", dest="processes", default="auto", help="processes of pytest-xdist")
    parser.add_argument("--inputs", type=int, default=FUZZ_INPUTS, help="damaged sources that load has to survive")
    parser.add_argument("--add", action="store_true", help="add the numbers of these tests to those in the file")
    parser.add_argument("--out", type=Path, default=STORED, help="the file to write")
    parser.add_argument("tests", nargs="*", help="files or folders; all if none")
    options = parser.parse_args()

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        data, recorded = Path(folder, "coverage"), Path(folder, "recorded.json")
        run = ["-m", "pytest", "-q", "-n", options.processes, "--dist", "loadfile", "-m", options.marks]
        command = [sys.executable, *run] if options.add else _measured("run", *run)
        environment = _environment(data) | {"PROOF": str(recorded)}
        status = subprocess.run([*command, *options.tests], env=environment, cwd=ROOT, check=False).returncode
        numbers = json.loads(recorded.read_text(encoding="utf-8"))
        coverage = {} if options.add else _coverage(data)
    if options.add:
        proof = added(json.loads(options.out.read_text(encoding="utf-8")), numbers, options.marks)
        proof["minutes"] = round(proof["minutes"] + (time.monotonic() - began) / 60, 1)
    else:
        fuzzed = fuzz_loading.fuzz(options.inputs)
        proof = {
            "on": datetime.now(UTC).date().isoformat(),
            "machine": results.machine(),
            "minutes": round((time.monotonic() - began) / 60, 1),
            "marks": [options.marks],
            "tests": numbers,
            "coverage": coverage,
            "fuzzing": {"inputs": options.inputs, "ends": dict(sorted(fuzzed.items()))},
        }
    options.out.write_text(json.dumps(proof, indent=2) + "\n", encoding="utf-8")
    return status


def added(proof: dict[str, Any], numbers: dict[str, dict[str, int]], marks: str) -> dict[str, Any]:
    """Add the numbers of further tests to a proof; its coverage stays that of the tests before."""
    tests = {name: dict(sorted((Counter(proof["tests"][name]) + Counter(numbers[name])).items())) for name in numbers}
    return proof | {"marks": [*proof["marks"], marks], "tests": tests}


if __name__ == "__main__":
    sys.exit(main())
