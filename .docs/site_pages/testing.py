"""The numbers of the page on testing: what the tests tried, how fast it is, and which mutants they found.

All of them are read from files that a command writes: `.github/proof.json` (`python -m tests.proof`),
`.github/benchmarks/*.json` (`python -m tests.benchmarks --store`) and `.github/mutation.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

ENGINES: Final = {
    "polars": "Polars",
    "polars_lazy": "Polars (lazy)",
    "polars_categorical": "Polars (categorical)",
    "pandas": "pandas (Arrow)",
    "pandas_plain": "pandas (plain dtypes)",
    "pyarrow": "PyArrow",
    "duckdb": "DuckDB",
    "dask": "Dask",
    "pyspark": "PySpark",
    "stored": "a stored history",
}
PEERS: Final = {"polars": "Polars", "duckdb": "DuckDB SQL", "pyspark": "Spark SQL"}
"""Engines, and the same questions written by hand for them."""


PAGES: Final = ("proof", "speed", "scale", "mutation")
"""What `project/testing.md` includes; none is a page of the site."""


def write(folder: Path) -> None:
    """Write a text to include for each set of numbers; empty for the mutants if nobody has looked for them yet."""
    stored = folder.parent / ".github"
    pages = {
        "proof": proof(_read(stored / "proof.json")),
        "speed": "\n\n".join(speed(_read(stored / "benchmarks" / f"{size}.json")) for size in ("10M", "1M")),
        "scale": "\n\n".join(map(scale, map(_read, sorted((stored / "benchmarks").glob("100M*.json"), reverse=True)))),
        "mutation": mutation(_read(stored / "mutation.json")) if (stored / "mutation.json").exists() else "",
    }
    out = folder / "project" / "generated"
    out.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (out / f"{name}.md").write_text(text, encoding="utf-8")


def proof(found: Mapping[str, Any]) -> str:
    """What the tests tried for each promise, and per room the tests that passed and what they ran through."""
    tests, fuzzing = found["tests"], found["fuzzing"]
    passed, tried, ends = tests["passed"], tests["tried"], fuzzing["ends"]
    refused = fuzzing["inputs"] - ends.get("a frame", 0)
    promises = {
        "every amount is exact": (
            sum(tests["oracle"].values()),
            f"random sets of rewards compared with plain Python arithmetic: {_by_engine(tests['oracle'])}",
        ),
        "every engine gives the same result": (
            sum(tests["engines"].values()),
            f"tests passed on a kind of frame: {_by_engine(tests['engines'])}",
        ),
        "rules hold for any rewards": (sum(tests["examples"].values()), "examples of property-based tests"),
        "no row is lost": (
            fuzzing["inputs"],
            f"damaged files: {ends.get('a frame', 0):,} read whole, {refused:,} refused with a `RewardsError`, "
            f"{ends.get('a fault at its place', 0):,} of these at the place that the standard library names",
        ),
        "the fast path reads what the parser reads": (
            tried.get("damaged texts", 0),
            "texts with changed bytes: the same rows and the same reasons, or left to the parser",
        ),
        "the API's faults cost one member only": (
            tried.get("faults of the API", 0),
            "calls that failed: errors, broken connections, lost and damaged answers",
        ),
        "a hostile member costs no other a reward": (
            tried.get("hostile members", 0),
            "members of a pull whose answers were endless, huge, slow, damaged or those of another member",
        ),
        "a history keeps whole days": (
            tried.get("crash points", 0),
            "writers killed, after each of their calls that changes a file and at random moments",
        ),
        "pages load nothing from other hosts": (
            tried.get("requests of pages", 0),
            "requests of pages in Chromium looked at, none of them outside",
        ),
        "pages are accessible": (tried.get("axe-core checks", 0), "checks with axe-core, without a violation"),
        "notebooks keep their numbers": (passed.get("cells of notebooks", 0), "cells run again, with equal outputs"),
        "examples work": (passed.get("examples in docstrings", 0), "docstrings whose examples give what they say"),
    }
    rows = [(promise, f"{number:,}", what) for promise, (number, what) in promises.items() if number]
    machine = found["machine"]
    ended = ", ".join(f"{number:,} {how}" for how, number in tests["ended"].items()) or "none failed or was skipped"
    marks = [f'`-m "{each}"`' for each in found["marks"] if each]
    without = f" The tests of {', and then those of '.join(marks)} ran." if marks else ""
    said = (
        f"Counted on {found['on']} with Python {machine['python']} on {machine['cores']} cores, in "
        f"{found['minutes']:g} minutes: {sum(passed.values()):,} tests passed, {ended}.{without}"
    )
    return "\n\n".join(
        [
            said,
            _table(("promise", "number", "of what"), "lrl", rows),
            "### Tests of each folder",
            _table(
                ("tests of", "passed", "random examples"),
                "lrr",
                [(room, f"{count:,}", f"{tests['examples'].get(room, 0):,}") for room, count in passed.items()],
            ),
            "### Coverage of each room",
            f"The share of branches and lines of the package that {'the first of ' * (len(marks) > 1)}these tests run "
            "through.",
            _table(("room", "branches", "covered", "lines", "covered"), "lrrrr", _coverage(found["coverage"])),
            "",
        ]
    )


def _coverage(rooms: Mapping[str, Mapping[str, int]]) -> list[tuple[str, ...]]:
    whole = {name: sum(room[name] for room in rooms.values()) for name in next(iter(rooms.values()))}
    return [
        (
            name,
            f"{room['branches']:,}",
            _share(room["covered_branches"], room["branches"]),
            f"{room['lines']:,}",
            _share(room["covered_lines"], room["lines"]),
        )
        for name, room in [*rooms.items(), ("**all**", whole)]
    ]


def speed(found: Mapping[str, Any]) -> str:
    """How long our function takes as a multiple of the query written by hand, in the same run."""
    machine, runs = found["machine"], found["runs"]
    libraries = ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())
    seconds = {
        peer: {question: median(cost["seconds"]) for question, cost in costs.items()} for peer, costs in runs.items()
    }
    rows = [
        (
            f"`{question}`",
            *(
                f"{seconds[f'ours on {engine}'][question] / seconds[peer][question]:.2f}"
                for engine, peer in PEERS.items()
            ),
        )
        for question in seconds["Polars"]
    ]
    said = (
        f"Seconds of our function divided by seconds of the same question written by hand, in one run on "
        f"{found['rewards']:,} rewards: below 1, ours is faster. Measured on {found['on']} on {machine['cores']} cores "
        f"of {machine['cpu']} with {machine['memory_gb']} GB ({machine['system']}, Python {machine['python']}, "
        f"{libraries})."
    )
    return f"{said}\n\n{_table(('question', *PEERS.values()), 'l' + 'r' * len(PEERS), rows)}\n"


def scale(found: Mapping[str, Any]) -> str:
    """How long a hundred million rewards take, and how much memory."""
    runs = found["runs"]
    rows = [
        (
            f"`{question}`",
            *(
                f"{median(costs[question]['seconds']):,.0f} s, {median(costs[question]['peak_mb']) / 1000:.1f} GB"
                for costs in runs.values()
            ),
        )
        for question in next(iter(runs.values()))
    ]
    said = (
        f"Seconds and peak memory for {found['rewards']:,} rewards of Parquet, {found['order']}, until the answer is "
        f"in a Parquet file. Each run had a process of its own; measured on {found['on']} on the same kind of machine."
    )
    return f"{said}\n\n{_table(('question', *runs), 'l' + 'r' * len(runs), rows)}\n"


def mutation(found: Mapping[str, Any]) -> str:
    """The share of mutants that the tests found in each room, and those that nobody can find."""
    rooms = found["rooms"]
    total = {name: sum(room[name] for room in rooms.values()) for name in ("mutants", "killed", "equivalent")}
    rows = [
        (
            name,
            f"{room['mutants']:,}",
            f"{room['killed']:,}",
            f"{room['equivalent']:,}",
            _share(room["killed"], room["mutants"] - room["equivalent"]),
        )
        for name, room in [*rooms.items(), ("**all**", total)]
    ]
    said = (
        f"On {found['on']} the tests met {total['mutants']:,} small changes of the code, one at a time. A change is "
        "killed if a test fails; it is equivalent if no input can tell it from the code, for the reason that is given. "
        "The score is the share of the others that is killed."
    )
    survivors = [
        (f"`{each['where']}`", _code(each["mutant"]), _cell(each["reason"]) or "-")
        for each in found.get("survivors", [])
    ]
    return "\n\n".join(
        [
            "## Mutants",
            said,
            _table(("room", "mutants", "killed", "equivalent", "score"), "lrrrr", rows),
            *([_table(("where", "change that survived", "reason"), "lll", survivors)] if survivors else []),
            "",
        ]
    )


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _by_engine(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {counts[engine]:,}" for engine, name in ENGINES.items() if engine in counts)


def _share(part: int, whole: int) -> str:
    """A share in percent, rounded down: 100 % is all of it."""
    return f"{part * 1000 // whole / 10:.1f} %" if whole else "-"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _code(text: str) -> str:
    return f"``{_cell(text)}``"


def _table(heads: Iterable[str], alignment: str, rows: Iterable[Iterable[str]]) -> str:
    rules = ("---:" if each == "r" else "---" for each in alignment)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rules, *rows))
