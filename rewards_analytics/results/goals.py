"""The nearest goals that are not reached, and how many there are of each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import narwhals as nw

from rewards_analytics.analysis.distance import by_goal
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import LazyFrame, from_caller
from rewards_analytics.results.records import Record, Result, collected, in_order, records
from rewards_analytics.schema import GOALS

CLOSE: Final = 0.9
"""From this progress on, a goal counts as close."""

MOST_GOALS: Final = 12
"""Goals that a page, a picture or a dashboard lists."""


class GoalCounts(NamedTuple):
    """The number of goals in all, reached and close; and of members with a close goal, by kind of goal."""

    all: int
    reached: int
    close: int
    members: Mapping[str, int]


class NearestGoals(NamedTuple):
    """The nearest goals that are not reached, and the number of those that are ahead and reached in all."""

    nearest: Sequence[Record]
    ahead: int
    reached: int


def nearest(goals: LazyFrame, most: int = MOST_GOALS) -> LazyFrame:
    """The nearest `most` goals that are not reached, in the order of `distance`."""
    columns, descending = order_of("distance")
    return goals.filter(~nw.col("reached")).sort(*columns, descending=descending, nulls_last=True).head(most)


def nearest_of(result: Result, most: int = MOST_GOALS) -> NearestGoals:
    """Return the nearest goals of a result of `distance`."""
    if isinstance(result, Sequence):
        ahead = in_order("distance", [row for row in result if not row["reached"]])
        return NearestGoals(ahead[:most], len(ahead), len(result) - len(ahead))
    goals = collected(result)
    reached = int(goals["reached"].sum())
    return NearestGoals(records(nearest(goals.lazy(), most).collect()), len(goals) - reached, reached)


def nearest_goals(rewards: Any, *, most: int = MOST_GOALS) -> tuple[Sequence[Record], GoalCounts]:
    """Return the nearest goals and the counts of all, without sorting all of them: there may be millions."""
    table = from_caller(rewards, [*COLUMNS, "description"], asked_by="report")
    # If rewards come in parts, the goals are computed three times: they may not all fit in memory.
    goals = table.by_user(by_goal)
    if table.eager:
        goals = table.collect(goals).lazy()  # the rows are in memory, and read three times
    close = ~nw.col("reached") & (nw.col("progress") >= CLOSE)
    flags = {"is_reached": nw.col("reached"), "is_close": close}
    counted = goals.with_columns(
        **{name: nw.when(flag).then(nw.lit(1)).otherwise(nw.lit(0)) for name, flag in flags.items()}
    )
    by_kind = records(table.collect(counted.group_by("goal").agg(nw.col(*flags).sum(), all=nw.len())))
    members = table.collect(goals.filter(close).group_by("goal", "member_guid").agg(goals=nw.len()))
    of_kind = members["goal"].to_list()
    in_all, reached, near = (sum(int(row[name]) for row in by_kind) for name in ("all", *flags))
    counts = GoalCounts(in_all, reached, near, {kind: of_kind.count(kind) for kind in GOALS.values()})
    return records(table.collect(nearest(goals, most))), counts
