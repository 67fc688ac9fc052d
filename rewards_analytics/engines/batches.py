"""A Polars LazyFrame of rows that are made batch by batch, so that they never all have to be in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeAlias

import narwhals as nw
import polars as pl
from narwhals.dtypes import DType
from polars.io.plugins import register_io_source

from rewards_analytics.engines.kinds import DataFrame

Wanted: TypeAlias = Callable[[Mapping[str, object]], bool]
"""Whether any row with these values in some columns is asked for."""


def from_batches(schema: Mapping[str, DType], batches: Callable[[Wanted], Iterator[DataFrame]]) -> pl.LazyFrame:
    """Return a LazyFrame whose rows `batches` makes while it is computed, and only as many as are asked for.

    Parameters
    ----------
    schema
        The columns of each batch with their types.
    batches
        Called once each time the frame is computed, with a function that tells whether a batch is needed.
    """

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, most: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        for batch in batches(partial(_may_match, predicate)):
            frame = batch.to_native()
            if most is not None:
                frame = frame.head(most)
                most -= len(frame)
            if predicate is not None:
                frame = frame.filter(predicate)
            yield frame if columns is None else frame.select(columns)
            if most == 0:
                return

    return register_io_source(read, schema=_in_polars(schema))


def _may_match(predicate: pl.Expr | None, values: Mapping[str, object]) -> bool:
    if predicate is None or not {*predicate.meta.root_names()} <= values.keys():
        return True  # only the rows themselves tell
    return not pl.DataFrame([values]).filter(predicate).is_empty()


def _in_polars(schema: Mapping[str, DType]) -> pl.Schema:
    """Return the schema in types of Polars, as Narwhals gives them to an empty frame."""
    empty: pl.DataFrame = nw.from_dict({name: [] for name in schema}, schema=schema, backend="polars").to_native()
    return empty.schema
