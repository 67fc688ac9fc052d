"""The book of all holdings: their lots, and how earning, redeeming, moving and expiring change them, exactly."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from rewards_analytics.sandbox.year.columns import NEVER, Bools, Ints

HOUSEHOLD = 0
"""The lot of what a household holds in addition to the member's own balance; it does not expire."""


class Move(NamedTuple):
    """Lots whose day was moved on `day`: places of the holdings, the days before and after, and the amounts."""

    day: int
    holding: Ints
    moved_from: Ints
    moved_to: Ints
    amount: Ints


@dataclass
class Book:
    """The lots of every holding, and what has changed since the morning.

    `lots` and `expires` have a row for each holding and a column for each lot: the household's, then one for each
    half of a month. Amounts are whole numbers of the unit's smallest step. An empty lot's day is `NEVER`.
    `begun_on` is the day on which each began. `earned`, `redeemed`, `expired`, `moved` are the day's sums for each
    holding, and `redeemed_late` the part of `redeemed` that came out of lots on their last day.
    """

    lots: Ints
    expires: Ints
    begun_on: Ints
    opening: Ints = field(init=False)
    earned: Ints = field(init=False)
    redeemed: Ints = field(init=False)
    redeemed_late: Ints = field(init=False)
    expired: Ints = field(init=False)
    moved: Ints = field(init=False)
    moves: list[Move] = field(init=False)

    @classmethod
    def empty(cls, holdings: int, lots: int) -> Book:
        """A book without a balance."""
        shape = (holdings, 1 + lots)
        return cls(np.zeros(shape, np.int64), np.full(shape, NEVER, np.int64), np.zeros(shape, np.int64))

    @property
    def balance(self) -> Ints:
        """Balance of every holding, the household's included."""
        balance: Ints = self.lots.sum(axis=1)
        return balance

    def begin(self) -> None:
        """Begin a day."""
        self.opening = self.balance
        count = len(self.opening)
        self.earned, self.redeemed, self.redeemed_late, self.expired, self.moved = np.zeros((5, count), np.int64)
        self.moves = []

    def earn(self, holdings: Ints, lot: int, amounts: Ints, expires: Ints, day: int) -> None:
        """Add to one lot of each of these holdings. An empty lot gets the day, a lot that has one keeps it."""
        is_empty = self.lots[holdings, lot] == 0
        self.expires[holdings[is_empty], lot] = expires[is_empty]
        self.begun_on[holdings[is_empty], lot] = day
        self.lots[holdings, lot] += amounts
        self.earned[holdings] += amounts

    def redeem(self, holdings: Ints, amounts: Ints, day: int) -> None:
        """Take from the lots that expire first, at most what is there."""
        order = np.argsort(self.expires[holdings], axis=1, kind="stable")
        rows = holdings[:, None]
        lots = self.lots[rows, order]
        before = np.cumsum(lots, axis=1) - lots
        taken = np.clip(amounts[:, None] - before, 0, lots)
        self.redeemed[holdings] += taken.sum(axis=1)
        self.redeemed_late[holdings] += np.where(self.expires[rows, order] == day, taken, 0).sum(axis=1)
        self.lots[rows, order] = lots - taken
        self._forget_empty(holdings)

    def redeem_household(self, holdings: Ints, amounts: Ints) -> None:
        """Take from what the households of these holdings hold, which must have it."""
        self.lots[holdings, HOUSEHOLD] -= amounts
        self.redeemed[holdings] += amounts

    def move(self, holdings: Ints, lots: Ints, expires: Ints, day: int) -> None:
        """Move these lots, one of each of these holdings, to another day."""
        amount, moved_from = self.lots[holdings, lots], self.expires[holdings, lots]
        does = (amount > 0) & (moved_from != expires)
        self.expires[holdings[does], lots[does]] = expires[does]
        np.add.at(self.moved, holdings[does], amount[does])
        self.moves.append(Move(day, holdings[does], moved_from[does], expires[does], amount[does]))

    def expire(self, day: int) -> None:
        """End the day: what has it as its last one is lost."""
        lost: Bools = self.expires == day
        self.expired += np.where(lost, self.lots, 0).sum(axis=1)
        self.lots[lost] = 0
        self.expires[lost] = NEVER

    def _forget_empty(self, holdings: Ints) -> None:
        expires = self.expires[holdings]
        expires[self.lots[holdings] == 0] = NEVER
        self.expires[holdings] = expires

    def next_lot(self) -> tuple[Ints, Ints]:
        """Place and day of the lot of each holding that expires next; the day is `NEVER` where none does."""
        lot = self.expires.argmin(axis=1)
        return lot, np.take_along_axis(self.expires, lot[:, None], axis=1)[:, 0]
