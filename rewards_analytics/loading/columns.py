"""Whole Arrow columns to their final types, with the problem of each value that does not fit.

What a column cannot convert at once, `values` decides one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from rewards_analytics.amounts import PLAIN_AMOUNT, TOO_LARGE, InvalidValueError, amount
from rewards_analytics.errors import FrameError
from rewards_analytics.loading.batches import TYPES, Batch, Rejection, Spot
from rewards_analytics.loading.values import (
    MISSING,
    NOT_A_DATE,
    NOT_A_TIME,
    NOT_TEXT,
    day,
    instant,
)
from rewards_analytics.schema import FIELDS, REQUIRED, WHOLE_DIGITS

_day = lru_cache(maxsize=1 << 16)(day)

Problems = dict[int, tuple[str, object]]
"""Ordinal of a row -> its problem and the value."""

_LIMIT = pa.scalar(Decimal(10**WHOLE_DIGITS), pa.decimal128(38, 9))


def typed(raw: pa.Table, spot: Callable[[int], Spot], source: str) -> Batch:
    """Convert the ten columns of a table, whatever their types, and set the bad rows apart.

    `source` names the table in the error for a column of a type that cannot hold its field.
    """
    arrays, first = [], dict[int, Rejection]()
    for name in FIELDS:
        array, problems = _convert(name, _flat(raw.column(name)), source)
        arrays.append(array)
        for ordinal, (problem, value) in problems.items():
            first.setdefault(ordinal, Rejection(spot(ordinal), name, problem, value))
    table = pa.Table.from_arrays(arrays, schema=TYPES)
    if not first:
        return Batch(table, spot)
    valid = np.ones(table.num_rows, dtype=bool)
    valid[list(first)] = False
    kept = np.flatnonzero(valid)
    return Batch(table.take(pa.array(kept)), spot, kept, [first[i] for i in sorted(first)])


def _flat(column: pa.ChunkedArray) -> pa.Array:
    """One array; only a column of several chunks is copied."""
    kind = column.type.value_type if pt.is_dictionary(column.type) else column.type
    if pt.is_string_view(kind) or pt.is_large_string(kind):
        kind = pa.string()  # few of Arrow's functions take views
    if pt.is_dictionary(column.type):
        column = pa.chunked_array([part.dictionary.cast(kind).take(part.indices) for part in column.chunks], kind)
    elif kind != column.type:
        column = column.cast(kind)
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _convert(name: str, column: pa.Array, source: str) -> tuple[pa.Array, Problems]:
    convert = {"balance": _amounts, "expires_on": _days, "created_at": _instants}.get(name, _texts)
    if pt.is_null(column.type):
        array, problems = pa.nulls(len(column), TYPES.field(name).type), Problems()
    else:
        try:
            array, problems = convert(column)
        except _ColumnTypeError as error:
            raise FrameError(f"Column {name!r} of {source} has the type {column.type}: {error}") from None
    if name in REQUIRED and column.null_count:
        missing = np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))
        problems |= dict.fromkeys(missing.tolist(), (MISSING, None))
    return array, problems


class _ColumnTypeError(TypeError):
    """A column of a type that cannot hold its field."""


def _texts(column: pa.Array) -> tuple[pa.Array, Problems]:
    if not pt.is_string(column.type):
        raise _ColumnTypeError("text is needed. Cast it to text first.")
    return column, {}


def _amounts(column: pa.Array) -> tuple[pa.Array, Problems]:
    kind = column.type
    if pt.is_floating(kind):
        raise _ColumnTypeError(
            "the exact amounts are lost already. Read them as text or as decimals, "
            "or load the file that they came from."
        )
    if pt.is_string(kind):
        if (exact := plain_amounts(column)) is not None:
            return exact, {}
        plain = pc.fill_null(pc.match_substring_regex(column, f"^{PLAIN_AMOUNT}$"), True)
        return _read(column, plain, amount, "balance")
    if pt.is_decimal(kind) or pt.is_integer(kind):
        return _numbers(column)
    raise _ColumnTypeError("decimals, whole numbers or text are needed.")


def plain_amounts(column: pa.Array) -> pa.Array | None:
    """The amounts of a column of texts if Arrow is sure to read each of them as `amount` does, else None.

    Arrow takes more than JSON does (`+5`, `05`, `.5`, `5.`, `1e3`), which the bytes tell; it refuses by itself a
    second point, a sign inside and a tenth decimal.
    """
    edges = np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset :][: len(column) + 1]
    if column.null_count:
        known = column.is_valid().to_numpy(zero_copy_only=False)
        first, end = edges[:-1][known], edges[1:][known]
    else:
        first, end = edges[:-1], edges[1:]
    if not len(first):
        return pa.nulls(len(column), TYPES.field("balance").type)
    codes = np.frombuffer(column.buffers()[2], dtype=np.uint8)[: edges[-1]]
    digit = np.append(codes - np.uint8(ord("0")) < 10, False)
    other = ~digit[:-1]
    if not np.isin(codes[other], (ord("."), ord("-"))).all() or (end <= first).any():
        return None
    first = first + (codes[first] == ord("-"))
    length = end - first
    if (length < 1).any() or (length > WHOLE_DIGITS).any() or not (digit[first] & digit[end - 1]).all():
        return None
    if ((codes[first] == ord("0")) & digit[first + 1] & (length > 1)).any():
        return None
    try:
        return column.cast(TYPES.field("balance").type)
    except pa.ArrowInvalid:
        return None


def _numbers(column: pa.Array) -> tuple[pa.Array, Problems]:
    target = TYPES.field("balance").type
    try:
        exact = column.cast(pa.decimal128(38, 0) if pt.is_integer(column.type) else target).cast(target)
    except pa.ArrowInvalid:
        return _read(column, None, amount, "balance")
    fits = pc.and_(pc.less(exact, _LIMIT), pc.greater(exact, pc.negate(_LIMIT)))
    if pc.all(fits).as_py() is not False:
        return exact, {}
    outside = np.flatnonzero(pc.fill_null(pc.invert(fits), False).to_numpy(zero_copy_only=False)).tolist()
    return exact, {i: (TOO_LARGE, column[i].as_py()) for i in outside}


def _days(column: pa.Array) -> tuple[pa.Array, Problems]:
    kind, target = column.type, pa.date32()
    if pt.is_string(kind):
        return _by_distinct_value(column)
    if pt.is_date(kind):
        return _within(column.cast(target), date.min, date.max, NOT_A_DATE)
    if pt.is_timestamp(kind):
        local = pc.local_timestamp(column) if kind.tz else column
        days = local.cast(target, safe=False)
        whole = pc.equal(days.cast(local.type), local)
        odd = np.flatnonzero(pc.fill_null(pc.invert(whole), False).to_numpy(zero_copy_only=False)).tolist()
        return days, {i: (NOT_A_DATE, column[i].as_py()) for i in odd}
    raise _ColumnTypeError("dates, or texts like 2026-11-23, are needed.")


def _by_distinct_value(column: pa.Array) -> tuple[pa.Array, Problems]:
    """Read each distinct day once: even a large source has few of them."""
    encoded = column.dictionary_encode()
    texts = encoded.dictionary.to_pylist()
    values: list[date | None] = []
    wrong: dict[int, str] = {}
    for index, value in enumerate(texts):
        try:
            values.append(_day(value))
        except InvalidValueError as problem:
            values.append(None)
            wrong[index] = str(problem)
    result = pa.array(values, pa.date32()).take(encoded.indices)
    if not wrong:
        return result, {}
    indices = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    rows = np.flatnonzero(np.isin(indices, list(wrong))).tolist()
    return result, {row: (wrong[indices[row]], texts[indices[row]]) for row in rows}


def _instants(column: pa.Array) -> tuple[pa.Array, Problems]:
    kind, target = column.type, TYPES.field("created_at").type
    if pt.is_string(kind):
        try:
            array = column.cast(target)
        except pa.ArrowInvalid:
            return _read(column, None, instant, "created_at")
    elif pt.is_timestamp(kind):
        array = column.cast(pa.timestamp("us", kind.tz), safe=False)
        array = array.cast(target) if kind.tz else pc.assume_timezone(array, "UTC")
    elif pt.is_date(kind):
        array = pc.assume_timezone(column.cast(pa.timestamp("us")), "UTC")
    else:
        raise _ColumnTypeError("timestamps, or texts like 2026-11-23T08:00:00Z, are needed.")
    return _within(array, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), NOT_A_TIME)


def _within(array: pa.Array, low: object, high: object, problem: str) -> tuple[pa.Array, Problems]:
    """Arrow counts beyond the years 1 to 9999, which no date of Python, pandas or SQL can show."""
    low, high = pa.scalar(low, array.type), pa.scalar(high, array.type)
    inside = pc.and_(pc.greater_equal(array, low), pc.less_equal(array, high))
    if pc.all(inside).as_py() is not False:
        return array, {}
    odd = np.flatnonzero(pc.fill_null(pc.invert(inside), False).to_numpy(zero_copy_only=False)).tolist()
    shown = array.cast(pa.int64() if pt.is_timestamp(array.type) else pa.int32())
    return array, {i: (problem, shown[i].as_py()) for i in odd}


def _read(
    column: pa.Array, plain: pa.Array | None, read: Callable[[object], Any], field: str
) -> tuple[pa.Array, Problems]:
    """Cast the `plain` values at once and `read` the others one by one."""
    target, problems = TYPES.field(field).type, Problems()
    if plain is None:
        values = list(_each(column.to_pylist(), range(len(column)), read, problems))
        return pa.array(values, target), problems
    if pc.all(plain).as_py() is not False:
        return column.cast(target), problems
    array = pc.if_else(plain, column, None).cast(target)
    others = pc.invert(plain)
    ordinals = np.flatnonzero(others.to_numpy(zero_copy_only=False)).tolist()
    values = list(_each(column.filter(others).to_pylist(), ordinals, read, problems))
    return pc.replace_with_mask(array, others, pa.array(values, target)), problems


def _each(
    values: Iterable[object], ordinals: Iterable[int], read: Callable[[object], Any], problems: Problems
) -> Iterable[Any]:
    for ordinal, value in zip(ordinals, values, strict=True):
        try:
            yield None if value is None else read(value)
        except InvalidValueError as problem:
            problems[ordinal] = (str(problem), value)
            yield None


__all__ = ["NOT_TEXT", "typed"]
