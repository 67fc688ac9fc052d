"""Rewards as Python dicts: whole columns at once where every value is of a plain type, one by one where not."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

import pyarrow as pa

from rewards_analytics.loading.batches import TYPES, Batch, Spot
from rewards_analytics.loading.columns import typed
from rewards_analytics.loading.records import Records

_PARTS: Final = 8
"""Dicts that are doubtful together are cut into so many parts, each of them tried again."""
_FEW: Final = 24
"""Fewer than this are read one by one: trying them together costs as much."""

_TEXT: Final = (frozenset({str}), pa.string())
_TAKEN: Final[dict[str, tuple[tuple[frozenset[type], pa.DataType], ...]]] = {
    "balance": (_TEXT, (frozenset({Decimal, int}), TYPES.field("balance").type)),
    "expires_on": (_TEXT, (frozenset({date}), pa.date32())),
    "created_at": (_TEXT, (frozenset({datetime}), TYPES.field("created_at").type)),
}
"""Types of Python that a column is taken over from at once, and what Arrow makes of them. These very types only: a
`bool` is an `int` to Python, and a `datetime` a `date`."""


def decode(values: list[Any], first: int) -> list[Batch]:
    """The rewards of values that follow each other in a list, the first of them at place `first`."""
    if len(values) < _FEW:
        return [_one_by_one(values, first)]
    batch = decode_fast(values, first)
    if batch:
        return [batch]
    step = -(-len(values) // _PARTS)
    starts = range(0, len(values), step)
    return [batch for start in starts for batch in decode(values[start : start + step], first + start)]


def decode_fast(values: list[Any], first: int) -> Batch | None:
    """The rewards of values that are all valid rewards beyond doubt."""
    if set(map(type, values)) != {dict}:
        return None
    arrays = []
    for field in TYPES:
        array = _array([value.get(field.name) for value in values], field.name)
        if array is None or (field.name == "guid" and array.null_count):  # a page has no guid
            return None
        arrays.append(array)
    batch = typed(pa.Table.from_arrays(arrays, names=TYPES.names), partial(_spot, first), "the dicts")
    return None if batch.rejected else batch


def _array(column: list[Any], name: str) -> pa.Array | None:
    """Arrow's array of a column, None where a value may need a closer look."""
    found = {*map(type, column)} - {type(None)}
    for kinds, target in _TAKEN.get(name, (_TEXT,)):
        if found <= kinds:
            try:
                return pa.array(column, target)
            except (pa.ArrowException, ValueError, TypeError, OverflowError):
                return None
    return None


def _one_by_one(values: list[Any], first: int) -> Batch:
    records = Records()
    for offset, value in enumerate(values):
        records.add(value, _spot(first, offset))
    return records.batch()


def _spot(first: int, ordinal: int) -> Spot:
    return Spot(None, None, f"$[{first + ordinal}]")
