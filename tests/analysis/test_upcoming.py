"""What falls due, and whose: one row per holding and day."""

import datetime as dt
from decimal import Decimal as D

import pytest

from rewards_analytics import upcoming
from rewards_analytics.errors import ArgumentError
from tests.frames import balance, lot, polars_frame, table, to_level, total

TODAY = dt.date(2026, 11, 23)
DUE = ("expires_on", "days_left", "account_guid", "unit_type", "expiring", "rewards", "available")


def test_a_row_is_a_holding_and_a_day(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "100"),
        lot("MILES", "30", "2026-12-23"),
        lot("MILES", "0.5", "2026-12-23"),
        lot("MILES", "20", "2027-01-01"),
    )

    assert_rows(
        upcoming(rewards, as_of=TODAY),
        [
            (dt.date(2026, 12, 23), 30, "U1", "M1", "A1", "MILES", D("30.5"), 2, D(100)),
            (dt.date(2027, 1, 1), 39, "U1", "M1", "A1", "MILES", D(20), 1, D(100)),
        ],
    )


def test_both_ends_count(make_frame, assert_rows):
    days = ["2026-11-22", "2026-11-23", "2026-12-23", "2026-12-24"]
    rewards = make_frame(*(lot("MILES", "1", day, account_guid=f"A{n}") for n, day in enumerate(days)))

    dues = upcoming(rewards, as_of=TODAY, until=dt.date(2026, 12, 23))

    assert_rows(dues, [("A1", 0), ("A2", 30)], ("account_guid", "days_left"))


def test_days_left_are_days_of_the_calendar(make_frame, assert_rows):
    days = ["2027-02-28", "2028-02-29", "2028-03-01", "2100-03-01", "2400-12-31", "9999-12-31"]
    rewards = make_frame(*(lot("MILES", "1", day) for day in days))

    assert_rows(
        upcoming(rewards, as_of=TODAY),
        [((dt.date.fromisoformat(day) - TODAY).days,) for day in days],
        ["days_left"],
    )


def test_what_is_available_is_null_where_it_is_not_known(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "30", "2026-12-23"), to_level("MILES", "5"), balance("POINTS", "1"))

    assert_rows(upcoming(rewards, as_of=TODAY), [("MILES", D(30), None)], ("unit_type", "expiring", "available"))


def test_a_dated_total_is_due_and_the_balance_beside_it_is_not(make_frame, assert_rows):
    rewards = make_frame(total("MILES", "70", "2026-12-23"), balance("MILES", "60", "2026-12-01"))

    columns = ("expires_on", "expiring", "available")
    assert_rows(upcoming(rewards, as_of=TODAY), [(dt.date(2026, 12, 23), D(70), D(70))], columns)


def test_accounts_are_apart_and_a_missing_one_is_one_of_them(make_frame, assert_rows):
    rewards = make_frame(
        lot("MILES", "1", "2026-12-23", account_guid=None),
        lot("MILES", "2", "2026-12-23", account_guid=None),
        balance("MILES", "9", account_guid=None),
        lot("MILES", "3", "2026-12-23", account_guid=""),
    )

    columns = ("account_guid", "expiring", "available")
    assert_rows(upcoming(rewards, as_of=TODAY), [("", D(3), None), (None, D(3), D(9))], columns)


def test_a_day_whose_lots_cancel_out_or_fall_below_0_is_listed(make_frame, assert_rows):
    rewards = make_frame(
        lot("MILES", "5", "2026-12-23"),
        lot("MILES", "-5", "2026-12-23"),
        lot("POINTS", "-7", "2026-12-23"),
    )

    assert_rows(upcoming(rewards, as_of=TODAY), [("MILES", D(0), 2), ("POINTS", D(-7), 1)], DUE[3:6])


def test_the_order_is_by_day_unit_largest_amount_and_key(make_frame, assert_rows):
    rewards = make_frame(
        lot("POINTS", "9", "2026-12-01"),
        lot("MILES", "1", "2026-12-01", account_guid="A1"),
        lot("MILES", "2", "2026-12-01", account_guid=None),
        lot("MILES", "2", "2026-12-01", account_guid="A2"),
        lot("MILES", "2", "2026-12-01", account_guid="A1", user_guid="U0"),
        lot("STARS", "1", "2026-11-30"),
    )

    assert_rows(
        upcoming(rewards, as_of=TODAY),
        [
            ("STARS", D(1), "U1", "A1"),
            ("MILES", D(2), "U0", "A1"),
            ("MILES", D(2), "U1", "A2"),
            ("MILES", D(2), "U1", None),
            ("MILES", D(1), "U1", "A1"),
            ("POINTS", D(9), "U1", "A1"),
        ],
        ("unit_type", "expiring", "user_guid", "account_guid"),
    )


def test_nothing_due_is_no_row(make_frame, assert_rows):
    assert_rows(upcoming(make_frame(lot("MILES", "1"), lot("MILES", "1", "2026-11-22")), as_of=TODAY), [])


def test_an_end_before_the_start_is_refused():
    with pytest.raises(ArgumentError, match=r"until=2026-11-22 is before as_of=2026-11-23\."):
        upcoming(polars_frame(table([])), as_of=TODAY, until=dt.date(2026, 11, 22))
