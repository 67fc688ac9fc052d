"""The one type that each column has in the analyses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import narwhals as nw
from narwhals import Implementation
from narwhals.dtypes import DType

from rewards_analytics.engines.faults import clock_of
from rewards_analytics.engines.kinds import SQL
from rewards_analytics.errors import FrameError
from rewards_analytics.schema import DAYS, FIELDS, PRECISION, SCALE, TIMES

AMOUNT: Final = nw.Decimal(PRECISION, SCALE)


def typed(schema: Mapping[str, DType], kind: Implementation, asked_by: str) -> list[nw.Expr]:
    """Return each column with the type that the analyses compute on; refuse what cannot be cast exactly."""
    return [_typed(name, dtype, kind, asked_by) for name, dtype in schema.items()]


def _typed(name: str, dtype: DType, kind: Implementation, asked_by: str) -> nw.Expr:
    column, target = nw.col(name), _target(name, dtype, kind, asked_by)
    if target is not None and dtype != target:
        clock = clock_of(name, dtype) if name in DAYS and isinstance(dtype, nw.Datetime) else column
        return clock.cast(target)
    if name in TIMES and isinstance(dtype, nw.Datetime):
        if dtype.time_zone is None:
            return column.dt.replace_time_zone("UTC")
        if dtype.time_zone != "UTC" and kind is Implementation.POLARS:  # others compare times of any zone
            return column.dt.convert_time_zone("UTC")
    return column


def _target(name: str, dtype: DType, kind: Implementation, asked_by: str) -> DType | None:
    """Return the type to cast a column to, None to leave it as it is."""
    is_castable = dtype == nw.Unknown and kind in SQL  # they cast any type, also that of nulls alone
    if name == "balance":
        return _amount_target(dtype, asked_by)
    if name in DAYS or name in TIMES:
        if isinstance(dtype, nw.Date | nw.Datetime) or is_castable:
            return nw.Date() if name in DAYS else None
        kinds = "dates" if name in DAYS else "times"
        raise _wrong_type(name, dtype, kinds, kinds, asked_by)
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum) or is_castable:
        return nw.String()
    if name in FIELDS:
        raise _wrong_type(name, dtype, "text", "text", asked_by)
    if dtype.is_nested() or dtype in (nw.Object, nw.Unknown):
        raise FrameError(
            f"{asked_by}() cannot group by {name!r}, which holds {_said(dtype)}. Cast it to text or numbers first."
        )
    return None


def _amount_target(dtype: DType, asked_by: str) -> DType:
    exact = f"decimal({PRECISION}, {SCALE})"
    if isinstance(dtype, nw.Decimal):
        if dtype.scale <= SCALE:
            return AMOUNT
        raise FrameError(
            f"{asked_by}() keeps {SCALE} decimals, and column 'balance' has {dtype.scale}. "
            f"Round it knowingly to {exact} first."
        )
    if dtype.is_integer():
        return AMOUNT
    if dtype.is_float():
        raise FrameError(
            f"Column 'balance' holds floats ({dtype}), which are not exact amounts. Load the source with load(), "
            f"or cast the column knowingly to {exact}."
        )
    raise _wrong_type("balance", dtype, "exact decimals", exact, asked_by)


def _wrong_type(name: str, dtype: DType, read_as: str, cast_to: str, asked_by: str) -> FrameError:
    return FrameError(
        f"{asked_by}() reads {name!r} as {read_as}, and the column holds {_said(dtype)}. "
        f"load() types it; or cast it to {cast_to} first."
    )


def _said(dtype: DType) -> str:
    return "another type" if dtype == nw.Unknown else str(dtype)
