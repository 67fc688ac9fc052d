"""The results that a view needs, computed by the public functions on the rewards themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import narwhals as nw

from rewards_analytics.analysis.aging import aging
from rewards_analytics.analysis.calendar import days_after
from rewards_analytics.analysis.distance import distance
from rewards_analytics.analysis.expiring import expiring
from rewards_analytics.analysis.order import order_of
from rewards_analytics.analysis.quality import quality
from rewards_analytics.analysis.totals import totals
from rewards_analytics.analysis.upcoming import upcoming
from rewards_analytics.results.goals import GoalCounts, nearest_goals
from rewards_analytics.results.origin import origin
from rewards_analytics.results.records import Record, collected, in_order
from rewards_analytics.results.upcoming import SOON_DAYS, next_expiries
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.listed import Listed, Order, first_rows


class Answers:
    """Results of the public functions, in their order also where the frames of an engine have none."""

    def __init__(self, rewards_of: Callable[[Choice], Any]) -> None:
        self._rewards = rewards_of

    def totals(self, choice: Choice) -> Sequence[Record]:
        """What `totals` gives."""
        return in_order("totals", totals(self._rewards(choice)))

    def expiring(self, choice: Choice) -> Sequence[Record]:
        """What `expiring` gives."""
        timeline = expiring(self._rewards(choice), as_of=choice.as_of, every=choice.every, until=choice.until)
        return in_order("expiring", timeline)

    def aging(self, choice: Choice) -> Sequence[Record]:
        """What `aging` gives."""
        return in_order("aging", aging(self._rewards(choice), as_of=choice.as_of))

    def last_days(self, choice: Choice) -> Mapping[str, date]:
        """The last day within `SOON_DAYS` on which anything of a unit expires."""
        soon = days_after(choice.as_of, SOON_DAYS)
        return next_expiries(self._rewards(choice), as_of=choice.as_of, until=soon).last_days

    def goal_counts(self, choice: Choice) -> GoalCounts:
        """How many goals there are, and how many members are close to one."""
        return nearest_goals(self._rewards(choice), most=1)[1]

    def origin(self, choice: Choice) -> Record:
        """How many rewards there are, whose, and when they were recorded."""
        return origin(self._rewards(choice), as_of=choice.as_of)

    def upcoming(self, choice: Choice, order: Order | None, most: int) -> Listed:
        """The rows of `upcoming`: the first of each unit, or by another order the first of all."""
        first, last = choice.listed_days()
        rows = _collected(upcoming(self._rewards(choice), as_of=choice.as_of, until=last))
        return first_rows("upcoming", rows.filter(nw.col("expires_on") >= first), order, most, of_each_unit=True)

    def goals(self, choice: Choice, order: Order | None, most: int) -> Listed:
        """The first rows of `distance` that are not reached."""
        goals = _collected(distance(self._rewards(choice)))
        return first_rows("distance", goals.filter(~nw.col("reached")), order, most)

    def distance(self, choice: Choice) -> nw.DataFrame[Any]:
        """What `distance` gives."""
        columns, descending = order_of("distance")
        return _collected(distance(self._rewards(choice))).sort(*columns, descending=descending, nulls_last=True)

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives."""
        return in_order("quality", quality(self._rewards(choice), as_of=choice.as_of))


def _collected(result: Any) -> nw.DataFrame[Any]:
    """Collect a result in Polars, which numbers the rows of each unit."""
    return collected(result).lazy().collect(backend="polars")
