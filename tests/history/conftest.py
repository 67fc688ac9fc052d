"""Small histories by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import rewards_analytics as ra

DAY_1, DAY_2, DAY_3 = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)

BIG = "9007199254740993"
"""An amount that a float rounds to its neighbour, 2 ** 53."""


def reward(guid: str = "RWD-1", balance: str = "100", **fields: Any) -> dict[str, Any]:
    """A balance in miles of user 1, member 1, without an account."""
    row = {
        "guid": guid,
        "user_guid": "USR-1",
        "member_guid": "MBR-1",
        "balance_type": "BALANCE",
        "unit_type": "MILES",
        "balance": balance,
    }
    return row | fields


def day(number: int) -> date:
    """The day with this number, from 1."""
    return DAY_1 + timedelta(days=number - 1)


def held(history: ra.History) -> list[tuple[date, str, Decimal]]:
    """What a history holds, in order."""
    columns = ("taken_on", "guid", "balance")
    rows: list[tuple[date, str, Decimal]] = history.scan().select(columns).sort(columns).collect().rows()
    return rows


@pytest.fixture
def history(tmp_path: Path) -> ra.History:
    """A history in a folder that does not exist yet."""
    return ra.History(tmp_path / "history")


@pytest.fixture
def of_days(history: ra.History) -> Callable[[int], ra.History]:
    """Fill a history with a number of days, each with a balance of the day's number and one of BIG."""

    def fill(days: int) -> ra.History:
        for number in range(1, days + 1):
            history.append([reward("RWD-1", str(number)), reward("RWD-2", BIG)], day(number))
        return history

    return fill
