"""Sources that are columns already: Parquet files and frames of other libraries."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rewards_analytics.errors import FrameError, MissingColumnError, SourceError
from rewards_analytics.loading.batches import Batch, Spot
from rewards_analytics.loading.columns import typed
from rewards_analytics.loading.records import Records
from rewards_analytics.loading.stream import Stream
from rewards_analytics.schema import FIELDS

_ROWS = 1 << 18


def from_parquet(stream: Stream) -> Iterator[Batch]:
    """The rows of a Parquet file, a quarter of a million at a time."""
    first = 0
    try:
        file = pq.ParquetFile(stream.path or pa.BufferReader(stream.read_all()))
        require_columns(file.schema_arrow.names, stream.label)
        for part in file.iter_batches(_ROWS, columns=list(FIELDS)):
            part.validate(full=True)  # a damaged page can hold texts that are not UTF-8
            yield _batch(pa.Table.from_batches([part]), stream.name, stream.label, first)
            first += part.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"{stream.label} is not a Parquet file that can be read ({error}).") from error


def from_frame(frame: Any) -> Iterator[Batch]:
    """The rows of a frame of any library that Narwhals or Arrow knows, a quarter of a million at a time."""
    table = _from_pandas(frame) if _is_pandas(frame) else _to_arrow(frame)
    if isinstance(table, Batch):
        yield table
        return
    _require_frame_columns(table.column_names)
    table = table.select(list(FIELDS))
    for first in range(0, table.num_rows, _ROWS):
        yield _batch(table.slice(first, _ROWS), None, "the frame", first)


def require_columns(found: Sequence[str], label: str) -> None:
    """Refuse a file without all ten columns: what they would have held is not known to be null."""
    missing = [name for name in FIELDS if name not in found]
    if missing:
        names = ", ".join(map(repr, missing))
        raise SourceError(
            f"{label} lacks the column{'s' if len(missing) > 1 else ''} {names}; found {list(found)}. "
            "Rename or add them (empty where nothing is known)."
        )


def _require_frame_columns(found: Sequence[str]) -> None:
    missing = [name for name in FIELDS if name not in found]
    if missing:
        raise MissingColumnError.from_columns(missing, list(found), wanted_by="load")


def _batch(table: pa.Table, name: str | None, label: str, first: int) -> Batch:
    return typed(table, lambda ordinal: Spot(name, None, f"row {first + ordinal}"), label)


def _to_arrow(frame: Any) -> pa.Table:
    import narwhals as nw

    try:
        if hasattr(frame, "toArrow"):  # PySpark: its Arrow stream fails on timestamps
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
                return frame.toArrow()
        if hasattr(frame, "__arrow_c_stream__"):
            return pa.table(frame)
        with warnings.catch_warnings():
            # It asks for a package that the registry does not have yet: nothing that a caller could do.
            warnings.filterwarnings("ignore", "Dask support is moving out of Narwhals", FutureWarning)
            wrapped = nw.from_native(frame)
        if isinstance(wrapped, nw.LazyFrame):
            wrapped = wrapped.select(*[name for name in FIELDS if name in wrapped.collect_schema().names()])
            return wrapped.collect(backend="pyarrow").to_native()
        return wrapped.to_arrow()
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise FrameError(f"A {type(frame).__name__} cannot be read as a frame of rewards: {error}") from error


def _is_pandas(frame: object) -> bool:
    import narwhals as nw

    return nw.dependencies.is_pandas_dataframe(frame)


def _from_pandas(frame: Any) -> pa.Table | Batch:
    """A pandas frame as a table; columns of plain objects are read row by row where Arrow finds no one type."""
    _require_frame_columns([str(name) for name in frame.columns])
    wanted = frame.loc[:, list(FIELDS)]
    try:
        return pa.Table.from_pandas(wanted, preserve_index=False)
    except (pa.ArrowException, TypeError, ValueError):
        return _row_by_row(wanted)


def _row_by_row(frame: Any) -> Batch:
    records = Records()
    plain = frame.astype(object).where(frame.notna(), None)
    for ordinal, row in enumerate(plain.itertuples(index=False, name=None)):
        records.add(dict(zip(FIELDS, row, strict=True)), Spot(None, None, f"row {ordinal}"))
    return records.batch()
