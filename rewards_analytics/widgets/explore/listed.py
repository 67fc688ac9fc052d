"""Rows of a long result that a table lists: the first of each unit, or the first by a column of the reader's choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import narwhals as nw

from rewards_analytics.results.records import Record, records

MOST_GROUPS: Final = 12
"""Values, such as units, of which each lists its first rows. The API documents four units."""


class Order(NamedTuple):
    """A column that a table is sorted by, and whether it descends."""

    column: str
    descending: bool


class Listed(NamedTuple):
    """The rows that are listed, and the number of rows in all."""

    rows: Sequence[Record]
    in_all: int


def first_rows(rows: nw.DataFrame[Any], order: Order | None, most: int, *, of_each: str | None = None) -> Listed:
    """List the first rows of a result that is in its own order, after sorting all of them if an order is given.

    `of_each` names a column: without an order, the first of each of its values are listed.
    """
    if order is not None:
        # A row number keeps rows that are alike in the order of the result.
        numbered = rows.with_row_index("__number__")
        top = numbered.sort(order.column, "__number__", descending=[order.descending, False], nulls_last=True)
        shown = top.head(most).drop("__number__")
    elif of_each is not None:
        shown = rows.filter(nw.col(of_each).cum_count().over(of_each) <= most).head(MOST_GROUPS * most)
    else:
        shown = rows.head(most)
    return Listed(records(shown), len(rows))
