"""Valid rewards of every shape, and ways to spoil one, for property-based tests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from rewards_analytics.schema import BALANCE_TYPES, FIELDS, UNIT_TYPES

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
AMOUNTS = st.one_of(
    st.integers(-(10**28) + 1, 10**28 - 1).map(lambda billionths: Decimal(f"{billionths}e-9")),
    st.integers(-1000, 1000).map(Decimal),
    st.decimals(-1000, 1000, places=2),
)


@st.composite
def records(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Valid rewards in Python types, each with a guid of its own."""
    guids = draw(st.lists(TEXTS, min_size=1, max_size=6, unique=True))
    return [
        {
            "guid": guid,
            "user_guid": draw(TEXTS),
            "member_guid": draw(TEXTS),
            "account_guid": draw(st.none() | TEXTS),
            "balance_type": draw(st.sampled_from(BALANCE_TYPES)),
            "unit_type": draw(st.sampled_from(UNIT_TYPES)),
            "balance": draw(AMOUNTS),
            "expires_on": draw(st.none() | st.dates()),
            "created_at": draw(st.none() | st.datetimes().map(lambda moment: moment.replace(tzinfo=UTC))),
            "description": draw(st.none() | TEXTS),
        }
        for guid in guids
    ]


def in_json(record: dict[str, Any]) -> dict[str, Any]:
    """The same reward as the API would send it, its balance as a text."""
    return {name: _plain(record[name]) for name in FIELDS}


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return value


SPOILED: list[tuple[str, Any, str]] = [
    *((name, None, "is missing") for name in ("guid", "user_guid", "member_guid", "balance_type", "unit_type")),
    *((name, 5, "is not text") for name in ("guid", "account_guid", "unit_type", "description")),
    ("balance", None, "is missing"),
    ("balance", "12,50", "is not a number"),
    ("balance", "+1", "is not a number"),
    ("balance", True, "is not a number"),
    ("balance", "1e19", "has more than 19 digits before the point"),
    ("balance", "0.0000000001", "has more than 9 decimals"),
    ("expires_on", "2026-13-01", "is not a date"),
    ("expires_on", 20261301, "is not a date"),
    ("created_at", "yesterday", "is not a time"),
    ("created_at", "2020-01-28T25:00:00Z", "is not a time"),
]
"""A field, a value that it cannot have, and the problem that this is."""
