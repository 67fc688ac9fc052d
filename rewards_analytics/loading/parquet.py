"""Parquet files: their rows, and what their footers prove about the rows without reading one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from rewards_analytics.errors import SourceError
from rewards_analytics.loading.chunk import TYPES, Chunk
from rewards_analytics.loading.columns import numbered, require_columns
from rewards_analytics.loading.sources import File
from rewards_analytics.loading.stream import Stream, unreadable
from rewards_analytics.schema import FIELDS, REQUIRED, WHOLE_DIGITS

_ROWS: Final = 1 << 18
_MAGIC: Final = b"PAR1"


def read(stream: Stream) -> Iterator[Chunk]:
    """The rows of a Parquet file, a quarter of a million at a time."""
    first = 0
    try:
        data = stream.path or pa.BufferReader(stream.read_all())
        file = pq.ParquetFile(data, coerce_int96_timestamp_unit="us")  # in ns, the year 9999 would become 1816
        names = file.schema_arrow.names
        require_columns(names, stream.label, stream.given)
        for batch in file.iter_batches(_ROWS, columns=[name for name in FIELDS if name in names]):
            batch.validate(full=True)  # a damaged page can hold texts that are not UTF-8
            table = pa.Table.from_batches([batch])
            yield numbered(table, first, name=stream.name, label=stream.label, given=stream.given)
            first += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(stream.label, error) from error


def are_proven_valid(files: Sequence[File]) -> bool:
    """Whether all are Parquet files of our types, and their footers prove that every row is a valid reward."""
    return all(
        file.kind == "parquet" and isinstance(file.content, Path) and not any(file.given.values()) for file in files
    ) and all(map(_is_proven_valid, files))


def _is_proven_valid(file: File) -> bool:
    label = file.name or "the source"
    try:
        with Path(str(file.content)).open("rb") as opened:
            if opened.read(len(_MAGIC)) != _MAGIC:
                return False  # its content may be of another kind than its name says
    except OSError as error:
        raise unreadable(label, error) from error
    footer = footer_of(str(file.content), label)
    schema = footer.schema.to_arrow_schema()
    require_columns(schema.names, label, file.given)
    if not all(field.name in schema.names and _is_ours(schema.field(field.name).type, field.type) for field in TYPES):
        return False
    columns = {footer.schema.column(index).path: index for index in range(footer.num_columns)}
    if footer.schema.column(columns["created_at"]).physical_type == "INT96":
        return False  # engines read it in nanoseconds, which end in 2262
    groups = (footer.row_group(index) for index in range(footer.num_row_groups))
    return all(_is_valid(group, columns) for group in groups)


def footer_of(path: str, label: str | None = None) -> pq.FileMetaData:
    """Read the footer of a file, or say why it cannot be read."""
    try:
        return pq.read_metadata(path)
    except FileNotFoundError as error:
        raise unreadable(label or path, error) from error
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(label or path, error) from error


def _is_ours(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pt.is_string(wanted):
        return bool(pt.is_string(found) or pt.is_large_string(found))
    return bool(found == wanted)


def _is_valid(group: pq.RowGroupMetaData, columns: dict[str, int]) -> bool:
    """Whether the statistics rule out a null in a required column, and an amount out of range."""
    if not group.num_rows:
        return True
    for name in REQUIRED:
        statistics = group.column(columns[name]).statistics
        if statistics is None or not statistics.has_null_count or statistics.null_count:
            return False
    balance = group.column(columns["balance"]).statistics
    bound = 10**WHOLE_DIGITS
    return bool(balance.has_min_max and -bound < balance.min and balance.max < bound)


def _unreadable(label: str, error: Exception) -> SourceError:
    return SourceError(f"{label} is not a Parquet file that can be read ({error}).")
