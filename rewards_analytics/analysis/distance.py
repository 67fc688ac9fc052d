"""How far to go: the distance of each goal, and the progress towards it."""

from __future__ import annotations

from math import nextafter
from typing import Final

import narwhals as nw

from rewards_analytics.analysis.holdings import COLUMNS, available, carrying_sums, of_types, with_sums
from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import IntoFrameT, LazyFrame, from_caller
from rewards_analytics.schema import BALANCE, BALANCE_TO_LEVEL, GOALS, KEY, LEVEL, REWARD, TOTAL_BALANCE

_BELOW_1: Final = nextafter(1.0, 0.0)
"""The largest float below 1: the progress of a goal that is as good as reached."""


def distance(rewards: IntoFrameT) -> IntoFrameT:
    """How far a member is from its next level or reward, one row per goal.

    A goal is a `BALANCE_TO_LEVEL` row (`LEVEL`) or a `BALANCE_TO_REWARD` row (`REWARD`). Its balance is the amount
    still missing. `progress` assumes that the goal counts the balance held in its own unit: say so where you show it.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads, and
        `description`.

    Returns
    -------
    The same kind of frame, by `progress` descending (nulls last), then `remaining`, the key, `goal` and
    `description`: `user_guid`, `member_guid`, `account_guid`, `unit_type`, `goal`, `description` (str), `remaining`
    (decimal(38, 9), in the row's own unit: the goal's balance, 0 where that is negative), `available`
    (decimal(38, 9): the available balance of the goal's holding, null where unknown; a holding in another
    unit is another holding), `progress` (float, 0 to 1), `reached` (bool: nothing remains).

    `progress` is 1 where reached, otherwise a / (a + remaining) with a = max(available, 0), below 1 however little
    remains, null where available is null.

    Raises
    ------
    MissingColumnError
        If a column is missing.
    FrameError
        If `rewards` is not a frame of a supported kind, or a column that is read has nulls where none may be, floats,
        amounts out of range or times of day. A lazy frame may fail when it is computed instead.

    Examples
    --------
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "SEGMENTS"}
    >>> rewards = load([
    ...     reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 15},
    ...     reward | {"guid": "RWD-2", "balance_type": "BALANCE_TO_LEVEL", "balance": 5, "description": "Gold"},
    ... ])
    >>> distance(rewards).select("goal", "description", "remaining", "progress", "reached").rows()
    [('LEVEL', 'Gold', Decimal('5.000000000'), 0.75, False)]
    """
    table = from_caller(rewards, [*COLUMNS, "description"], asked_by="distance")
    return table.sorted_by_user(by_goal, *order_of("distance"), balance_types=(TOTAL_BALANCE, BALANCE, *GOALS))


def by_goal(frame: LazyFrame) -> LazyFrame:
    """One row per goal, in no order: the columns of `distance`."""
    return with_progress(goals_with_sums(frame))


def goals(frame: LazyFrame, *carried: str) -> LazyFrame:
    """One row per goal: the key, the carried columns, `goal`, `description` and `remaining`."""
    balance_type, balance = nw.col("balance_type"), nw.col("balance")
    return of_types(frame, *GOALS).select(
        *KEY,
        *carried,
        "description",
        goal=nw.when(balance_type == BALANCE_TO_LEVEL).then(nw.lit(LEVEL)).otherwise(nw.lit(REWARD)),
        remaining=nw.when(balance > 0).then(balance).otherwise(nw.lit(0)),
    )


def goals_with_sums(frame: LazyFrame, *carried: str) -> LazyFrame:
    """One row per goal, with the sums behind the available balance of its holding, and the carried columns."""
    frame, sums = carrying_sums(frame, *GOALS)
    return with_sums(goals(frame, *carried, *sums), frame)


def with_progress(goals: LazyFrame) -> LazyFrame:
    """Work out `available`, `progress` and `reached` of the goals of `goals_with_sums`."""
    goals = goals.with_columns(available=available())
    # In floats from both operands: a division of decimals is rounded on one engine and a float on another.
    remaining, held = nw.col("remaining"), nw.col("available")
    a = nw.when(held > 0).then(held.cast(nw.Float64)).otherwise(nw.lit(0.0))
    share = a / (a + remaining.cast(nw.Float64))
    share = nw.when(share < 1).then(share).otherwise(nw.lit(_BELOW_1))  # rounded up, where little remains
    reached = remaining <= 0
    progress = nw.when(reached).then(nw.lit(1.0)).otherwise(nw.when(~held.is_null()).then(share))
    return goals.with_columns(reached=reached, progress=progress).select(
        *KEY, "goal", "description", "remaining", "available", "progress", "reached"
    )
