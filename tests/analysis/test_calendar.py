"""Calendar periods, and days and months ahead, up to both ends of the calendar."""

from datetime import date, timedelta

import narwhals as nw
import polars as pl
import pytest

from rewards_analytics.analysis.calendar import (
    EVERY,
    count_between,
    days_after,
    days_from,
    end_of_month,
    last_day_of,
    last_day_of_span,
    period_of,
    periods_between,
)

PERIODS = {
    "day": (date(2026, 11, 25), date(2026, 11, 25)),
    "week": (date(2026, 11, 23), date(2026, 11, 29)),
    "month": (date(2026, 11, 1), date(2026, 11, 30)),
    "quarter": (date(2026, 10, 1), date(2026, 12, 31)),
    "year": (date(2026, 1, 1), date(2026, 12, 31)),
}


@pytest.mark.parametrize("every", EVERY)
def test_each_day_lies_in_one_period_and_its_last_day_comes_before_the_next(every):
    first, last = PERIODS[every]

    assert (period_of(date(2026, 11, 25), every), last_day_of(first, every)) == (first, last)
    assert {period_of(day, every) for day in (first, last)} == {first}
    assert period_of(last + timedelta(days=1), every) == last + timedelta(days=1)
    assert period_of(first - timedelta(days=1), every) < first


def test_a_quarter_begins_in_january_april_july_and_october():
    begins = [period_of(date(2026, month, 28), "quarter").month for month in range(1, 13)]

    assert begins == [1, 1, 1, 4, 4, 4, 7, 7, 7, 10, 10, 10]


@pytest.mark.parametrize(
    ("every", "first", "last", "expected"),
    [
        ("day", (2026, 12, 31), (2027, 1, 2), [(2026, 12, 31), (2027, 1, 1), (2027, 1, 2)]),
        ("week", (2026, 11, 25), (2026, 12, 7), [(2026, 11, 23), (2026, 11, 30), (2026, 12, 7)]),
        ("week", (2026, 11, 25), (2026, 12, 6), [(2026, 11, 23), (2026, 11, 30)]),
        ("month", (2026, 11, 30), (2027, 1, 1), [(2026, 11, 1), (2026, 12, 1), (2027, 1, 1)]),
        ("quarter", (2026, 11, 30), (2027, 4, 1), [(2026, 10, 1), (2027, 1, 1), (2027, 4, 1)]),
        ("quarter", (2026, 11, 30), (2027, 3, 31), [(2026, 10, 1), (2027, 1, 1)]),
        ("year", (2026, 11, 30), (2028, 1, 1), [(2026, 1, 1), (2027, 1, 1), (2028, 1, 1)]),
        ("day", (2026, 11, 25), (2026, 11, 24), []),
        ("week", (2026, 11, 25), (2026, 11, 1), []),
        ("month", (2026, 11, 25), (2026, 10, 31), []),
        ("quarter", (2026, 11, 25), (2026, 1, 1), []),
        ("year", (1, 1, 1), (1, 12, 31), [(1, 1, 1)]),
        ("month", (9999, 12, 1), (9999, 12, 31), [(9999, 12, 1)]),
    ],
)
def test_the_periods_between_two_days_are_counted_without_making_them(every, first, last, expected):
    periods = list(periods_between(date(*first), date(*last), every))

    assert periods == [date(*day) for day in expected]
    assert count_between(date(*first), date(*last), every) == len(expected)


DAYS = [date(1, 1, 1), date(3, 12, 31), date(4, 12, 31), date(100, 12, 31), date(101, 1, 1), date(400, 12, 31)]
DAYS += [date(401, 1, 1), date(2000, 2, 29), date(2026, 11, 23), date(9999, 12, 31)]


@pytest.mark.parametrize("start", DAYS)
def test_days_are_counted_as_the_calendar_has_them(start):
    frame = nw.from_native(pl.DataFrame({"day": DAYS}))

    counted = frame.select(days_from(start, nw.col("day")))["day"].to_list()

    assert counted == [(day - start).days for day in DAYS]


def test_days_and_months_ahead_stop_at_the_end_of_the_calendar():
    assert [days_after(date(9999, 12, 30), days) for days in (0, 1, 2)] == [
        date(9999, 12, 30),
        date(9999, 12, 31),
        date(9999, 12, 31),
    ]
    assert [end_of_month(date(9999, 10, 31), months) for months in (0, 1, 2, 3)] == [
        date(9999, 10, 31),
        date(9999, 11, 30),
        date(9999, 12, 31),
        date(9999, 12, 31),
    ]
    assert [last_day_of_span(date(9999, 11, 5), months) for months in (0, 1, 2)] == [
        date(9999, 11, 4),
        date(9999, 12, 4),
        date(9999, 12, 31),
    ]


def test_a_span_of_months_ends_the_day_before_the_same_day_or_the_last_of_its_month():
    ends = {
        (date(2026, 1, 1), 1): date(2026, 1, 31),
        (date(2026, 1, 31), 1): date(2026, 2, 27),
        (date(2026, 12, 15), 12): date(2027, 12, 14),
        (date(2026, 11, 30), 1): date(2026, 12, 29),
        (date(1, 1, 2), 0): date(1, 1, 1),
    }

    assert {span: last_day_of_span(*span) for span in ends} == ends


def test_the_end_of_a_month_some_months_later():
    ends = [end_of_month(date(2026, 11, 23), months) for months in (0, 1, 2, 3, 15)]

    assert ends == [
        date(2026, 11, 30),
        date(2026, 12, 31),
        date(2027, 1, 31),
        date(2027, 2, 28),
        date(2028, 2, 29),
    ]
    assert end_of_month(date(1, 1, 1)) == date(1, 1, 31)
