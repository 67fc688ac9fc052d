"""How soon it expires: the aging schedule of expiring lots."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Final

import narwhals as nw

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.calendar import days_after
from rewards_analytics.analysis.holdings import COLUMNS, about_lots
from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import AMOUNT, DataFrame, IntoFrameT, LazyFrame, from_caller

BUCKETS: Final = ("expired", "0-30", "31-60", "61-90", "91-180", "181-365", "over 365", "undated")
"""The spans of days from `as_of`, in order of time."""

_LAST_DAYS: Final = (30, 60, 90, 180, 365)


def aging(rewards: IntoFrameT, *, as_of: date | None = None) -> IntoFrameT:
    """Balance that expires within each span of days from `as_of`, one row per bucket and unit type.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads.
        Only expiring lots count (see `holdings`).
    as_of
        Day the count starts from, today in UTC if None. A lot that expires on this day is in bucket `0-30`, and so is
        one 30 days later. Earlier days are `expired`, rows without a date `undated`.

    Returns
    -------
    The same kind of frame, all eight buckets for each unit that has lots, by `unit_type`, then in order of time,
    `undated` last: `bucket`, `unit_type` (str), `expiring` (decimal(38, 9), in the row's own unit), `rewards`
    (int, number of lots). For a lazy frame the sums are computed at once, and the result is lazy again.

    Raises
    ------
    ArgumentError
        If `as_of` is not a date; `MissingColumnError` if a column is missing.
    FrameError
        If `rewards` is not a frame of a supported kind, or a column that is read has nulls where none may be, floats,
        amounts out of range or times of day. A lazy frame may fail when it is computed instead.

    Examples
    --------
    >>> from rewards_analytics import load
    >>> rewards = load([
    ...     {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES",
    ...      "balance_type": "EXPIRING_BALANCE", "balance": 300, "expires_on": "2026-12-31"},
    ... ])
    >>> schedule = aging(rewards, as_of=date(2026, 11, 23))
    >>> schedule.filter(schedule["rewards"] > 0).rows()
    [('31-60', 'MILES', Decimal('300.000000000'), 1)]
    """
    start = day(as_of)
    table = from_caller(rewards, COLUMNS, asked_by="aging")
    sums = table.collect(about_lots(table, partial(lots_by_bucket, start=start)))
    return table.to_caller(schedule(sums))


def buckets_within(days: int) -> tuple[str, ...]:
    """Name the buckets ahead that end by a number of days, which must be the end of one.

    >>> buckets_within(90)
    ('0-30', '31-60', '61-90')
    """
    return BUCKETS[1 : 2 + _LAST_DAYS.index(days)]


def days_of(bucket: str, start: date) -> tuple[date, date | None] | None:
    """Return the first and the last day (None: no bound) of a bucket; None for those that lie outside time ahead.

    >>> days_of("31-60", date(2026, 11, 23))
    (datetime.date(2026, 12, 24), datetime.date(2027, 1, 22))
    """
    place = BUCKETS.index(bucket) - 1
    if not 0 <= place <= len(_LAST_DAYS):
        return None
    first = days_after(start, _LAST_DAYS[place - 1] + 1) if place else start
    return first, days_after(start, _LAST_DAYS[place]) if place < len(_LAST_DAYS) else None


def lots_by_bucket(lots: LazyFrame, start: date, number: nw.Expr | None = None) -> LazyFrame:
    """The lots added up per span of days and unit; `number` counts those of several rows, see `lots_by_day`."""
    return (
        lots.with_columns(bucket=position(start))
        .group_by("bucket", "unit_type")
        .agg(expiring=nw.col("balance").sum(), rewards=nw.len() if number is None else number)
    )


def position(start: date) -> nw.Expr:
    """Position of a lot's `expires_on` in BUCKETS, found by comparing days: date arithmetic differs between engines."""
    expires_on = nw.col("expires_on")
    position = nw.lit(len(_LAST_DAYS) + 1)
    for index in range(len(_LAST_DAYS), 0, -1):
        last = nw.lit(days_after(start, _LAST_DAYS[index - 1]))
        position = nw.when(expires_on <= last).then(nw.lit(index)).otherwise(position)
    position = nw.when(expires_on < nw.lit(start)).then(nw.lit(0)).otherwise(position)
    return nw.when(expires_on.is_null()).then(nw.lit(len(BUCKETS) - 1)).otherwise(position)


def schedule(sums: DataFrame) -> DataFrame:
    """Fill the buckets in which a unit has nothing, and name them: from the sums of `lots_by_bucket`."""
    sums = sums.with_columns(nw.col("rewards", "bucket").cast(nw.Int64))
    buckets = nw.from_dict(
        {"bucket": range(len(BUCKETS)), "name": BUCKETS},
        schema={"bucket": nw.Int64(), "name": nw.String()},
        backend=sums.implementation,
    )
    columns = ["bucket", "unit_type", "expiring", "rewards"]
    zeros = (
        sums.select("unit_type")
        .unique()
        .join(buckets.select("bucket"), how="cross")
        .with_columns(expiring=nw.lit(0).cast(AMOUNT), rewards=nw.lit(0).cast(nw.Int64))
    )
    return (
        nw.concat([sums.select(*columns), zeros.select(*columns)])
        .group_by("bucket", "unit_type")
        .agg(nw.col("expiring", "rewards").sum())
        .join(buckets, on="bucket", how="inner")
        .sort(*order_of("aging")[0], nulls_last=True)
        .select(nw.col("name").alias("bucket"), "unit_type", "expiring", "rewards")
    )
