"""What reports and summaries say first: what is held, what expires next, the goals, and how fresh the rewards are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from rewards_analytics.analysis.aging import aging
from rewards_analytics.analysis.freshness import freshness
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.rates import Rates
from rewards_analytics.analysis.sums import sum_of_known
from rewards_analytics.analysis.totals import totals
from rewards_analytics.analysis.value import value
from rewards_analytics.engines import columns_of, from_caller, rereadable
from rewards_analytics.results.goals import GoalCounts, nearest_goals
from rewards_analytics.results.origin import origin
from rewards_analytics.results.records import Record, in_order
from rewards_analytics.results.upcoming import NextExpiries, next_expiries


class Overview(NamedTuple):
    """Results of `totals` and `aging`, the next expiries, the nearest goals and their counts, and `origin`."""

    totals: Sequence[Record]
    schedule: Sequence[Record]
    upcoming: NextExpiries
    goals: Sequence[Record]
    counts: GoalCounts
    source: Record


class Worth(NamedTuple):
    """The rows of `value`, and the sums in dollars of those that are known, None if none is."""

    rows: Sequence[Record]
    value: Decimal | None
    expiring_value: Decimal | None


def typed_once(rewards: Any, *, asked_by: str) -> Any:
    """Return an in-memory frame already validated, so that each analysis need not convert it again."""
    rewards = rereadable(rewards, asked_by=asked_by)
    found = columns_of(rewards, asked_by=asked_by)
    optional = [name for name in ("guid", "created_at") if name in found]
    table = from_caller(rewards, [*COLUMNS, "description", *optional], asked_by=asked_by)
    return table.collect(table.frame).to_native() if table.eager else rewards


def overview(rewards: Any, *, as_of: date) -> Overview:
    """Compute what reports and summaries say first."""
    return Overview(
        in_order("totals", totals(rewards)),
        in_order("aging", aging(rewards, as_of=as_of)),
        next_expiries(rewards, as_of=as_of),
        *nearest_goals(rewards),
        origin(rewards, as_of=as_of),
    )


def worth(rewards: Any, rates: Rates) -> Worth:
    """Return what each unit is worth at the rates given, and the sums."""
    rows = in_order("value", value(rewards, rates))
    return Worth(rows, *(sum_of_known(row[name] for row in rows) for name in ("value", "expiring_value")))


def stale(rewards: Any, members: Any, *, as_of: date) -> Sequence[Record]:
    """Return how much of each unit is stale, from when each member was last aggregated."""
    return in_order("freshness", freshness(rewards, members, as_of=as_of))
