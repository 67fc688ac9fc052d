"""What the analyses cost: `python -m tests.benchmarks` from the root of the project.

    python -m tests.benchmarks --size 1M                      # every question, on every engine, and written by hand
    python -m tests.benchmarks --size 10M --engines polars duckdb --questions totals expiring
    python -m tests.benchmarks --compare .github/benchmarks/1M.json
    python -m tests.benchmarks --store                        # for README
    python -m tests.benchmarks loading                        # a part: loading, history, report, explore, pull

The rewards are made from a seed. The answers are compared before anything is counted. A table of medians and ranges
is printed; results are written to `build/benchmarks` as JSON and SVG, with `--store` to where README shows them.
With `--compare` the exit status is 1 if something became slower.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import results
from tests.benchmarks.analysis import QUESTIONS, apart, make_rewards, measured, rates_apart

PARTS = {"loading": "loading", "history": "history", "report": "report", "explore": "explore", "pull": "pull_members"}
ENGINES = ("polars", "duckdb", "dask", "pyspark", "pandas", "pyarrow")
RATED = 500_000
"""Rewards of which the rates are measured."""

DEFAULT = ("polars", "duckdb", "dask", "pyspark", "pandas")
LARGE = ("polars", "duckdb")
"""The engines for 100M: Spark takes an hour on one machine, and the others cannot hold it."""


def main() -> None:
    """Run a part, or the questions."""
    if len(sys.argv) > 1 and sys.argv[1] in PARTS:
        module = f"tests.benchmarks.{PARTS[sys.argv.pop(1)]}"
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=results.SIZES, default="1M", help="number of rewards")
    parser.add_argument("--rewards", type=int, help="another number of rewards")
    parser.add_argument("--questions", nargs="+", choices=QUESTIONS, default=QUESTIONS)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, help="for 100M, polars and duckdb")
    parser.add_argument("--any-order", action="store_true", help="rewards in any order, instead of user by user")
    parser.add_argument("--repeats", type=int, default=3, help="runs; of Spark and Dask one, which answers everything")
    parser.add_argument("--store", action="store_true", help="write the results to where README shows them")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks"), help="folder of the results")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="stored results; say what became slower")
    parser.add_argument("--threshold", type=float, default=results.THRESHOLD, help="share over the stored range")
    arguments = parser.parse_args()
    before = results.read(arguments.compare) if arguments.compare else None
    for found in run(arguments.rewards or results.SIZES[arguments.size], arguments):
        path = results.store(found, results.SHOWN.parent if arguments.store else arguments.out)
    _say(_ranges(found))
    _say(f"\n{results.described(found)}\nWritten: {path} and {path.with_suffix('.svg').name}")
    if path == results.SHOWN:
        readme = results.README.read_text(encoding="utf-8")
        results.README.write_text(results.with_table(readme, found), encoding="utf-8")
    if before is not None:
        changed = [*results.slower(found, before, arguments.threshold)]
        _say("\n".join(["Slower than before:", *changed]) if changed else "Nothing became slower.")
        sys.exit(1 if changed else 0)


def run(rewards: int, arguments: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Make the rewards, measure the rates, ask the questions; the results after each repetition."""
    from tests.benchmarks.peers import HAND_WRITTEN

    engines = arguments.engines or (DEFAULT if rewards < results.SIZES["100M"] else LARGE)
    peers = [f"ours on {engine}" for engine in engines]
    peers += [HAND_WRITTEN[engine] for engine in engines if engine in HAND_WRITTEN]
    began = time.monotonic()
    order = results.ANY_ORDER if arguments.any_order else results.BY_USER
    found: dict[str, Any] = {
        "rewards": rewards,
        "order": order,
        "on": f"{datetime.now(UTC).date()}",
        "machine": results.machine(),
    }
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "rewards" if arguments.any_order else "rewards.parquet")
        apart(make_rewards, rewards, path)
        size = sum(each.stat().st_size for each in Path(scratch).rglob("*.parquet"))
        _say(f"{rewards:,} rewards {order}, {size / 1e6:,.0f} MB of Parquet, made from a seed.")
        found["rates"] = rates_apart(min(rewards, RATED))
        asking = measured(
            path, peers, arguments.questions, arguments.repeats, _say, alone=rewards > results.SIZES["1M"]
        )
        for number, runs in enumerate(asking, start=1):
            minutes = round((time.monotonic() - began) / 60, 1)
            yield {**found, "repeats": number, "minutes": minutes, "runs": runs}


def _ranges(found: dict[str, Any]) -> str:
    """Median, range and memory of everything, as a table for a terminal."""
    lines = [f"\n{'question':10} {'peer':18} {'seconds':>8} {'range':>15} {'peak MB':>8}"]
    questions = next(iter(found["runs"].values()))
    for question in questions:
        for peer, costs in found["runs"].items():
            seconds, peak = costs[question]["seconds"], median(costs[question]["peak_mb"])
            span = f"{min(seconds):.2f} to {max(seconds):.2f}"
            lines.append(f"{question:10} {peer:18} {median(seconds):8.2f} {span:>15} {peak:8.0f}")
    return "\n".join(lines)


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
