"""The results for the rewards of all users: asked of what was merged once, so that a change costs milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.aging import lots_by_bucket, schedule
from rewards_analytics.analysis.distance import ORDER, goals_with_sums, with_progress
from rewards_analytics.analysis.expiring import lots_by_day, timeline
from rewards_analytics.analysis.holdings import expiring_lots, holding_sums, without
from rewards_analytics.analysis.merged import (
    MergedChecks,
    failing_holdings,
    merged,
    merged_checks,
    quality_of,
    suspect_holdings,
    totals_of,
)
from rewards_analytics.results.records import Record, records
from rewards_analytics.schema import BALANCE, BALANCE_TO_LEVEL, BALANCE_TO_REWARD, TOTAL_BALANCE
from rewards_analytics.widgets.answers import MOST_LISTED, Goals
from rewards_analytics.widgets.choice import Choice

_NUMBER: Final = nw.col("number").sum()
_GOALS: Final = {BALANCE_TO_LEVEL: "LEVEL", BALANCE_TO_REWARD: "REWARD"}


class Everyone:
    """Answers for any units and balance types of all users' rewards, which are in memory and typed."""

    def __init__(self, rewards: nw.DataFrame[Any], units: Sequence[str], balance_types: Sequence[str]) -> None:
        self._rewards, self._units, self._balance_types = rewards, units, balance_types
        self._merged = merged(rewards, holding_sums(rewards.lazy()).collect())
        # Kept in this object: few balance types make few sets of them.
        self._nearest = lru_cache(maxsize=4)(self._nearest_without)
        self._lots = lru_cache(maxsize=32)(self._lots_without)
        self._failing = lru_cache(maxsize=32)(self._failing_without)

    def totals(self, choice: Choice) -> Sequence[Record]:
        """What `totals` gives."""
        return self._in_units(totals_of(self._merged, self._left_out(choice)), choice)

    def expiring(self, choice: Choice) -> Sequence[Record]:
        """What `expiring` gives."""
        lots = self._chosen_lots(choice)
        by_day = lots_by_day(lots, [], choice.as_of, choice.until, _NUMBER).collect()
        return records(timeline(by_day, [], choice.as_of, choice.until, choice.every))

    def aging(self, choice: Choice) -> Sequence[Record]:
        """What `aging` gives."""
        return records(schedule(lots_by_bucket(self._chosen_lots(choice), choice.as_of, _NUMBER).collect()))

    def goals(self, choice: Choice) -> Goals:
        """The first goals of `distance` that are not reached."""
        left_out = self._left_out(choice)
        kinds = [goal for balance_type, goal in _GOALS.items() if balance_type not in left_out]
        nearest, counts = self._nearest(left_out & {TOTAL_BALANCE, BALANCE})
        chosen = nw.col("goal").is_in(kinds) & self._of_units(choice)
        ahead, reached = (
            counts.filter(chosen, nw.col("reached") == is_reached)["number"].sum() for is_reached in (False, True)
        )
        return Goals(records(_first(nearest.filter(chosen).lazy()).collect()), int(ahead), int(reached))

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives."""
        left_out = self._left_out(choice)
        kinds = [name for name in self._balance_types if name not in left_out]
        units = self._units if choice.units is None else choice.units
        return records(quality_of(self._checks, self._failing(left_out), choice.as_of, units, kinds))

    def _left_out(self, choice: Choice) -> frozenset[str]:
        return frozenset(() if choice.balance_types is None else {*self._balance_types} - {*choice.balance_types})

    def _of_units(self, choice: Choice) -> nw.Expr:
        return nw.col("unit_type").is_in(list(self._units if choice.units is None else choice.units))

    def _in_units(self, result: nw.DataFrame[Any], choice: Choice) -> Sequence[Record]:
        return records(result.filter(self._of_units(choice)))

    def _chosen_lots(self, choice: Choice) -> nw.LazyFrame[Any]:
        return self._lots(self._left_out(choice)).filter(self._of_units(choice)).lazy()

    def _nearest_without(self, left_out: frozenset[str]) -> tuple[nw.DataFrame[Any], nw.DataFrame[Any]]:
        """The nearest goals of each unit and kind, which those of any choice are among; and how many there are."""
        goals = with_progress(without(self._goals.lazy(), left_out)).collect()
        counts = goals.group_by("unit_type", "goal", "reached").agg(number=nw.len())
        ahead = goals.filter(~nw.col("reached"))
        groups = counts.select("unit_type", "goal").unique().rows()
        nearest = [
            _first(ahead.lazy().filter(nw.col("unit_type") == unit, nw.col("goal") == goal)) for unit, goal in groups
        ]
        return nw.concat([each.collect() for each in nearest]) if nearest else ahead, counts

    def _lots_without(self, left_out: frozenset[str]) -> nw.DataFrame[Any]:
        rewards = self._merged.rewards.lazy().filter(~nw.col("balance_type").is_in(sorted(left_out)))
        return expiring_lots(rewards, "number").collect()

    def _failing_without(self, left_out: frozenset[str]) -> nw.DataFrame[Any]:
        return failing_holdings(self._suspects, left_out)

    # What only one tab asks is prepared when that tab is first chosen, so that the dashboard opens soon.

    @cached_property
    def _goals(self) -> nw.DataFrame[Any]:
        return goals_with_sums(self._rewards.lazy()).collect()

    @cached_property
    def _checks(self) -> MergedChecks:
        return merged_checks(self._rewards)

    @cached_property
    def _suspects(self) -> nw.DataFrame[Any]:
        return suspect_holdings(self._rewards, holding_sums(self._rewards.lazy()).collect())


def _first(goals: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The first goals in the order of `distance`."""
    in_order = goals.sort(*ORDER, descending=[name == "progress" for name in ORDER], nulls_last=True)
    return in_order.head(MOST_LISTED)
