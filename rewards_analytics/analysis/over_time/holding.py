"""The dues of one holding, from snapshot to snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.over_time.dues import outcomes
from rewards_analytics.analysis.over_time.listed import Listings
from rewards_analytics.analysis.over_time.snapshots import from_history
from rewards_analytics.analysis.sums import exact
from rewards_analytics.engines import LazyFrame, from_caller
from rewards_analytics.errors import ArgumentError
from rewards_analytics.schema import KEY, TAKEN_ON

_EXAMPLE: Final = "a row of dues() or holdings(), such as ra.dues(history).row(0, named=True)"


@dataclass(frozen=True)
class Moved:
    """What one day lost and a later day gained between two snapshots: moved, or redeemed here and earned there."""

    taken_on: date
    moved_from: date
    moved_to: date
    amount: Decimal


@dataclass(frozen=True)
class HoldingDues:
    """The dues of one holding.

    Attributes
    ----------
    key
        The holding's key.
    dues
        The rows of `dues`.
    listed
        Of each snapshot in which the holding's balance is known: what it lists as due, by day.
    """

    key: Mapping[str, Any]
    dues: list[dict[str, Any]]
    listed: Mapping[date, Mapping[date, Decimal]]

    def moves(self) -> list[Moved]:
        """What may have moved to a later day, between snapshots that follow each other here."""
        days = sorted(self.listed)
        return [move for before, after in pairwise(days) for move in self._moves(before, after)]

    def _moves(self, before: date, after: date) -> Iterator[Moved]:
        was, now = self.listed[before], self.listed[after]
        gained = {day: _less(amount, was.get(day)) for day, amount in sorted(now.items())}
        for day, amount in sorted(was.items()):
            lost = _less(amount, now.get(day)) if day >= after else Decimal(0)  # what is past has expired
            for later in gained:
                part = min(lost, gained[later])
                if later > day and part > 0:
                    lost, gained[later] = _less(lost, part), _less(gained[later], part)
                    yield Moved(after, day, later, part)


def dues_of_holding(history: Any, holding: Mapping[str, Any], *, asked_by: str) -> HoldingDues:
    """Follow the dues of one holding through a history.

    Raises
    ------
    ArgumentError
        If `holding` is not a mapping with the four fields of the key, each a text or None.
    """
    if not isinstance(holding, Mapping) or not set(KEY) <= holding.keys():
        found = f"a mapping of {sorted(map(str, holding))}" if isinstance(holding, Mapping) else type(holding).__name__
        raise ArgumentError(f"holding is {found}. Pass a mapping of {', '.join(KEY)}: {_EXAMPLE}.")
    for name in KEY:
        if not isinstance(holding[name], str | None):
            raise ArgumentError(f"holding[{name!r}]={holding[name]!r} is not a text. Pass {_EXAMPLE}.")
    snapshots = from_history(history, COLUMNS, asked_by=asked_by)
    rewards = snapshots.of_all_days(partial(_of_holding, holding=holding)).to_native()
    # In memory from here on, with the days of the whole history: on some of them the holding may be missing.
    table = from_caller(rewards, [*COLUMNS, TAKEN_ON], asked_by=asked_by)
    own = replace(snapshots, table=table, is_stored=False)
    dues = [dict(row) for batch in outcomes(Listings(own)) for row in batch.iter_rows(named=True)]
    listed = {
        at.taken_on: dict(at.dues.select("expires_on", "due").iter_rows())
        for at, _ in Listings(own).followed()
        if len(at.known)
    }
    return HoldingDues({name: holding[name] for name in KEY}, dues, listed)


def _of_holding(rewards: LazyFrame, *, holding: Mapping[str, Any]) -> LazyFrame:
    return rewards.filter(
        *(nw.col(name).is_null() if holding[name] is None else nw.col(name) == holding[name] for name in KEY)
    )


def _less(amount: Decimal, part: Decimal | None) -> Decimal:
    with exact():
        return amount - (part or 0)
