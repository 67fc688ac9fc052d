"""Amounts, days and names written for people, the same in tables, pictures, reports and widgets."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, localcontext
from itertools import accumulate
from typing import Final

from rewards_analytics.schema import DOLLARS, PRECISION, SCALE

NOT_KNOWN: Final = "not known"

NET_FLOWS: Final = "What was earned and redeemed is net between two snapshots: at least this much."
"""For every place that shows flows of a history."""

LATE_REPORTS: Final = "Where an institution reports late, more can show than really was."
"""The exception to `NET_FLOWS`: a lot that has expired is still listed."""


def amount(value: Decimal | None, unit_type: str, decimals: int = 0) -> str:
    """Return an exact amount with thousands separators; dollars with a dollar sign and at least two decimals.

    `decimals` is the least number of decimals, so that the amounts of a column line up.

    >>> amount(Decimal("1204500.500000000"), "MILES")
    '1,204,500.5'
    >>> amount(Decimal("-12.5"), "DOLLARS")
    '-$12.50'
    >>> amount(Decimal("7"), "MILES", 2)
    '7.00'
    """
    if value is None:
        return NOT_KNOWN
    # Not abs(): it would round to the 28 digits of the decimal context, and an exact sum may have 38.
    whole, _, fraction = f"{value.copy_abs():,f}".partition(".")
    in_dollars = unit_type == DOLLARS
    fraction = fraction.rstrip("0").ljust(max(decimals, 2 if in_dollars else 0), "0")
    sign = ("-" if value < 0 else "") + ("$" if in_dollars else "")
    return f"{sign}{whole}.{fraction}" if fraction else sign + whole


def decimals_of(value: Decimal) -> int:
    """Return how many decimals an amount needs.

    >>> decimals_of(Decimal("12.500000000")), decimals_of(Decimal("1E+3"))
    (1, 0)
    """
    return len(f"{value:f}".partition(".")[2].rstrip("0"))


def amount_of(value: Decimal | None, unit_type: str) -> str:
    """Return an exact amount with its unit, for a sentence.

    >>> amount_of(Decimal("1"), "MILES"), amount_of(Decimal("12.5"), "DOLLARS")
    ('1 mile', '$12.50')
    """
    if value is None or unit_type == DOLLARS:
        return amount(value, unit_type)
    name = unit_name(unit_type).lower()
    return f"{amount(value, unit_type)} {name.removesuffix('s') if value == 1 else name}"


def rounded(value: Decimal, unit_type: str) -> str:
    """Return an amount rounded for a sentence: millions with one decimal, smaller ones without stray fractions.

    Tables show exact amounts (`amount`).

    >>> rounded(Decimal("1204500"), "MILES"), rounded(Decimal("84000"), "MILES")
    ('1.2 million', '84,000')
    >>> rounded(Decimal("15056.256"), "DOLLARS"), rounded(Decimal("2000000"), "DOLLARS")
    ('$15,056.26', '$2 million')
    """
    size = value.copy_abs()
    with localcontext(prec=PRECISION + SCALE):
        for step, word in _LARGE:
            # An amount that rounds to 1,000 of the smaller step is written in the larger one.
            if size >= step - step / 20_000:
                said = (size / step).quantize(Decimal("0.1"))
                number = f"{said:,f}".removesuffix(".0") if said * step == size else f"{said:,f}"
                return f"{'-' if value < 0 else ''}{'$' if unit_type == DOLLARS else ''}{number} {word}"
        if unit_type == DOLLARS:
            return amount(value.quantize(Decimal("0.01")), unit_type)
        return amount(value.quantize(Decimal(1)) if size >= 1000 else value, unit_type)


def rounded_of(value: Decimal, unit_type: str) -> str:
    """Return an amount rounded for a sentence, with its unit.

    >>> rounded_of(Decimal("1204500"), "MILES"), rounded_of(Decimal("1"), "MILES")
    ('1.2 million miles', '1 mile')
    """
    if unit_type == DOLLARS:
        return rounded(value, unit_type)
    name = unit_name(unit_type).lower()
    return f"{rounded(value, unit_type)} {name.removesuffix('s') if value == 1 else name}"


def about(value: Decimal, unit_type: str) -> str:
    """Return an estimate rounded to two digits, which is as exact as it is.

    >>> about(Decimal("61572.310352102"), "MILES"), about(Decimal("165.179853488"), "DOLLARS")
    ('62,000', '$170')
    >>> about(Decimal("3.2"), "SEGMENTS"), about(Decimal("0.04"), "SEGMENTS")
    ('3', 'less than 1')
    """
    with localcontext(prec=PRECISION + SCALE):
        whole = round(value, min(0, 1 - value.adjusted()))
    least = "less than $1" if unit_type == DOLLARS else "less than 1"
    return rounded(whole, unit_type).removesuffix(".00") if whole else least


_LARGE: Final = tuple(
    (Decimal(10) ** power, word) for power, word in ((12, "trillion"), (9, "billion"), (6, "million"))
)


def unit_name(unit_type: str) -> str:
    """Return a unit's name as a title; also of an undocumented unit.

    >>> unit_name("MILES"), unit_name("BONUS_NIGHTS")
    ('Miles', 'Bonus nights')
    """
    return one_line(unit_type.replace("_", " "), 40).capitalize() or "Unnamed unit"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun in singular or plural.

    >>> count(1, "lot"), count(1200, "lot")
    ('1 lot', '1,200 lots')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {plural or noun + 's'}"


def amounts(values: Sequence[Decimal | None], unit_type: str) -> list[str]:
    """Return amounts of one unit, all with as many decimals as one of them needs.

    >>> amounts([Decimal("1204500.5"), Decimal(84000), None], "MILES")
    ['1,204,500.5', '84,000.0', 'not known']
    """
    decimals = max((decimals_of(value) for value in values if value is not None), default=0)
    return [amount(value, unit_type, decimals) for value in values]


def listing(names: Sequence[str]) -> str:
    """Return names with commas between them, and `and` before the last.

    >>> listing(["miles"]), listing(["miles", "points", "dollars"])
    ('miles', 'miles, points and dollars')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def day(value: date) -> str:
    """Return a day with its month in words.

    >>> day(date(2027, 1, 31))
    '31 January 2027'
    """
    return f"{value.day} {value:%B} {value.year}"


def short_day(value: date) -> str:
    """Return a day for a table.

    >>> short_day(date(2027, 1, 31))
    '31 Jan 2027'
    """
    return f"{value.day} {value:%b} {value.year}"


def moment(at: datetime, now: datetime) -> str:
    """Return a time as people say it now, in the time zone of `now`.

    >>> from datetime import UTC
    >>> now = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
    >>> moment(datetime(2026, 11, 23, 14, 33, tzinfo=UTC), now), moment(datetime(2026, 11, 22, 9, 5, tzinfo=UTC), now)
    ('today 14:33', 'yesterday 09:05')
    >>> moment(datetime(2026, 3, 1, 14, 33, tzinfo=UTC), now)
    '1 Mar 2026 14:33'
    """
    local = at.astimezone(now.tzinfo)
    days_ago = (now.date() - local.date()).days
    return f"{('today', 'yesterday')[days_ago] if days_ago in (0, 1) else short_day(local)} {local:%H:%M}"


def percent(share: float) -> str:
    """Return a share of 0 to 1 in whole percent, never rounded up to 100% or down to 0%.

    >>> percent(0.074), percent(0.9996), percent(0.0001), percent(1.0)
    ('7%', '99%', '<1%', '100%')
    """
    if 0 < share < 0.01:
        return "<1%"
    if 0.99 < share < 1:
        return "99%"
    return f"{share:.0%}"


def one_line(text: str | None, limit: int = 60) -> str:
    r"""Return text from outside as one line, without control or direction marks, cut where it is too wide.

    Invisible characters are left out, those of which `terminal.printable` shows the escape. `limit` counts columns: an
    East Asian character is two wide.

    >>> one_line("Free\n night", 20), one_line("Free night at any hotel", 12)
    ('Free night', 'Free night…')
    """
    if text and len(text) <= limit and text.isascii() and text.isprintable():
        return " ".join(text.split())  # ten times as fast, and tables are full of guids
    seen = (" " if c.isspace() else c for c in text or "" if c.isspace() or c.isprintable())
    line = " ".join("".join(seen).split())
    columns = list(accumulate(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line))
    if not columns or columns[-1] <= limit:
        return line
    return line[: bisect_right(columns, limit - 1)].rstrip() + "…"


def display_width(text: str) -> int:
    """Return how many columns of a terminal a text takes: an East Asian character takes two, a combining mark none.

    >>> display_width("miles"), display_width("マイル")
    (5, 6)
    """
    if text.isascii():
        return len(text)  # twenty times as fast, and tables are full of guids and amounts
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text if not unicodedata.combining(c))


def short_guid(guid: str) -> str:
    """Return the start and the end of a long identifier, enough to recognise it.

    >>> short_guid("USR-d74cb14f-fd0a-449f-991b-e0362a63d9c6")
    'USR-d74c…d9c6'
    """
    return guid if len(guid) <= 16 else f"{guid[:8]}…{guid[-4:]}"


def check_name(check: str) -> str:
    """Return what a quality check finds.

    >>> check_name("date_past")
    'An expiry date that has passed'
    """
    return _CHECKS.get(check) or check.replace("_", " ").capitalize()


_CHECKS: Final = {
    "unknown_value": "A balance type or unit that the API does not document",
    "negative_balance": "A balance below zero",
    "expiring_without_date": "An expiring balance without a date",
    "date_past": "An expiry date that has passed",
    "expiring_exceeds_available": "A holding with more expiring than available",
    "total_differs_from_balance": "A holding whose total differs from its balance",
    "dollars_beyond_cents": "Dollars with more than two decimals",
    "created_in_future": "A creation time in the future",
}
