"""The goals of rewards in memory: how far each is, counted and listed for any holdings, units and kinds."""

from __future__ import annotations

from collections.abc import Collection

import narwhals as nw
import numpy as np
import polars as pl

from rewards_analytics.analysis.distance import goals_with_sums, with_progress
from rewards_analytics.analysis.holdings import without
from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import DataFrame
from rewards_analytics.results.goals import CLOSE, GoalCounts
from rewards_analytics.schema import BALANCE, GOALS, KEY, TOTAL_BALANCE
from rewards_analytics.widgets.explore.cells import ranks, wrapped
from rewards_analytics.widgets.explore.holdings import NUMBER, Rows, coded, different
from rewards_analytics.widgets.explore.limbs import Numbers
from rewards_analytics.widgets.explore.listed import Listed, Order, among_first, first_rows


class Goals:
    """The goals of all holdings. A result is for some of these, or all: their `numbers`."""

    def __init__(self, rewards: DataFrame, holdings: int) -> None:
        of = rewards.lazy()
        if "description" not in rewards.columns:  # they are counted, and the tab that lists them says so
            of = of.with_columns(description=nw.lit(None).cast(nw.String))
        kept = (NUMBER, *KEY, "goal", "description", "remaining", "totals", "plains", "total", "plain")
        goals = coded(goals_with_sums(of, NUMBER).select(*kept).collect()).sort(NUMBER).to_native()
        self._frame = goals.with_columns(_enumerated(goals[name]) for name in ("unit_type", "goal"))
        self._rows = Rows(goals[NUMBER].to_numpy(), holdings)
        (_, unit), (kinds, kind) = (ranks(goals[name]) for name in ("unit_type", "goal"))
        _, example, self._pair = np.unique(unit * kinds + kind, return_index=True, return_inverse=True)
        self._pairs: list[tuple[str, str]] = goals[example].select("unit_type", "goal").rows()
        self._kind = np.array([list(GOALS.values()).index(kind) for _, kind in self._pairs], dtype=np.int64)
        self._member = goals["member_guid"].to_numpy()
        self._progress: dict[frozenset[str], pl.DataFrame] = {}

    def counts(self, numbers: Numbers | None, units: Collection[str], left_out: frozenset[str]) -> GoalCounts:
        """Return how many goals there are, and how many members are close to one."""
        places = self._places(numbers, units, left_out)
        progress = self._progress_without(left_out)
        reached, is_close = (progress[name].to_numpy()[places] for name in ("reached", "close"))
        close = places[is_close & ~reached]
        kind, member = self._kind[self._pair[close]], self._member[close]
        members = {name: len(different(member[kind == place])) for place, name in enumerate(GOALS.values())}
        return GoalCounts(len(places), int(reached.sum()), len(close), members)

    def first(
        self, numbers: Numbers | None, units: Collection[str], left_out: frozenset[str], order: Order | None, most: int
    ) -> Listed:
        """Return the first goals that are not reached, with codes for guids."""
        places = self._places(numbers, units, left_out)
        progress = self._progress_without(left_out)
        places = places[~progress["reached"].to_numpy()[places]]
        in_all = len(places)
        column, descending = order or Order(order_of("distance")[0][0], order_of("distance")[1][0])
        values = (progress if column == "progress" else self._frame)[column]
        places = places[among_first(values[places], most, descending=descending)]
        listed = self._frame.select(*KEY, "goal", "description", "remaining")[places].hstack(
            progress[places].drop("close")
        )
        return Listed(first_rows("distance", wrapped(listed), order, most).rows, in_all)

    def _places(self, numbers: Numbers | None, units: Collection[str], left_out: Collection[str]) -> Numbers:
        """Return the places of the goals of some holdings and units, or of all, without some balance types."""
        kinds = {kind for balance_type, kind in GOALS.items() if balance_type not in left_out}
        wanted = np.array(
            [(not units or unit in units) and kind in kinds for unit, kind in self._pairs], dtype=np.bool_
        )
        if numbers is None:
            return np.flatnonzero(wanted[self._pair])
        places = self._rows.places(numbers)
        return places[wanted[self._pair[places]]]

    def _progress_without(self, left_out: frozenset[str]) -> pl.DataFrame:
        """Return the progress of all goals without some of the types that an available balance is made of."""
        key = left_out & {TOTAL_BALANCE, BALANCE}
        if key not in self._progress:
            goals = with_progress(without(wrapped(self._frame).lazy(), key))
            close = (nw.col("progress") >= CLOSE).fill_null(value=False)
            self._progress[key] = goals.select("available", "progress", "reached", close=close).collect().to_native()
        return self._progress[key]


def _enumerated(texts: pl.Series) -> pl.Series:
    """Return texts as an Enum in their order, which sorts as they do, and is grouped faster."""
    return texts.cast(pl.Enum(texts.unique().sort()))
