"""Reading the result of an analysis, whatever kind of frame it came in."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import narwhals as nw

Record: TypeAlias = Mapping[str, Any]
Result: TypeAlias = Any
"""A frame of any supported kind, or the records of one."""


def columns_of(frame: Any) -> list[str]:
    """Give the names of a frame's columns."""
    return list(as_narwhals(frame).collect_schema().names())


def collected(result: Any) -> nw.DataFrame[Any]:
    """Give the result as an eager frame."""
    import narwhals as nw

    frame = as_narwhals(result)
    return frame.collect() if isinstance(frame, nw.LazyFrame) else frame


def as_narwhals(native: Any) -> Any:
    """Give any kind of frame as one of Narwhals."""
    import narwhals as nw

    with warnings.catch_warnings():
        # It asks for a package that the registry does not have yet: nothing that a caller could do.
        warnings.filterwarnings("ignore", "Dask support is moving out of Narwhals", FutureWarning)
        return nw.from_native(native)


def records(result: Result) -> Sequence[Record]:
    """Give the rows of a small result as mappings, with None for null on every engine."""
    if isinstance(result, Sequence):
        return result
    frame = collected(result)
    if frame.implementation.is_polars():
        return frame.rows(named=True)  # twice as fast, which a redraw feels
    rows: list[dict[str, Any]] = frame.to_arrow().to_pylist()
    return rows


def units_of(rows: Sequence[Record]) -> list[str]:
    """Give the units of the rows by code point: the order that every analysis keeps."""
    return sorted({row["unit_type"] for row in rows})


def of_unit(rows: Sequence[Record], unit_type: str) -> list[Record]:
    """Give the rows of one unit, in their order."""
    return [row for row in rows if row["unit_type"] == unit_type]
