"""Which kinds of frame are supported, and which of them a frame is."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import narwhals as nw
from narwhals import Implementation

from rewards_analytics.errors import FrameError

if TYPE_CHECKING:
    import polars as pl

LazyFrame: TypeAlias = nw.LazyFrame[Any]
"""Where an analysis computes: a frame of any engine."""

DataFrame: TypeAlias = "nw.DataFrame[pl.DataFrame]"
"""What was collected: rows in memory, always in Polars."""

NAMES: Final = (
    "Polars DataFrame or LazyFrame, pandas, PyArrow Table, DuckDB relation, Dask or PySpark DataFrame"  # in messages
)
SPARK: Final = frozenset({Implementation.PYSPARK, Implementation.PYSPARK_CONNECT})
UNORDERED: Final = frozenset({Implementation.DASK, *SPARK})
"""Engines whose frames have no order of rows."""

_EAGER: Final = frozenset({Implementation.POLARS, Implementation.PANDAS, Implementation.PYARROW})
_LAZY: Final = frozenset({Implementation.POLARS, Implementation.DUCKDB, *UNORDERED})


class Recognised(NamedTuple):
    """A frame in Narwhals, its library, and whether it holds its rows in memory."""

    frame: nw.DataFrame[Any] | nw.LazyFrame[Any]
    kind: Implementation
    eager: bool


def recognise(rewards: object, asked_by: str) -> Recognised:
    """Find out which kind of frame this is; refuse whatever is not a frame of a supported kind."""
    try:
        frame = as_narwhals(rewards)
    except TypeError as error:
        raise FrameError(
            f"{asked_by}() takes a frame of rewards ({NAMES}), not {type(rewards).__name__}. "
            "Load it first: load() reads files, bytes and reward dicts."
        ) from error
    eager, kind = isinstance(frame, nw.DataFrame), frame.implementation
    if kind not in (_EAGER if eager else _LAZY):
        raise FrameError(f"{asked_by}() does not compute on frames of {kind.value}. Convert it to one of: {NAMES}.")
    return Recognised(frame, kind, eager)


def columns_of(frame: object, *, asked_by: str) -> list[str]:
    """Return the names of the columns of a frame of any supported kind."""
    return list(recognise(nw.to_native(frame, pass_through=True), asked_by).frame.collect_schema().names())


def as_narwhals(native: Any) -> nw.DataFrame[Any] | nw.LazyFrame[Any]:
    """Wrap a frame of any kind; TypeError if it is not a frame."""
    with warnings.catch_warnings():
        # It asks for a package that the registry does not have yet: nothing that a caller could do.
        warnings.filterwarnings("ignore", "Dask support is moving out of Narwhals", FutureWarning)
        frame: nw.DataFrame[Any] | nw.LazyFrame[Any] = nw.from_native(native)
    return frame
