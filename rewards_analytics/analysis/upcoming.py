"""What falls due, and whose: the expiring lots of each holding by day."""

from __future__ import annotations

from datetime import date

import narwhals as nw

from rewards_analytics.analysis.arguments import span
from rewards_analytics.analysis.calendar import days_from
from rewards_analytics.analysis.expiring import lots_by_day
from rewards_analytics.analysis.holdings import COLUMNS, available, carrying_sums, expiring_lots, with_sums
from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import IntoFrameT, LazyFrame, from_caller
from rewards_analytics.schema import HOLDER, KEY, LOT_TYPES


def upcoming(rewards: IntoFrameT, *, as_of: date | None = None, until: date | None = None) -> IntoFrameT:
    """What falls due, and whose it is, one row per holding and day.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads. Only
        expiring lots count (see `holdings`), and only those with a date.
    as_of
        First day that counts, today in UTC if None. A lot that expires on this day counts.
    until
        Last day that counts; None for no bound.

    Returns
    -------
    The same kind of frame, by `expires_on`, `unit_type`, `expiring` descending, then the rest of the key (nulls last):
    `expires_on` (date), `days_left` (int, days from `as_of`, 0 on that day), `user_guid`, `member_guid`,
    `account_guid`, `unit_type` (str), `expiring` (decimal(38, 9), in the row's own unit: the sum of the holding's lots
    of that day), `rewards` (int, their number), `available` (decimal(38, 9): of the holding, null where unknown).

    Every lot in range is in one row, even if a day's lots add up to 0 or less. So the rows add up to the timeline of
    the same days: `expiring(rewards, as_of=as_of, until=until, every="day")`.

    Raises
    ------
    ArgumentError
        If `until` is before `as_of`, or a date is not a date; `MissingColumnError` if a column is missing.
    FrameError
        If `rewards` is not a frame of a supported kind, or a column that is read has nulls where none may be, floats,
        amounts out of range or times of day. A lazy frame may fail when it is computed instead.

    Examples
    --------
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> rewards = load([
    ...     reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200},
    ...     reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": 300,
    ...               "expires_on": "2026-12-23"},
    ... ])
    >>> dues = upcoming(rewards, as_of=date(2026, 11, 23), until=date(2026, 12, 31))
    >>> dues.select("days_left", "user_guid", "expiring", "available").rows()
    [(30, 'USR-1', Decimal('300.000000000'), Decimal('1200.000000000'))]
    """
    first, last = span(as_of, until)
    table = from_caller(rewards, COLUMNS, asked_by="upcoming")

    def dues(frame: LazyFrame) -> LazyFrame:
        # In one place: Dask fails to join several partitions of a grouped frame.
        return due(table.single_partition(due_by_day(frame, first, last)), frame, first)

    return table.sorted_by_user(dues, *order_of("upcoming"), balance_types=LOT_TYPES, reads_again=True)


def due_by_day(frame: LazyFrame, first: date, last: date | None) -> LazyFrame:
    """The lots in range added up per holding and day (`__day__`), in no order."""
    frame, sums = carrying_sums(frame, *LOT_TYPES)
    groups = (*HOLDER, *sums)
    return lots_by_day(expiring_lots(frame, *groups), groups, first, last)


def due(by_day: LazyFrame, frame: LazyFrame, first: date) -> LazyFrame:
    """The columns of `upcoming` from rows of `due_by_day`, in no order; `frame` has the rewards of their holdings."""
    return with_sums(by_day, frame).select(
        nw.col("__day__").alias("expires_on"),
        days_from(first, nw.col("__day__")).alias("days_left"),
        *KEY,
        "expiring",
        nw.col("rewards").cast(nw.Int64),
        available=available(),
    )
