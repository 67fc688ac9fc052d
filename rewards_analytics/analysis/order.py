"""The order of each result's rows: nulls last, text by code point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from rewards_analytics.schema import HOLDER, KEY

_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "balances": ("unit_type", "balance_type"),
    "holdings": KEY,
    "totals": ("unit_type",),
    "expiring": ("unit_type", "period"),
    "aging": ("unit_type", "bucket"),
    "distance": ("progress", "remaining", *KEY, "goal", "description"),
    "upcoming": ("expires_on", "unit_type", "expiring", *HOLDER),
    "changes": ("from_date", "to_date", *KEY),
    "roll_forward": ("unit_type", "period"),
    "pace": ("days_left", "remaining", *KEY, "goal", "description"),
    "activity": KEY,
    "dues": ("expires_on", *KEY),
    "lapse": ("unit_type", "lead_days"),
    "forecast": ("unit_type", "period"),
    "backtest": ("as_of", "unit_type"),
    "bands": ("unit_type", "below"),
    "quality": ("check",),
    "value": ("unit_type",),
    "freshness": ("unit_type",),
}
_DESCENDING: Final = {("distance", "progress"), ("upcoming", "expiring")}


def order_of(result: str, by: Sequence[str] = ()) -> tuple[list[str], list[bool]]:
    """Return the columns that a result is sorted by, and whether each of them descends.

    Groups (`by`) come first. Buckets are in order of time and checks in the order of `CHECKS`, not by code point.
    """
    columns = [*by, *_COLUMNS[result]]
    return columns, [(result, column) in _DESCENDING for column in columns]
