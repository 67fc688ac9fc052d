"""How much of the amounts due will expire, judged by what became of earlier dues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, overload

import narwhals as nw
from narwhals.dtypes import DType

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.calendar import every_of, period_of
from rewards_analytics.analysis.expiring import timeline
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.over_time.outcomes import Followed, followed
from rewards_analytics.analysis.over_time.snapshots import Snapshots, StoredHistory, from_history
from rewards_analytics.analysis.sums import exact_sum, rounded
from rewards_analytics.engines import AMOUNT, DataFrame, IntoFrameT, PolarsLazyFrame
from rewards_analytics.errors import ArgumentError

_SCHEMA: Final[Mapping[str, DType]] = {
    "period": nw.Date(),
    "unit_type": nw.String(),
    **dict.fromkeys(("due", "expected", "observed_due", "observed"), AMOUNT),
}


@overload
def forecast(
    history: StoredHistory, *, as_of: date | None = None, every: str = "month", until: date | None = None
) -> PolarsLazyFrame: ...
@overload
def forecast(
    history: IntoFrameT, *, as_of: date | None = None, every: str = "month", until: date | None = None
) -> IntoFrameT: ...
def forecast(
    history: StoredHistory | IntoFrameT,
    *,
    as_of: date | None = None,
    every: str = "month",
    until: date | None = None,
) -> PolarsLazyFrame | IntoFrameT:
    """How much of the amounts due is expected to expire, one row per calendar period and unit type.

    It assumes that dues end as earlier ones of their unit did. For a day in the past it also says what happened.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame with a column `taken_on`: see `changes`.
    as_of
        The forecast is made from the last snapshot on or before this day, or from the last of all if None. Later
        snapshots do not affect `due` and `expected`.
    every
        Length of a period: `day`, `week` (from Monday), `month`, `quarter` or `year`.
    until
        Last day that counts; the day of the last due if None.

    Returns
    -------
    The same kind of frame (a Polars LazyFrame for a `History`, computed day by day), by `unit_type` and `period`:
    `period` (date, the first day of the calendar period), `unit_type` (str), `due`, `expected`, `observed_due`,
    `observed` (decimal(38, 9), in the row's own unit).

    Each period from the one that holds the snapshot to the one that holds the last due (or `until`) has a row for each
    unit with a due in that time, as in `expiring`. `due` adds up the dues (see `dues`) that the snapshot lists for its
    own day or later, including the days between it and `as_of`; 0 where nothing is due.

    `expected` adds up each due x the share at its days left. The share is read off the unit's `lapse` curve, computed
    from the snapshots so far with the default leads: a straight line between the leads that have a share, from 1 at 0
    days; beyond the longest, the share of that one. The sum is exact and rounded once to 9 decimals, half to even. It
    is null in a unit without any share, such as a new one.

    `observed_due` and `observed` add up the dues that have an outcome in the whole history: the amount due at the
    snapshot, and the lesser of it and the amount `left` on the day. Null where no due has an outcome.

    For a lazy frame the rows are computed at once, and the result is lazy again. A history without dated lots has no
    rows.

    Raises
    ------
    ArgumentError
        If `as_of` is before the first snapshot, `until` is before `as_of` (or the last snapshot), `every` is none of
        these words, a date is not a date, or the calendar has more than 200 million rows; `MissingColumnError` if a
        column is missing.
    FrameError
        As `changes` raises it.

    Examples
    --------
    >>> import polars as pl
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> def day(number, due, on):
    ...     return load([
    ...         reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200},
    ...         reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": due, "expires_on": on},
    ...     ]).with_columns(taken_on=pl.date(2026, 11, number))
    >>> history = pl.concat([
    ...     day(1, 300, "2026-11-15"), day(14, 60, "2026-11-15"), day(17, 500, "2026-12-01"),
    ... ])
    >>> found = forecast(history)
    >>> [(f"{period}", f"{due:f}", f"{expected:f}") for period, due, expected in
    ...     found.select("period", "due", "expected").rows()]
    [('2026-11-01', '0.000000000', '0.000000000'), ('2026-12-01', '500.000000000', '100.000000000')]
    """
    every = every_of(every)
    chosen = None if as_of is None else day(as_of)
    end = None if until is None else day(until, name="until")
    snapshots = from_history(history, COLUMNS, asked_by="forecast")
    made_on = _snapshot(snapshots.dates, chosen)
    begin = chosen or made_on
    if end is not None and begin is not None and end < begin:
        of = "as_of=" if chosen else "the last snapshot, "
        raise ArgumentError(f"until={end.isoformat()} is before {of}{begin.isoformat()}.")
    return snapshots.to_caller("forecast", _SCHEMA, lambda: _forecast(snapshots, made_on, end, every))


def _snapshot(dates: Sequence[date], as_of: date | None) -> date | None:
    """Return the day of the snapshot that a forecast is made from; None of a history without any."""
    found = [taken_on for taken_on in dates if as_of is None or taken_on <= as_of]
    if as_of is not None and dates and not found:
        first = dates[0].isoformat()
        raise ArgumentError(f"as_of={as_of.isoformat()} is before the first snapshot. Pass {first} or a later day.")
    return found[-1] if found else None


def _forecast(snapshots: Snapshots[Any], made_on: date | None, until: date | None, every: str) -> DataFrame:
    rows: list[tuple[Any, ...]] = []
    if made_on is not None:
        (found,) = followed(snapshots, {made_on: until or date.max})
        rows = _rows(found, until, every)
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_SCHEMA)}
    return nw.from_dict(columns, schema=_SCHEMA, backend="polars")


def _rows(found: Followed, until: date | None, every: str) -> list[tuple[Any, ...]]:
    by_day = {
        "unit_type": [unit_type for unit_type, _ in found.due],
        "__day__": [expires_on for _, expires_on in found.due],
        "expiring": list(found.due.values()),
        "rewards": [1] * len(found.due),
    }
    schema = {"unit_type": nw.String(), "__day__": nw.Date(), "expiring": AMOUNT, "rewards": nw.Int64()}
    due = nw.from_dict(by_day, schema=schema, backend="polars")
    periods = timeline(due, [], found.as_of, until, every)

    due_of: dict[tuple[str, date], dict[date, Decimal]] = defaultdict(dict)
    for (unit_type, expires_on), amount in found.due.items():
        due_of[unit_type, period_of(expires_on, every)][expires_on] = amount
    settled_of: dict[tuple[str, date], list[Any]] = defaultdict(list)
    for (unit_type, expires_on), sums in found.settled.items():
        settled_of[unit_type, period_of(expires_on, every)].append(sums)

    rows = []
    for period, unit_type, amount in periods.select("period", "unit_type", "expiring").iter_rows():
        expected = found.expected(unit_type, due_of.get((unit_type, period), {}))
        settled = settled_of.get((unit_type, period), [])
        observed_due = exact_sum(sums.due for sums in settled) if settled else None
        observed = exact_sum(sums.expired for sums in settled) if settled else None
        rows.append(
            (period, unit_type, amount, None if expected is None else rounded(expected), observed_due, observed)
        )
    return rows
