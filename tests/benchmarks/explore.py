"""How long a change of the dashboard takes to redraw, and whether memory grows: `python -m tests.benchmarks.explore`.

Rewards of `rows / 20` users are explored, and states are set one after another as a reader does, in every tab. A redraw
is all that the kernel does between the change and the new HTML; wanted is at most 50 ms at the 95th percentile. These
are milliseconds of the processor, of all threads, because other work on the machine does not lengthen them. The first
time that a tab is chosen, it is prepared, and counts apart. Memory is what the process holds after 50 changes, half of
them and all: what a view needs is made when it is first asked for, and from then on memory should stay where it is.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from statistics import quantiles
from typing import Any

from rewards_analytics.analysis.aging import BUCKETS
from rewards_analytics.analysis.quality import CHECKS
from rewards_analytics.widgets.explore.state import choice_of, without
from rewards_analytics.widgets.explore.views import SORTED_BY
from tests.benchmarks.analysis import make_rewards

WARM = 50
"""Changes before memory is first measured."""

Change = Mapping[str, Any]
"""Keys of a state with their new values."""


def changes(dashboard: Any, rng: random.Random) -> dict[str, Callable[[], Change]]:
    """The kinds of change that a reader makes; each gives values that the state does not have."""
    known = dashboard._selection

    def toggled(name: str, values: Sequence[str]) -> Change:
        value, chosen = rng.choice(values), dashboard.state[name]
        return {name: [each for each in chosen if each != value] if value in chosen else [*chosen, value]}

    def other(name: str, values: Sequence[Any]) -> Change:
        return {name: rng.choice([value for value in values if value != dashboard.state.get(name)])}

    def period() -> Change:
        rows = [row["period"] for row in known.expiring(choice_of(without(dashboard.state, "period")))]
        found = [each.isoformat() for each in rows if each.isoformat() != dashboard.state["period"]]
        return {"tab": "expiring", "period": rng.choice(found) if found else None}

    return {
        "user": lambda: {"users": [] if dashboard.state["users"] else [rng.choice(known.users)]},
        "several users": lambda: {"users": [] if dashboard.state["users"] else rng.sample(known.users, 5)},
        "member": lambda: {"members": [] if dashboard.state["members"] else [rng.choice(known.members)]},
        "unit": lambda: toggled("units", known.units),
        "balance type": lambda: toggled("balance_types", known.balance_types),
        "as of": lambda: {"as_of": (dt.date(2026, 1, 1) + dt.timedelta(days=rng.randrange(900))).isoformat()},
        "every": lambda: other("every", ["day", "week", "month", "quarter", "year"]),
        "look ahead": lambda: other("horizon_months", [3, 12, 24, 60, 120, None]),
        "tab": lambda: other("tab", ["totals", "expiring", "distance", "quality"]),
        "period": period,
        "bucket": lambda: {"tab": "expiring", **other("bucket", BUCKETS)},
        "check": lambda: {"tab": "quality", **other("check", list(CHECKS))},
    }


def measured(dashboard: Any, number: int) -> tuple[dict[str, list[float]], dict[int, float], list[int]]:
    """Milliseconds of each change by its kind, the memory in MB after some of them, and sizes of HTML."""
    rng = random.Random(6)
    kinds = changes(dashboard, rng)
    taken: dict[str, list[float]] = defaultdict(list)
    memory, sizes = {}, []
    for index in range(number):
        kind = rng.choice([*kinds, "find", "sort", "more", "undo"])
        if kind in ("as of", "every", "look ahead"):
            dashboard.state = {"tab": "expiring"}  # the tab that follows them
        change = kinds[kind]() if kind in kinds else None
        message = _message(kind, dashboard, rng)
        began = time.process_time()
        if change is not None:
            dashboard.state = change
        else:
            dashboard._do(dashboard, message, [])
        taken[kind].append((time.process_time() - began) * 1000)
        sizes.append(len(dashboard.html))
        if kind in ("user", "several users", "member", "period", "bucket", "check") and rng.random() < 0.6:
            dashboard._do(dashboard, {"do": "reset", "with": [], "n": 0}, [])  # a reader mostly looks at all
        if index + 1 in {min(WARM, number), number // 2, number}:
            memory[index + 1] = held()
    return taken, memory, sizes


def _message(kind: str, dashboard: Any, rng: random.Random) -> dict[str, Any]:
    table = "distance" if dashboard.state["tab"] == "distance" else "upcoming"
    given = {
        "find": [f"{rng.randrange(10_000):x}"],
        "sort": [table, rng.choice(SORTED_BY[table])],
        "more": [table],
    }.get(kind, [])
    return {"do": kind, "with": given, "n": 0}


def held() -> float:
    """Memory that this process holds now, in MB; where the system does not tell, the most that it held."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def report(taken: dict[str, list[float]], memory: dict[int, float], sizes: list[int]) -> Iterator[str]:
    """The table, line by line."""
    yield f"{'processor ms of a redraw':26} {'changes':>8} {'p50':>8} {'p95':>8} {'max':>8}"
    for kind, times in [*sorted(taken.items()), ("all", [*chain.from_iterable(taken.values())])]:
        cuts = quantiles([*times, *times], n=20, method="inclusive")
        yield f"{kind:26} {len(times):8} {cuts[9]:8.1f} {cuts[18]:8.1f} {max(times):8.1f}"
    yield ""
    yield f"HTML of a change: {sorted(sizes)[len(sizes) // 2] / 1000:.0f} kB, at most {max(sizes) / 1000:.0f} kB"
    for changes, megabytes in memory.items():
        yield f"memory after {changes:4} changes {megabytes:6.0f} MB"


def main() -> None:
    """Make the data, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--changes", type=int, default=500)
    options = parser.parse_args()
    import polars as pl

    import rewards_analytics as ra

    with tempfile.TemporaryDirectory() as folder:
        make_rewards(options.rows, Path(folder) / "rewards.parquet")
        rewards = pl.read_parquet(Path(folder) / "rewards.parquet")
    began = time.perf_counter()
    dashboard = ra.explore(rewards, as_of=dt.date(2026, 11, 23))
    print(f"{len(rewards):,} rows, first view after {time.perf_counter() - began:.2f} s\n")  # noqa: T201
    for tab in ("expiring", "distance", "quality"):
        began = time.process_time()
        dashboard.state = {"tab": tab}
        print(f"{tab} for the first time: {(time.process_time() - began) * 1000:.0f} ms of the processor")  # noqa: T201
    print()  # noqa: T201
    for line in report(*measured(dashboard, options.changes)):
        print(line)  # noqa: T201


if __name__ == "__main__":
    main()
