"""Lazy frames of rewards, for data larger than the memory of one machine.

The engine reads Parquet itself if the footers of the files prove that every row is valid. The decoders of `load` read
everything else, block by block, whenever the engine asks: no engine's own JSON reader is exact, and none says where an
invalid row is.
"""

from __future__ import annotations

import os
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from rewards_analytics.errors import ArgumentError, MissingDependencyError
from rewards_analytics.forks import refuse_lost_threads
from rewards_analytics.loading.parquet import are_proven_valid
from rewards_analytics.loading.sources import File, inputs

if TYPE_CHECKING:
    import dask.dataframe as dd
    import duckdb
    import polars as pl
    import pyspark.sql

_MODULES: Final = {
    "polars": "polars_frame",
    "duckdb": "duckdb_relation",
    "dask": "dask_frame",
    "pyspark": "pyspark_frame",
}
EXTRAS: Final = {"duckdb": "duckdb", "dask": "dask", "pyspark": "spark"}


@overload
def scan(source: object, *, engine: Literal["polars"] = "polars", session: None = None) -> pl.LazyFrame: ...
@overload
def scan(
    source: object, *, engine: Literal["duckdb"], session: duckdb.DuckDBPyConnection | None = None
) -> duckdb.DuckDBPyRelation: ...
@overload
def scan(source: object, *, engine: Literal["dask"], session: None = None) -> dd.DataFrame: ...
@overload
def scan(
    source: object, *, engine: Literal["pyspark"], session: pyspark.sql.SparkSession | None = None
) -> pyspark.sql.DataFrame: ...
def scan(
    source: object, *, engine: Literal["polars", "duckdb", "dask", "pyspark"] = "polars", session: object = None
) -> Any:
    """Scan the rewards of files as a lazy frame, one row per reward, every amount exact.

    Until the engine computes, only the footers of Parquet files are read. An invalid row makes the computation fail
    with the message of `load`. Unlike `load`, it keeps exact repeats of a row.

    Parameters
    ----------
    source
        A path, a glob, a folder, a URL of an object that Arrow can open (`s3://`, `gs://`, `abfs://`), or a list
        of those; files of the kinds that `load` reads. A Delta table is read at its version at the time of the call.
    engine
        `"polars"` (LazyFrame), `"duckdb"` (relation), `"dask"` (DataFrame), `"pyspark"` (DataFrame). Dask
        and PySpark read each part of the source where it is computed: their workers need the files and this
        package. Dask computes on the cluster of the active `distributed.Client`, PySpark on that of the session.
    session
        A SparkSession (the active one if None), or a DuckDB connection. If None, DuckDB gets one of its own, with half
        of the memory of this machine; rows that do not fit wait in a folder for temporary files (`TMPDIR`).

    Returns
    -------
    The ten columns of `load`, with its types. Polars and DuckDB keep the order of the source. The analyses take a large
    scan of Polars in parts, each with all rewards of some users; a frame that you filtered or changed is computed as a
    whole, and needs memory for all its holdings.

    Raises
    ------
    SourceError
        If the source does not exist or lacks columns.

    Examples
    --------
    >>> import tempfile
    >>> from rewards_analytics import load, write
    >>> reward = {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "balance": "12.50",
    ...           "balance_type": "BALANCE", "unit_type": "MILES"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write(load([reward]), f"{folder}/rewards.ndjson")
    ...     scan(path).select("unit_type", "balance").collect().rows()
    [('MILES', Decimal('12.500000000'))]
    """
    if engine not in _MODULES:
        raise ArgumentError.not_one_of("engine", engine, _MODULES)
    refuse_lost_threads()
    files = _files(source)
    try:
        module = import_module(f"rewards_analytics.loading.lazy.{_MODULES[engine]}")
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra(engine, EXTRAS[engine]) from error
    return module.parquet(files, session) if files and are_proven_valid(files) else module.decoded(files, session)


def _files(source: object) -> list[File]:
    found = [*inputs(source)]
    files = [item for item in found if isinstance(item, File) and _is_stored(item)]
    if len(files) < len(found) or not (files or isinstance(source, str | os.PathLike)):
        raise ArgumentError(
            f"scan() reads files again for each computation, and cannot do so with a {type(source).__name__}. "
            "Pass a path, a glob, a folder or a URL; or use load()."
        )
    return [
        replace(file, content=file.content.absolute()) if isinstance(file.content, Path) else file for file in files
    ]


def _is_stored(file: File) -> bool:
    return not isinstance(file.content, bytes) and not hasattr(file.content, "read")
