"""Whose balance expires next: the lots ahead, added up per holding and day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import narwhals as nw

from rewards_analytics.analysis.holdings import COLUMNS, KEY, expiring_lots
from rewards_analytics.engines import from_caller
from rewards_analytics.results.records import Record, of_unit, records, units_of


class Upcoming(NamedTuple):
    """The next expiries; how many there are in all; and per unit the last day until `horizon` with one."""

    rows: list[Record]
    in_all: int
    last_days: Mapping[str, date]


def upcoming(rewards: Any, *, as_of: date, horizon: date, most: int) -> Upcoming:
    """Give the next expiries from a day on.

    A row is what one holding loses on one day: its key, `expires_on`, `expiring`. The earliest day comes
    first; within a day and unit the largest amount. No unit crowds out the others: each has at most `most`.
    """
    table = from_caller(rewards, COLUMNS, asked_by="report")
    ahead = (
        expiring_lots(table.frame, *KEY)
        .filter(nw.col("expires_on") >= nw.lit(as_of))
        .group_by(*KEY, "expires_on")
        .agg(expiring=nw.col("balance").sum())
    )
    if table.eager:
        ahead = table.collect(ahead).lazy()  # the rows are in memory, and asked for twice
    # Counted by day first: only the first days are brought here and sorted, however many expiries there are.
    # Grouped under another name, because an aggregate of the day is named like the day.
    by_day = records(
        table.collect(
            ahead.with_columns(day=nw.col("expires_on")).group_by("unit_type", "day").agg(expiries=nw.len())
        ).sort("day", "unit_type")
    )
    if not by_day:
        return Upcoming([], 0, {})
    firsts = {unit_type: _enough(of_unit(by_day, unit_type), most) for unit_type in units_of(by_day)}
    wanted = nw.lit(value=False)
    for unit_type, day in firsts.items():
        wanted = wanted | ((nw.col("unit_type") == unit_type) & (nw.col("expires_on") <= nw.lit(day)))
    first = table.collect(ahead.filter(wanted)).sort(
        "expires_on", "expiring", *KEY[:3], descending=[False, True] + [False] * 3, nulls_last=True
    )
    rows: list[Record] = []
    for unit_type in firsts:
        rows += records(first.filter(nw.col("unit_type") == unit_type).head(most))
    rows.sort(key=lambda row: (row["expires_on"], row["unit_type"], row["expiring"].copy_negate()))
    last_days = {row["unit_type"]: row["day"] for row in by_day if row["day"] <= horizon}
    return Upcoming(rows, sum(row["expiries"] for row in by_day), last_days)


def _enough(by_day: list[Record], most: int) -> date:
    """The day by which there are as many expiries as are listed, or the last there is."""
    seen = 0
    for row in by_day:
        seen += row["expiries"]
        if seen >= most:
            break
    day: date = row["day"]
    return day
