"""The distance of each goal."""

from decimal import Decimal as D

import pytest

from rewards_analytics import distance
from tests.frames import balance, collected, lot, to_level, to_reward, total

FACTS = ("goal", "remaining", "available", "progress", "reached")


def test_progress_is_what_is_held_of_what_is_needed(make_frame, assert_rows):
    rewards = make_frame(balance("SEGMENTS", "15"), to_level("SEGMENTS", "5", description="Gold"))

    assert_rows(distance(rewards), [("U1", "M1", "A1", "SEGMENTS", "LEVEL", "Gold", D(5), D(15), 0.75, False)])


def test_a_goal_in_another_unit_knows_no_available_balance(make_frame, assert_rows):
    rewards = make_frame(balance("MILES", "15"), to_level("SEGMENTS", "5"))

    assert_rows(distance(rewards), [("LEVEL", D(5), None, None, False)], FACTS)


def test_a_goal_at_zero_or_below_is_reached_even_where_nothing_is_known(make_frame, assert_rows):
    rewards = make_frame(to_reward("POINTS", "0"), to_level("POINTS", "-3"))

    assert_rows(distance(rewards), [("LEVEL", D(0), None, 1.0, True), ("REWARD", D(0), None, 1.0, True)], FACTS)


def test_nothing_held_is_no_progress_and_neither_is_a_debt(make_frame, assert_rows):
    rewards = make_frame(
        balance("POINTS", "0"), to_reward("POINTS", "10"),
        balance("MILES", "-5"), to_reward("MILES", "20"),
    )  # fmt: skip

    assert_rows(distance(rewards), [("REWARD", D(10), D(0), 0.0, False), ("REWARD", D(20), D(-5), 0.0, False)], FACTS)


def test_the_total_is_what_is_held_and_expiring_rows_are_not_added(make_frame, assert_rows):
    rewards = make_frame(
        total("POINTS", "30"), balance("POINTS", "29"), lot("POINTS", "9", on="2027-01-01"), to_reward("POINTS", "10")
    )

    assert_rows(distance(rewards), [("REWARD", D(10), D(30), 0.75, False)], FACTS)


def test_goals_without_an_account_belong_to_the_holding_without_an_account(make_frame, assert_rows):
    rewards = make_frame(
        balance("POINTS", "30", account_guid=None),
        balance("POINTS", "70"),
        to_reward("POINTS", "10", account_guid=None),
    )

    assert_rows(distance(rewards), [(None, "REWARD", D(10), D(30), 0.75, False)], ("account_guid", *FACTS))


def test_an_account_of_empty_text_is_not_the_missing_account(make_frame, assert_rows):
    rewards = make_frame(balance("POINTS", "30", account_guid=""), to_reward("POINTS", "10", account_guid=None))

    assert_rows(distance(rewards), [("REWARD", D(10), None, None, False)], FACTS)


def test_the_nearest_goal_comes_first_then_the_smaller_remainder_then_the_key(make_frame, assert_rows):
    rewards = make_frame(
        to_level("MILES", "50", description="unknown, further"),
        to_level("MILES", "40", description="unknown, nearer"),
        balance("POINTS", "10"),
        to_reward("POINTS", "30", description="a quarter"),
        to_reward("POINTS", "10", description="half, b"),
        to_reward("POINTS", "10", description="half, a"),
        to_reward("POINTS", "10", description=None),
        to_level("POINTS", "10", description="half, level"),
        balance("POINTS", "5", account_guid=None),
        to_level("POINTS", "5", account_guid=None, description="half, smaller"),
        to_reward("POINTS", "0", description="reached"),
    )

    halves = ["half, smaller", "half, level", "half, a", "half, b", None]
    expected = ["reached", *halves, "a quarter", "unknown, nearer", "unknown, further"]
    assert_rows(distance(rewards), [(words,) for words in expected], ["description"])


def test_progress_of_thirds_is_a_float_between_zero_and_one(make_frame):
    rewards = make_frame(balance("POINTS", "1"), to_reward("POINTS", "2"))

    assert collected(distance(rewards))["progress"].to_list() == pytest.approx([1 / 3], abs=1e-15)


def test_without_goals_there_are_no_rows(make_frame, assert_rows):
    assert_rows(distance(make_frame(balance("POINTS", "1"))), [])


def test_nine_decimals_of_what_remains_and_what_is_held_survive(make_frame, assert_rows):
    held, remaining = "12345678901234567.123456789", "9876543210987654.987654321"
    rewards = make_frame(balance("POINTS", held), to_reward("POINTS", remaining))

    assert_rows(distance(rewards), [(D(remaining), D(held))], ["remaining", "available"])


@pytest.mark.parametrize("held", ["1000000000", "9999999999999999999.999999999"])
def test_progress_is_below_1_however_little_remains(make_frame, assert_rows, held):
    rewards = make_frame(balance("MILES", held), to_level("MILES", "0.000000001"))

    assert_rows(
        distance(rewards), [(D("0.000000001"), 0.9999999999999999, False)], ["remaining", "progress", "reached"]
    )


def test_a_fraction_below_zero_is_below_zero(make_frame, assert_rows):
    rewards = make_frame(
        to_level("MILES", "-0.5"), balance("MILES", "3"), to_level("POINTS", "2"), balance("POINTS", "-0.5")
    )

    expected = [("MILES", D(0), 1.0, True), ("POINTS", D(2), 0.0, False)]
    assert_rows(distance(rewards), expected, ["unit_type", "remaining", "progress", "reached"])
