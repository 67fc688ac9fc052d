"""Which kinds of frame are supported, and which of them a frame is."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import narwhals as nw
import pyarrow as pa
from narwhals import Implementation
from narwhals.dependencies import (
    is_dask_dataframe,
    is_duckdb_relation,
    is_pandas_dataframe,
    is_polars_dataframe,
    is_polars_lazyframe,
    is_pyarrow_table,
    is_pyspark_connect_dataframe,
    is_pyspark_dataframe,
)
from narwhals.typing import IntoFrameT

from rewards_analytics.errors import FrameError

if TYPE_CHECKING:
    import polars as pl

LazyFrame: TypeAlias = nw.LazyFrame[Any]
"""Where an analysis computes: a frame of any engine."""

DataFrame: TypeAlias = "nw.DataFrame[pl.DataFrame]"
"""What was collected: rows in memory, always in Polars."""

PolarsLazyFrame: TypeAlias = "pl.LazyFrame"
"""What an analysis of a stored history returns."""

NAMES: Final = (
    "Polars DataFrame or LazyFrame, pandas, PyArrow Table, DuckDB relation, Dask or PySpark DataFrame"  # in messages
)
SPARK: Final = frozenset({Implementation.PYSPARK, Implementation.PYSPARK_CONNECT})
SQL: Final = frozenset({Implementation.DUCKDB, *SPARK})
UNORDERED: Final = frozenset({Implementation.DASK, *SPARK})
"""Engines whose frames have no order of rows."""

_EAGER: Final = frozenset({Implementation.POLARS, Implementation.PANDAS, Implementation.PYARROW})
_KINDS: Final = {
    Implementation.POLARS: (is_polars_dataframe, is_polars_lazyframe),
    Implementation.PANDAS: (is_pandas_dataframe,),
    Implementation.PYARROW: (is_pyarrow_table,),
    Implementation.DUCKDB: (is_duckdb_relation,),
    Implementation.DASK: (is_dask_dataframe,),
    Implementation.PYSPARK: (is_pyspark_dataframe,),
    Implementation.PYSPARK_CONNECT: (is_pyspark_connect_dataframe,),
}


class Recognised(NamedTuple):
    """A frame, its library, whether it holds its rows in memory, and the names of its columns."""

    native: Any
    kind: Implementation
    eager: bool
    names: list[str]


def recognise(rewards: object, asked_by: str) -> Recognised:
    """Find out which kind of frame this is; refuse anything else.

    Narwhals sees a frame only later, with the columns that are read, because it refuses frames with a column twice.
    """
    native: Any = nw.to_native(rewards, pass_through=True)
    kind = _kind_of(native)
    if kind is None:
        native, kind = _arrow_table(native, asked_by), Implementation.PYARROW
    eager = kind in _EAGER and not is_polars_lazyframe(native)
    if kind is Implementation.PYARROW:
        names = native.column_names
    else:
        names = native.columns if eager or kind is not Implementation.POLARS else native.collect_schema().names()
    return Recognised(native, kind, eager, [str(name) for name in names])


def narrowed(frame: Recognised, columns: Collection[str]) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    """Wrap some columns of a frame, so that the others may be of any type, or there twice."""
    native = frame.native
    if frame.kind in (Implementation.PANDAS, Implementation.DASK):
        return as_narwhals(native[list(columns)])
    if frame.kind is Implementation.DUCKDB:
        quoted = (name.replace('"', '""') for name in columns)
        return as_narwhals(native.select(*(f'"{name}"' for name in quoted)))
    return as_narwhals(native.select(list(columns)))


def rereadable(rewards: IntoFrameT, *, asked_by: str) -> IntoFrameT:
    """Return a frame that can be read several times, which a stream of Arrow data cannot."""
    frame: IntoFrameT = recognise(rewards, asked_by).native
    return frame


def reads_again(frame: LazyFrame) -> bool:
    """Whether a window should replace a join of the rewards with their own sums, which would read them again.

    PySpark would, over the network. DuckDB reads them again too, but a window takes it twice the time of the join. The
    other engines read them once.
    """
    return frame.implementation in SPARK


def is_frame(value: object) -> bool:
    """Whether this is a frame of a supported kind."""
    native = nw.to_native(value, pass_through=True)
    return _kind_of(native) is not None or hasattr(native, "__arrow_c_stream__")


def columns_of(frame: object, *, asked_by: str) -> list[str]:
    """Return the names of the columns of a frame of any supported kind."""
    return recognise(frame, asked_by).names


def _kind_of(native: Any) -> Implementation | None:
    return next((kind for kind, is_of_kind in _KINDS.items() if any(test(native) for test in is_of_kind)), None)


def _arrow_table(native: Any, asked_by: str) -> pa.Table:
    """Read a frame of a library that speaks the Arrow interface, as most do."""
    try:
        if hasattr(native, "__arrow_c_stream__"):
            return pa.table(native)
    except (TypeError, pa.ArrowException):
        pass  # a column, say, not a frame
    raise FrameError(
        f"{asked_by}() takes a frame of rewards ({NAMES}), not {type(native).__name__}. "
        "Load it first: load() reads files, bytes and reward dicts."
    )


def as_narwhals(native: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    """Wrap a frame of any kind; TypeError if it is not a frame."""
    with warnings.catch_warnings():
        # It asks for a package that the registry does not have yet: nothing that a caller could do.
        warnings.filterwarnings("ignore", "Dask support is moving out of Narwhals", FutureWarning)
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(native)
    return frame
