"""The quality checks: what to look at before you trust the numbers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.holdings import COLUMNS, available, expiring, holding_sums
from rewards_analytics.engines import DataFrame, IntoFrameT, LazyFrame, from_caller
from rewards_analytics.schema import (
    BALANCE_TYPES,
    DOLLARS,
    EXPIRING_BALANCE,
    GOALS,
    LOT_TYPES,
    UNIT_TYPES,
)

CHECKS: Final = {
    "unknown_value": "warning",
    "negative_balance": "warning",
    "expiring_without_date": "warning",
    "date_past": "info",
    "expiring_exceeds_available": "error",
    "total_differs_from_balance": "warning",
    "dollars_beyond_cents": "warning",
    "created_in_future": "error",
}
"""The checks in the order of the result, with their severity."""


def quality(rewards: IntoFrameT, *, as_of: date | None = None) -> IntoFrameT:
    """How many rewards fail each quality check, one row per check.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads, `guid`
        and `created_at`.
    as_of
        Day that dates are compared with, today in UTC if None.

    Returns
    -------
    The same kind of frame, always these eight rows in this order: `check`, `severity` (str: `error`, `warning` or
    `info`), `rewards` (int, number concerned), `example_guid` (str: the first in order of text of the rewards
    concerned, null if no reward is).

    - `unknown_value`: a balance type or unit that the API does not document.
    - `negative_balance`: a balance below 0. A goal at or below 0 is reached, and does not count.
    - `expiring_without_date`: an `EXPIRING_BALANCE` without `expires_on`.
    - `date_past`: `expires_on` before `as_of`.
    - `expiring_exceeds_available`: holdings of which more expires than is available. `rewards` counts holdings.
    - `total_differs_from_balance`: holdings whose `TOTAL_BALANCE` and `BALANCE` rows add up to different amounts.
      `rewards` counts holdings.
    - `dollars_beyond_cents`: dollars with more than two decimals.
    - `created_in_future`: `created_at` after the end of `as_of` in UTC.

    For a lazy frame the counts are computed at once, and the result is lazy again.

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
    ...     {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "DOLLARS",
    ...      "balance_type": "BALANCE", "balance": "-0.001"},
    ... ])
    >>> checks = quality(rewards, as_of=date(2026, 11, 23))
    >>> checks.filter(checks["rewards"] > 0).select("check", "rewards", "example_guid").rows()
    [('negative_balance', 1, 'RWD-1'), ('dollars_beyond_cents', 1, 'RWD-1')]
    """
    today = day(as_of)
    table = from_caller(rewards, ["guid", *COLUMNS, "created_at"], asked_by="quality")
    of_rewards = table.collect(concerned(table.frame, reward_checks(today)))
    checks = holding_checks()
    of_holdings = table.by_user(lambda frame: concerned(holding_sums(frame, "guid"), checks), LOT_TYPES)
    if table.parts is not None:  # a row of each
        of_holdings = _counted(of_holdings, checks)
    return table.to_caller(checked(of_rewards, table.collect(of_holdings)))


def reward_checks(today: date) -> dict[str, nw.Expr]:
    """For each check on rewards, whether one fails it."""
    balance, expires_on = nw.col("balance"), nw.col("expires_on")
    balance_type, unit_type = nw.col("balance_type"), nw.col("unit_type")
    is_goal = balance_type.is_in(list(GOALS))
    checks = {
        "unknown_value": ~(balance_type.is_in(BALANCE_TYPES) & unit_type.is_in(UNIT_TYPES)),
        "negative_balance": (balance < 0) & ~is_goal,
        "expiring_without_date": (balance_type == EXPIRING_BALANCE) & expires_on.is_null(),
        "date_past": expires_on < nw.lit(today),
        "dollars_beyond_cents": (unit_type == DOLLARS) & (balance.round(2) != balance),
    }
    if today < date.max:
        tomorrow = datetime.combine(today + timedelta(days=1), time(), UTC)
        checks["created_in_future"] = nw.col("created_at") >= nw.lit(tomorrow)
    return checks


def holding_checks() -> dict[str, nw.Expr]:
    """For each check on holdings, whether a row of `holding_sums` fails it."""
    both = (nw.col("totals") > 0) & (nw.col("plains") > 0)
    return {
        # A debt with nothing expiring is a negative balance, not this fault too.
        "expiring_exceeds_available": (expiring() > 0) & (expiring() > available()),
        "total_differs_from_balance": both & (nw.col("total") != nw.col("plain")),
    }


def concerned(frame: LazyFrame, checks: dict[str, nw.Expr], number: nw.Expr | None = None) -> LazyFrame:
    """One row: for each check the number of rows that fail it, and the first guid of them.

    `number` is the column with the number of rewards per row, if a row represents several with the same results.
    """
    many = nw.lit(1) if number is None else number
    columns = {f"{name}_rewards": nw.when(failed).then(many).otherwise(nw.lit(0)) for name, failed in checks.items()}
    columns |= {f"{name}_example": nw.when(failed).then(nw.col("guid")) for name, failed in checks.items()}
    # Grouped by a constant: not every engine selects aggregates of text without a group.
    return _counted(frame.select(everything=nw.lit(1), **columns), checks)


def _counted(rows: LazyFrame, checks: Collection[str]) -> LazyFrame:
    return rows.group_by("everything").agg(
        nw.col(*(f"{name}_rewards" for name in checks)).sum(), nw.col(*(f"{name}_example" for name in checks)).min()
    )


def checked(*counts: DataFrame) -> DataFrame:
    """The table of all checks, from frames of `concerned`."""
    found: dict[str, Any] = {}
    for each in counts:
        found |= next(each.iter_rows(named=True), {})
    return nw.from_dict(
        {
            "check": list(CHECKS),
            "severity": list(CHECKS.values()),
            "rewards": [int(found.get(f"{name}_rewards") or 0) for name in CHECKS],
            "example_guid": [found.get(f"{name}_example") for name in CHECKS],
        },
        schema={"check": nw.String(), "severity": nw.String(), "rewards": nw.Int64(), "example_guid": nw.String()},
        backend=counts[0].implementation,
    )
