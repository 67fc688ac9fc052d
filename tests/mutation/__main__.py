"""Mutation testing: `python -m tests.mutation` from the root of the project.

    python -m tests.mutation                          # every room, or the rest of them after an interruption
    python -m tests.mutation analysis/totals.py       # some rooms
    python -m tests.mutation --survivors              # only mutants that survived, after tests were added
    python -m tests.mutation --again                  # forget what earlier runs found

Each mutant is a module with one change, made by cosmic-ray's operators. The tests of the module (`rooms.py`) run on it
in a process of its own, with Polars alone and the same drawn examples each time; it is killed if one of them fails.
Survivors are printed. Those that behave like the original are listed in `equivalents.toml` with the reason. The report
is stored in `.github/mutation.json`; the exit status is 1 if a room has another survivor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import threading
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.mutation.mutants import Mutant, mutants_of, one_line
from tests.mutation.rooms import ENGINES, NOT_KILLED, ROOMS
from tests.mutation.running import SCRATCH, Run, run, start

PACKAGE = Path("rewards_analytics")
REPORT = Path(".github/mutation.json")
EQUIVALENTS = Path(__file__).with_name("equivalents.toml")

_BASELINE_LIMIT_S = 600


class UnusableError(Exception):
    """A run says nothing: the tests fail on the module as it is, or something changed meanwhile."""


class Room:
    """A module, its mutants, and which of them were killed; kept in a file, so that a run can go on where it ended."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.module = PACKAGE / name
        self.tests = ROOMS[name]
        self.mutants = list(mutants_of(self.module))
        self.killed: dict[str, bool] = {}
        self.seconds = 0.0
        self._file = SCRATCH / f"{name.replace('/', '.')}.json"
        self._inputs = self._hashes()

    def resume(self, *, survivors: bool, again: bool) -> None:
        """Take over what an earlier run found of the same module, and of the same tests unless survivors run again."""
        stored = json.loads(self._file.read_text()) if self._file.exists() and not again else None
        if stored is None or stored["inputs"][0] != self._inputs[0]:
            return
        if survivors:
            self.killed = {key: True for key, killed in stored["killed"].items() if killed}
        elif stored["inputs"] == self._inputs:
            self.killed = stored["killed"]
        self.seconds = stored["seconds"]

    def run(self, workers: int) -> None:
        """Run the tests on every mutant whose outcome is not known."""
        pending = [mutant for mutant in self.mutants if key_of(mutant) not in self.killed]
        if not pending:
            return
        original = self.module.read_text(encoding="utf-8")
        baseline = self._test(original, 0, _BASELINE_LIMIT_S)
        if baseline.code:
            raise UnusableError(f"{self.name}: its tests fail without a mutant:\n{baseline.output}")
        say(f"{self.name}: {len(pending)} of {len(self.mutants)} mutants, {baseline.seconds:.1f} s each")
        limit_s = 5 + int(4 * baseline.seconds)
        free, lock = list(range(workers)), threading.Lock()

        def test(mutant: Mutant) -> None:
            with lock:
                worker = free.pop()
            outcome = self._test(mutant.source, worker, limit_s)
            with lock:
                free.append(worker)
                self.killed[key_of(mutant)] = outcome.code != 0
                self.seconds += outcome.seconds
                self._store()

        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(test, pending))
        if self._hashes() != self._inputs:
            self._file.unlink()
            raise UnusableError(f"{self.name} or its tests changed while they ran. Run it again.")

    def _hashes(self) -> list[str]:
        inputs = [self.module, *(Path(test.partition("::")[0]) for test in self.tests)]
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in inputs]

    def _test(self, source: str, worker: int, limit_s: int) -> Run:
        engines = ENGINES.get(self.name, ())
        return run(self.module, source, self.tests, engines=engines, worker=worker, limit_s=limit_s)

    def survivors(self) -> list[Mutant]:
        return [mutant for mutant in self.mutants if not self.killed[key_of(mutant)]]

    def _store(self) -> None:
        stored = {"inputs": self._inputs, "killed": self.killed, "seconds": self.seconds}
        self._file.write_text(json.dumps(stored))


def key_of(mutant: Mutant) -> str:
    return hashlib.sha256(mutant.source.encode()).hexdigest()[:16]


def reasons(name: str) -> dict[tuple[str, str], str]:
    """Why mutants of a module are equivalent to it, by the lines before and after the change."""
    entries = tomllib.loads(EQUIVALENTS.read_text(encoding="utf-8")).get(name, [])
    return {
        (one_line([entry["before"]]), one_line([after])): entry["reason"]
        for entry in entries
        for after in entry["after"]
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description="Mutate modules and run their tests.")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help="modules, such as analysis/totals.py; default: all")
    parser.add_argument("--workers", type=int, default=2, help="processes at the same time")
    parser.add_argument("--survivors", action="store_true", help="run only mutants that survived before")
    parser.add_argument("--again", action="store_true", help="run mutants again whose outcome is known")
    options = parser.parse_args()
    if unknown := set(options.rooms) - ROOMS.keys():
        parser.error(f"unknown: {', '.join(sorted(unknown))}; rooms are {', '.join(ROOMS)}")
    SCRATCH.mkdir(parents=True, exist_ok=True)
    start()
    without_reason = 0
    for name in options.rooms or ROOMS:
        begun = time.perf_counter()
        room = Room(name)
        room.resume(survivors=options.survivors, again=options.again)
        try:
            room.run(options.workers)
        except UnusableError as error:
            say(error)
            without_reason += 1
            continue
        without_reason += store(room)
        say(f"{name}: {time.perf_counter() - begun:.0f} s, {room.seconds:.0f} s of processor time")
    sys.exit(1 if without_reason else 0)


def store(room: Room) -> int:
    """Put a room into the report; returns the number of survivors that have no reason."""
    report: dict[str, Any] = (
        json.loads(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {"rooms": {}, "survivors": []}
    )
    known, survivors = reasons(room.name), room.survivors()
    entries = [
        {
            "where": f"{room.name}:{mutant.line}",
            "mutant": f"{mutant.before} -> {mutant.after}",
            "reason": known.get((mutant.before, mutant.after), NOT_KILLED),
        }
        for mutant in survivors
    ]
    unexplained = [entry for entry in entries if entry["reason"] == NOT_KILLED]
    for entry in unexplained:
        say(f"SURVIVED {entry['where']}: {entry['mutant']}")
    unused = known.keys() - {(mutant.before, mutant.after) for mutant in survivors}
    for before, after in sorted(unused):
        say(f"KILLED, although listed as equivalent: {room.name}: {before} -> {after}")
    total, equivalent = len(room.mutants), len(entries) - len(unexplained)
    report["on"] = datetime.now(UTC).date().isoformat()
    report["rooms"][room.name] = {"mutants": total, "killed": total - len(entries), "equivalent": equivalent}
    others = [entry for entry in report["survivors"] if entry["where"].rpartition(":")[0] != room.name]
    report["survivors"] = others + entries
    order = list(ROOMS)
    report["rooms"] = {name: report["rooms"][name] for name in order if name in report["rooms"]}
    report["survivors"].sort(key=lambda entry: order.index(entry["where"].rpartition(":")[0]))
    report["not_run"] = [name for name in order if name not in report["rooms"]]
    stored = {key: report[key] for key in ("on", "rooms", "not_run", "survivors")}
    REPORT.write_text(json.dumps(stored, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    say(f"{room.name}: {total} mutants, {total - len(entries)} killed, {equivalent} equivalent")
    return len(unexplained)


def say(words: object) -> None:
    print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
