"""Calendar arithmetic: periods, and days and months ahead. It stops at the last day of the calendar, year 9999."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

import narwhals as nw

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
        # Never before the calendar begins: its first day, 1 January of the year 1, is a Monday too.
        return day - timedelta(days=day.weekday())
    months = _MONTHS[every]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def last_day_of(period: date, every: str) -> date:
    """Return the last day of the calendar period that begins on a day, or the last day of the calendar.

    >>> last_day_of(date(2027, 1, 1), "quarter"), last_day_of(date(9999, 12, 27), "week")
    (datetime.date(2027, 3, 31), datetime.date(9999, 12, 31))
    """
    if every in _MONTHS:
        return end_of_month(period, _MONTHS[every] - 1)
    return days_after(period, 6 if every == "week" else 0)


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


def days_from(start: date, day: nw.Expr) -> nw.Expr:
    """Whole days from `start` to a column of days. Reckoned in integers: not every engine subtracts days."""
    years = day.dt.year().cast(nw.Int64) - 1
    ordinal = years * 365 + years // 4 - years // 100 + years // 400 + day.dt.ordinal_day().cast(nw.Int64)
    return ordinal - start.toordinal()


def days_after(day: date, days: int) -> date:
    """Return the day some days later, or the last day of the calendar.

    >>> days_after(date(2026, 11, 23), 90), days_after(date.max, 90)
    (datetime.date(2027, 2, 21), datetime.date(9999, 12, 31))
    """
    return day + timedelta(min(days, (date.max - day).days))


def end_of_month(day: date, months: int = 0) -> date:
    """Return the last day of the month that lies some months after the month of a day.

    >>> end_of_month(date(2026, 11, 23), 3), end_of_month(date(9999, 11, 23), 3)
    (datetime.date(2027, 2, 28), datetime.date(9999, 12, 31))
    """
    year, month = divmod(min(_month_number(day) + months, _month_number(date.max)), 12)
    return date(year, month + 1, monthrange(year, month + 1)[1])


def last_day_of_span(first: date, months: int) -> date:
    """Return the last day of a span of whole months: the day before the day of the same number.

    >>> last_day_of_span(date(2026, 11, 23), 3), last_day_of_span(date(2026, 10, 31), 4)
    (datetime.date(2027, 2, 22), datetime.date(2027, 2, 27))
    """
    if _month_number(first) + months > _month_number(date.max):
        return date.max
    last = end_of_month(first, months)
    return last.replace(day=min(first.day, last.day)) - timedelta(days=1)


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1
