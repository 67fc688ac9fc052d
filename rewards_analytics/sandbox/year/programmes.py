"""The institutions of the year of days and the terms of their programmes, as `programmes.toml` has them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final, Literal

from rewards_analytics.schema import DOLLARS

Amount = int | Decimal


@dataclass(frozen=True)
class Terms:
    """Terms of one balance of a programme.

    Amounts are in units of `unit`. `earned` is the least and the most of one earning; `per_month` how often a regular
    member earns. What is earned in half a month is one lot, which lasts `lasts` months. `shown` says how the
    provider shows expiry: `lots` (`EXPIRING_BALANCE` rows in addition to the balance), `dated` (a dated `BALANCE` row
    for each lot), `activity` (one dated balance, whose day every activity moves), `never`. `moved_by` is the number of
    days by which an earning may move the next lot's day, 0 for never. `pooled` names the household's balance, a
    `TOTAL_BALANCE` that includes the member's own. `levels` are reached by earning that much of `level_unit` within a
    calendar year, `goals` by holding that much.
    """

    unit: str
    shown: Literal["lots", "dated", "activity", "never"]
    earned: Sequence[Amount]
    per_month: Decimal
    wording: str
    lasts: int = 0
    moved_by: int = 0
    pooled: str = ""
    goals: Mapping[str, Amount] = field(default_factory=dict)
    level_unit: str = ""
    levels: Mapping[str, Amount] = field(default_factory=dict)

    def steps(self, amount: Amount) -> int:
        """Amount as a whole number of the smallest steps of its unit: cents, or whole miles, points and segments."""
        return int(amount * 10 ** decimals(self.unit))


@dataclass(frozen=True)
class Institution:
    """An institution and its programme. `new_guids`: its rewards get new guids at every aggregation."""

    name: str
    holdings: Sequence[Terms]
    has_account: bool = True
    new_guids: bool = False


def decimals(unit: str) -> int:
    """Decimals of the smallest step of a unit: dollars come in cents, everything else whole."""
    return 2 if unit == DOLLARS else 0


def _read() -> dict[str, Institution]:
    text = Path(__file__).with_name("programmes.toml").read_text(encoding="utf-8")
    found = {}
    for code, entry in tomllib.loads(text, parse_float=Decimal).items():
        holdings = [Terms(**terms) for terms in entry.pop("holdings")]
        found[code] = Institution(holdings=holdings, **entry)
    return found


BY_CODE: Final = _read()
INSTITUTIONS: Final = tuple(BY_CODE.values())
