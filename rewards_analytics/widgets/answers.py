"""What a view asks of some rewards, answered by the public functions on the rewards themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import narwhals as nw

from rewards_analytics.analysis.aging import aging
from rewards_analytics.analysis.distance import distance
from rewards_analytics.analysis.expiring import expiring
from rewards_analytics.analysis.order import order_of
from rewards_analytics.analysis.quality import quality
from rewards_analytics.analysis.totals import totals
from rewards_analytics.results.goals import NearestGoals, nearest_of
from rewards_analytics.results.records import Record, collected, in_order
from rewards_analytics.widgets.choice import Choice


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

    def goals(self, choice: Choice) -> NearestGoals:
        """The first goals of `distance` that are not reached."""
        return nearest_of(distance(self._rewards(choice)))

    def distance(self, choice: Choice) -> nw.DataFrame[Any]:
        """What `distance` gives."""
        columns, descending = order_of("distance")
        goals = collected(distance(self._rewards(choice)))
        return goals.sort(*columns, descending=descending, nulls_last=True)

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives."""
        return in_order("quality", quality(self._rewards(choice), as_of=choice.as_of))
