"""Rewards that are in memory already: frames of other libraries, and Python dicts."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final

import narwhals as nw
import pyarrow as pa

from rewards_analytics.errors import FrameError, MissingColumnError, RewardsError
from rewards_analytics.loading.chunk import TYPES, Chunk, Place
from rewards_analytics.loading.columns import numbered, typed
from rewards_analytics.loading.records import Records
from rewards_analytics.schema import FIELDS

_FRAME_ROWS: Final = 1 << 18
_DICTS: Final = 10_000
"""Dicts that are decoded at once."""
_PARTS: Final = 8
_FEW: Final = 24
"""Fewer dicts are read one by one: to try whole columns on them costs as much."""

_TEXT: Final = (frozenset({str}), pa.string())
_CONVERTED: Final[dict[str, tuple[tuple[frozenset[type], pa.DataType], ...]]] = {
    "balance": (_TEXT, (frozenset({Decimal, int}), TYPES.field("balance").type)),
    "expires_on": (_TEXT, (frozenset({date}), pa.date32())),
    "created_at": (_TEXT, (frozenset({datetime}), TYPES.field("created_at").type)),
}
"""Python types that a whole column is converted from, and Arrow's type for them. These very types only: to Python a
`bool` is an `int`, and a `datetime` a `date`."""


class Dicts:
    """Rewards, or pages of them, that follow each other, the first of them at index `first`."""

    def __init__(self, values: list[object], first: int) -> None:
        self._values, self._first = values, first

    def by_layout(self) -> None:
        """None: dicts have no text."""

    def by_arrow(self) -> Chunk | None:
        """The rows, if all are valid rewards and Arrow converts their columns as `values` does."""
        if len(self._values) < _FEW:
            return None
        rewards = [value for value in self._values if type(value) is dict]
        if len(rewards) < len(self._values):
            return None
        arrays = []
        for field in TYPES:
            array = _array([reward.get(field.name) for reward in rewards], field.name)
            if array is None or (field.name == "guid" and array.null_count):  # a page has no guid
                return None
            arrays.append(array)
        chunk = typed(pa.Table.from_arrays(arrays, names=TYPES.names), self._place, "the dicts")
        return None if chunk.rejected else chunk

    def parts(self, done: Sequence[Chunk]) -> Iterator[Dicts]:  # noqa: ARG002
        """An eighth of the dicts each."""
        if len(self._values) >= _FEW:
            step = -(-len(self._values) // _PARTS)
            for start in range(0, len(self._values), step):
                yield Dicts(self._values[start : start + step], self._first + start)

    def by_parser(self) -> Chunk:
        """The rows, dict by dict."""
        records = Records()
        for ordinal, value in enumerate(self._values):
            records.add(value, self._place(ordinal))
        return records.chunk()

    def _place(self, ordinal: int) -> Place:
        return Place(None, None, f"$[{self._first + ordinal}]")


def blocks_of_dicts(values: Iterable[object]) -> Iterator[Dicts]:
    """Dicts in blocks that are decoded at once."""
    rest, first = iter(values), 0
    while block := list(islice(rest, _DICTS)):
        yield Dicts(block, first)
        first += len(block)


def _array(column: list[Any], name: str) -> pa.Array | None:
    """A column as Arrow's array; None where a value may need a closer look."""
    found = {*map(type, column)} - {type(None)}
    for kinds, target in _CONVERTED.get(name, (_TEXT,)):
        if found <= kinds:
            try:
                return pa.array(column, target)
            except (pa.ArrowException, ValueError, TypeError, OverflowError):
                return None
    return None


# --- Frames -----------------------------------------------------------------------------------------


def read_frame(frame: Any) -> Iterator[Chunk]:
    """The rows of a frame of any library that Narwhals or Arrow knows, a quarter of a million at a time."""
    if nw.dependencies.is_pandas_dataframe(frame):
        table = _from_pandas(frame)
        if isinstance(table, Chunk):
            yield table
            return
    else:
        table = _to_arrow(frame)
    for first in range(0, table.num_rows, _FRAME_ROWS):
        yield numbered(table.slice(first, _FRAME_ROWS), first, name=None, label="the frame")


def _require_columns(found: Sequence[str]) -> None:
    missing = [name for name in FIELDS if name not in found]
    if missing:
        raise MissingColumnError.from_columns(missing, list(found), wanted_by="load")
    if twice := next((name for name in FIELDS if found.count(name) > 1), None):
        raise FrameError(f"The frame has the column {twice!r} twice. Rename or remove one.")


def _to_arrow(frame: Any) -> pa.Table:
    """The ten columns of a frame; the others are not looked at where its library can leave them out."""
    try:
        with warnings.catch_warnings():
            # They ask for what a caller can do nothing about: a package that the registry does not have yet.
            warnings.filterwarnings("ignore", "Dask support is moving out of Narwhals", FutureWarning)
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
            if hasattr(frame, "toArrow"):  # PySpark: its Arrow stream fails on timestamps
                _require_columns(frame.columns)
                return frame.select(*FIELDS).toArrow()
            wrapped = frame if isinstance(frame, pa.Table) else nw.from_native(frame, pass_through=True)
            if isinstance(wrapped, nw.DataFrame | nw.LazyFrame):
                _require_columns(wrapped.collect_schema().names())
                wrapped = wrapped.select(*FIELDS)
                if isinstance(wrapped, nw.LazyFrame):
                    return wrapped.collect(backend="pyarrow").to_native()
                if not hasattr(frame, "__arrow_c_stream__"):
                    return wrapped.to_arrow()
                frame = wrapped.to_native()
        stream = hasattr(frame, "__arrow_c_stream__")
        table = pa.table(frame) if stream else pa.Table.from_batches([pa.record_batch(frame)])
        _require_columns(table.column_names)
        return table.select(list(FIELDS))
    except (pa.ArrowException, TypeError, ValueError) as error:
        if isinstance(error, RewardsError):
            raise
        raise FrameError(f"A {type(frame).__name__} cannot be read as a frame of rewards: {error}") from error


def _from_pandas(frame: Any) -> pa.Table | Chunk:
    """A pandas frame as a table; read row by row where Arrow finds no single type for a column of objects."""
    _require_columns([str(name) for name in frame.columns])
    wanted = frame.loc[:, list(FIELDS)]
    try:
        return pa.Table.from_pandas(wanted, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return _row_by_row(wanted)


def _row_by_row(frame: Any) -> Chunk:
    records = Records()
    plain = frame.astype(object).where(frame.notna(), None)
    for ordinal, row in enumerate(plain.itertuples(index=False, name=None)):
        records.add(dict(zip(FIELDS, row, strict=True)), Place(None, None, f"row {ordinal}"))
    return records.chunk()
