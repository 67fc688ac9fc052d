"""What falls due, and whose: the first rows of `upcoming` in any order, found without working out the others."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Final

import narwhals as nw
import numpy as np
import polars as pl

from rewards_analytics.analysis.expiring import lots_by_day
from rewards_analytics.analysis.holdings import available, without
from rewards_analytics.engines import DataFrame
from rewards_analytics.schema import HOLDER, KEY, LOT_TYPES
from rewards_analytics.widgets.explore.cells import Mask, wrapped
from rewards_analytics.widgets.explore.holdings import NUMBER, Holdings, Rows
from rewards_analytics.widgets.explore.limbs import Numbers
from rewards_analytics.widgets.explore.listed import Order, among_first
from rewards_analytics.widgets.explore.part import Part

_MANY: Final = 4
"""How many times as many dues as are listed are worked out without a look at which come first."""


class Dues:
    """The dues of all holdings: their lots of one day each."""

    def __init__(self, whole: Holdings) -> None:
        self._whole = whole

    @cached_property
    def _due(self) -> Numbers:
        """The number of the due that each reward is of, where it is a lot."""
        return np.cumsum(self._whole.is_due, dtype=np.uint32) - 1

    @cached_property
    def _rows(self) -> Rows:
        """The rewards of each due."""
        return Rows(self._due, int(self._whole.is_due.sum()))

    @cached_property
    def _amounts(self) -> pl.Series:
        """The amount of each due."""
        return self._whole.amounts.by(self._due, int(self._whole.is_due.sum())).series()

    def first(
        self, part: Part, chosen: Mask, left_out: frozenset[str], order: Order | None, most: int
    ) -> tuple[DataFrame, int]:
        """Return at least the first of the dues in some cells, by an order; and how many there are in all.

        One row per holding and day, in no order: the columns of `upcoming`, but for `days_left`; guids are codes.
        """
        in_all = int(part.dues[chosen].sum())
        if in_all <= _MANY * most:
            places = part.places(chosen[part.cell])
        elif order is None or order.column in ("unit_type", "expires_on", "days_left"):
            places = part.places(self._of_first_days(part, chosen, order, most)[part.cell])
        else:
            places = part.places(chosen[part.cell])
            dues = self._due[places[self._whole.is_due[places]]]
            values = self._amounts if order.column == "expiring" else self._holder(order.column)
            places = self._rows.places(dues[among_first(values[dues], most, descending=order.descending)])
        return self._worked_out(places, left_out), in_all

    def _of_first_days(self, part: Part, chosen: Mask, order: Order | None, most: int) -> Mask:
        """Return the cells of the first days of each unit, because each may list its own."""
        cells = self._whole.cells
        dues = np.bincount(cells.due[chosen], part.dues[chosen], len(cells.dues)).astype(np.int64)
        rows = cells.dues.to_native().select("unit_type", "expires_on", dues=pl.Series(dues)).with_row_index()
        descending = order is not None and order.descending and order.column != "unit_type"
        rows = rows.filter(pl.col("dues") > 0).sort("expires_on", descending=descending)
        before = pl.col("dues").cum_sum().over("unit_type") - pl.col("dues")
        listed = np.zeros(len(dues), dtype=np.bool_)
        listed[rows.filter(before < most)["index"].to_numpy()] = True
        return chosen & listed[cells.due]

    def _holder(self, column: str) -> pl.Series:
        """Return whose each due is, as codes in order of text."""
        codes: pl.Series = self._whole.rewards[column].to_native().to_physical()
        return codes[self._rows.begins[:-1]]

    def _worked_out(self, places: Numbers, left_out: frozenset[str]) -> DataFrame:
        """Add up the lots at some places by holding and day."""
        whole = self._whole
        rows = whole.rewards.to_native().select(NUMBER, "balance", "unit_type", "expires_on")[places]
        by_day = lots_by_day(wrapped(rows).lazy(), [NUMBER], date.min, None).collect()
        numbers = whole.numbers(by_day[NUMBER].to_numpy())
        sums = wrapped(whole.sums.to_native()[numbers]).lazy()
        held = without(sums, left_out & {*LOT_TYPES}).with_columns(available=available())
        found = by_day.lazy().join(held.select(NUMBER, *HOLDER, "available"), on=NUMBER)
        found = found.with_columns(nw.col("rewards").cast(nw.Int64), expires_on=nw.col("__day__"))
        return found.select("expires_on", *KEY, "expiring", "rewards", "available").collect()
