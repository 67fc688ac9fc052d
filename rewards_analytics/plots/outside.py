"""What expires and is in no timeline, in words: said wherever one is drawn, because totals include it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from rewards_analytics.results.records import Record
from rewards_analytics.results.upcoming import in_bucket
from rewards_analytics.wording import amount_of, count, day, listing

MOST_UNITS: Final = 4
"""Units whose amounts are named."""


def outside_of_timeline(schedule: Sequence[Record], as_of: date, most: int = MOST_UNITS) -> str:
    """Return what expires and no timeline from `as_of` on can show, from the rows of `aging`; empty if nothing.

    >>> from decimal import Decimal
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
        amounts = list(in_bucket(schedule, bucket).items())
        said = [amount_of(value, unit_type) for unit_type, value in amounts[:most]]
        if unsaid := len(amounts[most:]):
            said.append(f"some of {count(unsaid, 'more unit')}")
        if said:
            parts.append(f"{listing(said)} {one if len(said) == 1 and amounts[0][1] == 1 else several}")
    return f"Not in the timeline: {'; '.join(parts)}." if parts else ""
