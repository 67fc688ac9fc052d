"""What a view asks of some rewards, answered by the public functions on the rewards themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import narwhals as nw

import rewards_analytics as ra
from rewards_analytics.analysis.aging import BUCKETS
from rewards_analytics.analysis.distance import ORDER
from rewards_analytics.analysis.expiring import lots_by_day
from rewards_analytics.analysis.holdings import COLUMNS, KEY, expiring_lots
from rewards_analytics.analysis.quality import CHECKS
from rewards_analytics.engines import from_caller
from rewards_analytics.results.records import Record, collected, records
from rewards_analytics.widgets.choice import Choice

MOST_LISTED: Final = 12
"""Goals and next expiries that are listed."""


@dataclass(frozen=True)
class Goals:
    """The nearest goals that are not reached, and how many are ahead and reached in all."""

    nearest: Sequence[Record]
    ahead: int
    reached: int


class Answers:
    """Results of the public functions, in their order also where the frames of an engine have none."""

    def __init__(self, rewards_of: Callable[[Choice], Any]) -> None:
        self._rewards = rewards_of

    def totals(self, choice: Choice) -> Sequence[Record]:
        """What `totals` gives."""
        return sorted(records(ra.totals(self._rewards(choice))), key=lambda row: row["unit_type"])

    def expiring(self, choice: Choice) -> Sequence[Record]:
        """What `expiring` gives."""
        timeline = ra.expiring(self._rewards(choice), as_of=choice.as_of, every=choice.every, until=choice.until)
        return sorted(records(timeline), key=lambda row: (row["unit_type"], row["period"]))

    def aging(self, choice: Choice) -> Sequence[Record]:
        """What `aging` gives."""
        rows = records(ra.aging(self._rewards(choice), as_of=choice.as_of))
        return sorted(rows, key=lambda row: (row["unit_type"], BUCKETS.index(row["bucket"])))

    def goals(self, choice: Choice) -> Goals:
        """The first goals of `distance` that are not reached."""
        goals = self.distance(choice)
        ahead = goals.filter(~nw.col("reached"))
        return Goals(records(ahead.head(MOST_LISTED)), len(ahead), len(goals) - len(ahead))

    def distance(self, choice: Choice) -> nw.DataFrame[Any]:
        """What `distance` gives."""
        goals = collected(ra.distance(self._rewards(choice)))
        return goals.sort(*ORDER, descending=[name == "progress" for name in ORDER], nulls_last=True)

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives."""
        order = list(CHECKS)
        rows = records(ra.quality(self._rewards(choice), as_of=choice.as_of))
        return sorted(rows, key=lambda row: order.index(row["check"]))


def soonest(rewards: Any, first: date, last: date | None) -> Sequence[Record]:
    """Give the next expiries within some days: what one holding loses on one day, the soonest and largest first.

    A row has the holding's key, `expires_on`, `expiring` and `rewards` (the number of lots).
    """
    table = from_caller(rewards, COLUMNS, asked_by="explore")
    holder = list(KEY[:3])
    by_day = table.collect(lots_by_day(expiring_lots(table.frame, *holder), holder, first, last))
    order = ["expires_on", "unit_type", "expiring", *holder]
    lots = by_day.rename({"__day__": "expires_on"}).sort(
        order, descending=[name == "expiring" for name in order], nulls_last=True
    )
    return records(lots.head(MOST_LISTED).select(*KEY, "expires_on", "expiring", nw.col("rewards").cast(nw.Int64)))
