"""The nearest goals that are not reached, and how many there are of each kind."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from rewards_analytics.analysis.distance import ORDER, by_goal
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.engines import enter
from rewards_analytics.plots.results import Record, records
from rewards_analytics.reporting.headline import CLOSE, GoalCounts

_KINDS = ("LEVEL", "REWARD")


def nearest_goals(rewards: Any, *, most: int) -> tuple[list[Record], GoalCounts]:
    """Give the nearest goals, at most so many, and the counts of all.

    They are those of `distance`, without putting all of them in order: there may be millions.
    """
    table = enter(rewards, [*COLUMNS, "description"], asked_by="report")
    goals = by_goal(table.frame)
    if table.eager:
        goals = table.gather(goals).lazy()  # the rows are in memory, and asked for three times
    close = ~nw.col("reached") & (nw.col("progress") >= CLOSE)
    flags = {"is_reached": nw.col("reached"), "is_close": close}
    counted = goals.with_columns(
        **{name: nw.when(flag).then(nw.lit(1)).otherwise(nw.lit(0)) for name, flag in flags.items()}
    )
    by_kind = records(table.gather(counted.group_by("goal").agg(nw.col(*flags).sum(), all=nw.len())))
    members = table.gather(goals.filter(close).group_by("goal", "member_guid").agg(goals=nw.len()))
    of_kind = members["goal"].to_list()
    in_all, reached, near = (sum(int(row[name]) for row in by_kind) for name in ("all", *flags))
    counts = GoalCounts(in_all, reached, near, {kind: of_kind.count(kind) for kind in _KINDS})
    descending = [name == "progress" for name in ORDER]
    ahead = goals.filter(~nw.col("reached")).sort(*ORDER, descending=descending, nulls_last=True).head(most)
    return list(records(table.gather(ahead))), counts
