"""A year of daily snapshots of a synthetic world, and the truth behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rewards_analytics.errors import ArgumentError
from rewards_analytics.sandbox.year.behaviour import Behaviour, day_number, day_of
from rewards_analytics.sandbox.year.book import Book
from rewards_analytics.sandbox.year.population import Population
from rewards_analytics.sandbox.year.provider import Provider
from rewards_analytics.sandbox.year.tables import LASTS
from rewards_analytics.sandbox.year.truth import Truth

if TYPE_CHECKING:
    import polars as pl

_MONTHS_BEFORE: Final = 2 * int(LASTS.max())
"""Months that pass before the first snapshot, so that there are lots of every age and no trace of an empty start."""


class Snapshot(NamedTuple):
    """One day's snapshot: the rewards as `load` returns them, and the members as `pull(…).freshness` has them."""

    taken_on: date
    rewards: pl.DataFrame
    members: pl.DataFrame


class Year:
    """Daily snapshots of members who earn and redeem like people, over a year or any number of days.

    Earnings have seasons. Some members fall asleep and wake up. The nearer the last day of a lot, the likelier its
    owner redeems a part of it. Activity moves days. Members join, leave and get disconnected; institutions report
    late; guids do not survive. Levels begin anew each calendar year, and goals are replaced once they were reached.
    The same arguments give the same snapshots. Amounts are whole cents or whole units throughout.

    Parameters
    ----------
    members
        Number of members. Each has one to four holdings.
    seed
        Seed of every random choice.
    start
        Day of the first snapshot.
    days
        Number of snapshots, one a day.

    Attributes
    ----------
    truth
        What happened between the snapshots that `snapshots` has made so far.

    Examples
    --------
    >>> year = Year(members=3, seed=2026, start=date(2025, 11, 23), days=2)
    >>> [(f"{taken_on}", rewards.columns[0], members.columns[0]) for taken_on, rewards, members in year.snapshots()]
    [('2025-11-23', 'guid', 'user_guid'), ('2025-11-24', 'guid', 'user_guid')]
    >>> flows = year.truth.flows()
    >>> (flows["opening"] + flows["earned"] - flows["redeemed"] - flows["expired"] == flows["closing"]).all()
    True
    """

    def __init__(self, *, members: int = 500, seed: int = 2026, start: date, days: int = 365) -> None:
        for name, value in (("members", members), ("days", days)):
            if value < 1:
                raise ArgumentError.below(name, value, 1, kind="an integer")
        if seed < 0:
            raise ArgumentError.below("seed", seed, 0, kind="an integer")
        self._members, self._seed, self._start, self._days = members, seed, start, days
        self._populate()

    def snapshots(self) -> Iterator[Snapshot]:
        """The snapshots in the order of the days, and of the same world each time."""
        self._populate()
        first, last = day_number(self._start), day_number(self._start) + self._days - 1
        for day in range(self._begins, first):
            self._pass(day)
        for day in range(first, last + 1):
            self._provider.aggregate(day)
            yield Snapshot(day_of(day), *self._provider.snapshot(day))
            if day < last:
                self._pass(day)
                self.truth.record(day, self._book, self._provider.shown_on_or_never())

    def _populate(self) -> None:
        """Make the world as it is before the first day."""
        start, days = self._start, self._days
        first = day_number(start)
        first_month = start.year * 12 + start.month - 1 - _MONTHS_BEFORE
        lots = 2 * (_MONTHS_BEFORE + days // 28 + 2)
        try:
            self._begins = day_number(date(first_month // 12, first_month % 12 + 1, 1))
            day_of(first + days + 366 * int(LASTS.max()) // 12)
        except (ValueError, OverflowError) as error:
            raise ArgumentError(
                f"start={start} with {days} days is outside the calendar. Choose a nearer day."
            ) from error
        world, provider = np.random.default_rng(self._seed).spawn(2)
        people = Population.drawn(self._members, self._seed, first, days, world)
        self._book = Book.empty(len(people.member), lots)
        self._behaviour = Behaviour(people, self._book, first_month, world)
        self._provider = Provider(self._behaviour, self._seed, provider)
        self.truth = Truth(people)

    def _pass(self, day: int) -> None:
        self._book.begin()
        self._behaviour.pass_day(day)
        self._book.expire(day)
