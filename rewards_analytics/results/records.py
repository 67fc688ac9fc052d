"""Reading the result of an analysis, whatever kind of frame it came in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import narwhals as nw

from rewards_analytics.analysis.aging import BUCKETS
from rewards_analytics.analysis.order import order_of
from rewards_analytics.analysis.quality import CHECKS
from rewards_analytics.engines import as_narwhals, as_our_error, is_frame
from rewards_analytics.errors import FrameError

Record: TypeAlias = Mapping[str, Any]
Result: TypeAlias = Any
"""A frame of any supported kind, or the records of one."""

_OWN_ORDER: Final = {"bucket": BUCKETS, "check": tuple(CHECKS)}
"""Columns whose values have an order of their own."""


def collected(result: Result) -> nw.DataFrame[Any]:
    """Return a result that is a frame as an eager one."""
    if not is_frame(result):
        raise FrameError(
            f"A {type(result).__name__} is not a result. Pass what an analysis returned, or a list of its rows."
        )
    frame = as_narwhals(result)
    if not isinstance(frame, nw.LazyFrame):
        return frame
    with as_our_error():
        return frame.collect()


def records(result: Result) -> Sequence[Record]:
    """Return the rows of a small result as mappings, with None for null on every engine."""
    if isinstance(result, Sequence) and not isinstance(result, str | bytes):
        return result
    frame = collected(result)
    if frame.implementation.is_polars():
        return frame.rows(named=True)  # twice as fast, which a redraw feels
    # Of pandas without its index, which becomes a column where it does not count the rows.
    rows: list[dict[str, Any]] = frame.to_arrow().select(frame.columns).to_pylist()
    return rows


def in_order(analysis: str, result: Result) -> list[Record]:
    """Return the rows of a result in the order of its analysis, even if the frames of an engine have none.

    >>> in_order("aging", [{"unit_type": "MILES", "bucket": bucket} for bucket in ("undated", "31-60", "0-30")])
    [{'unit_type': 'MILES', 'bucket': '0-30'},
     {'unit_type': 'MILES', 'bucket': '31-60'},
     {'unit_type': 'MILES', 'bucket': 'undated'}]
    """
    rows = list(records(result))
    # By the last column first: sorting keeps the order of rows that are equal.
    for column, descends in reversed(list(zip(*order_of(analysis), strict=True))):
        rows.sort(key=_sort_key(column, descends=descends), reverse=descends)
    return rows


def _sort_key(column: str, *, descends: bool) -> Callable[[Record], tuple[bool, Any]]:
    order = _OWN_ORDER.get(column)

    def key(row: Record) -> tuple[bool, Any]:
        value = row[column]
        # Nulls are last either way.
        return (value is None) is not descends, order.index(value) if order and value is not None else value

    return key


def units_of(rows: Sequence[Record]) -> list[str]:
    """Return the units of the rows by code point: the order that every analysis keeps."""
    units = {row["unit_type"] for row in rows}
    if None in units:
        raise FrameError("'unit_type' is null in a row of the result. Pass the result of an analysis, which has none.")
    return sorted(units)


def of_unit(rows: Sequence[Record], unit_type: str) -> list[Record]:
    """Return the rows of one unit, in their order."""
    return [row for row in rows if row["unit_type"] == unit_type]
