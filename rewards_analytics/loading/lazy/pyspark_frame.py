"""PySpark: its own reader of Parquet, and our decoders in its workers, each on splits of the source."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from rewards_analytics.errors import ArgumentError
from rewards_analytics.loading.lazy.splits import splits
from rewards_analytics.loading.sources import File
from rewards_analytics.schema import FIELDS

_TYPES: Final = {"balance": "decimal(38,9)", "expires_on": "date", "created_at": "timestamp"}
SCHEMA: Final = ", ".join(f"{name} {_TYPES.get(name, 'string')}" for name in FIELDS)
_ROWS: Final = 1 << 16
_GLOB: Final = re.compile(r"[\\*?{}\[\]]" if os.sep == "/" else r"(?!)")  # a backslash separates folders on Windows

_UNREAD: Final = re.compile(r"[._]|.*:")
"""Names of files that Spark passes over even if they are named, or takes for an address."""


def parquet(files: Sequence[File], session: SparkSession | None) -> DataFrame:
    """Read Parquet of our types; by our decoders where Spark would pass over a file, or cannot open it."""
    if any(_UNREAD.match(Path(str(file.content)).name) for file in files):
        return decoded(files, session)
    paths = [escaped(str(file.content)) for file in files]
    return session_of(session).read.parquet(*paths).select(*FIELDS)


def decoded(files: Sequence[File], session: SparkSession | None) -> DataFrame:
    """Send each split to a worker, which reads it; our errors come out inside one of Spark's."""
    found = splits(files)

    def read(tasks: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for task in tasks:
            for number in task.column(0).to_pylist():
                for table in found[number].tables():
                    yield from table.combine_chunks().to_batches(_ROWS)

    numbers = session_of(session).range(0, len(found), 1, len(found))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        return numbers.mapInArrow(read, SCHEMA)


def escaped(path: str) -> str:
    """Escape what Spark would take for a glob: it may match other files, and would read those instead."""
    return _GLOB.sub(r"\\\g<0>", path)


def session_of(session: SparkSession | None) -> SparkSession:
    """Return the caller's session, or the active one."""
    spark = session or SparkSession.getActiveSession()
    if spark is None:
        raise ArgumentError('There is no active SparkSession. Pass one: scan(source, engine="pyspark", session=spark).')
    return spark
