"""The nearest goals that are not reached, and how many there are of each kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import narwhals as nw

from rewards_analytics.analysis.distance import ORDER, by_goal
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.engines import from_caller
from rewards_analytics.results.records import Record, records

_KINDS = ("LEVEL", "REWARD")
CLOSE: Final = 0.9
"""Progress from which on a goal counts as close."""


class GoalCounts(NamedTuple):
    """How many goals there are, are reached and are close, and the members with a close level or reward."""

    all: int
    reached: int
    close: int
    members: Mapping[str, int]


def nearest_goals(rewards: Any, *, most: int) -> tuple[list[Record], GoalCounts]:
    """Give the nearest goals, at most so many, and the counts of all.

    They are those of `distance`, without putting all of them in order: there may be millions.
    """
    table = from_caller(rewards, [*COLUMNS, "description"], asked_by="report")
    goals = by_goal(table.frame)
    if table.eager:
        goals = table.collect(goals).lazy()  # the rows are in memory, and asked for three times
    close = ~nw.col("reached") & (nw.col("progress") >= CLOSE)
    flags = {"is_reached": nw.col("reached"), "is_close": close}
    counted = goals.with_columns(
        **{name: nw.when(flag).then(nw.lit(1)).otherwise(nw.lit(0)) for name, flag in flags.items()}
    )
    by_kind = records(table.collect(counted.group_by("goal").agg(nw.col(*flags).sum(), all=nw.len())))
    members = table.collect(goals.filter(close).group_by("goal", "member_guid").agg(goals=nw.len()))
    of_kind = members["goal"].to_list()
    in_all, reached, near = (sum(int(row[name]) for row in by_kind) for name in ("all", *flags))
    counts = GoalCounts(in_all, reached, near, {kind: of_kind.count(kind) for kind in _KINDS})
    descending = [name == "progress" for name in ORDER]
    ahead = goals.filter(~nw.col("reached")).sort(*ORDER, descending=descending, nulls_last=True).head(most)
    return list(records(table.collect(ahead))), counts
