"""What members do on a day: earn, redeem, spend what is about to expire, fall asleep and wake up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import numpy as np

from rewards_analytics.sandbox.year.book import HOUSEHOLD, Book
from rewards_analytics.sandbox.year.columns import NEVER, Bools, Ints
from rewards_analytics.sandbox.year.population import Population
from rewards_analytics.sandbox.year.tables import (
    A_MONTH,
    COUNTS_TRIPS,
    EARNED,
    GOAL_COUNT,
    GOALS,
    IS_POOLED,
    LASTS,
    MOVED_BY,
    SHOWN,
)

EPOCH: Final = date(1970, 1, 1)

HALF_MONTH: Final = 15
"""What is earned up to this day of a month is one lot, what is earned after it another."""

_EARN_SEASON: Final = (0.85, 0.85, 0.95, 1.0, 1.05, 1.1, 1.1, 1.0, 0.95, 1.0, 1.15, 1.4)
_REDEEM_SEASON: Final = (1.0, 0.95, 0.95, 1.0, 1.0, 1.1, 1.15, 1.1, 0.95, 0.95, 1.0, 1.1)
_WEEK: Final = (0.9, 0.9, 0.9, 1.0, 1.2, 1.3, 0.8)
_MONTH_DAYS: Final = 30.4

_FALLS_ASLEEP, _WAKES_UP = 1 / 900, 1 / 300
"""Chances a day. Between them they keep about a quarter of the members dormant."""

_REMINDED_DAYS: Final = 60
"""Days before its last day from which on a member may save a lot."""

_SAVES: Final = 0.08
_MOVED_WITHIN_DAYS, _MOVES = 45, 0.2
_GOAL_REPLACED, _GOAL_REDEEMED = 1 / 20, 0.04
_HOUSEHOLD_EARNS, _HOUSEHOLD_REDEEMS = 0.04, 0.008


def day_number(day: date) -> int:
    """Number of a day, counted from 1970-01-01."""
    return (day - EPOCH).days


def day_of(number: int) -> date:
    """Day of a number."""
    return EPOCH + timedelta(days=number)


@dataclass
class Behaviour:
    """Everybody's behaviour. `qualifying`: what counts towards a level this calendar year; `goal`: the present goal."""

    people: Population
    book: Book
    first_month: int
    rng: np.random.Generator
    is_dormant: Bools = field(init=False)
    qualifying: Ints = field(init=False)
    goal: Ints = field(init=False)

    def __post_init__(self) -> None:
        terms = self.people.terms
        self.is_dormant = self.people.is_dormant.copy()
        self.qualifying = np.zeros(len(terms), np.int64)
        self.goal = self.rng.integers(0, GOAL_COUNT[terms])
        self._cycle_day = self.rng.integers(1, HALF_MONTH, len(terms))
        self._low, self._spread = EARNED[terms, 0], EARNED[terms, 1] - EARNED[terms, 0] + 1
        self._earn_chance = A_MONTH[terms] / _MONTH_DAYS * self.people.pace
        self._lasts, self._moved_by, self._is_pooled = LASTS[terms], MOVED_BY[terms], IS_POOLED[terms]
        self._counts_trips, self._is_moved_by_activity = COUNTS_TRIPS[terms], SHOWN[terms] == "activity"

    def pass_day(self, day: int) -> None:
        """Let one day pass."""
        today, rng = day_of(day), self.rng
        if (today.month, today.day) == (1, 1):
            self.qualifying[:] = 0
        chance = rng.random(len(self.is_dormant))
        self.is_dormant = np.where(self.is_dormant, chance >= _WAKES_UP, chance < _FALLS_ASLEEP)
        is_awake = ~self.is_dormant[self.people.member]
        self._earn(day, today, is_awake)
        self._save(day, is_awake)
        self._redeem(day, today, is_awake)
        self._household(day)
        self._replace_goals(day)

    def _earn(self, day: int, today: date, is_awake: Bools) -> None:
        season = _EARN_SEASON[today.month - 1] * _WEEK[today.weekday()]
        earns = np.flatnonzero(is_awake & (self.rng.random(len(is_awake)) < self._earn_chance * season))
        # The square of an even draw: many small earnings, few large ones; whole numbers from the draw on.
        drawn = self.rng.integers(0, self._spread[earns])
        amounts = self._low[earns] + drawn * drawn // self._spread[earns]
        self._move(earns, day)
        half = 2 * (today.year * 12 + today.month - 1 - self.first_month) + (today.day > HALF_MONTH)
        self.book.earn(earns, 1 + half, amounts, self._expiry(earns, today), day)
        trips = self.rng.integers(1, 4, len(earns))
        self.qualifying[earns] += np.where(self._counts_trips[earns], trips, amounts)

    def _expiry(self, holdings: Ints, today: date) -> Ints:
        """Last day of what is earned today: months later, on the days of the month on which this holding's lots end."""
        day = self._cycle_day[holdings] + (HALF_MONTH if today.day > HALF_MONTH else 0)
        day = np.where(self._is_moved_by_activity[holdings], min(today.day, 28), day)
        months = (today.year - EPOCH.year) * 12 + today.month - 1 + self._lasts[holdings]
        firsts = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        return np.where(self._lasts[holdings] == 0, NEVER, firsts + day - 1)

    def _move(self, holdings: Ints, day: int) -> None:
        """Move days by activity, where the terms say so. On its last day a lot cannot be moved any more."""
        by_activity = holdings[self._is_moved_by_activity[holdings]]
        if len(by_activity):
            at, lots = np.nonzero(self._can_be_moved(by_activity, day))
            expires = self._expiry(by_activity, day_of(day))
            self.book.move(by_activity[at], lots, expires[at], day)
        may = holdings[self._moved_by[holdings] > 0]
        lots, expires = (values[may] for values in self.book.next_lot())
        is_near = (expires > day) & (expires <= day + _MOVED_WITHIN_DAYS) & (self.rng.random(len(may)) < _MOVES)
        self.book.move(may[is_near], lots[is_near], (expires + self._moved_by[may])[is_near], day)

    def _can_be_moved(self, holdings: Ints, day: int) -> Bools:
        expires = self.book.expires[holdings]
        return (expires > day) & (expires < NEVER)

    def _save(self, day: int, is_awake: Bools) -> None:
        """Redeem a part of what expires next, the likelier the nearer its day."""
        lot, expires = self.book.next_lot()
        left = np.where(expires == NEVER, _REMINDED_DAYS + 1, expires - day)
        chance = np.where(left <= _REMINDED_DAYS, _SAVES / (1 + left / 8), 0.0)
        # Dormant members read reminders too, less often.
        chance *= self.people.attention * np.where(is_awake, 1.0, 0.4)
        saves = np.flatnonzero(self.rng.random(len(chance)) < chance)
        due = self.book.lots[saves, lot[saves]]
        part = self.rng.integers(3, 13, len(saves)).clip(max=10)
        self._spend(saves, np.maximum(due * part // 10, 1), day)

    def _redeem(self, day: int, today: date, is_awake: Bools) -> None:
        chance = self.people.redeems_a_month / _MONTH_DAYS * _REDEEM_SEASON[today.month - 1]
        redeems = np.flatnonzero(is_awake & (self.rng.random(len(chance)) < chance))
        part = self.rng.integers(1, 5, len(redeems))
        self._spend(redeems, self.book.lots[redeems, 1:].sum(axis=1) * part // 20, day)

    def _spend(self, holdings: Ints, amounts: Ints, day: int) -> None:
        holdings, amounts = holdings[amounts > 0], amounts[amounts > 0]
        self.book.redeem(holdings, amounts, day)
        self._move(holdings[self._is_moved_by_activity[holdings]], day)

    def _household(self, day: int) -> None:
        """Let the others of a household earn and redeem."""
        chance = self.rng.random(len(self.qualifying))
        earns = np.flatnonzero(self._is_pooled & (chance < _HOUSEHOLD_EARNS))
        amounts = self._low[earns] + self.rng.integers(0, self._spread[earns])
        self.book.earn(earns, HOUSEHOLD, amounts, np.full(len(earns), NEVER), day)
        redeems = np.flatnonzero(self._is_pooled & (chance > 1 - _HOUSEHOLD_REDEEMS))
        self.book.redeem_household(redeems, self.book.lots[redeems, HOUSEHOLD] // 2)

    def _replace_goals(self, day: int) -> None:
        """Replace a goal some days after it was reached; some of those who redeem at all redeem it then."""
        own = self.book.lots[:, 1:].sum(axis=1)
        price = GOALS[self.people.terms, self.goal]
        replaced = np.flatnonzero((own >= price) & (self.rng.random(len(own)) < _GOAL_REPLACED))
        redeems = (self.rng.random(len(replaced)) < _GOAL_REDEEMED) & (self.people.redeems_a_month[replaced] > 0)
        self._spend(replaced[redeems], price[replaced[redeems]], day)
        self.goal[replaced] = (self.goal[replaced] + 1) % GOAL_COUNT[self.people.terms[replaced]]
