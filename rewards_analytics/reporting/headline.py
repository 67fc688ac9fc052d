"""What matters first, in words with numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Final, NamedTuple, TypeAlias

from rewards_analytics.plots.results import Record, of_unit
from rewards_analytics.schema import PRECISION, SCALE
from rewards_analytics.wording import amount_of, count, day, percent, unit_name

SOON_DAYS: Final = 90
"""Days ahead that the headline looks at: the first three spans of the aging schedule."""

_SOON: Final = ("0-30", "31-60", "61-90")
CLOSE: Final = 0.9
"""Progress from which on a goal counts as close."""

Sentence: TypeAlias = list[tuple[str, bool]]
"""Parts of a sentence, each with whether it is a number to stress."""


class GoalCounts(NamedTuple):
    """How many goals there are, how many are reached, and how many of the others are close."""

    all: int
    reached: int
    close: int


def soon(schedule: Sequence[Record], unit_type: str) -> Decimal:
    """Add up what expires within `SOON_DAYS`."""
    return exact_sum(row["expiring"] for row in of_unit(schedule, unit_type) if row["bucket"] in _SOON)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Add up amounts without rounding: an exact sum may have 38 digits, and Python's context keeps 28."""
    with localcontext(prec=PRECISION + SCALE):
        return sum(amounts, Decimal(0))


def share(part: Decimal, whole: Decimal | None) -> str | None:
    """Give a part in percent of the whole, None where that would say nothing: no whole, or a larger part."""
    if whole is None or whole <= 0 or not 0 <= part <= whole:
        return None
    return percent(float(part / whole))


def headline(totals: Sequence[Record], schedule: Sequence[Record], goals: GoalCounts, as_of: date) -> list[Sentence]:
    """Say what is held, what of it expires soon, and how many goals are close."""
    if not totals and not goals.all:
        return [[("These rewards hold no balance and no goal.", False)]]
    return [_held(row, soon(schedule, row["unit_type"]), as_of) for row in totals] + _close(goals)


def _held(row: Record, expiring: Decimal, as_of: date) -> Sentence:
    unit_type, available = row["unit_type"], row["available"]
    held: Sentence = [(amount_of(available, unit_type), True), (" held", False)]
    if available is None:
        held = [(f"{unit_name(unit_type)} held are not known", False)]
    last = as_of + min(timedelta(days=SOON_DAYS), date.max - as_of)
    by = f" by {day(last)}."
    if not expiring:
        return [*held, (f", none of which expires{by}", False)]
    part = share(expiring, available)
    link = ", of which " if part else "; "
    aside = f" ({part})" if part else ""
    return [*held, (link, False), (amount_of(expiring, unit_type), True), (f"{aside} expire{by}", False)]


def _close(goals: GoalCounts) -> list[Sentence]:
    if not goals.all:
        return []
    return [
        [
            (count(goals.all, "goal"), True),
            (", of which ", False),
            (f"{goals.reached:,}", True),
            (" reached and ", False),
            (f"{goals.close:,}", True),
            (" more at least 90% there.", False),
        ]
    ]
