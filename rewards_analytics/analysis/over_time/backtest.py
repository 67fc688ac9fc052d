"""Forecasts of the past, and what happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, SupportsIndex, overload

import narwhals as nw
from narwhals.dtypes import DType

from rewards_analytics.analysis.arguments import whole_number
from rewards_analytics.analysis.calendar import days_after, every_of, period_of
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.over_time.outcomes import Followed, Sums, followed
from rewards_analytics.analysis.over_time.snapshots import Snapshots, StoredHistory, from_history
from rewards_analytics.analysis.sums import exact, exact_sum, rounded
from rewards_analytics.engines import AMOUNT, DataFrame, IntoFrameT, PolarsLazyFrame

_SCHEMA: Final[Mapping[str, DType]] = {
    "as_of": nw.Date(),
    "unit_type": nw.String(),
    **dict.fromkeys(("due", "expected", "observed", "error"), AMOUNT),
}


@overload
def backtest(history: StoredHistory, *, every: str = "month", horizon_days: SupportsIndex = 90) -> PolarsLazyFrame: ...
@overload
def backtest(history: IntoFrameT, *, every: str = "month", horizon_days: SupportsIndex = 90) -> IntoFrameT: ...
def backtest(
    history: StoredHistory | IntoFrameT, *, every: str = "month", horizon_days: SupportsIndex = 90
) -> PolarsLazyFrame | IntoFrameT:
    """How far past forecasts were from what happened, one row per first snapshot of a period and unit type.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame with a column `taken_on`: see `changes`.
    every
        Length of a period: `day`, `week` (from Monday), `month`, `quarter` or `year`. A forecast is made from the first
        snapshot of each.
    horizon_days
        Only dues with at most this many days left count.

    Returns
    -------
    The same kind of frame (a Polars LazyFrame for a `History`, computed day by day), by `as_of` and `unit_type`:
    `as_of` (date, the day of the snapshot), `unit_type` (str), `due`, `expected`, `observed`, `error` (decimal(38, 9),
    in the row's own unit).

    A due counts if the snapshot lists it with at most `horizon_days` left and it has an outcome in the whole history
    (see `dues`). A unit without such a due has no row. `due` adds up the amounts at the snapshot. `expected` is what
    `forecast` as of that day expects to expire of these dues, from the snapshots up to then; null in a unit that had no
    share yet. `observed` adds up the lesser of the amount at the snapshot and the amount `left` on the day. `error` =
    `expected` - `observed`, null where `expected` is null. For a lazy frame the rows are computed at once, and the
    result is lazy again.

    Raises
    ------
    ArgumentError
        If `every` is none of these words, or `horizon_days` is not a whole number of at least 1; `MissingColumnError`
        if a column is missing.
    FrameError
        As `changes` raises it.

    Examples
    --------
    >>> import polars as pl
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> def day(on, due, expires_on):
    ...     return load([
    ...         reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200},
    ...         reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": due,
    ...                   "expires_on": expires_on},
    ...     ]).with_columns(taken_on=pl.lit(on).str.to_date())
    >>> history = pl.concat([
    ...     day("2026-10-01", 300, "2026-10-15"), day("2026-10-15", 60, "2026-10-15"),
    ...     day("2026-11-02", 500, "2026-11-16"), day("2026-11-16", 90, "2026-11-16"),
    ...     day("2026-11-17", 700, "2027-11-16"),
    ... ])
    >>> [tuple(map(str, row)) for row in backtest(history).drop("unit_type", "due").rows()]
    [('2026-10-01', 'None', '60.000000000', 'None'), ('2026-11-02', '100.000000000', '90.000000000', '10.000000000')]
    """
    every = every_of(every)
    horizon = whole_number(horizon_days, name="horizon_days")
    snapshots = from_history(history, COLUMNS, asked_by="backtest")
    return snapshots.to_caller("backtest", _SCHEMA, lambda: _backtest(snapshots, every, horizon))


def _backtest(snapshots: Snapshots[Any], every: str, horizon: int) -> DataFrame:
    firsts: dict[date, date] = {}
    for taken_on in snapshots.dates:
        firsts.setdefault(period_of(taken_on, every), taken_on)
    until = {taken_on: days_after(taken_on, horizon) for taken_on in firsts.values()}
    rows = [row for found in followed(snapshots, until) for row in _rows(found)]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_SCHEMA)}
    return nw.from_dict(columns, schema=_SCHEMA, backend="polars")


def _rows(found: Followed) -> list[tuple[Any, ...]]:
    of_units: dict[str, dict[date, Sums]] = defaultdict(dict)
    for (unit_type, day), sums in found.settled.items():
        of_units[unit_type][day] = sums
    rows = []
    for unit_type, by_day in sorted(of_units.items()):
        due = {day: sums.due for day, sums in by_day.items()}
        observed = exact_sum(sums.expired for sums in by_day.values())
        reckoned = found.expected(unit_type, due)
        expected: Decimal | None = None
        error: Decimal | None = None
        if reckoned is not None:
            expected = rounded(reckoned)
            with exact():
                error = expected - observed
        rows.append((found.as_of, unit_type, exact_sum(due.values()), expected, observed, error))
    return rows
