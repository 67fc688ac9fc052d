"""The timeline of expiring lots."""

from datetime import date
from decimal import Decimal as D

import pyarrow as pa
import pytest

from rewards_analytics import expiring
from rewards_analytics.errors import ArgumentError
from tests.frames import SCHEMA, balance, lot, polars_frame, reward, table, total

TODAY = date(2026, 11, 23)  # a Monday


def test_a_lot_that_expires_today_is_in_and_one_that_expired_yesterday_is_not(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "300", on="2026-11-23"), lot("MILES", "200", on="2026-11-22"))

    assert_rows(expiring(rewards, as_of=TODAY), [(date(2026, 11, 1), "MILES", D(300), 1, D(300))])


def test_every_period_in_between_is_there_with_zero_and_the_cumulative_sum_runs_on(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "5", on="2027-02-01"), lot("MILES", "2", on="2026-12-31"))

    assert_rows(
        expiring(rewards, as_of=TODAY),
        [
            (date(2026, 11, 1), "MILES", D(0), 0, D(0)),
            (date(2026, 12, 1), "MILES", D(2), 1, D(2)),
            (date(2027, 1, 1), "MILES", D(0), 0, D(2)),
            (date(2027, 2, 1), "MILES", D(5), 1, D(7)),
        ],
    )


def test_one_range_of_periods_holds_for_all_units(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "5", on="2026-12-24"), lot("DOLLARS", "1.5", on="2026-11-30"))

    assert_rows(
        expiring(rewards, as_of=TODAY),
        [
            (date(2026, 11, 1), "DOLLARS", D("1.5"), 1, D("1.5")),
            (date(2026, 12, 1), "DOLLARS", D(0), 0, D("1.5")),
            (date(2026, 11, 1), "MILES", D(0), 0, D(0)),
            (date(2026, 12, 1), "MILES", D(5), 1, D(5)),
        ],
    )


def test_a_week_begins_on_monday(make_frame, assert_rows):
    rewards = make_frame(
        lot("MILES", "1", on="2026-11-29"), lot("MILES", "2", on="2026-11-30"), lot("MILES", "4", on="2026-12-06")
    )

    assert_rows(
        expiring(rewards, as_of=date(2026, 11, 25), every="week"),
        [(date(2026, 11, 23), "MILES", D(1), 1, D(1)), (date(2026, 11, 30), "MILES", D(6), 2, D(7))],
    )


def test_a_week_runs_over_the_end_of_the_year(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "1", on="2027-01-03"), lot("MILES", "2", on="2027-01-04"))

    assert_rows(
        expiring(rewards, as_of=date(2026, 12, 31), every="week"),
        [(date(2026, 12, 28), "MILES", D(1), 1, D(1)), (date(2027, 1, 4), "MILES", D(2), 1, D(3))],
    )


def test_a_quarter_begins_in_january_april_july_and_october(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "1", on="2026-12-31"), lot("MILES", "2", on="2027-04-01"))

    assert_rows(
        expiring(rewards, as_of=TODAY, every="quarter"),
        [
            (date(2026, 10, 1), "MILES", D(1), 1, D(1)),
            (date(2027, 1, 1), "MILES", D(0), 0, D(1)),
            (date(2027, 4, 1), "MILES", D(2), 1, D(3)),
        ],
    )


def test_years_and_days_are_periods_too(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "1", on="2026-11-24"), lot("MILES", "2", on="2027-01-01"))

    assert_rows(
        expiring(rewards, as_of=TODAY, every="year"),
        [(date(2026, 1, 1), "MILES", D(1), 1, D(1)), (date(2027, 1, 1), "MILES", D(2), 1, D(3))],
    )
    assert_rows(
        expiring(rewards, as_of=TODAY, every="day", until=date(2026, 11, 25)),
        [
            (date(2026, 11, 23), "MILES", D(0), 0, D(0)),
            (date(2026, 11, 24), "MILES", D(1), 1, D(1)),
            (date(2026, 11, 25), "MILES", D(0), 0, D(1)),
        ],
    )


def test_until_is_the_last_day_that_counts_and_fills_the_calendar_up_to_it(make_frame, assert_rows):
    rewards = make_frame(
        lot("MILES", "1", on="2026-11-30"), lot("MILES", "2", on="2027-01-15"), lot("MILES", "4", on="2027-01-16")
    )

    assert_rows(
        expiring(rewards, as_of=TODAY, until=date(2027, 1, 15)),
        [
            (date(2026, 11, 1), "MILES", D(1), 1, D(1)),
            (date(2026, 12, 1), "MILES", D(0), 0, D(1)),
            (date(2027, 1, 1), "MILES", D(2), 1, D(3)),
        ],
    )
    assert_rows(
        expiring(rewards, as_of=TODAY, until=date(2026, 12, 1)),
        [(date(2026, 11, 1), "MILES", D(1), 1, D(1)), (date(2026, 12, 1), "MILES", D(0), 0, D(1))],
    )


def test_undated_lots_are_on_no_timeline(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "1"), lot("MILES", "2", on="2026-11-30"), lot("POINTS", "4"))

    assert_rows(expiring(rewards, as_of=TODAY), [(date(2026, 11, 1), "MILES", D(2), 1, D(2))])


def test_dated_balances_count_only_where_the_holding_has_no_expiring_row_and_no_total(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "1", on="2026-11-30"),
        balance("POINTS", "2", on="2026-11-30"),
        lot("POINTS", "4", on="2026-11-30"),
        balance("DOLLARS", "8", on="2026-11-30"),
        total("DOLLARS", "16", on="2026-11-30"),
        reward("PENDING", "SEGMENTS", "32", on="2026-11-30"),
        reward("BALANCE_TO_LEVEL", "SEGMENTS", "64", on="2026-11-30"),
    )

    assert_rows(
        expiring(rewards, as_of=TODAY),
        [
            (date(2026, 11, 1), "DOLLARS", D(16), 1, D(16)),
            (date(2026, 11, 1), "MILES", D(1), 1, D(1)),
            (date(2026, 11, 1), "POINTS", D(4), 1, D(4)),
        ],
    )


def test_groups_share_one_range_and_add_up_each_on_its_own(make_frame, assert_rows):
    rewards = make_frame(
        lot("MILES", "1", on="2026-11-30", account_guid=None),
        lot("MILES", "2", on="2026-12-01"),
        lot("MILES", "4", on="2026-12-31"),
    )

    assert_rows(
        expiring(rewards, as_of=TODAY, by="account_guid"),
        [
            (date(2026, 11, 1), "A1", "MILES", D(0), 0, D(0)),
            (date(2026, 12, 1), "A1", "MILES", D(6), 2, D(6)),
            (date(2026, 11, 1), None, "MILES", D(1), 1, D(1)),
            (date(2026, 12, 1), None, "MILES", D(0), 0, D(1)),
        ],
    )


def test_an_unknown_unit_has_a_timeline_of_its_own(make_frame, assert_rows):
    rewards = make_frame(lot("STARS", "1", on="2026-11-30"))

    assert_rows(expiring(rewards, as_of=TODAY), [(date(2026, 11, 1), "STARS", D(1), 1, D(1))])


def test_without_a_lot_in_range_there_are_no_rows_even_with_until(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "1", on="2026-11-22"), balance("MILES", "2"))

    assert_rows(expiring(rewards, as_of=TODAY), [])
    assert_rows(expiring(rewards, as_of=TODAY, until=date(2027, 1, 1)), [])


def test_the_first_and_the_last_day_there_are_can_be_asked_for(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "1", on="9999-12-31"))

    assert_rows(
        expiring(rewards, as_of=date(9999, 12, 1), every="week"),
        [
            (date(9999, 11, 29), "MILES", D(0), 0, D(0)),
            (date(9999, 12, 6), "MILES", D(0), 0, D(0)),
            (date(9999, 12, 13), "MILES", D(0), 0, D(0)),
            (date(9999, 12, 20), "MILES", D(0), 0, D(0)),
            (date(9999, 12, 27), "MILES", D(1), 1, D(1)),
        ],
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": "fortnight"}, "every='fortnight' is not one of 'day', 'week', 'month', 'quarter', 'year'"),
        ({"every": "months"}, r"Did you mean 'month'\?"),
        ({"as_of": "2026-11-23"}, "as_of='2026-11-23' is not a date"),
        ({"as_of": TODAY, "until": date(2026, 11, 22)}, "until=2026-11-22 is before as_of=2026-11-23"),
        ({"by": "period"}, "by='period' is already a column of the result"),
        ({"by": "nation"}, "Column 'nation' is missing"),
        ({"by": ["user_guid", "user_guid"]}, "names a column twice"),
    ],
)
def test_a_wrong_argument_is_named_with_what_is_allowed(make_frame, arguments, message):
    with pytest.raises(ArgumentError, match=message):
        expiring(make_frame(lot("MILES", "1", on="2026-11-30")), **arguments)


@pytest.mark.parametrize("by", ["expires_on", "balance", "account"])
def test_any_other_column_can_be_grouped_by(make_frame, assert_rows, by):
    schema = SCHEMA.append(pa.field("account", pa.string()))
    rewards = make_frame(lot("MILES", "2", on="2026-11-30", account="checking", account_guid=None), schema=schema)
    value = {"expires_on": date(2026, 11, 30), "balance": D(2), "account": "checking"}[by]

    assert_rows(expiring(rewards, as_of=TODAY, by=by), [(date(2026, 11, 1), value, "MILES", D(2), 1, D(2))])


def test_nine_decimals_survive_the_sums_and_the_running_sum(make_frame, assert_rows):
    rewards = make_frame(
        lot("MILES", "12345678901234567.123456789", on="2026-11-30"),
        lot("MILES", "0.000000001", on="2026-12-01"),
    )

    assert_rows(
        expiring(rewards, as_of=TODAY),
        [
            (date(2026, 11, 1), "MILES", D("12345678901234567.123456789"), 1, D("12345678901234567.123456789")),
            (date(2026, 12, 1), "MILES", D("0.000000001"), 1, D("12345678901234567.123456790")),
        ],
    )


def test_the_last_day_may_be_the_first(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "300", on="2026-11-23"), lot("MILES", "200", on="2026-11-24"))

    result = expiring(rewards, as_of=date(2026, 11, 23), until=date(2026, 11, 23), every="day")

    assert_rows(result, [(date(2026, 11, 23), "MILES", D(300), 1, D(300))])


def test_a_calendar_of_more_rows_than_the_bound_is_refused(monkeypatch):
    """Two users, each with the days from 23 to 26 November."""
    lots = [lot("MILES", "1", on="2026-11-26"), lot("MILES", "1", on="2026-11-25", user_guid="U2")]

    def days():
        return expiring(polars_frame(table(lots)), as_of=TODAY, every="day", by="user_guid")

    monkeypatch.setattr("rewards_analytics.analysis.expiring.MOST_ROWS", 8)
    assert len(days()) == 8
    monkeypatch.setattr("rewards_analytics.analysis.expiring.MOST_ROWS", 7)
    with pytest.raises(ArgumentError, match="from 2026-11-23 to 2026-11-26 by day has 8 rows over 2 units and groups"):
        days()
