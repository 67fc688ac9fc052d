"""What expires next, and whose it is; and how much of it expires soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

import narwhals as nw

from rewards_analytics.analysis.aging import BUCKETS, buckets_within
from rewards_analytics.analysis.calendar import days_after
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.order import order_of
from rewards_analytics.analysis.sums import exact_sum
from rewards_analytics.analysis.upcoming import due, due_by_day
from rewards_analytics.engines import LazyFrame, from_caller
from rewards_analytics.results.records import Record, of_unit, records, units_of
from rewards_analytics.schema import LOT_TYPES

SOON_DAYS: Final = 90
"""Days ahead that count as soon."""

MOST_UPCOMING: Final = 6
"""Next expiries that a page or a dashboard lists per unit."""


class NextExpiries(NamedTuple):
    """The rows that are listed; the number of expiries in all; and per unit the last day of those that are soon."""

    rows: Sequence[Record]
    in_all: int
    last_days: Mapping[str, date]


def next_expiries(rewards: Any, *, as_of: date, until: date | None = None, most: int = MOST_UPCOMING) -> NextExpiries:
    """Return the next expiries from a day on, at most `most` of each unit.

    The rows are those of `upcoming`, in its order. `most` applies to each unit, so that none crowds out the others.
    """
    table = from_caller(rewards, COLUMNS, asked_by="next_expiries")
    once = table.collect(due_by_day(table.frame, as_of, until)).lazy() if table.eager else None  # it is read twice

    def by_day(frame: LazyFrame) -> LazyFrame:
        return due_by_day(frame, as_of, until) if once is None else once

    # Counted by day first: only the first days are brought here and sorted, however many expiries there are.
    counted = table.added_up(
        by_day, lambda dues: dues.group_by("unit_type", "__day__").agg(expiries=nw.len()), ["unit_type", "__day__"]
    )
    days = records(table.collect(counted).sort("__day__"))
    if not days:
        return NextExpiries([], 0, {})
    listed = nw.lit(value=False)
    for unit_type in units_of(days):
        last = _last_day_listed(of_unit(days, unit_type), most)
        listed = listed | ((nw.col("unit_type") == unit_type) & (nw.col("__day__") <= nw.lit(last)))
    columns, descending = order_of("upcoming")
    first = (
        table.collect(table.by_user(lambda frame: due(by_day(frame).filter(listed), frame, as_of), LOT_TYPES))
        .sort(*columns, descending=descending, nulls_last=True)
        .filter(nw.col("unit_type").cum_count().over("unit_type") <= most)
    )
    soon_until = days_after(as_of, SOON_DAYS)
    last_days = {row["unit_type"]: row["__day__"] for row in days if row["__day__"] <= soon_until}
    return NextExpiries(records(first), sum(row["expiries"] for row in days), last_days)


def _last_day_listed(days: Sequence[Record], most: int) -> date:
    """The day by which there are as many expiries as are listed, or the last day of all."""
    seen = 0
    for row in days:
        seen += row["expiries"]
        if seen >= most:
            break
    day: date = row["__day__"]
    return day


def soon(schedule: Sequence[Record], unit_type: str) -> Decimal:
    """Add up what expires within `SOON_DAYS` in the rows of `aging` of one unit."""
    spans = buckets_within(SOON_DAYS)
    return exact_sum(row["expiring"] for row in of_unit(schedule, unit_type) if row["bucket"] in spans)


def in_bucket(schedule: Sequence[Record], bucket: str) -> dict[str, Decimal]:
    """Return the amount of each unit in one bucket of `aging`, such as `undated`, without units that have nothing."""
    return {row["unit_type"]: row["expiring"] for row in schedule if row["bucket"] == bucket and row["expiring"]}


def later(schedule: Sequence[Record], timeline: Sequence[Record]) -> dict[str, Decimal]:
    """Return what each unit loses after a timeline ends, by its aging schedule of the same day."""
    sums = {
        unit_type: exact_sum(
            [
                *(row["expiring"] for row in of_unit(schedule, unit_type) if row["bucket"] in BUCKETS[1:-1]),
                *(row["expiring"].copy_negate() for row in of_unit(timeline, unit_type)),
            ]
        )
        for unit_type in units_of(schedule)
    }
    return {unit_type: amount for unit_type, amount in sums.items() if amount}
