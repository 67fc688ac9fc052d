"""How much is held: available and expiring balance per unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import narwhals as nw

from rewards_analytics.analysis.arguments import grouping
from rewards_analytics.analysis.holdings import COLUMNS, held, holding_sums, known_available
from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import IntoFrameT, LazyFrame, from_caller
from rewards_analytics.schema import HOLDER

_COUNTED: Final = ("member_guid", "user_guid")


def totals(rewards: IntoFrameT, by: str | Iterable[str] | None = None) -> IntoFrameT:
    """How much is held and how much of it will expire, one row per group and unit type.

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
        If `rewards` is not a frame of a supported kind, or a column that is read has nulls where none may be, floats,
        amounts out of range or times of day. A lazy frame may fail when it is computed instead.

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
    groups = grouping(by, result=result, allowed=HOLDER)
    table = from_caller(rewards, COLUMNS, asked_by="totals")
    sums = table.added_up(
        holding_sums,
        partial(totals_of, groups=groups),
        [*groups, "unit_type"],
        counted={"members": "member_guid", "users": "user_guid"},
        coded=[name for name in HOLDER if name not in groups],
    )
    return table.to_caller(sums, *order_of("totals", groups))


def totals_of(sums: LazyFrame, groups: Sequence[str] = ()) -> LazyFrame:
    """The columns of `totals` from rows of `holding_sums`, in no order."""
    key = [*groups, "unit_type"]
    is_known, others = nw.col("known") > 0, [name for name in key if name not in _COUNTED]
    # Grouped by the key, so the counted guids are copies under names of their own.
    holdings = held(sums, *_COUNTED, *others).with_columns(
        unknown=1 - nw.col("known"),
        member=nw.when(is_known).then(nw.col("member_guid")),
        user=nw.when(is_known).then(nw.col("user_guid")),
    )
    counted = holdings.group_by(*key).agg(
        nw.col("available", "expiring", "known").sum(), nw.col("unknown").max(), nw.col("member", "user").n_unique()
    )
    known, unknown, members, users = (nw.col(name).cast(nw.Int64) for name in ("known", "unknown", "member", "user"))
    # n_unique counts null, which marks holdings of unknown balance, as one more value.
    return counted.select(
        *key,
        known_available().alias("available"),
        "expiring",
        known.alias("holdings"),
        (members - unknown).alias("members"),
        (users - unknown).alias("users"),
    )
