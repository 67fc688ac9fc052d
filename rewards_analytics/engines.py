"""The kinds of frame that an analysis takes: the way in, and the way back to the same kind.

An analysis is written once, for a Narwhals LazyFrame. Eager frames of every kind (Polars, pandas, PyArrow) are
computed by Polars, which reads the others' columns through Arrow: one engine that is exact on decimals and
null keys, and several times as fast as the grouping of pandas and PyArrow. Polars LazyFrames, DuckDB
relations, Dask and PySpark frames are computed where they are, and only a small aggregate is ever gathered.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import narwhals as nw
import polars as pl
import pyarrow as pa
from narwhals import Implementation

from rewards_analytics.errors import FrameError, MissingColumnError
from rewards_analytics.schema import PRECISION, SCALE, WHOLE_DIGITS

AMOUNT = nw.Decimal(PRECISION, SCALE)
KINDS = "Polars DataFrame or LazyFrame, pandas, PyArrow Table, DuckDB relation, Dask or PySpark DataFrame"

_EAGER = {Implementation.POLARS, Implementation.PANDAS, Implementation.PYARROW}
_SPARK = {Implementation.PYSPARK, Implementation.PYSPARK_CONNECT}
_LAZY = {Implementation.POLARS, Implementation.DUCKDB, Implementation.DASK, *_SPARK}
_UNORDERED = {Implementation.DASK, *_SPARK}


@dataclass(frozen=True)
class CallerFrame:
    """Rewards on their way through an analysis.

    Attributes
    ----------
    frame
        The columns that were asked for, typed: text as strings, `balance` decimal(38, 9), `expires_on` a date.
    native
        What the caller passed, never changed.
    kind
        The library of `native`.
    eager
        Whether `native` holds its rows, so that the result holds its own too.
    """

    frame: nw.LazyFrame[Any]
    native: Any
    kind: Implementation
    eager: bool

    def to_caller(self, result: nw.LazyFrame[Any], order: Sequence[str], descending: Sequence[str] = ()) -> Any:
        """Return the result as the caller's kind of frame, sorted where frames of that kind have an order."""
        if self.kind not in _UNORDERED:
            result = result.sort(*order, descending=[name in descending for name in order], nulls_last=True)
        return self._as_callers(self.collect(result)) if self.eager else result.to_native()

    def collect(self, result: nw.LazyFrame[Any]) -> nw.DataFrame[Any]:
        """Compute a result where the rewards are, and bring it here."""
        if self.kind is Implementation.POLARS or self.eager:
            return result.collect(backend="polars", engine="streaming")
        return result.collect(backend="polars")

    def upload(self, small: nw.DataFrame[Any]) -> nw.LazyFrame[Any]:
        """Bring a small frame of text and numbers to where the rewards are computed, to be joined with them."""
        if self.kind is Implementation.POLARS or self.eager:
            return small.lazy()
        lazy: nw.LazyFrame[Any] = _narwhals(self._as_callers(small)).lazy()
        return lazy

    def single_partition(self, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Bring what a count of different values reads to one place.

        Dask adds up the counts of its partitions, so that it counts a value again in each that has it. It may give a
        grouped frame several partitions, as soon as the frame before it had some hundred.
        """
        if self.kind is not Implementation.DASK:
            return frame
        whole: nw.LazyFrame[Any] = _narwhals(frame.to_native().repartition(npartitions=1))
        return whole

    def collected_to_caller(self, result: nw.DataFrame[Any]) -> Any:
        """Return a result that was finished here as the caller's kind of frame."""
        return self._as_callers(result)

    def _as_callers(self, result: nw.DataFrame[Any]) -> Any:
        frame: pl.DataFrame = result.to_native()
        if self.kind is Implementation.POLARS:
            return frame if self.eager else frame.lazy()
        table = _plain_arrow(frame)
        if self.kind is Implementation.PYARROW:
            return table
        if self.kind is Implementation.DUCKDB:
            return _duckdb_relation(self.native, table)
        if self.kind in _SPARK:
            return self.native.sparkSession.createDataFrame(table)
        pandas_frame = _arrow_backed_pandas(table)
        if self.kind is Implementation.DASK:
            import dask.dataframe as dd

            return dd.from_pandas(pandas_frame, npartitions=1)
        return pandas_frame


def from_caller(rewards: Any, columns: Sequence[str], *, asked_by: str) -> CallerFrame:
    """Take a caller's frame in: find its kind, check the columns, and type them.

    Parameters
    ----------
    rewards
        A frame of one of the supported kinds.
    columns
        The columns to keep; all others are left behind.
    asked_by
        The function that the caller called, for the error messages.
    """
    rewards = nw.to_native(rewards, pass_through=True)
    frame, kind, eager = _recognised(rewards, asked_by)
    names = frame.collect_schema().names()
    missing = [name for name in columns if name not in names]
    if missing:
        raise MissingColumnError.from_columns(missing, names, wanted_by=f"{asked_by}() reads them")
    if eager:
        lazy = _exact_polars(rewards, kind, columns, asked_by).lazy()
        return CallerFrame(_typed(nw.from_native(lazy), asked_by), rewards, kind, eager)
    chosen = frame.lazy().select(*columns)
    if kind is Implementation.DASK:
        chosen = _narwhals(_exact_dask(chosen.to_native()))
    return CallerFrame(_typed(chosen, asked_by), rewards, kind, eager)


def columns_of(frame: Any, *, asked_by: str) -> list[str]:
    """Return the names of the columns of a frame of any supported kind."""
    return list(_recognised(nw.to_native(frame, pass_through=True), asked_by)[0].collect_schema().names())


def _recognised(rewards: Any, asked_by: str) -> tuple[Any, Implementation, bool]:
    try:
        frame = _narwhals(rewards)
    except TypeError as error:
        advice = " Load it first: load() reads files, bytes and reward dicts."
        raise FrameError(
            f"{asked_by}() takes a frame of rewards ({KINDS}), not {type(rewards).__name__}.{advice}"
        ) from error
    eager = isinstance(frame, nw.DataFrame)
    kind = frame.implementation
    if kind not in (_EAGER if eager else _LAZY):
        raise FrameError(f"{asked_by}() does not compute on frames of {kind.value}. Convert it to one of: {KINDS}.")
    return frame, kind, eager


def _narwhals(native: Any) -> Any:
    with warnings.catch_warnings():
        # It asks for a package that the registry does not have yet: nothing that a caller could do.
        warnings.filterwarnings("ignore", "Dask support is moving out of Narwhals", FutureWarning)
        return nw.from_native(native)


# --- Types -----------------------------------------------------------------------------------------


def _typed(frame: nw.LazyFrame[Any], asked_by: str) -> nw.LazyFrame[Any]:
    """Cast each column to the one type that the analyses compute on; refuse what cannot be cast exactly."""
    casts = []
    for name, dtype in frame.collect_schema().items():
        target = _target(name, dtype, asked_by)
        if target is not None and dtype != target:
            casts.append(nw.col(name).cast(target))
        elif name == "created_at" and isinstance(dtype, nw.Datetime) and dtype.time_zone is None:
            casts.append(nw.col(name).dt.replace_time_zone("UTC"))
        elif name == "created_at" and isinstance(dtype, nw.Datetime) and _is_elsewhere(dtype, frame):
            casts.append(nw.col(name).dt.convert_time_zone("UTC"))
    return frame.with_columns(*casts) if casts else frame


def _is_elsewhere(dtype: nw.Datetime, frame: nw.LazyFrame[Any]) -> bool:
    """Whether times must be told in UTC before they are compared: other engines compare them in any zone."""
    return frame.implementation is Implementation.POLARS and dtype.time_zone != "UTC"


def _target(name: str, dtype: Any, asked_by: str) -> Any:
    if name == "balance":
        return _amount_target(name, dtype, asked_by)
    if name in ("expires_on", "created_at"):
        if isinstance(dtype, nw.Date | nw.Datetime) or dtype == nw.Unknown:
            return nw.Date() if name == "expires_on" else None
        raise FrameError(
            f"{asked_by}() reads {name!r} as dates, and the column holds {dtype}. "
            "load() types it; or cast it to dates first."
        )
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum) or dtype == nw.Unknown:
        return nw.String()
    if name.endswith("guid") or name in ("balance_type", "unit_type", "description"):
        raise FrameError(
            f"{asked_by}() reads {name!r} as text, and the column holds {dtype}. "
            "load() types it; or cast it to text first."
        )
    return None


def _amount_target(name: str, dtype: Any, asked_by: str) -> Any:
    if isinstance(dtype, nw.Decimal):
        if dtype.scale <= SCALE:
            return AMOUNT
        raise FrameError(
            f"{asked_by}() keeps {SCALE} decimals, and column {name!r} has {dtype.scale}. "
            f"Round it knowingly to decimal({PRECISION}, {SCALE}) first."
        )
    if dtype.is_integer():
        return AMOUNT
    if dtype.is_float():
        raise FrameError(
            f"Column {name!r} holds floats ({dtype}), which are not exact amounts. Load the source with load(), "
            f"or cast the column knowingly to decimal({PRECISION}, {SCALE})."
        )
    raise FrameError(
        f"{asked_by}() reads {name!r} as exact decimals, and the column holds {dtype}. "
        f"load() types it; or cast it to decimal({PRECISION}, {SCALE}) first."
    )


# --- Eager frames, through Arrow -------------------------------------------------------------------


def _exact_polars(rewards: Any, kind: Implementation, columns: Sequence[str], asked_by: str) -> pl.DataFrame:
    if kind is Implementation.POLARS:
        frame: pl.DataFrame = rewards.select(columns)
    elif kind is Implementation.PYARROW:
        frame = pl.DataFrame(pl.from_arrow(rewards.select(list(columns))))
    else:
        arrays = {name: _arrow_column(rewards[name], name, asked_by) for name in columns}
        frame = pl.DataFrame(pl.from_arrow(pa.table(arrays)))
    nothing = [name for name, dtype in frame.schema.items() if dtype == pl.Null]
    frame = frame.with_columns(pl.col(name).cast(_type_of_nothing(name)) for name in nothing)
    if "balance" in frame.columns and frame.schema["balance"].is_decimal():
        _refuse_amounts_out_of_range(frame["balance"], asked_by)
    return frame


def _type_of_nothing(name: str) -> Any:
    """Type a column that holds nothing but nulls, which its library could not type."""
    if name == "balance":
        return pl.Decimal(PRECISION, SCALE)
    return pl.Date if name in ("expires_on", "created_at") else pl.String


def _refuse_amounts_out_of_range(balance: pl.Series, asked_by: str) -> None:
    if balance.null_count():
        raise FrameError(
            f"{asked_by}() needs an amount in every row, and 'balance' is null in {balance.null_count():,}. "
            "Leave these rows out knowingly, or load the source with load()."
        )
    if len(balance):
        low, high = Decimal(str(balance.min())), Decimal(str(balance.max()))
        bound = 10**WHOLE_DIGITS
        if low <= -bound or high >= bound:
            raise FrameError(
                f"{asked_by}() adds up amounts below 10^{WHOLE_DIGITS}, and 'balance' runs from {low} to {high}. "
                "Larger ones could overflow a sum unseen."
            )


def _arrow_column(column: Any, name: str, asked_by: str) -> pa.Array | pa.ChunkedArray:
    """Take a pandas column over to Arrow; amounts as objects become decimals without passing a float."""
    objects = column.dtype == object
    wanted = pa.decimal128(PRECISION, SCALE) if objects and name == "balance" else None
    try:
        array = pa.array(column, type=wanted, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        way_out = (
            f"Amounts must be Decimal or int with at most {SCALE} decimals, never float: load the source with load()."
            if name == "balance"
            else "Give the column one type, or load the source with load()."
        )
        raise FrameError(f"{asked_by}() cannot read column {name!r}: {error}. {way_out}") from error
    # pandas types a column of nothing but nulls as it likes, mostly as floats.
    return pa.nulls(len(array)) if name != "balance" and array.null_count == len(array) else array


def _exact_dask(frame: Any) -> Any:
    """Type the columns of a Dask frame by pandas, because Narwhals casts no decimals there."""
    import pandas as pd
    from pandas.api.types import is_integer_dtype, is_object_dtype

    arrow = {name: pa.string() for name in frame.columns}
    arrow |= {"balance": pa.decimal128(PRECISION, SCALE), "expires_on": pa.date32()}
    casts = {
        name: pd.ArrowDtype(arrow[name])
        for name, dtype in frame.dtypes.items()
        if is_object_dtype(dtype) or (name == "balance" and is_integer_dtype(dtype))
    }
    return frame.astype(casts) if casts else frame


def _plain_arrow(frame: pl.DataFrame) -> pa.Table:
    """Return an Arrow table with plain strings, which every library reads (views are not)."""
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
    plain = [field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field for field in table.schema]
    return table.cast(pa.schema(plain))


def _duckdb_relation(native: Any, result: pa.Table) -> Any:  # noqa: ARG001
    """Return a relation on the connection of the caller's own, which shows only in this way."""
    return native.query("rewards", "SELECT * FROM result")  # DuckDB finds `result` by its Python name


def _arrow_backed_pandas(table: pa.Table) -> Any:
    import pandas as pd

    return table.to_pandas(types_mapper=pd.ArrowDtype)
