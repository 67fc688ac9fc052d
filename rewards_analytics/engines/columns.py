"""The one type that each column has in the analyses, and the amounts that they can add up exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import narwhals as nw
import polars as pl
from narwhals import Implementation
from narwhals.dtypes import DType

from rewards_analytics.engines.kinds import LazyFrame
from rewards_analytics.errors import FrameError
from rewards_analytics.schema import PRECISION, SCALE, WHOLE_DIGITS

AMOUNT: Final = nw.Decimal(PRECISION, SCALE)


def typed(frame: LazyFrame, asked_by: str) -> LazyFrame:
    """Cast each column to the type that the analyses compute on; refuse what cannot be cast exactly."""
    casts = []
    for name, dtype in frame.collect_schema().items():
        target = _target(name, dtype, asked_by)
        if target is not None and dtype != target:
            casts.append(nw.col(name).cast(target))
        elif name == "created_at" and isinstance(dtype, nw.Datetime) and dtype.time_zone is None:
            casts.append(nw.col(name).dt.replace_time_zone("UTC"))
        elif name == "created_at" and isinstance(dtype, nw.Datetime) and _needs_utc(dtype, frame):
            casts.append(nw.col(name).dt.convert_time_zone("UTC"))
    return frame.with_columns(*casts) if casts else frame


def check_amounts(balance: pl.Series, asked_by: str) -> None:
    """Refuse amounts that are missing, or so large that a sum of them could overflow."""
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
                "A sum of larger ones could overflow unnoticed."
            )


def _needs_utc(dtype: nw.Datetime, frame: LazyFrame) -> bool:
    """Whether times must be converted to UTC before they are compared: other engines compare them in any zone."""
    return frame.implementation is Implementation.POLARS and dtype.time_zone != "UTC"


def _target(name: str, dtype: DType, asked_by: str) -> DType | None:
    """Return the type to cast a column to, None to leave it as it is."""
    if name == "balance":
        return _amount_target(dtype, asked_by)
    if name in ("expires_on", "created_at"):
        if isinstance(dtype, nw.Date | nw.Datetime) or dtype == nw.Unknown:
            return nw.Date() if name == "expires_on" else None
        raise _wrong_type(name, dtype, "dates", "dates", asked_by)
    if isinstance(dtype, nw.String | nw.Categorical | nw.Enum) or dtype == nw.Unknown:
        return nw.String()
    if name.endswith("guid") or name in ("balance_type", "unit_type", "description"):
        raise _wrong_type(name, dtype, "text", "text", asked_by)
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
        f"{asked_by}() reads {name!r} as {read_as}, and the column holds {dtype}. "
        f"load() types it; or cast it to {cast_to} first."
    )
