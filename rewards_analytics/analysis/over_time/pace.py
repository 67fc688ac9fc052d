"""How fast each goal is getting closer, and when it will be reached at that pace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import partial
from typing import Any, Final, overload

import narwhals as nw
from narwhals.dtypes import DType

from rewards_analytics.analysis.arguments import whole_number
from rewards_analytics.analysis.distance import goals
from rewards_analytics.analysis.holdings import COLUMNS, JOIN_KEY, with_join_key
from rewards_analytics.analysis.order import order_of
from rewards_analytics.analysis.over_time.movements import by_holding
from rewards_analytics.analysis.over_time.pairs import HELD
from rewards_analytics.analysis.over_time.snapshots import Snapshots, StoredHistory, from_history
from rewards_analytics.analysis.sums import exact
from rewards_analytics.engines import AMOUNT, DataFrame, IntoFrameT, PolarsLazyFrame
from rewards_analytics.schema import KEY, SCALE

_SCHEMA: Final[Mapping[str, DType]] = {
    **dict.fromkeys((*KEY, "goal", "description"), nw.String()),
    "remaining": AMOUNT,
    "earned_per_day": AMOUNT,
    "days_left": nw.Int64(),
    "expected_on": nw.Date(),
}
_MOST_DAYS: Final = 2**63 - 1


@overload
def pace(history: StoredHistory, *, window: int = 90) -> PolarsLazyFrame: ...
@overload
def pace(history: IntoFrameT, *, window: int = 90) -> IntoFrameT: ...
def pace(history: StoredHistory | IntoFrameT, *, window: int = 90) -> PolarsLazyFrame | IntoFrameT:
    """How fast each goal is getting closer, and when it will be reached at that pace, one row per goal.

    Earnings are observed from balances, net between two snapshots, so the pace is a lower bound. It assumes that the
    goal counts the balance held in its own unit (see `distance`), and that earning continues as before: say so where
    you show it.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame with a column `taken_on`: see `changes`; and `description`.
    window
        Number of days up to the last snapshot over which the pace is measured.

    Returns
    -------
    The same kind of frame (a Polars LazyFrame for a `History`), the goals of the last snapshot by `days_left` (nulls
    last), `remaining`, the key, `goal` and `description`: `user_guid`, `member_guid`, `account_guid`, `unit_type`,
    `goal` (`LEVEL` or `REWARD`), `description` (str), `remaining` (decimal(38, 9), as `distance` has it),
    `earned_per_day` (decimal(38, 9), both in the row's own unit), `days_left` (int), `expected_on` (date).

    `earned_per_day` is what the goal's holding earned (see `changes`) over the pairs of snapshots with `to_date` after
    the last snapshot - `window` days in which it is `held`, divided by the days that those pairs span; rounded once to
    9 decimals, half to even. Null without such a pair. A pair that begins before the window counts in full.

    `days_left` is `remaining` / `earned_per_day`, computed from the exact pace and rounded up; 0 where the goal is
    reached; null where the pace is 0 or unknown (or the number has more than 63 bits). `expected_on` is the last
    snapshot + `days_left`; null where `days_left` is null or the day would be after 9999-12-31. If a holding has two
    goals, all its earnings count towards each. For a lazy frame the rows are computed at once, and the result is lazy
    again.

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
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "SEGMENTS"}
    >>> history = pl.concat([
    ...     load([reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 15}])
    ...         .with_columns(taken_on=pl.date(2026, 11, 1)),
    ...     load([reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 17},
    ...           reward | {"guid": "RWD-2", "balance_type": "BALANCE_TO_LEVEL", "balance": 3}])
    ...         .with_columns(taken_on=pl.date(2026, 11, 11)),
    ... ])
    >>> found = pace(history)
    >>> str(found["earned_per_day"][0]), found["days_left"][0], str(found["expected_on"][0])
    ('0.200000000', 15, '2026-11-26')
    """
    window = whole_number(window, name="window")
    snapshots = from_history(history, (*COLUMNS, "description"), asked_by="pace", compares=True)
    return snapshots.to_caller_by_users("pace", _SCHEMA, partial(_pace, window=window))


def _pace(snapshots: Snapshots[Any], *, window: int) -> DataFrame:
    last = snapshots.last or date.max  # a history without a day has no row
    pairs = [pair for pair in snapshots.pairs if (last - pair[1]).days < window]
    earned = by_holding(
        snapshots,
        pairs,
        nw.col("status") == HELD,
        sums={"earned": nw.col("earned"), "days": nw.col("days")},
        days={pair: (pair[1] - pair[0]).days for pair in pairs},
    )
    paced = with_join_key(snapshots.of_day(last, goals)).join(
        with_join_key(earned).drop("account_guid"), on=list(JOIN_KEY), how="left"
    )
    table = snapshots.table
    # Divided in Python: no engine divides decimals exactly. There are as many rows as the last day has goals.
    found = table.collect(paced.select(*KEY, "goal", "description", "remaining", "earned", "days"))
    rows = [_expected(row, last) for row in found.iter_rows(named=True)]
    result = {name: [row[name] for row in rows] for name in _SCHEMA}
    return nw.from_dict(result, schema=_SCHEMA, backend="polars").sort(*order_of("pace")[0], nulls_last=True)


def _expected(row: dict[str, Any], last: date) -> dict[str, Any]:
    """Work out the pace of a goal, and the day on which it is reached."""
    remaining, earned, days = row["remaining"], row["earned"], row["days"]
    pace = days_left = expected_on = None
    with exact():
        if days:
            pace = (earned / days).quantize(Decimal(1).scaleb(-SCALE), rounding=ROUND_HALF_EVEN)
        if not remaining:
            days_left = 0
        elif earned:
            whole, rest = divmod(remaining * days, earned)
            days_left = int(whole) + bool(rest)
    if days_left is not None and days_left <= (date.max - last).days:
        expected_on = last + timedelta(days_left)
    return row | {
        "earned_per_day": pace,
        "days_left": None if days_left is None or days_left > _MOST_DAYS else days_left,
        "expected_on": expected_on,
    }
