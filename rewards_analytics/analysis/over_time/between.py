"""The part of a history that a reader may know of: its snapshots from one day to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import narwhals as nw

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.over_time.snapshots import StoredHistory, from_history
from rewards_analytics.schema import TAKEN_ON


@dataclass(frozen=True)
class Between:
    """A stored history cut to some of its days: another `StoredHistory`."""

    history: StoredHistory
    days: Sequence[date]

    def dates(self) -> list[date]:
        """Days that have a snapshot, ascending."""
        return list(self.days)

    def scan(self, start: date | None = None, end: date | None = None) -> Any:
        """Rewards of the days from `start` to `end`, both included: a lazy Polars frame."""
        first, last = self.days[0], self.days[-1]
        return self.history.scan(max(start or first, first), min(end or last, last))


def between(history: Any, since: date, until: date, *, asked_by: str) -> tuple[Any, list[date]]:
    """Return the part of a history that shows what moved from one day to another, for the analyses, and its days.

    The days are those from `since` to `until`, both included, and the last one before them, from which the first
    movement starts. A history without a day up to `until` is returned whole, with an empty list of days.

    Raises
    ------
    RewardsError
        If `history` is not one, as `changes` raises it.
    """
    snapshots = from_history(history, COLUMNS, asked_by=asked_by)
    days = [day for day in snapshots.dates if day <= until]
    before = [day for day in days if day < since]
    days = days[max(len(before) - 1, 0) :]
    if not days:
        return history, []
    if snapshots.is_stored:
        return Between(history, days), days
    of_day, table = nw.col(TAKEN_ON), snapshots.table
    part = table.frame.filter(of_day >= nw.lit(days[0]), of_day <= nw.lit(days[-1]))
    return (table.collect(part) if table.eager else part).to_native(), days
