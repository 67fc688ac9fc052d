"""Parquet sorted by user: how it is written and declared.

An analysis that works user by user then needs few users in memory at a time, however many there are. Readers use the
least and greatest `user_guid` of each row group, which every Parquet writer records, and check them against the rows:
a file whose statistics are wrong costs time, but changes no number. Parquet's own declaration (`sorting_columns`) is
for other readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP: Final = 1 << 18
"""Approximate rewards per row group: each ends with the last reward of a user."""

_USER: Final = "user_guid"


def order_of(schema: pa.Schema) -> list[pq.SortingColumn]:
    """Declare that rows are sorted by user: `ParquetWriter(…, sorting_columns=order_of(schema))`."""
    return [pq.SortingColumn(schema.get_field_index(_USER))]


def write_parquet(table: pa.Table, file: IO[bytes]) -> None:
    """Write rows in their order, and declare it if they are sorted by user."""
    users = pl.Series(pl.from_arrow(table[_USER]))
    by_user = users.is_sorted()
    options: dict[str, Any] = {"compression": "zstd", "sorting_columns": order_of(table.schema) if by_user else None}
    with pq.ParquetWriter(file, table.schema, **options) as writer:
        for group in row_groups(table, users) if by_user else [table]:
            writer.write_table(group, row_group_size=max(ROW_GROUP, len(group) if by_user else ROW_GROUP))


def row_groups(table: pa.Table, users: pl.Series) -> Iterator[pa.Table]:
    """Cut rows sorted by user into row groups, so that all rewards of a user are in the same one."""
    start = 0
    while start < len(users):
        end = min(start + ROW_GROUP, len(users))
        if end < len(users):
            end = int(users.search_sorted(users[end - 1], side="right"))
        yield table.slice(start, end - start)
        start = end
