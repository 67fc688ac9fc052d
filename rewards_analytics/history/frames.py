"""The files of some days as a lazy frame, one function per engine.

Each gets the files of one version by name, so that what is written later changes nothing. The day is in the folder's
name, not in the file.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from rewards_analytics.errors import ArgumentError, SourceError
from rewards_analytics.history.table import SCHEMA, Part, Version
from rewards_analytics.schema import FIELDS, TAKEN_ON

if TYPE_CHECKING:
    import dask.dataframe as dd
    import duckdb
    import pandas as pd
    import polars as pl
    import pyspark.sql


def polars_frame(version: Version, parts: Sequence[Part], session: None) -> pl.LazyFrame:  # noqa: ARG001
    """Scan the files; a condition on `taken_on` leaves out those of other days."""
    import polars as pl

    from rewards_analytics.loading.lazy.parts import with_parts

    if not parts:
        return pl.DataFrame(pl.from_arrow(SCHEMA.empty_table())).lazy()
    above = _columns_above(version)

    def scan(files: Sequence[str]) -> pl.LazyFrame:
        return pl.scan_parquet(
            list(files),
            schema=pl.DataFrame(pl.from_arrow(SCHEMA.empty_table())).drop(TAKEN_ON).schema,
            glob=False,
            hive_partitioning=True,
            hive_schema={**dict.fromkeys(above, pl.String), TAKEN_ON: pl.Date},
            storage_options=version.location.polars_options,
        ).select(SCHEMA.names)

    files = [version.uri_of(part) for part in parts]
    if version.location.folder is None:
        return scan(files)
    # The log of the table has their number: a damaged file fails only the days that are read.
    return with_parts(scan(files), files, sum(part.rewards for part in parts), scan)


def duckdb_relation(
    version: Version, parts: Sequence[Part], session: duckdb.DuckDBPyConnection | None
) -> duckdb.DuckDBPyRelation:
    """Read local files by DuckDB's own reader; those of a store, slower, as a dataset of Arrow."""
    import duckdb

    from rewards_analytics.loading.lazy.duckdb_relation import connection_of

    connection = connection_of(session)
    if not parts or version.location.folder is None:
        return connection.from_arrow(_dataset(version, parts))
    _columns_above(version)
    files = connection.read_parquet([glob.escape(version.uri_of(part)) for part in parts], hive_partitioning=True)
    return files.select(*FIELDS, duckdb.ColumnExpression(TAKEN_ON).cast("DATE").alias(TAKEN_ON))


def dask_frame(version: Version, parts: Sequence[Part], session: None) -> dd.DataFrame:  # noqa: ARG001
    """Read each file as one partition, where it is computed."""
    import dask.dataframe as dd

    from rewards_analytics.loading.load import to_pandas

    meta = to_pandas(SCHEMA.empty_table())
    if not parts:
        return dd.from_pandas(meta, npartitions=1)
    return dd.from_map(_read, parts, files=version.location.files, meta=meta, enforce_metadata=False)


def pyspark_frame(
    version: Version, parts: Sequence[Part], session: pyspark.sql.SparkSession | None
) -> pyspark.sql.DataFrame:
    """Read the files by Spark's own reader; its workers need access to them."""
    from rewards_analytics.loading.lazy.pyspark_frame import SCHEMA as REWARDS, escaped, session_of

    spark, schema = session_of(session), f"{REWARDS}, {TAKEN_ON} date"
    if not parts:
        return spark.createDataFrame([], schema)
    reader = spark.read.schema(schema).option("basePath", version.location.uri)
    return reader.parquet(*(escaped(version.uri_of(part)) for part in parts)).select(*SCHEMA.names)


ENGINES: Final[dict[str, Callable[..., Any]]] = {
    "polars": polars_frame,
    "duckdb": duckdb_relation,
    "dask": dask_frame,
    "pyspark": pyspark_frame,
}


def _columns_above(version: Version) -> list[str]:
    """Names of the columns for which some readers take the folders above the table, as in `team=rewards/history`."""
    names = [name for name, equals, _ in (step.partition("=") for step in version.location.uri.split("/")) if equals]
    if taken := [name for name in names if name in SCHEMA.names]:
        raise ArgumentError(
            f"{version.location.name} lies in a folder named {taken[0]}=…, which readers take for the column. Rename "
            "the folder."
        )
    return names


def _dataset(version: Version, parts: Sequence[Part]) -> pa.dataset.Dataset:
    import pyarrow.dataset

    format_ = pyarrow.dataset.ParquetFileFormat()
    day = pyarrow.dataset.field(TAKEN_ON)
    fragments = [
        format_.make_fragment(
            part.path, version.location.files, partition_expression=day == pa.scalar(part.taken_on, pa.date32())
        )
        for part in parts
    ]
    return pyarrow.dataset.FileSystemDataset(fragments, SCHEMA, format_, version.location.files)


def _read(part: Part, files: pyarrow.fs.FileSystem, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a file as a pandas frame; Dask names the columns if it does not need all."""
    from rewards_analytics.loading.load import to_pandas

    wanted = [*columns] if columns is not None else SCHEMA.names
    stored = [name for name in wanted if name != TAKEN_ON]
    try:
        table = pq.read_table(part.path, columns=stored, filesystem=files, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        reason = f"{part.path} does not exist" if isinstance(error, FileNotFoundError) else error
        raise SourceError.for_snapshot(part.taken_on, part.taken_on, reason) from error
    days = pa.repeat(pa.scalar(part.taken_on, pa.date32()), table.num_rows)
    return to_pandas(table.append_column(SCHEMA.field(TAKEN_ON), days).select(wanted))
