"""`--engine`: rewards as a lazy frame of another engine, and its results brought here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from rewards_analytics.cli.results import emit
from rewards_analytics.errors import ArgumentError
from rewards_analytics.files import whole_file

if TYPE_CHECKING:
    import duckdb
    import polars as pl

    from rewards_analytics.history import History

_ROWS: Final = 1 << 17

EngineName = Literal["polars", "duckdb", "dask", "pyspark"]

Engine = Annotated[
    EngineName | None,
    typer.Option(
        "--engine",
        help="Engine that reads and computes, for rewards larger than memory; exact repeats of a reward then count "
        "again. By default all rewards are loaded and checked first.",
    ),
]
HistoryEngine = Annotated[
    EngineName | None,
    typer.Option("--engine", help="Engine that reads and computes; by default Polars, day by day."),
]


def scanned(source: str, engine: EngineName) -> Any:
    """Return the rewards of SOURCE as a lazy frame of an engine."""
    from rewards_analytics.cli.options import source_of
    from rewards_analytics.loading.scan import scan

    if source == "-":
        raise ArgumentError("--engine reads the source several times, standard input only once. Name a file.")
    scan_of: Any = scan
    return scan_of(source_of(source), engine=engine)


def scanned_history(history: History, engine: EngineName | None) -> Any:
    """Return what the analyses of a history take: the history itself, or a lazy frame of an engine."""
    if engine in (None, "polars"):
        return history
    scan_of: Any = history.scan
    return scan_of(engine=engine)


def emit_lazy(result: Any, question: str, by: list[str] | None, form: str, out: Path | None) -> None:
    """Print or write a result of an engine; Parquet goes to a file without all of it in memory, where the engine can.

    A result of an engine whose frames have no order is sorted here.
    """
    import polars as pl
    from narwhals.dependencies import is_duckdb_relation

    if form == "parquet" and out is not None and isinstance(result, pl.LazyFrame):
        with whole_file(out) as file:
            result.sink_parquet(file)
        return
    if form == "parquet" and out is not None and is_duckdb_relation(result):
        _sink_duckdb(result, out)
        return
    emit(collected(result, question, by), form, out)


def _sink_duckdb(result: duckdb.DuckDBPyRelation, out: Path) -> None:
    """Write a relation, which is in its order, to a Parquet file."""
    from pyarrow.parquet import ParquetWriter

    from rewards_analytics.engines import as_our_error

    with whole_file(out) as file, as_our_error():
        batches = result.to_arrow_reader(_ROWS)
        with ParquetWriter(file, batches.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)


def collected(result: Any, question: str, by: list[str] | None = None) -> pl.DataFrame:
    """Compute a result of any engine, and bring it here in its order."""
    import polars as pl

    from rewards_analytics.analysis.order import order_of
    from rewards_analytics.engines import as_narwhals, as_our_error

    if isinstance(result, pl.LazyFrame):
        return result.collect(engine="streaming")
    with as_our_error():
        frame: pl.DataFrame = as_narwhals(result).lazy().collect(backend="polars").to_native()
    if question in ("aging", "bands", "quality"):  # they come in their order, which is not that of text
        return frame
    columns, descending = order_of(question, by or ())
    return frame.sort(*columns, descending=descending, nulls_last=True)
