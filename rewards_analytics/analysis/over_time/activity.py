"""When each holding last earned and redeemed, and how much it did so recently."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Any, Final, overload

import narwhals as nw
from narwhals.dtypes import DType

from rewards_analytics.analysis.arguments import whole_number
from rewards_analytics.analysis.holdings import (
    COLUMNS,
    JOIN_KEY,
    available,
    available_parts,
    of_types,
    sums_of,
    with_join_key,
)
from rewards_analytics.analysis.over_time.movements import by_holding
from rewards_analytics.analysis.over_time.snapshots import Snapshots, StoredHistory, from_history
from rewards_analytics.engines import AMOUNT, IntoFrameT, LazyFrame, PolarsLazyFrame
from rewards_analytics.schema import BALANCE, KEY, TOTAL_BALANCE

_SCHEMA: Final[Mapping[str, DType]] = {
    **dict.fromkeys(KEY, nw.String()),
    "available": AMOUNT,
    "last_earned_on": nw.Date(),
    "last_redeemed_on": nw.Date(),
    "idle_days": nw.Int64(),
    "earned": AMOUNT,
    "redeemed": AMOUNT,
}


@overload
def activity(history: StoredHistory, *, window: int = 90) -> PolarsLazyFrame: ...
@overload
def activity(history: IntoFrameT, *, window: int = 90) -> IntoFrameT: ...
def activity(history: StoredHistory | IntoFrameT, *, window: int = 90) -> PolarsLazyFrame | IntoFrameT:
    """When a holding last earned and redeemed, and how much recently, one row per holding of the last snapshot.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame with a column `taken_on`: see `changes`.
    window
        Number of days up to the last snapshot over which `earned` and `redeemed` are added up.

    Returns
    -------
    The same kind of frame (a Polars LazyFrame for a `History`, computed in flat memory), by the key (nulls last), the
    holdings whose available balance is known at the last snapshot: `user_guid`, `member_guid`, `account_guid`,
    `unit_type` (str), `available` (decimal(38, 9), in the row's own unit), `last_earned_on`, `last_redeemed_on` (date),
    `idle_days` (int), `earned`, `redeemed` (decimal(38, 9), in the row's own unit).

    `last_earned_on` is the later day (`to_date`) of the last of the holding's `changes` with `earned` above 0,
    `last_redeemed_on` of the last with `redeemed` above 0, over the whole history; null if there is none. `idle_days`
    counts from the later of the two to the last snapshot; null where both are null. `earned` and `redeemed` add up the
    changes with `to_date` after the last snapshot - `window` days; 0 without such changes. A movement between two
    snapshots happened on `to_date` at the latest.

    Raises
    ------
    ArgumentError
        If `window` is not a whole number of at least 1; `MissingColumnError` if a column is missing.
    FrameError
        As `changes` raises it.

    Examples
    --------
    >>> import polars as pl
    >>> from rewards_analytics import load
    >>> reward = {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES",
    ...           "balance_type": "BALANCE"}
    >>> history = pl.concat([
    ...     load([reward | {"balance": 1200}]).with_columns(taken_on=pl.date(2026, 11, 1)),
    ...     load([reward | {"balance": 1500}]).with_columns(taken_on=pl.date(2026, 11, 2)),
    ...     load([reward | {"balance": 1500}]).with_columns(taken_on=pl.date(2026, 11, 9)),
    ... ])
    >>> found = activity(history)
    >>> found["last_earned_on"].to_list(), found["last_redeemed_on"].to_list(), found["idle_days"].to_list()
    ([datetime.date(2026, 11, 2)], [None], [7])
    """
    window = whole_number(window, name="window")
    snapshots = from_history(history, COLUMNS, asked_by="activity", compares=True)
    return snapshots.to_caller_by_users("activity", _SCHEMA, partial(_activity, window=window))


def _activity(snapshots: Snapshots[Any], *, window: int) -> LazyFrame:
    last = snapshots.last or date.max  # a history without a day has no row
    earned, redeemed, number = nw.col("earned"), nw.col("redeemed"), nw.col("day_number")
    lately = number > last.toordinal() - window
    moves = by_holding(
        snapshots,
        snapshots.pairs,
        (earned > 0) | (redeemed > 0),
        sums={"earned": nw.when(lately).then(earned), "redeemed": nw.when(lately).then(redeemed)},
        latest={
            "last_earned_on": nw.when(earned > 0).then(nw.col("to_date")),
            "last_redeemed_on": nw.when(redeemed > 0).then(nw.col("to_date")),
            "day_number": number,
        },
        # Engines differ in date arithmetic: days are counted here.
        day_number={pair: pair[1].toordinal() for pair in snapshots.pairs},
    )
    known = with_join_key(snapshots.of_day(last, _known))
    found = known.join(with_join_key(moves).drop("account_guid"), on=list(JOIN_KEY), how="left")
    result = found.select(
        *KEY,
        "available",
        "last_earned_on",
        "last_redeemed_on",
        idle_days=nw.lit(last.toordinal(), nw.Int64()) - number,
        earned=_or_zero(earned),
        redeemed=_or_zero(redeemed),
    )
    return snapshots.table.widen(result, "earned", "redeemed")


def _known(rewards: LazyFrame) -> LazyFrame:
    """The holdings with a known balance."""
    parts = available_parts()
    sums = of_types(rewards, TOTAL_BALANCE, BALANCE).select(*KEY, **parts).group_by(*KEY).agg(*sums_of(parts))
    return sums.select(*KEY, available=available()).filter(~nw.col("available").is_null())


def _or_zero(amount: nw.Expr) -> nw.Expr:
    return nw.when(amount.is_null()).then(nw.lit(0)).otherwise(amount)
