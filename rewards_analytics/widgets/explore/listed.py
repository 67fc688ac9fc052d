"""Rows of a long result that a table lists: the first of each unit, or the first by a column of the reader's choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import narwhals as nw
import numpy as np
import polars as pl

from rewards_analytics.analysis.order import order_of
from rewards_analytics.results.records import Record, records

MOST_GROUPS: Final = 12
"""Units of which each lists its first rows. The API documents four."""


class Order(NamedTuple):
    """A column that a table is sorted by, and whether it descends."""

    column: str
    descending: bool


class Listed(NamedTuple):
    """The rows that are listed, and the number of rows in all."""

    rows: Sequence[Record]
    in_all: int


def first_rows(
    analysis: str, rows: nw.DataFrame[Any], order: Order | None, most: int, *, of_each_unit: bool = False
) -> Listed:
    """List the first rows of a result in its own order, or in another one, in which its own decides between equals.

    With `of_each_unit`, each unit lists its first rows where no other order is asked for.
    """
    columns, descending = order_of(analysis)
    if order is not None:
        columns, descending = [order.column, *columns], [order.descending, *descending]
    if not of_each_unit or order is not None:
        return Listed(records(_first(rows, columns, descending, most)), len(rows))
    ordered = rows.sort(*columns, descending=descending, nulls_last=True)
    units = min(rows["unit_type"].n_unique(), MOST_GROUPS)
    firsts = ordered.filter(nw.col("unit_type").cum_count().over("unit_type") <= most).head(most * units)
    return Listed(records(firsts), len(rows))


def _first(rows: nw.DataFrame[Any], columns: Sequence[str], descending: Sequence[bool], most: int) -> nw.DataFrame[Any]:
    """Sort rows and keep the first; of many, only those are sorted that the first column does not rule out."""
    if len(rows) > 4 * most:
        leading = rows[columns[0]].drop_nulls().sort(descending=descending[0])
        if len(leading) >= most:
            last, column = leading[most - 1], nw.col(columns[0])
            rows = rows.filter(column >= last if descending[0] else column <= last)
    return rows.sort(*columns, descending=descending, nulls_last=True).head(most)


def among_first(values: pl.Series, most: int, *, descending: bool) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return which values the first ones are among, equal ones included; nulls come last."""
    firsts = values.drop_nulls()
    firsts = firsts.top_k(most) if descending else firsts.bottom_k(most)
    if len(firsts) < most:
        return np.ones(len(values), dtype=np.bool_)
    among = values >= firsts.min() if descending else values <= firsts.max()
    return among.fill_null(value=False).to_numpy()
