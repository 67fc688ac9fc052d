"""Eager frames to Polars and back: through Arrow, which shares the columns' memory where it can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa
from narwhals import Implementation

from rewards_analytics.engines.kinds import SPARK
from rewards_analytics.errors import FrameError
from rewards_analytics.schema import PRECISION, SCALE


def to_polars(rewards: Any, kind: Implementation, columns: Sequence[str], asked_by: str) -> pl.DataFrame:
    """Take some columns of an eager frame over to Polars."""
    if kind is Implementation.POLARS:
        frame: pl.DataFrame = rewards.select(columns)
    elif kind is Implementation.PYARROW:
        frame = pl.DataFrame(pl.from_arrow(rewards.select(list(columns))))
    else:
        arrays = {name: _arrow_column(rewards[name], name, asked_by) for name in columns}
        frame = pl.DataFrame(pl.from_arrow(pa.table(arrays)))
    untyped = [name for name, dtype in frame.schema.items() if dtype == pl.Null]
    return frame.with_columns(pl.col(name).cast(_type_of_nulls(name)) for name in untyped)


def from_polars(result: pl.DataFrame, kind: Implementation, native: Any, *, eager: bool) -> Any:
    """Return a result as a frame of the kind and, where kinds have them, of the connection or session of `native`."""
    if kind is Implementation.POLARS:
        return result if eager else result.lazy()
    table = _plain_arrow(result)
    if kind is Implementation.PYARROW:
        return table
    if kind is Implementation.DUCKDB:
        return _duckdb_relation(native, table)
    if kind in SPARK:
        return native.sparkSession.createDataFrame(table)

    import pandas as pd

    frame = table.to_pandas(types_mapper=pd.ArrowDtype)
    if kind is Implementation.PANDAS:
        return frame

    import dask.dataframe as dd

    return dd.from_pandas(frame, npartitions=1)


def typed_dask(frame: Any) -> Any:
    """Type the columns of a Dask frame in pandas, because Narwhals casts no decimals there."""
    import pandas as pd
    from pandas.api.types import is_integer_dtype, is_object_dtype

    arrow = dict.fromkeys(frame.columns, pa.string())
    arrow |= {"balance": pa.decimal128(PRECISION, SCALE), "expires_on": pa.date32()}
    casts = {
        name: pd.ArrowDtype(arrow[name])
        for name, dtype in frame.dtypes.items()
        if is_object_dtype(dtype) or (name == "balance" and is_integer_dtype(dtype))
    }
    return frame.astype(casts) if casts else frame


def _type_of_nulls(name: str) -> pl.DataType:
    """Type a column of nulls alone, which its library could not type."""
    if name == "balance":
        return pl.Decimal(PRECISION, SCALE)
    return pl.Date() if name in ("expires_on", "created_at") else pl.String()


def _arrow_column(column: Any, name: str, asked_by: str) -> pa.Array | pa.ChunkedArray:
    """Take a pandas column over to Arrow; amounts as objects become decimals without passing a float."""
    is_amount = name == "balance"
    wanted = pa.decimal128(PRECISION, SCALE) if is_amount and column.dtype == object else None
    try:
        array = pa.array(column, type=wanted, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        way_out = (
            f"Amounts must be Decimal or int with at most {SCALE} decimals, never float: load the source with load()."
            if is_amount
            else "Give the column one type, or load the source with load()."
        )
        raise FrameError(f"{asked_by}() cannot read column {name!r}: {error}. {way_out}") from error
    # pandas types a column of nulls alone as it likes, mostly as floats.
    return pa.nulls(len(array)) if not is_amount and array.null_count == len(array) else array


def _plain_arrow(frame: pl.DataFrame) -> pa.Table:
    """Return an Arrow table with plain strings, which every library reads (views are not)."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    plain = [field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field for field in table.schema]
    return table.cast(pa.schema(plain))


def _duckdb_relation(native: Any, result: pa.Table) -> Any:  # noqa: ARG001
    """Return a relation on the caller's own connection, which a relation gives no other access to."""
    return native.query("rewards", "SELECT * FROM result")  # DuckDB finds `result` by its Python name
