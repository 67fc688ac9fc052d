"""DuckDB: its own reader of Parquet, and our decoders as an Arrow stream that starts again for each query."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from rewards_analytics.loading.chunk import TYPES
from rewards_analytics.loading.pipeline import read_tables
from rewards_analytics.loading.sources import File
from rewards_analytics.schema import FIELDS


class _Rewards:
    """Rewards of files, as a new Arrow stream for each query."""

    def __init__(self, files: Sequence[File]) -> None:
        self._files = list(files)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        batches = (batch for table in read_tables(self._files) for batch in table.to_batches())
        return pa.RecordBatchReader.from_batches(TYPES, batches).__arrow_c_stream__(requested_schema)


def parquet(files: Sequence[File], session: duckdb.DuckDBPyConnection | None) -> duckdb.DuckDBPyRelation:
    """Read Parquet of our types."""
    paths = [str(file.content) for file in files]
    return connection_of(session).read_parquet(paths, hive_partitioning=False).select(*FIELDS)


def decoded(files: Sequence[File], session: duckdb.DuckDBPyConnection | None) -> duckdb.DuckDBPyRelation:
    """Decode while DuckDB reads; our errors come out inside one of its own."""
    return connection_of(session).from_arrow(_Rewards(files))


def connection_of(session: duckdb.DuckDBPyConnection | None) -> duckdb.DuckDBPyConnection:
    """Return the caller's connection, or a new one in UTC."""
    if session is not None:
        return session
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection
