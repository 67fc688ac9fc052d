"""Lazy frames of rewards, for data larger than memory or than one machine.

Parquet is left to the engine where the footers of the files prove that every row is valid. Everything else is
read by the same decoders as `load` reads with, block by block, whenever the engine asks: no engine's own reader of
JSON is exact, and none says where a bad row stands.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final, Literal

from rewards_analytics.errors import ArgumentError, MissingDependencyError
from rewards_analytics.loading.footers import proven
from rewards_analytics.loading.sources import File, pieces
from rewards_analytics.loading.stream import Url

_MODULES: Final = {
    "polars": "polars_frame",
    "duckdb": "duckdb_relation",
    "dask": "dask_frame",
    "pyspark": "pyspark_frame",
}
_EXTRAS: Final = {"duckdb": "duckdb", "dask": "dask", "pyspark": "spark"}


def scan(source: Any, *, engine: Literal["polars", "duckdb", "dask", "pyspark"] = "polars", session: Any = None) -> Any:
    """Rewards of files as a lazy frame, one row a reward, every amount exact.

    Nothing is read but the footers of Parquet files until the engine computes. An invalid row then fails the
    computation with the message of `load`. Unlike `load`, exact repeats of a row are not looked for.

    Parameters
    ----------
    source
        A path, a glob, a folder, a URL of an object that Arrow reaches (`s3://`, `gs://`, `abfs://`), or a list
        of those; of the kinds that `load` reads.
    engine
        `"polars"` (LazyFrame), `"duckdb"` (relation), `"dask"` (DataFrame), `"pyspark"` (DataFrame). Dask
        and PySpark read each part of the source where it is computed: their workers have to see the files,
        and to have this package.
    session
        A SparkSession (the active one if None), or a DuckDB connection (one of its own if None).

    Returns
    -------
    The ten columns of `load`, with its types. Polars and DuckDB keep the order of the source.

    Raises
    ------
    SourceError
        A source that is not there, or lacks columns.

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
    files = _files(source)
    try:
        module = import_module(f"rewards_analytics.loading.lazy.{_MODULES[engine]}")
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra(engine, _EXTRAS[engine]) from error
    return module.parquet(files, session) if proven(files) else module.decoded(files, session)


def _files(source: Any) -> list[File]:
    files = [piece for piece in pieces(source) if isinstance(piece, File) and _is_stored(piece)]
    if not files:
        raise ArgumentError(
            f"scan() reads files again for each computation, and cannot do so with a {type(source).__name__}. "
            "Pass a path, a glob, a folder or a URL; or use load()."
        )
    return files


def _is_stored(file: File) -> bool:
    return not isinstance(file.content, bytes) and not hasattr(file.content, "read")


__all__ = ["Url", "scan"]
