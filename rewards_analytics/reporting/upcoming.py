"""Whose balance expires next: the lots ahead, added up per holding and day."""

from __future__ import annotations

from datetime import date
from typing import Any

import narwhals as nw

from rewards_analytics.analysis.holdings import COLUMNS, KEY, expiring_lots
from rewards_analytics.engines import enter
from rewards_analytics.plots.results import Record, records


def upcoming(rewards: Any, *, as_of: date, most: int) -> tuple[list[Record], int]:
    """Give the next expiries from a day on, and how many there are in all.

    A row is what one holding loses on one day: its key, `expires_on`, `expiring`. The earliest day comes
    first; within a day and unit the largest amount. No unit crowds out the others: each has at most `most`.
    """
    table = enter(rewards, COLUMNS, asked_by="report")
    ahead = (
        expiring_lots(table.frame, *KEY)
        .filter(nw.col("expires_on") >= nw.lit(as_of))
        .group_by(*KEY, "expires_on")
        .agg(expiring=nw.col("balance").sum())
    )
    lots = table.gather(ahead).sort(
        "expires_on", "unit_type", "expiring", *KEY[:3], descending=[False, False, True] + [False] * 3, nulls_last=True
    )
    rows: list[Record] = []
    for unit_type in lots["unit_type"].unique().to_list():
        rows += records(lots.filter(nw.col("unit_type") == unit_type).head(most))
    rows.sort(key=lambda row: (row["expires_on"], row["unit_type"], row["expiring"].copy_negate()))
    return rows, len(lots)
