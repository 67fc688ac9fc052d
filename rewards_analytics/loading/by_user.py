"""Parquet whose rows stand by user: how it is written, and how it says so.

What is worked out user by user then needs few users in memory at a time, however many there are. Readers go by the
least and greatest `user_guid` of each row group, which every writer of Parquet notes, and check them against the rows:
a file that says more than is true costs time, and changes no number. The declaration is Parquet's own
(`sorting_columns`), for other readers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP: Final = 1 << 18
"""Rewards of a row group, about: it ends with the last reward of a user."""

_USER: Final = "user_guid"


def order_of(schema: pa.Schema) -> list[pq.SortingColumn]:
    """Declare that rows stand by user: `ParquetWriter(…, sorting_columns=order_of(schema))`."""
    return [pq.SortingColumn(schema.get_field_index(_USER))]


def write_parquet(table: pa.Table, file: IO[bytes]) -> None:
    """Write rows in the order that they have; where they stand by user, the file says so."""
    users = pl.Series(pl.from_arrow(table[_USER]))
    by_user = users.is_sorted()
    options: dict[str, Any] = {"compression": "zstd", "sorting_columns": order_of(table.schema) if by_user else None}
    with pq.ParquetWriter(file, table.schema, **options) as writer:
        for group in row_groups(table, users) if by_user else [table]:
            writer.write_table(group, row_group_size=max(ROW_GROUP, len(group) if by_user else ROW_GROUP))


def row_groups(table: pa.Table, users: pl.Series) -> Iterator[pa.Table]:
    """Cut rows that stand by user into row groups, so that the rewards of a user are in one of them."""
    start = 0
    while start < len(users):
        end = min(start + ROW_GROUP, len(users))
        if end < len(users):
            end = int(users.search_sorted(users[end - 1], side="right"))
        yield table.slice(start, end - start)
        start = end
