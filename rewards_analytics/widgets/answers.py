"""What a view asks of some rewards, answered by the public functions on the rewards themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw

import rewards_analytics as ra
from rewards_analytics.analysis.aging import BUCKETS
from rewards_analytics.analysis.distance import ORDER
from rewards_analytics.analysis.quality import CHECKS
from rewards_analytics.plots.results import Record, gathered, records
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
        goals = gathered(ra.distance(self._rewards(choice)))
        return goals.sort(*ORDER, descending=[name == "progress" for name in ORDER], nulls_last=True)

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives."""
        order = list(CHECKS)
        rows = records(ra.quality(self._rewards(choice), as_of=choice.as_of))
        return sorted(rows, key=lambda row: order.index(row["check"]))
