"""Polars: its own reader of Parquet, and our decoders as one of its sources."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
import pyarrow.parquet as pq
from polars.io.plugins import register_io_source

from rewards_analytics.loading.chunk import TYPES
from rewards_analytics.loading.lazy.parts import with_parts, with_parts_of_text
from rewards_analytics.loading.pipeline import read_tables
from rewards_analytics.loading.sources import File
from rewards_analytics.schema import FIELDS


def parquet(files: Sequence[File], session: None) -> pl.LazyFrame:  # noqa: ARG001
    """Scan Parquet of our types."""
    paths = [str(file.content) for file in files]
    rows = sum(pq.read_metadata(path).num_rows for path in paths)
    return with_parts(
        pl.scan_parquet(paths, glob=False, hive_partitioning=False, extra_columns="ignore").select(FIELDS), paths, rows
    )


def decoded(files: Sequence[File], session: None) -> pl.LazyFrame:  # noqa: ARG001
    """Decode blocks while Polars asks for more; our errors come out unchanged."""
    schema = pl.DataFrame(pl.from_arrow(TYPES.empty_table())).schema

    def read(
        with_columns: list[str] | None,
        predicate: pl.Expr | None,
        n_rows: int | None,
        batch_size: int | None,  # noqa: ARG001
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for table in read_tables(list(files)):
            frame = pl.DataFrame(pl.from_arrow(table.select(with_columns) if with_columns is not None else table))
            if left is not None:
                frame = frame.head(left)
                left -= len(frame)
            yield frame if predicate is None else frame.filter(predicate)
            if left == 0:
                return

    return with_parts_of_text(register_io_source(read, schema=schema), files)
