"""The loyalty programmes of the synthetic world: their terms, and what happens on an account from day to day.

None of them is real. An account earns and redeems at random, its points expire in lots (or all at once after a period
without activity), and its status year ends on 31 December. `Account.rows` is what the provider shows.
"""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Literal

from rewards_analytics.schema import (
    BALANCE,
    BALANCE_TO_LEVEL,
    BALANCE_TO_REWARD,
    EXPIRING_BALANCE,
    SEGMENTS,
    TOTAL_BALANCE,
)

ZERO = Decimal(0)
LOTS_SHOWN = 8
"""Providers list only the next few lots that expire."""


@dataclass(frozen=True)
class Terms:
    """Terms of a programme, and its provider's wording; `programmes.toml` has those of every programme.

    `earned` is the minimum and maximum of one earning, in units of `step`. `lasts` is in months; `shown` says how the
    expiry is shown: `lots` (`EXPIRING_BALANCE` rows in addition to the balance), `dated` (one dated `BALANCE` row per
    lot), `activity` (one balance, which expires as a whole after `lasts` months without activity), `never`. `levels`
    are reached by earning that much of `level_unit` within a calendar year, `goals` by a balance of that much.
    """

    name: str
    unit: str
    earned: Sequence[int]
    wording: str
    shown: Literal["lots", "dated", "activity", "never"]
    lasts: int = 24
    step: Decimal = Decimal(1)
    level_unit: str = ""
    level_wording: str = ""
    levels: Mapping[str, int] = field(default_factory=dict)
    goals: Mapping[str, int] = field(default_factory=dict)
    pooled: str | None = None
    has_account: bool = True


_FILE = Path(__file__).with_name("programmes.toml").read_text(encoding="utf-8")
PROGRAMMES = {code: Terms(**terms) for code, terms in tomllib.loads(_FILE, parse_float=Decimal).items()}


@dataclass
class Lot:
    """Balance from one earning. `number` counts the lots of an account."""

    number: int
    amount: Decimal
    earned_on: date
    expires_on: date


@dataclass(frozen=True)
class Row:
    """One row that a provider shows. `key` identifies it within the account from day to day."""

    key: str
    balance_type: str
    unit_type: str
    balance: Decimal
    description: str
    expires_on: date | None = None
    earned_on: date | None = None


@dataclass
class Account:
    """One account with a programme, as of today."""

    terms: Terms
    guid: str | None
    lots: list[Lot] = field(default_factory=list)
    qualifying: Decimal = ZERO
    household: Decimal = ZERO
    last_activity_on: date = date.min
    undated: bool = False
    lots_made: int = 0

    @classmethod
    def opened(cls, terms: Terms, guid: str | None, today: date, rng: Random) -> Account:
        """Account with a history about as long as its lots last, so that some expire soon."""
        account = cls(terms, guid, last_activity_on=today - timedelta(days=rng.randint(2, 160)))
        for months in range(min(terms.lasts, 24) - 1, -1, -1):
            earned_on = months_later(today, -months) - timedelta(days=rng.randint(0, 27))
            if rng.random() < 0.6:
                account._earn(earned_on, rng)
        if not account.lots:
            account._earn(account.last_activity_on, rng)
        account._set_levels(today, rng)
        account.household = terms.step * rng.randint(0, 3) * terms.earned[1] if terms.pooled else ZERO
        account.undated = rng.random() < 0.08
        account.lots = [lot for lot in account.lots if lot.expires_on >= today]
        return account

    @property
    def balance(self) -> Decimal:
        """Balance in the unit of the programme."""
        return sum((lot.amount for lot in self.lots), ZERO)

    @property
    def expires_on(self) -> date | None:
        """Day on which the whole balance expires without further activity."""
        return months_later(self.last_activity_on, self.terms.lasts) if self.terms.shown == "activity" else None

    def pass_day(self, day: date, rng: Random) -> None:
        """Let one day pass: lots expire, the status year may begin, something may be earned or redeemed."""
        if self.terms.shown in ("lots", "dated"):
            self.lots = [lot for lot in self.lots if lot.expires_on >= day]
        elif self.expires_on is not None and self.expires_on < day:
            self.lots = []
        if (day.month, day.day) == (1, 1):
            self.qualifying = ZERO
        if rng.random() < 0.12:
            self._earn(day, rng)
        elif rng.random() < 0.02:
            self._redeem(self.balance * rng.randint(2, 9) / 10, day)

    def rows(self) -> Iterator[Row]:
        """Rows that the provider shows today."""
        yield from self._balance_rows()
        if self.terms.pooled:
            total = self.balance + self.household
            yield Row("total", TOTAL_BALANCE, self.terms.unit, total, self.terms.pooled)
        yield from self._level_rows()
        for words, price in self.terms.goals.items():
            missing = max(Decimal(price) - self.balance, ZERO)
            yield Row(f"goal {price}", BALANCE_TO_REWARD, self.terms.unit, missing, words)

    def _balance_rows(self) -> Iterator[Row]:
        unit, words = self.terms.unit, self.terms.wording
        if self.terms.shown == "dated":
            for lot in self.lots:
                yield Row(f"lot {lot.number}", BALANCE, unit, lot.amount, words, lot.expires_on, lot.earned_on)
            return
        yield Row("balance", BALANCE, unit, self.balance, words, self.expires_on)
        if self.terms.shown == "lots":
            for lot in self.lots[:LOTS_SHOWN]:
                dated = f"{words} expiring {lot.expires_on:%m/%d/%Y}"
                yield Row(f"lot {lot.number}", EXPIRING_BALANCE, unit, lot.amount, dated, lot.expires_on, lot.earned_on)
            if self.undated and len(self.lots) > LOTS_SHOWN:
                yield Row("later", EXPIRING_BALANCE, unit, self.lots[LOTS_SHOWN].amount, f"{words} expiring later")

    def _level_rows(self) -> Iterator[Row]:
        unit, levels = self.terms.level_unit, list(self.terms.levels.items())
        if not levels:
            return
        if unit != self.terms.unit:
            yield Row("qualifying", BALANCE, unit, self.qualifying, f"{self.terms.name} qualifying {unit.lower()}")
        level, needed = next(((level, needed) for level, needed in levels if needed > self.qualifying), levels[-1])
        missing = max(needed - self.qualifying, ZERO)
        yield Row("level", BALANCE_TO_LEVEL, unit, missing, self.terms.level_wording.format(level=level))

    def _set_levels(self, today: date, rng: Random) -> None:
        """Set a qualifying balance that fits the part of the status year that has passed."""
        if self.terms.levels:
            most = max(self.terms.levels.values()) * today.timetuple().tm_yday // 366
            self.qualifying = Decimal(rng.randint(0, max(most, 1)))

    def _earn(self, day: date, rng: Random) -> None:
        amount = self.terms.step * rng.randint(*self.terms.earned)
        self.lots_made += 1
        self.lots.append(Lot(self.lots_made, amount, day, months_later(day, self.terms.lasts)))
        self.last_activity_on = max(self.last_activity_on, day)
        if self.terms.levels:
            self.qualifying += rng.randint(1, 4) if self.terms.level_unit == SEGMENTS else amount

    def _redeem(self, amount: Decimal, day: date) -> None:
        """Take `amount` from the lots that expire first."""
        left = amount.quantize(self.terms.step)
        for lot in self.lots:
            taken = min(lot.amount, left)
            lot.amount -= taken
            left -= taken
        self.lots = [lot for lot in self.lots if lot.amount > 0]
        self.last_activity_on = max(self.last_activity_on, day)


def months_later(day: date, months: int) -> date:
    """Same day of the month `months` later, or the last day of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
