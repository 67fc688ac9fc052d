"""Calendar periods: the first day of the one that holds a day, and the days of all between two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from rewards_analytics.errors import ArgumentError

EVERY = ("day", "week", "month", "quarter", "year")

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def every_of(every: str) -> str:
    """Return `every` if it names a calendar period."""
    if every not in EVERY:
        raise ArgumentError.not_one_of("every", every, EVERY)
    return every


def period_of(day: date, every: str) -> date:
    """Return the first day of the calendar period that holds `day`; weeks begin on Monday."""
    if every == "day":
        return day
    if every == "week":
        # The week of 1 January of the year 1, the first day there is, is a Monday too.
        return day - timedelta(days=day.weekday())
    months = _MONTHS[every]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def periods_between(first: date, last: date, every: str) -> Iterator[date]:
    """Yield the first day of each period from the one holding `first` to the one holding `last`."""
    start = period_of(first, every)
    if every in ("day", "week"):
        step = 1 if every == "day" else 7
        for ordinal in range(start.toordinal(), last.toordinal() + 1, step):
            yield date.fromordinal(ordinal)
        return
    step = _MONTHS[every]
    for months in range(_month_number(start), _month_number(last) + 1, step):
        yield date(months // 12, months % 12 + 1, 1)


def count_between(first: date, last: date, every: str) -> int:
    """Return the number of periods that `periods_between` yields, without making them."""
    start = period_of(first, every)
    if every in ("day", "week"):
        step = 1 if every == "day" else 7
        return max(0, (last.toordinal() - start.toordinal()) // step + 1)
    return max(0, (_month_number(last) - _month_number(start)) // _MONTHS[every] + 1)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1
