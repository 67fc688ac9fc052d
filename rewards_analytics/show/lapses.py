"""How much of what expires soon is likely to lapse, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from rewards_analytics.analysis.over_time.outlook import YEAR_DAYS
from rewards_analytics.results.records import Record
from rewards_analytics.results.upcoming import SOON_DAYS, soon
from rewards_analytics.schema import DOLLARS
from rewards_analytics.show.headline import MOST_UNITS, Part, Sentence, listed, share
from rewards_analytics.wording import about, amount_of, count, day, unit_name

LIKELY: Final = "Likely to lapse"
"""The term of `definitions`."""

_LONGEST_MONTH: Final = 31


def likely_to_lapse(outlook: Sequence[Record], schedule: Sequence[Record], as_of: date) -> Sentence:
    """Return how much of what expires soon is likely to lapse, and how much lapsed in the past; empty if unknown.

    A unit is left out if the amount due in its history differs by more than a tenth from that of `schedule`, the rows
    of `aging`: then it is not the history of these rewards.

    >>> row = {"unit_type": "POINTS", "due": Decimal(84000), "expected": Decimal("31080.5"), "past_due": Decimal(100)}
    >>> row |= {"past_expired": Decimal(37), "since": date(2025, 11, 24)}
    >>> schedule = [{"bucket": "0-30", "unit_type": "POINTS", "expiring": Decimal(84000)}]
    >>> "".join(part.text for part in likely_to_lapse([row], schedule, date(2026, 11, 23)))
    'Of what expires within 90 days, about 31,000 points are likely to lapse (in the past year 37% of what was due
     within 90 days did).'
    """
    rows = [row for row in outlook if _agree(row["due"], soon(schedule, row["unit_type"]))]
    if not rows:
        return []
    phrases = [_phrase(row, as_of, is_first=not place) for place, row in enumerate(rows[:MOST_UNITS])]
    if unsaid := len(rows[MOST_UNITS:]):
        phrases.append([Part(f"part of {count(unsaid, 'more unit')}")])
    return [Part(f"Of what expires within {SOON_DAYS} days, "), *listed(phrases), Part(".")]


def _agree(due: Decimal, expiring: Decimal) -> bool:
    return abs(due - expiring) * 10 <= expiring


def _phrase(row: Record, as_of: date, *, is_first: bool) -> Sentence:
    unit_type, number = row["unit_type"], about(row["expected"], row["unit_type"])
    is_one = number in ("1", "less than 1")
    name = unit_name(unit_type).lower()
    said = number if unit_type == DOLLARS else f"{number} {name.removesuffix('s') if is_one else name}"
    phrase = [Part("" if number.startswith("less") else "about "), Part(said, amount_of(row["expected"], unit_type))]
    past = share(row["past_expired"], row["past_due"])
    if not is_first:
        return [*phrase, Part(f" ({past})")]
    is_year = (as_of - row["since"]).days >= YEAR_DAYS - _LONGEST_MONTH
    when = "in the past year" if is_year else f"since {day(row['since'])}"
    return [
        *phrase,
        Part(f" {'is' if is_one or unit_type == DOLLARS else 'are'} "),
        Part(LIKELY.lower(), term=LIKELY),
        Part(f" ({when} {past} of what was due within {SOON_DAYS} days did)"),
    ]
