"""Eager frames to Polars and back: through Arrow, which shares the columns' memory where it can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from narwhals import Implementation

from rewards_analytics.engines.kinds import SPARK
from rewards_analytics.errors import FrameError
from rewards_analytics.schema import DAYS, PRECISION, SCALE, TIMES

PolarsT = TypeVar("PolarsT", pl.DataFrame, pl.LazyFrame)

_AMOUNT: Final = pa.decimal128(PRECISION, SCALE)


def to_polars(rewards: Any, kind: Implementation, columns: Sequence[str], asked_by: str) -> pl.DataFrame:
    """Take some columns of an eager frame over to Polars."""
    if kind is Implementation.POLARS:
        frame: pl.DataFrame = rewards.select(columns)
    else:
        frame = pl.DataFrame([_polars_column(rewards[name], name, asked_by) for name in columns])
    return frame


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

    arrow = dict.fromkeys(frame.columns, pa.string()) | {"balance": _AMOUNT, **dict.fromkeys(DAYS, pa.date32())}
    casts = {}
    for name, dtype in frame.dtypes.items():
        wide = isinstance(dtype, pd.ArrowDtype) and pa.types.is_decimal256(dtype.pyarrow_dtype)
        if is_object_dtype(dtype) or (name == "balance" and (is_integer_dtype(dtype) or wide)):
            casts[name] = pd.ArrowDtype(arrow[name])
    return frame.astype(casts) if casts else frame


def cast_in_dask(frame: Any, amounts: Sequence[str], precision: int) -> Any:
    """Cast columns of a Dask frame to decimals of a precision, which Narwhals does not."""
    import pandas as pd

    return frame.astype(dict.fromkeys(amounts, pd.ArrowDtype(pa.decimal128(precision, SCALE))))


def declared_dask(frame: Any) -> Any:
    """Give columns of objects the type that the frame declares: moving rows between workers loses that of decimals."""
    from pandas.api.types import is_object_dtype

    def declared(part: Any) -> Any:
        return part.astype({name: types[name] for name in types if is_object_dtype(part[name].dtype)})

    types = {name: dtype for name, dtype in frame.dtypes.items() if not is_object_dtype(dtype)}
    return frame.map_partitions(declared, meta=frame._meta)


def typed_nulls(frame: PolarsT) -> PolarsT:
    """Type the columns of nulls alone, which their library could not type."""
    untyped = [name for name, dtype in frame.collect_schema().items() if dtype == pl.Null]
    return frame.with_columns(pl.col(name).cast(_type_of_nulls(name)) for name in untyped)


def _type_of_nulls(name: str) -> pl.DataType:
    if name == "balance":
        return pl.Decimal(PRECISION, SCALE)
    return pl.Date() if name in DAYS or name in TIMES else pl.String()


def _polars_column(column: Any, name: str, asked_by: str) -> pl.Series:
    """Take a column over to Polars through Arrow; amounts become decimals without passing a float."""
    try:
        array = _arrow_column(column, name)
        if pa.types.is_decimal256(array.type) and name != "balance":
            raise pa.ArrowTypeError(f"{array.type} is wider than decimal(38)")  # a panic of Polars
        return pl.Series(name, pl.from_arrow(array))
    except (pa.ArrowException, pl.exceptions.PolarsError) as error:
        raise FrameError(f"{asked_by}() cannot read column {name!r}: {error}. {_way_out(name)}") from error


def _arrow_column(column: Any, name: str) -> pa.Array | pa.ChunkedArray:
    if isinstance(column, pa.ChunkedArray):
        array = column
    else:
        wanted = _AMOUNT if name == "balance" and column.dtype == object else None
        array = pa.array(column, type=wanted, from_pandas=True)
        if name != "balance" and array.null_count == len(array):
            return pa.nulls(len(array))  # pandas types a column of nulls alone as it likes, mostly as floats
    kind = array.type
    if name == "balance" and pa.types.is_decimal(kind) and (pa.types.is_decimal256(kind) or kind.scale < 0):
        return array.cast(_AMOUNT)
    if pa.types.is_timestamp(kind) and (kind.tz or "").startswith(("+", "-")):  # Polars has no such zones
        return pc.local_timestamp(array) if name in DAYS else array.cast(pa.timestamp(kind.unit, "UTC"))
    return array


def _way_out(name: str) -> str:
    if name == "balance":
        return (
            f"Amounts must be Decimal or int with at most {SCALE} decimals, never float: load the source with load()."
        )
    return "Give the column one type, or load the source with load()."


def _plain_arrow(frame: pl.DataFrame) -> pa.Table:
    """Return an Arrow table with plain strings, which every library reads (views are not)."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    plain = [field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field for field in table.schema]
    return table.cast(pa.schema(plain))


def _duckdb_relation(native: Any, result: pa.Table) -> Any:  # noqa: ARG001
    """Return a relation on the caller's own connection, which a relation gives no other access to."""
    return native.query("rewards", "SELECT * FROM result")  # DuckDB finds `result` by its Python name
