"""How long a change of the dashboard takes to redraw, and whether memory grows: `python -m tests.benchmarks.explore`.

Rewards of `rows / 20` users are explored, and controls set one after another as a reader does, in every tab. A redraw
is all that the kernel does between the change and the new HTML; wanted is at most 100 ms at the 95th percentile. The
first time that a tab is chosen, it is prepared, and counts apart. Memory is what the process holds after the last
change, over what it held after the first 50: it should stay where it is.
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
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.benchmarks.analysis import make_rewards

WARM = 50
"""Changes before memory is first measured."""

Change = tuple[Any, Any]
"""A control and its new value."""


def changes(dashboard: Any, rng: random.Random) -> dict[str, Callable[[], Change]]:
    """The kinds of change that a reader makes; each gives a control and a value that it does not have."""
    users, members = dashboard._selection.users, dashboard._selection.members

    def toggled(boxes: dict[str, Any]) -> Change:
        box = rng.choice(list(boxes.values()))
        last = box.value and sum(each.value for each in boxes.values()) == 1
        return (next(each for each in boxes.values() if not each.value), True) if last else (box, not box.value)

    def other(control: Any, values: list[Any]) -> Change:
        return control, rng.choice([value for value in values if value != control.value])

    return {
        "user": lambda: (dashboard.user, "" if dashboard.user.value else rng.choice(users)),
        "several users": lambda: (
            dashboard.user,
            "" if dashboard.user.value else ", ".join(rng.sample(users, min(5, len(users)))),
        ),
        "member": lambda: (dashboard.member, "" if dashboard.member.value else rng.choice(members)),
        "typing a user": lambda: (dashboard.user, "" if dashboard.user.value else str(rng.randrange(10_000))),
        "unit": lambda: toggled(dashboard.units),
        "balance type": lambda: toggled(dashboard.balance_types),
        "as of": lambda: (dashboard.as_of, dt.date(2026, 1, 1) + dt.timedelta(days=rng.randrange(900))),
        "period": lambda: other(dashboard.every, ["day", "week", "month", "quarter", "year"]),
        "look ahead": lambda: other(dashboard.horizon, [3, 12, 24, 60, 120]),
        "tab": lambda: (dashboard.tabs, (dashboard.tabs.selected_index + rng.randrange(1, 4)) % 4),
    }


def measured(dashboard: Any, number: int) -> tuple[dict[str, list[float]], float, float]:
    """Milliseconds of each redraw by kind of change, and the memory in MB after the first 50 and after all."""
    rng = random.Random(6)
    kinds = changes(dashboard, rng)
    taken: dict[str, list[float]] = defaultdict(list)
    early = held()
    for index in range(number):
        kind = rng.choice(list(kinds))
        if kind in ("as of", "period", "look ahead"):
            dashboard.tabs.selected_index = 1  # the tab that follows them
        control, value = kinds[kind]()
        began = time.perf_counter()
        if control is dashboard.tabs:
            control.selected_index = value
        else:
            control.value = value
        taken[kind].append((time.perf_counter() - began) * 1000)
        if kind in ("user", "several users", "member", "typing a user") and rng.random() < 0.6:
            control.value = ""  # a reader mostly looks at all
        if index + 1 == min(WARM, number):
            early = held()
    return taken, early, held()


def held() -> float:
    """Memory that this process holds now, in MB; where the system does not tell, the most that it held."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)


def report(taken: dict[str, list[float]], early: float, late: float) -> Iterator[str]:
    """The table, line by line."""
    yield f"{'milliseconds of a redraw':26} {'changes':>8} {'p50':>8} {'p95':>8} {'max':>8}"
    for kind, times in [*sorted(taken.items()), ("all", [*chain.from_iterable(taken.values())])]:
        cuts = quantiles([*times, *times], n=20, method="inclusive")
        yield f"{kind:26} {len(times):8} {cuts[9]:8.1f} {cuts[18]:8.1f} {max(times):8.1f}"
    yield ""
    yield f"memory after {WARM} changes {early:.0f} MB, after all {late:.0f} MB: {late - early:+.0f} MB"


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
    for index, title in enumerate(dashboard.tabs.titles):
        began = time.perf_counter()
        dashboard.tabs.selected_index = index
        print(f"{title} for the first time: {(time.perf_counter() - began) * 1000:.0f} ms")  # noqa: T201
    print()  # noqa: T201
    for line in report(*measured(dashboard, options.changes)):
        print(line)  # noqa: T201


if __name__ == "__main__":
    main()
