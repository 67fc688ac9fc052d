"""What a snapshot lists: the state at each member's last aggregation, with the habits of its provider.

An institution that reports late leaves its members as they were. A member that is disconnected is not listed, and
comes back with new guids. Some institutions give new guids at every aggregation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from rewards_analytics.atrium import CONNECTED, CREATED
from rewards_analytics.sandbox.year.behaviour import Behaviour
from rewards_analytics.sandbox.year.book import HOUSEHOLD
from rewards_analytics.sandbox.year.columns import NEVER, Bools, Ints, amounts, dates, guids, instants, texts
from rewards_analytics.sandbox.year.programmes import INSTITUTIONS
from rewards_analytics.sandbox.year.tables import GOALS, IS_POOLED, LEVELS, SHOWN, WORDINGS
from rewards_analytics.schema import (
    BALANCE,
    BALANCE_TO_LEVEL,
    BALANCE_TO_REWARD,
    EXPIRING_BALANCE,
    TOTAL_BALANCE,
)

DISCONNECTED: Final = "DISCONNECTED"
DELAYED: Final = "DELAYED"

LOTS_SHOWN: Final = 12
"""Providers list only the next few lots that expire."""

_AGGREGATED_AT_S: Final = 4 * 3600
_DISCONNECTS, _LATE = 1 / 500, 1 / 150
_MOST_DAYS_DISCONNECTED, _MOST_DAYS_LATE = 20, 5


class _Rows(NamedTuple):
    """Rows of one balance type, as arrays. `number` tells the rows of one holding apart."""

    balance_type: str
    holding: Ints
    number: Ints
    balance: Ints
    expires: Ints
    wording: Ints


@dataclass
class Provider:
    """What institutions show of a world, from day to day.

    Attributes
    ----------
    shown_on
        For each member, the day of its last aggregation; 0 before the first.
    is_listed
        For each member, whether today's snapshot lists it: it is connected, and was aggregated before.
    """

    behaviour: Behaviour
    seed: int
    rng: np.random.Generator
    shown_on: Ints = field(init=False)
    is_listed: Bools = field(init=False)

    def __post_init__(self) -> None:
        people, book = self.behaviour.people, self.behaviour.book
        members = len(people.institution)
        self.shown_on = np.zeros(members, np.int64)
        self.is_listed = np.zeros(members, np.bool_)
        self._away_until = np.zeros(members, np.int64)
        self._late_until = np.zeros(len(INSTITUTIONS), np.int64)
        self._connected_on = np.zeros(members, np.int64)
        self._lots, self._expires, self._begun_on = book.lots.copy(), book.expires.copy(), book.begun_on.copy()
        self._qualifying, self._goal = self.behaviour.qualifying.copy(), self.behaviour.goal.copy()
        self._second = self.rng.integers(0, 3600, members)
        self._new_guids = np.array([entry.new_guids for entry in INSTITUTIONS], np.bool_)[people.institution]

    def aggregate(self, day: int) -> None:
        """Aggregate every member that can be, in the morning of `day`."""
        people, rng = self.behaviour.people, self.rng
        is_late = day < self._late_until
        begins = ~is_late & (rng.random(len(is_late)) < _LATE)
        self._late_until[begins] = day + rng.integers(1, _MOST_DAYS_LATE + 1, int(begins.sum()))
        is_member = (people.joined_on <= day) & (day < people.left_on)
        falls_out = (day >= self._away_until) & (rng.random(len(is_member)) < _DISCONNECTS)
        self._away_until[falls_out] = day + rng.integers(1, _MOST_DAYS_DISCONNECTED + 1, int(falls_out.sum()))
        is_connected = is_member & (day >= self._away_until)
        is_fresh = is_connected & ~(day < self._late_until)[people.institution]
        self._connected_on[is_fresh & ~self.is_listed] = day
        self.shown_on[is_fresh] = day
        # A member that comes back while its institution is late waits for its aggregation.
        self.is_listed = is_fresh | (is_connected & self.is_listed)
        fresh = np.flatnonzero(is_fresh[people.member])
        book = self.behaviour.book
        self._lots[fresh], self._expires[fresh] = book.lots[fresh], book.expires[fresh]
        self._begun_on[fresh] = book.begun_on[fresh]
        self._qualifying[fresh] = self.behaviour.qualifying[fresh]
        self._goal[fresh] = self.behaviour.goal[fresh]

    def shown_on_or_never(self) -> Ints:
        """For each member, the day whose morning today's snapshot shows; `NEVER` for one that is not listed."""
        return np.where(self.is_listed, self.shown_on, NEVER)

    def snapshot(self, day: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rewards that the snapshot of `day` lists, and the state of the members' connections."""
        people = self.behaviour.people
        kinds = self._rows(np.flatnonzero(self.is_listed[people.member]))
        kind = np.repeat(np.arange(len(kinds)), [len(rows.holding) for rows in kinds])
        holding, number, balance, expires, wording = (
            np.concatenate(arrays) for arrays in zip(*(rows[1:] for rows in kinds), strict=True)
        )
        order = np.lexsort((number, kind, holding))
        kind, holding, number = kind[order], holding[order], number[order]
        balance, expires, wording = balance[order], expires[order], wording[order]

        member = people.member[holding]
        # From this day on the provider gives a row the same guid.
        given_on = np.where(self._new_guids, self.shown_on, self._connected_on)[member]
        created_on = np.maximum(self._begun_on[holding, number] + 1, given_on)
        types = [rows.balance_type for rows in kinds]
        rewards = pl.DataFrame(
            {
                "guid": guids("RWD", self.seed, holding, kind, number, given_on),
                "user_guid": texts(people.user_guid, member),
                "member_guid": texts(people.member_guid, member),
                "account_guid": texts(people.account_guid, holding),
                "balance_type": texts(types, kind),
                "unit_type": texts(WORDINGS.units, wording),
                "balance": amounts(balance, WORDINGS.decimals[wording]),
                "expires_on": dates(expires),
                "created_at": instants(created_on, _AGGREGATED_AT_S + self._second[member]),
                "description": texts(WORDINGS.texts, wording),
            }
        )
        return rewards, self._members(day, np.bincount(member, minlength=len(self.shown_on)))

    def _members(self, day: int, rewards: Ints) -> pl.DataFrame:
        people = self.behaviour.people
        at = np.flatnonzero((people.joined_on <= day) & (day < people.left_on))
        shown_on, is_listed = self.shown_on[at], self.is_listed[at]
        status = np.select([shown_on == 0, ~is_listed, shown_on < day], [1, 2, 3], 0)
        last = np.where(shown_on == 0, NEVER, shown_on)
        return pl.DataFrame(
            {
                "user_guid": texts(people.user_guid, at),
                "member_guid": texts(people.member_guid, at),
                "connection_status": texts((CONNECTED, CREATED, DISCONNECTED, DELAYED), status),
                "aggregated_at": instants(last, _AGGREGATED_AT_S + self._second[at]),
                "rewards": rewards[at],
            }
        )

    def _rows(self, listed: Ints) -> list[_Rows]:
        """Rows of the listed holdings, by kind."""
        terms = self.behaviour.people.terms
        own = self._lots.sum(axis=1) - self._lots[:, HOUSEHOLD]

        def row(balance_type: str, holding: Ints, balance: Ints, wording: Ints, expires: Ints | None = None) -> _Rows:
            never = np.full(len(holding), NEVER)
            return _Rows(balance_type, holding, 0 * holding, balance, never if expires is None else expires, wording)

        shown = SHOWN[terms[listed]]
        by_activity = listed[shown == "activity"]
        plain = listed[(shown == "lots") | (shown == "never") | ((shown == "dated") & (own[listed] == 0))]
        pooled = listed[IS_POOLED[terms[listed]]]
        first_day = self._expires[by_activity].min(axis=1)
        dated, listed_lots = listed[shown == "dated"], listed[shown == "lots"]
        with_level = listed[WORDINGS.level[terms[listed], 0] >= 0]
        with_goal = listed[WORDINGS.goal[terms[listed], 0] >= 0]
        step = (LEVELS[terms[with_level]] <= self._qualifying[with_level, None]).sum(axis=1)
        step = step.clip(max=LEVELS.shape[1] - 1)
        missing = LEVELS[terms[with_level], step] - self._qualifying[with_level]
        goal = self._goal[with_goal]
        price = GOALS[terms[with_goal], goal]
        return [
            row(TOTAL_BALANCE, pooled, self._lots[pooled].sum(axis=1), WORDINGS.pooled[terms[pooled]]),
            row(BALANCE, plain, own[plain], WORDINGS.balance[terms[plain]]),
            row(BALANCE, by_activity, own[by_activity], WORDINGS.balance[terms[by_activity]], first_day),
            self._lot_rows(BALANCE, dated, WORDINGS.balance, most=self._lots.shape[1]),
            self._lot_rows(EXPIRING_BALANCE, listed_lots, WORDINGS.expiring, most=LOTS_SHOWN),
            row(BALANCE_TO_LEVEL, with_level, missing.clip(min=0), WORDINGS.level[terms[with_level], step]),
            row(
                BALANCE_TO_REWARD,
                with_goal,
                (price - own[with_goal]).clip(min=0),
                WORDINGS.goal[terms[with_goal], goal],
            ),
        ]

    def _lot_rows(self, balance_type: str, holdings: Ints, wording: Ints, most: int) -> _Rows:
        """One row for each of the next lots of these holdings, at most `most` for a holding."""
        lots, expires = self._lots[holdings], self._expires[holdings]
        expires[lots == 0] = NEVER
        rank = expires.argsort(axis=1, kind="stable").argsort(axis=1, kind="stable")
        at, number = np.nonzero((expires < NEVER) & (rank < most))
        holding = holdings[at]
        return _Rows(
            balance_type,
            holding,
            number,
            lots[at, number],
            expires[at, number],
            wording[self.behaviour.people.terms[holding]],
        )
