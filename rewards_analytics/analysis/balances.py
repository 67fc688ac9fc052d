"""Raw sums of what the provider listed, by unit and balance type."""

from __future__ import annotations

from collections.abc import Iterable

import narwhals as nw

from rewards_analytics.analysis.arguments import grouping
from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import IntoFrameT, from_caller


def balances(rewards: IntoFrameT, by: str | Iterable[str] | None = None) -> IntoFrameT:
    """Sum of the listed balances, one row per group, unit type and balance type.

    These are raw sums: `TOTAL_BALANCE` and `BALANCE` of one holding may be the same money, so never add rows of this
    result to each other. `totals` counts nothing twice.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind. Reads `unit_type`,
        `balance_type`, `balance`, and the columns of `by`.
    by
        One or more further columns to group by, any but those of the result.

    Returns
    -------
    The same kind of frame, by `by`, `unit_type`, `balance_type` (nulls last): the columns of `by`,
    `unit_type`, `balance_type` (str), `balance` (decimal(38, 9), in the row's own unit), `rewards` (int, number of
    rewards). Unknown unit and balance types are rows like any other.

    Raises
    ------
    ArgumentError
        If `by` names a column of the result; `MissingColumnError` if a column is missing.
    FrameError
        If `rewards` is not a frame of a supported kind, or a column that is read has nulls where none may be, floats,
        amounts out of range or times of day. A lazy frame may fail when it is computed instead.

    Examples
    --------
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> rewards = load([
    ...     reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200},
    ...     reward | {"guid": "RWD-2", "balance_type": "BALANCE", "balance": "0.5"},
    ... ])
    >>> balances(rewards).rows()
    [('MILES', 'BALANCE', Decimal('1200.500000000'), 2)]
    """
    groups = grouping(by, result=("unit_type", "balance_type", "balance", "rewards"))
    key = [*groups, "unit_type", "balance_type"]
    table = from_caller(rewards, [*key, "balance"], asked_by="balances")
    sums = table.group(*key, balance=nw.col("balance").sum(), rewards=nw.len())
    result = sums.select(*key, "balance", nw.col("rewards").cast(nw.Int64))
    return table.to_caller(result, *order_of("balances", groups))
