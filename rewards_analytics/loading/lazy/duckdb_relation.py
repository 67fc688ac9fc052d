"""DuckDB: its own reader of Parquet, and our decoders as an Arrow stream that begins anew each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from rewards_analytics.loading.batches import TYPES
from rewards_analytics.loading.reading import tables_of
from rewards_analytics.loading.sources import File
from rewards_analytics.schema import FIELDS


class _Rewards:
    """Rewards of files as an Arrow stream, as often as one asks."""

    def __init__(self, files: Sequence[File]) -> None:
        self._files = list(files)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        batches = (batch for table in tables_of(self._files) for batch in table.to_batches())
        return pa.RecordBatchReader.from_batches(TYPES, batches).__arrow_c_stream__(requested_schema)


def parquet(files: Sequence[File], session: Any) -> Any:
    """Read Parquet of our types."""
    paths = [str(file.content) for file in files]
    return _connection(session).read_parquet(paths, hive_partitioning=False).select(*FIELDS)


def decoded(files: Sequence[File], session: Any) -> Any:
    """Decode while DuckDB reads; an error of ours comes out inside one of its own."""
    return _connection(session).from_arrow(_Rewards(files))


def _connection(session: Any) -> Any:
    if session is not None:
        return session
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    return connection
