"""What was held day after day, and how much of it was to expire."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

import narwhals as nw

from rewards_analytics.analysis.holdings import (
    COLUMNS,
    available_parts,
    held,
    known_available,
    lot_parts,
    of_types,
    sums_of,
)
from rewards_analytics.analysis.over_time.snapshots import from_history
from rewards_analytics.analysis.sums import exact_sum, sum_of_known
from rewards_analytics.engines import LazyFrame
from rewards_analytics.schema import KEY, LOT_TYPES, TAKEN_ON


def balance_by_day(history: Any) -> list[dict[str, Any]]:
    """One row per snapshot and unit, by `unit_type` and `taken_on`: `available`, as `totals` has it, and `expiring`.

    `expiring` is the sum of the lots that expire on that day or later.
    """
    snapshots = from_history(history, COLUMNS, asked_by="plot_balance")
    table = snapshots.table

    def rows() -> Iterator[Mapping[str, Any]]:
        if not snapshots.is_stored:
            yield from table.collect(_by_unit(table.frame)).iter_rows(named=True)
            return
        for span in snapshots.by_users():
            for day in span.dates:
                yield from span.read(day, partial(_by_unit, on=day)).iter_rows(named=True)

    found: dict[tuple[str, date], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows():
        found[row["unit_type"], row[TAKEN_ON]].append(row)
    return [
        {
            TAKEN_ON: taken_on,
            "unit_type": unit_type,
            "available": sum_of_known(row["available"] for row in of_day),
            "expiring": exact_sum(row["expiring"] for row in of_day),
        }
        for (unit_type, taken_on), of_day in sorted(found.items())
    ]


def _by_unit(rewards: LazyFrame, on: date | None = None) -> LazyFrame:
    """Add up rewards of many days, or of the one that is given, per day and unit."""
    if on is not None:
        rewards = rewards.with_columns(nw.lit(on).alias(TAKEN_ON))
    parts = available_parts() | lot_parts(due=nw.col("expires_on") >= nw.col(TAKEN_ON))
    sums = of_types(rewards, *LOT_TYPES).select(TAKEN_ON, *KEY, **parts).group_by(TAKEN_ON, *KEY).agg(*sums_of(parts))
    of_holdings = held(sums, TAKEN_ON, "unit_type").group_by(TAKEN_ON, "unit_type")
    added = of_holdings.agg(nw.col("available", "expiring", "known").sum())
    return added.select(TAKEN_ON, "unit_type", "expiring", available=known_available())
