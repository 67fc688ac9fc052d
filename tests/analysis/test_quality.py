"""The quality checks: what each one counts, and what it leaves alone."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from rewards_analytics import quality
from tests.frames import SCHEMA, balance, collected, lot, reward, to_level, total

TODAY = date(2026, 11, 23)

CHECKS = [
    ("unknown_value", "warning"),
    ("negative_balance", "warning"),
    ("expiring_without_date", "warning"),
    ("date_past", "info"),
    ("expiring_exceeds_available", "error"),
    ("total_differs_from_balance", "warning"),
    ("dollars_beyond_cents", "warning"),
    ("created_in_future", "error"),
]


def test_all_checks_are_there_in_order_with_their_counts_and_first_examples(make_frame, assert_rows):
    rewards = make_frame(
        balance("STARS", "1", guid="R20"),
        reward("PENDING", "MILES", "1", guid="R10"),
        balance("MILES", "-1", guid="R30", account_guid="A3"),
        to_level("MILES", "-1", guid="R31", account_guid="A3"),
        lot("POINTS", "5", guid="R40"),
        lot("POINTS", "5", guid="R41", on="2026-11-22"),
        total("POINTS", "9", guid="R50"),
        total("SEGMENTS", "4", guid="R60"),
        balance("SEGMENTS", "3", guid="R61"),
        balance("SEGMENTS", "2", guid="R62"),
        balance("DOLLARS", "1.001", guid="R70"),
        balance("DOLLARS", "1.010", guid="R71"),
        balance("MILES", "1", guid="R80", created_at=datetime(2026, 11, 24, 0, 0, tzinfo=UTC)),
        balance("MILES", "1", guid="R81", created_at=datetime(2026, 11, 23, 23, 59, tzinfo=UTC)),
        balance("MILES", "1", guid="R82", created_at=None),
    )

    found = [(2, "R10"), (1, "R30"), (1, "R40"), (1, "R41"), (1, "R40"), (1, "R60"), (1, "R70"), (1, "R80")]
    assert_rows(quality(rewards, as_of=TODAY), [(*check, *row) for check, row in zip(CHECKS, found, strict=True)])


@pytest.mark.parametrize("rows", [[], [balance("DOLLARS", "12.34")]])
def test_rewards_without_a_fault_count_nothing(make_frame, assert_rows, rows):
    assert_rows(quality(make_frame(*rows), as_of=TODAY), [(*check, 0, None) for check in CHECKS])


def test_equal_total_and_balance_and_lots_of_an_unknown_balance_are_no_faults(make_frame):
    rewards = make_frame(
        total("MILES", "5"), balance("MILES", "2"), balance("MILES", "3"), lot("POINTS", "5", on="2026-11-23")
    )

    assert collected(quality(rewards, as_of=TODAY))["rewards"].sum() == 0


def test_a_day_ends_at_midnight_in_utc_whatever_zone_times_are_told_in(make_frame):
    moments = [datetime(2026, 11, 23, 16, tzinfo=UTC), datetime(2026, 11, 24, 1, tzinfo=UTC)]
    rows = [total("MILES", "1", created_at=moment) for moment in moments]
    there = SCHEMA.set(SCHEMA.get_field_index("created_at"), pa.field("created_at", pa.timestamp("us", "Asia/Tokyo")))

    checks = collected(quality(make_frame(*rows, schema=there), as_of=TODAY))

    assert checks.filter(check="created_in_future")["rewards"].to_list() == [1]


def test_a_balance_of_zero_or_of_a_fraction_is_not_negative(make_frame):
    rewards = make_frame(balance("MILES", "0"), balance("POINTS", "0.5"), balance("DOLLARS", "-0.01"))

    checks = collected(quality(rewards, as_of=TODAY))

    assert checks.filter(check="negative_balance")["rewards"].to_list() == [1]


def test_lots_may_be_all_that_is_held_but_no_fraction_more(make_frame):
    rewards = make_frame(
        total("MILES", "5"), lot("MILES", "5", on="2026-12-01", guid="R1"),
        total("POINTS", "0.25"), lot("POINTS", "0.5", on="2026-12-01", guid="R2"),
    )  # fmt: skip

    checks = collected(quality(rewards, as_of=TODAY)).filter(check="expiring_exceeds_available")

    assert checks.select("rewards", "example_guid").rows() == [(1, "R2")]


def test_one_balance_is_enough_to_differ_from_the_total(make_frame):
    rewards = make_frame(total("MILES", "5", guid="R2"), balance("MILES", "4", guid="R1"))

    checks = collected(quality(rewards, as_of=TODAY)).filter(check="total_differs_from_balance")

    assert checks.select("rewards", "example_guid").rows() == [(1, "R1")]


def test_on_the_last_day_of_the_calendar_nothing_is_created_later(make_frame):
    checks = collected(quality(make_frame(balance("MILES", "1")), as_of=date.max))

    assert checks.filter(check="created_in_future")["rewards"].to_list() == [0]
