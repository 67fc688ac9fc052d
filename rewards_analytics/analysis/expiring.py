"""What expires when: the timeline of expiring lots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import Final

import narwhals as nw

from rewards_analytics.analysis.arguments import grouping, span
from rewards_analytics.analysis.calendar import count_between, every_of, period_of, periods_between
from rewards_analytics.analysis.holdings import COLUMNS, about_lots
from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import AMOUNT, DataFrame, IntoFrameT, LazyFrame, from_caller
from rewards_analytics.errors import ArgumentError

MOST_ROWS: Final = 200_000_000
"""A filled calendar with more rows than this is refused: it is a mistake, and would not fit in memory."""


def expiring(
    rewards: IntoFrameT,
    *,
    as_of: date | None = None,
    every: str = "month",
    until: date | None = None,
    by: str | Iterable[str] | None = None,
) -> IntoFrameT:
    """Balance that expires within each calendar period, one row per period, group and unit type.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads, and
        those of `by`. Only expiring lots count (see `holdings`), and only those with a date.
    as_of
        First day that counts, today in UTC if None. A lot that expires on this day counts.
    every
        Length of a period: `day`, `week` (from Monday), `month`, `quarter` or `year`.
    until
        Last day that counts; None for no bound.
    by
        One or more further columns to group by.

    Returns
    -------
    The same kind of frame, by `by`, `unit_type` (nulls last) and `period`: `period` (date, the first day of the
    calendar period, so it can be before `as_of`), the columns of `by`, `unit_type` (str), `expiring` (decimal(38, 9),
    in the row's own unit), `rewards` (int, number of lots), `cumulative` (decimal(38, 9), `expiring` added up
    over the periods within a unit and group).

    Each unit and group that has a lot in range has a row for every period from the one holding `as_of` to the one
    holding the last expiry (or `until`), zero where nothing expires. Without a lot in range, the result is empty. For a
    lazy frame the sums are computed at once, and the result is lazy again.

    Raises
    ------
    ArgumentError
        If `every` is none of these words, `until` is before `as_of`, a date is not a date, `by` names a column of the
        result, or the filled calendar would have more than 200 million rows; `MissingColumnError` if a column is
        missing.
    FrameError
        If `rewards` is not a frame of a supported kind, or a column that is read has nulls where none may be, floats,
        amounts out of range or times of day. A lazy frame may fail when it is computed instead.

    Examples
    --------
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> rewards = load([
    ...     reward | {"guid": "RWD-1", "balance_type": "EXPIRING_BALANCE", "balance": 300,
    ...               "expires_on": "2026-11-30"},
    ...     reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": 200,
    ...               "expires_on": "2027-01-31"},
    ... ])
    >>> timeline = expiring(rewards, as_of=date(2026, 11, 23))
    >>> [(period.isoformat(), str(amount)) for period, amount in timeline.select("period", "cumulative").rows()]
    [('2026-11-01', '300.000000000'), ('2026-12-01', '300.000000000'), ('2027-01-01', '500.000000000')]
    """
    every = every_of(every)
    first, last = span(as_of, until)
    groups = grouping(by, result=("period", "unit_type", "expiring", "rewards", "cumulative"))
    table = from_caller(rewards, list(dict.fromkeys([*COLUMNS, *groups])), asked_by="expiring")

    by_day = partial(lots_by_day, groups=groups, first=first, last=last)
    sums = table.collect(about_lots(table, by_day, *groups))
    return table.to_caller(timeline(sums, groups, first, last, every))


def lots_by_day(
    lots: LazyFrame, groups: Sequence[str], first: date, last: date | None, number: nw.Expr | None = None
) -> LazyFrame:
    """The lots that expire from `first` on (and until `last`, if given), added up per day, group and unit.

    `number` is the column with the number of lots per row, if a row may represent several.
    """
    in_range = nw.col("expires_on") >= nw.lit(first)
    if last is not None:
        in_range &= nw.col("expires_on") <= nw.lit(last)
    return (
        lots.filter(in_range)
        .with_columns(__day__=nw.col("expires_on"))
        .group_by(*groups, "unit_type", "__day__")
        .agg(expiring=nw.col("balance").sum(), rewards=nw.len() if number is None else number)
    )


def timeline(by_day: DataFrame, groups: Sequence[str], first: date, last: date | None, every: str) -> DataFrame:
    """Bring the sums of `lots_by_day` into periods, fill the calendar with zeros, and add up."""
    by_day = by_day.with_columns(nw.col("rewards").cast(nw.Int64))
    key = [*groups, "unit_type"]
    days: list[date] = by_day["__day__"].unique().to_list()
    periods = nw.from_dict(
        {"__day__": days, "period": [period_of(each, every) for each in days]},
        schema={"__day__": nw.Date(), "period": nw.Date()},
        backend=by_day.implementation,
    )
    end = last or max(days, default=first)
    present = by_day.select(*key).unique()
    count = len(present) * count_between(first, end, every)
    if count > MOST_ROWS:
        raise ArgumentError(
            f"The calendar from {first} to {end} by {every} has {count:,} rows over {len(present):,} units and groups, "
            f"more than {MOST_ROWS:,}. Pass until=, a longer every=, or fewer groups."
        )
    calendar = nw.from_dict(
        {"period": list(periods_between(first, end, every))},
        schema={"period": nw.Date()},
        backend=by_day.implementation,
    )
    columns = ["period", *key, "expiring", "rewards"]
    sums = by_day.join(periods, on="__day__", how="inner").select(*columns)
    zeros = present.join(calendar, how="cross").with_columns(
        expiring=nw.lit(0).cast(AMOUNT), rewards=nw.lit(0).cast(nw.Int64)
    )
    # Zeros are added as rows and summed: a join would lose the groups whose key is null.
    filled = (
        nw.concat([sums, zeros.select(*columns)])
        .group_by("period", *key)
        .agg(nw.col("expiring", "rewards").sum())
        .sort(*order_of("expiring", groups)[0], nulls_last=True)
    )
    return filled.with_columns(cumulative=nw.col("expiring").cum_sum().over(*key, order_by="period"))
