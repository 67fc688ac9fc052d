"""What the footers of Parquet files prove about their rows, without reading one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt

from rewards_analytics.errors import SourceError
from rewards_analytics.loading.batches import TYPES
from rewards_analytics.loading.sources import File
from rewards_analytics.loading.tables import require_columns
from rewards_analytics.schema import REQUIRED, WHOLE_DIGITS


def proven(files: Sequence[File]) -> bool:
    """Whether all are Parquet files of our types, without a null or an amount that must not be there."""
    return all(file.kind == "parquet" and isinstance(file.content, Path) for file in files) and all(
        _proves(file) for file in files
    )


def _proves(file: File) -> bool:
    try:
        footer = pq.read_metadata(file.content)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SourceError(f"{file.name} is not a Parquet file that can be read ({error}).") from error
    schema = footer.schema.to_arrow_schema()
    require_columns(schema.names, file.name or "the source")
    if not all(_is_ours(schema.field(field.name).type, field.type) for field in TYPES):
        return False
    columns = {footer.schema.column(index).path: index for index in range(footer.num_columns)}
    groups = (footer.row_group(index) for index in range(footer.num_row_groups))
    return all(_is_valid(group, columns) for group in groups)


def _is_ours(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pt.is_string(wanted):
        return bool(pt.is_string(found) or pt.is_large_string(found))
    return bool(found == wanted)


def _is_valid(group: pq.RowGroupMetaData, columns: dict[str, int]) -> bool:
    if not group.num_rows:
        return True
    for name in REQUIRED:
        statistics = group.column(columns[name]).statistics
        if statistics is None or not statistics.has_null_count or statistics.null_count:
            return False
    balance = group.column(columns["balance"]).statistics
    bound = 10**WHOLE_DIGITS
    return bool(balance.has_min_max and -bound < balance.min and balance.max < bound)
