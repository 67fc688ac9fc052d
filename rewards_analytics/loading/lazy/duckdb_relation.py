"""DuckDB: its own reader of Parquet, and our decoders as an Arrow stream that starts again for each query."""

from __future__ import annotations

import atexit
import glob
import itertools
import os
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from rewards_analytics.files import remove_own
from rewards_analytics.loading.chunk import TYPES
from rewards_analytics.loading.pipeline import read_tables
from rewards_analytics.loading.sources import File
from rewards_analytics.schema import FIELDS

MEMORY: Final = "50%"
"""Memory for a connection of our own, of what the machine or the cgroup has: results are brought here, and need some.

DuckDB's default is 80 %.
"""

_numbers: Final = itertools.count()


class _Rewards:
    """Rewards of files, as a new Arrow stream for each query."""

    def __init__(self, files: Sequence[File]) -> None:
        self._files = list(files)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        batches = (batch for table in read_tables(self._files) for batch in table.to_batches())
        return pa.RecordBatchReader.from_batches(TYPES, batches).__arrow_c_stream__(requested_schema)


def parquet(files: Sequence[File], session: duckdb.DuckDBPyConnection | None) -> duckdb.DuckDBPyRelation:
    """Read Parquet of our types."""
    paths = [glob.escape(str(file.content)) for file in files]
    return connection_of(session).read_parquet(paths, hive_partitioning=False).select(*FIELDS)


def decoded(files: Sequence[File], session: duckdb.DuckDBPyConnection | None) -> duckdb.DuckDBPyRelation:
    """Decode while DuckDB reads; our errors come out inside one of its own."""
    return connection_of(session).from_arrow(_Rewards(files))


def connection_of(session: duckdb.DuckDBPyConnection | None) -> duckdb.DuckDBPyConnection:
    """Return the caller's connection, or a new one: in UTC, with a limit, and what does not fit in it on disk."""
    if session is not None:
        return session
    folder = _folder_of(os.getpid()) / str(next(_numbers))  # DuckDB's default is `.tmp` in the user's working directory
    connection = duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": str(folder)})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@cache
def _folder_of(process: int) -> Path:
    """A folder of a process, in which DuckDB makes one for each connection that needs it, and removes it at the end.

    No other user can read it, which DuckDB would allow.
    """
    folder = Path(tempfile.mkdtemp(prefix="rewards-analytics-"))
    atexit.register(remove_own, folder, process)
    return folder
