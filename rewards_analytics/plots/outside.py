"""The expiring amounts that a timeline cannot show, in words: every picture of one says so, as totals include them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from rewards_analytics.results.records import Record
from rewards_analytics.results.upcoming import in_bucket
from rewards_analytics.wording import amount_of, count, day, listing

MOST_UNITS: Final = 4
"""Units whose amounts are named."""


def outside_of_timeline(schedule: Sequence[Record], as_of: date, most: int = MOST_UNITS) -> str:
    """Return what expires and no timeline from `as_of` on can show, from the rows of `aging`; empty if nothing.

    >>> spans = [("undated", 24308), ("expired", 1)]
    >>> rows = [{"bucket": name, "unit_type": "POINTS", "expiring": Decimal(amount)} for name, amount in spans]
    >>> outside_of_timeline(rows, date(2026, 11, 23))
    'Not in the timeline: 24,308 points have no date; 1 point expired before 23 November 2026.'
    """
    parts = []
    for bucket, one, several in (
        ("undated", "has no date", "have no date"),
        ("expired", *2 * (f"expired before {day(as_of)}",)),
    ):
        amounts = in_bucket(schedule, bucket)
        if amounts:
            verb = one if list(amounts.values()) == [1] else several
            parts.append(f"{_amounts(amounts, most)} {verb}")
    return f"Not in the timeline: {'; '.join(parts)}." if parts else ""


def after_timeline(amounts: Mapping[str, Decimal], until: date, most: int = MOST_UNITS) -> str:
    """Return what each unit loses after a timeline ends, from the amounts of `later`; empty if nothing.

    >>> after_timeline({"MILES": Decimal(1), "POINTS": Decimal(84000)}, date(2028, 10, 31))
    'Expiring after 31 October 2028: 1 mile and 84,000 points.'
    """
    return f"Expiring after {day(until)}: {_amounts(amounts, most)}." if amounts else ""


def _amounts(amounts: Mapping[str, Decimal], most: int) -> str:
    said = [amount_of(value, unit_type) for unit_type, value in list(amounts.items())[:most]]
    if unsaid := len(amounts) - len(said):
        said.append(f"some of {count(unsaid, 'more unit')}")
    return listing(said)
