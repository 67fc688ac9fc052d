"""How much is held: available and expiring balance per unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import narwhals as nw

from rewards_analytics.analysis.arguments import grouping
from rewards_analytics.analysis.holdings import COLUMNS, by_holding
from rewards_analytics.engines import from_caller

FrameT = TypeVar("FrameT")

GROUPS = ("user_guid", "member_guid", "account_guid")


def totals(rewards: FrameT, by: str | Iterable[str] | None = None) -> FrameT:
    """What is held and what of it will expire, one row per group and unit type.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads.
    by
        Any of `user_guid`, `member_guid`, `account_guid`, to group by.

    Returns
    -------
    The same kind of frame, by `by` and `unit_type` (nulls last): the columns of `by`, `unit_type` (str), `available`
    and `expiring` (decimal(38, 9), in the row's own unit; defined by `holdings`), `holdings`, `members`,
    `users` (int).

    `available` is the sum over the holdings where it is known, null where none is. `holdings`, `members` and
    `users` count those with a known available balance. `expiring` is the sum over all holdings. Units are
    never added to each other; an unknown unit is a unit of its own.

    Raises
    ------
    ArgumentError
        If `by` names another column; `MissingColumnError` if a column is missing.
    FrameError
        If `rewards` is not a frame of a supported kind, or amounts are floats.

    Examples
    --------
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> rewards = load([
    ...     reward | {"guid": "RWD-1", "balance_type": "TOTAL_BALANCE", "balance": 1500},
    ...     reward | {"guid": "RWD-2", "balance_type": "BALANCE", "balance": 1500},
    ... ])
    >>> totals(rewards).rows()
    [('MILES', Decimal('1500.000000000'), Decimal('0E-9'), 1, 1, 1)]
    """
    result = ("unit_type", "available", "expiring", "holdings", "members", "users")
    key = [*grouping(by, result=result, allowed=GROUPS), "unit_type"]
    table = from_caller(rewards, COLUMNS, asked_by="totals")
    known = ~nw.col("available").is_null()
    # Grouped by the key, so the counted guids are copies under names of their own.
    held = by_holding(table.frame).with_columns(
        known=nw.when(known).then(nw.lit(1)).otherwise(nw.lit(0)),
        unknown=nw.when(known).then(nw.lit(0)).otherwise(nw.lit(1)),
        member=nw.when(known).then(nw.col("member_guid")),
        user=nw.when(known).then(nw.col("user_guid")),
    )
    sums = (
        table.single_partition(held)
        .group_by(*key)
        .agg(
            nw.col("available").sum(),
            nw.col("expiring").sum(),
            holdings=nw.col("known").sum(),
            unknown=nw.col("unknown").max(),
            members=nw.col("member").n_unique(),
            users=nw.col("user").n_unique(),
        )
    )
    # n_unique counts null, which stands for the holdings of unknown balance, as one more value.
    return table.to_caller(  # type: ignore[no-any-return]
        sums.select(
            *key,
            nw.when(nw.col("holdings") > 0).then(nw.col("available")).alias("available"),
            "expiring",
            nw.col("holdings").cast(nw.Int64),
            (nw.col("members").cast(nw.Int64) - nw.col("unknown").cast(nw.Int64)).alias("members"),
            (nw.col("users").cast(nw.Int64) - nw.col("unknown").cast(nw.Int64)).alias("users"),
        ),
        order=key,
    )
