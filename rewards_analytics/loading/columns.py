"""Whole Arrow columns to their final types, with the problem of each invalid value.

What cannot be converted as a column is decided value by value in `values`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from rewards_analytics.amounts import PLAIN_AMOUNT, TOO_LARGE, InvalidValueError, amount
from rewards_analytics.errors import FrameError, SourceError
from rewards_analytics.loading.chunk import TYPES, Chunk, Place, Rejection, disagreement
from rewards_analytics.loading.values import (
    MISSING,
    NOT_A_DATE,
    NOT_A_TIME,
    Unquoted,
    day,
    instant,
)
from rewards_analytics.schema import FIELDS, REQUIRED, WHOLE_DIGITS

_day = lru_cache(maxsize=1 << 16)(day)

Problems = dict[int, tuple[str, object]]
"""Ordinal of a row -> its problem and the value."""

_YEARS = np.array(["0001-01-01", "9999-12-31T23:59:59.999999"], "datetime64[us]")
_LIMIT = pa.scalar(Decimal(10**WHOLE_DIGITS), pa.decimal128(38, 9))


def typed(
    raw: pa.Table, place_of: Callable[[int], Place], source: str, given: Mapping[str, str | None] = MappingProxyType({})
) -> Chunk:
    """Convert the ten columns of a table, whatever their types, and reject the rows that are invalid.

    `source` names the table in the error for a column of a type that cannot hold its field. `given` has columns that
    the table may lack, each with its value in all rows.
    """
    arrays, first = [], dict[int, Rejection]()
    for name in FIELDS:
        if name in given and name not in raw.column_names:
            array, problems = _convert(name, pa.repeat(pa.scalar(given[name], pa.string()), raw.num_rows), source)
        else:
            array, problems = _convert(name, _flat(raw.column(name)), source)
            if given.get(name) is not None:
                array, problems = _filled(name, array, problems, place_of, str(given[name]))
        arrays.append(array)
        for ordinal, (problem, value) in problems.items():
            first.setdefault(ordinal, Rejection(place_of(ordinal), name, problem, value))
    table = pa.Table.from_arrays(arrays, schema=TYPES)
    if not first:
        return Chunk(table, place_of)
    valid = np.ones(table.num_rows, dtype=bool)
    valid[list(first)] = False
    kept = np.flatnonzero(valid)
    return Chunk(table.take(pa.array(kept)), place_of, kept, [first[i] for i in sorted(first)])


def _flat(column: pa.ChunkedArray) -> pa.Array:
    """One array of a plain type; only a column of several chunks is copied."""
    if isinstance(column.type, pa.BaseExtensionType) and pt.is_string(column.type.storage_type):
        column = pa.chunked_array([part.storage for part in column.chunks], column.type.storage_type)
    if pt.is_run_end_encoded(column.type):
        column = pa.chunked_array(map(pc.run_end_decode, column.chunks), column.type.value_type)
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


def _filled(
    name: str, array: pa.Array, problems: Problems, place_of: Callable[[int], Place], given: str
) -> tuple[pa.Array, Problems]:
    """A column with its nulls replaced by the value given for all rows; any other value is an error."""
    value = _convert(name, pa.array([given]), "the file")[0][0]
    for row in np.flatnonzero(pc.fill_null(pc.not_equal(array, value), False).to_numpy(zero_copy_only=False)):
        raise disagreement(place_of(int(row)), name, array[int(row)], given)
    missing = {row for row, (problem, _) in problems.items() if problem == MISSING}
    return pc.fill_null(array, value), {row: problems[row] for row in problems.keys() - missing}


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
    """The amounts of a column of texts, if Arrow is sure to read each of them as `amount` does; None if not.

    Arrow accepts more than JSON does (`+5`, `05`, `.5`, `5.`, `1e3`), which the bytes show. A second point, a sign
    inside and a tenth decimal it refuses by itself.
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
    return exact, {i: (TOO_LARGE, column[i].as_py()) for i in _where_false(fits)}


def _days(column: pa.Array) -> tuple[pa.Array, Problems]:
    kind, target = column.type, pa.date32()
    if pt.is_string(kind):
        return _by_distinct_value(column)
    if pt.is_date(kind) or pt.is_timestamp(kind):
        known, problems = _within_years(column, NOT_A_DATE, column, zones=1)
        try:
            local = pc.local_timestamp(known) if pt.is_timestamp(kind) and kind.tz else known
        except pa.ArrowInvalid:
            raise _ColumnTypeError(f"the time zone {kind.tz!r} is not known. Convert the column to another.") from None
        days = local.cast(target, safe=False)
        odd = _where_false(pc.equal(days.cast(local.type), local))
        days, far = _within_years(days, NOT_A_DATE, column)
        return days, problems | far | {i: (NOT_A_DATE, _written(column, i)) for i in odd}
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
        return _within_years(array, NOT_A_TIME, column)
    if pt.is_timestamp(kind) or pt.is_date(kind):
        known, problems = _within_years(column, NOT_A_TIME, column)
        zone = kind.tz if pt.is_timestamp(kind) else None
        array = known.cast(pa.timestamp("us", zone), safe=False)
        return array.cast(target) if zone else pc.assume_timezone(array, "UTC"), problems
    raise _ColumnTypeError("timestamps, or texts like 2026-11-23T08:00:00Z, are needed.")


def _within_years(column: pa.Array, problem: str, written: pa.Array, zones: int = 0) -> tuple[pa.Array, Problems]:
    """Refuse years outside 1 to 9999, which Arrow counts and Python, pandas and SQL cannot show.

    They become null before anything else is converted: a conversion would turn some of them into another time. `zones`
    is how many days a time zone may add at both ends.
    """
    unit = column.type.unit if pt.is_timestamp(column.type) else "D" if pt.is_date32(column.type) else "ms"
    if unit == "ns":  # ends in 2262
        return column, {}
    years = _YEARS + np.array([-zones, zones], "timedelta64[D]")
    low, high = years.astype(f"datetime64[{unit}]").astype(np.int64).tolist()
    numbers = column.cast(pa.int32() if unit == "D" else pa.int64())
    inside = pc.and_(pc.greater_equal(numbers, low), pc.less_equal(numbers, high))
    if pc.all(inside).as_py() is not False:
        return column, {}
    problems = {i: (problem, _written(written, i)) for i in _where_false(inside)}
    return pc.if_else(inside, column, pa.scalar(None, column.type)), problems


def _where_false(values: pa.Array) -> list[int]:
    return np.flatnonzero(pc.fill_null(pc.invert(values), False).to_numpy(zero_copy_only=False)).tolist()


def _written(column: pa.Array, row: int) -> object:
    """A value as its source has it. A day or time of a year that Python does not have is its ISO form."""
    value = column[row]
    try:
        return value.as_py()
    except (ValueError, OverflowError):
        is_time = pt.is_timestamp(column.type)
        unit = column.type.unit if is_time else "D" if pt.is_date32(column.type) else "ms"
        iso = np.array(value.value, dtype=f"datetime64[{unit}]")
        return Unquoted(f"{iso}Z" if is_time and column.type.tz else iso)


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


# --- Tables -----------------------------------------------------------------------------------------


def numbered(
    table: pa.Table,
    first: int,
    *,
    name: str | None,
    label: str,
    given: Mapping[str, str | None] = MappingProxyType({}),
) -> Chunk:
    """Convert a table whose rows are placed by their number, from `first` on."""
    return typed(table, lambda ordinal: Place(name, None, f"row {first + ordinal}"), label, given)


def require_columns(found: Sequence[str], label: str, given: Container[str] = ()) -> None:
    """Refuse a file that lacks one of the ten columns, whose values are unknown rather than null.

    Also refuse one that has a column twice. `given` holds the columns that the file may lack.
    """
    missing = [name for name in FIELDS if name not in found and name not in given]
    if twice := next((name for name in FIELDS if found.count(name) > 1), None):
        raise SourceError(f"{label} has the column {twice!r} twice. Rename or remove one.")
    if missing:
        names = ", ".join(map(repr, missing))
        raise SourceError(
            f"{label} lacks the column{'s' if len(missing) > 1 else ''} {names}; found {list(found)}. "
            "Rename or add them (empty where nothing is known)."
        )
