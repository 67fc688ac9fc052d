"""How fast a goal comes closer, and no date where there is none to give."""

from datetime import date
from decimal import Decimal as D

import numpy as np
import pytest

import rewards_analytics as ra
from rewards_analytics.errors import ArgumentError
from tests import frames
from tests.analysis.over_time.histories import Stored, snapshot, table
from tests.frames import balance, lot, to_level, to_reward

pytestmark = pytest.mark.filterwarnings("ignore:.*compares one snapshot with the next")
quick = pytest.mark.parametrize("engine", ["polars", "duckdb", "stored"])
PACE = ("remaining", "earned_per_day", "days_left", "expected_on")


def rows(history, columns=PACE, **options):
    order = ["days_left", "remaining", "account_guid", "goal", "description"]
    found = frames.collected(ra.pace(history, **options)).sort(order, nulls_last=True)
    return found.select(columns).rows()


def days(*amounts, remaining="30", first=1, **fields):
    """Snapshots of one holding day after day, with a goal on the last; None where it is not listed."""
    made = []
    for amount in amounts:
        listed = [balance("SEGMENTS", amount, **fields)] if amount is not None else []
        made.append([*listed, balance("MILES", "1", user_guid="other")])
    made[-1].append(to_level("SEGMENTS", remaining, **fields))
    return [snapshot(f"2026-11-{first + number:02}", *rewards) for number, rewards in enumerate(made)]


def test_the_pace_is_what_the_holding_earned_a_day(make_history):
    history = make_history(
        snapshot("2026-11-01", balance("SEGMENTS", "10"), balance("POINTS", "5", account_guid=None)),
        snapshot("2026-11-03", balance("SEGMENTS", "17"), balance("POINTS", "5", account_guid=None)),
        snapshot(
            "2026-11-04",
            balance("SEGMENTS", "17"),
            to_level("SEGMENTS", "7", description="Gold"),
            to_level("SEGMENTS", "9.5", description="Platinum"),
            to_reward("SEGMENTS", "-1", description=None),
            balance("POINTS", "7", account_guid=None),
            to_reward("POINTS", "0.000000001", account_guid=None, description="Mug"),
            to_reward("MILES", "5", description="Flight"),
        ),
    )
    a_day, points_a_day = D("2.333333333"), D("0.666666667")

    columns = ("account_guid", "unit_type", "goal", "description", *PACE)
    assert rows(history, columns) == [
        ("A1", "SEGMENTS", "REWARD", None, D(0), a_day, 0, date(2026, 11, 4)),
        (None, "POINTS", "REWARD", "Mug", D("1e-9"), points_a_day, 1, date(2026, 11, 5)),
        ("A1", "SEGMENTS", "LEVEL", "Gold", D(7), a_day, 3, date(2026, 11, 7)),
        ("A1", "SEGMENTS", "LEVEL", "Platinum", D("9.5"), a_day, 5, date(2026, 11, 9)),
        ("A1", "MILES", "REWARD", "Flight", D(5), None, None, None),
    ]


# --- Histories without a date to give ----------------------------------------------------------------


@quick
def test_a_flat_history_gives_no_date(make_history):
    assert rows(make_history(*days("10", "10", "10"))) == [(D(30), D(0), None, None)]


@quick
def test_a_falling_history_gives_no_date(make_history):
    assert rows(make_history(*days("10", "8", "1"))) == [(D(30), D(0), None, None)]


@quick
def test_a_history_that_was_reset_gives_no_date(make_history):
    """As levels are at the turn of the year; what was earned before lies outside the window."""
    assert rows(make_history(*days("10", "40", "0", "0")), window=2) == [(D(30), D(0), None, None)]


@quick
def test_a_history_that_is_too_short_gives_no_date(make_history):
    assert rows(make_history(*days("10"))) == [(D(30), None, None, None)]


@quick
def test_a_holding_that_is_new_gives_no_date(make_history):
    assert rows(make_history(*days(None, None, "10"))) == [(D(30), None, None, None)]


@quick
def test_an_interrupted_history_gives_no_date(make_history):
    """Without two days in a row no change can be observed."""
    assert rows(make_history(*days("1", None, "5", None, "9"))) == [(D(30), None, None, None)]


@quick
def test_a_balance_that_is_not_known_gives_no_date(make_history):
    goal = to_level("SEGMENTS", "30")

    assert rows(make_history(snapshot("2026-11-01", goal), snapshot("2026-11-02", goal))) == [(D(30), None, None, None)]


@quick
def test_earning_that_only_replaces_what_expired_counts(make_history):
    """30 expired and the balance did not fall: 30 were earned."""
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "100"), lot("MILES", "30", on="2026-11-01")),
        snapshot("2026-11-02", balance("MILES", "100"), to_reward("MILES", "45")),
    )

    assert rows(history) == [(D(45), D(30), 2, date(2026, 11, 4))]


# --- Boundaries -------------------------------------------------------------------------------------


@quick
def test_only_days_on_which_the_holding_is_held_are_counted(make_history):
    """Held from the 1st to the 2nd (+3), and from the 4th to the 6th (+3); not on the 3rd."""
    history = [
        *days("1", "4", None, "10")[:-1],
        snapshot("2026-11-04", balance("SEGMENTS", "10")),
        snapshot("2026-11-06", balance("SEGMENTS", "13"), to_level("SEGMENTS", "4")),
    ]

    assert rows(make_history(*history)) == [(D(4), D(2), 2, date(2026, 11, 8))]


@quick
def test_the_window_has_90_days_unless_given(make_history):
    """The last snapshot is of 23 November: 89 days before it one counts, and 90 days before it does not."""
    history = make_history(
        snapshot("2026-08-24", balance("MILES", "10"), balance("POINTS", "10")),
        snapshot("2026-08-25", balance("MILES", "30"), balance("POINTS", "10")),
        snapshot("2026-08-26", balance("MILES", "30"), balance("POINTS", "100")),
        snapshot("2026-11-23", balance("MILES", "30"), balance("POINTS", "100"), to_level("MILES", "1"),
                 to_level("POINTS", "1")),
    )  # fmt: skip

    assert rows(history, ("unit_type", "earned_per_day")) == [("POINTS", D(1)), ("MILES", D(0))]
    assert rows(history, ("unit_type", "earned_per_day"), window=91)[1] == ("MILES", D("0.219780220"))


@quick
@pytest.mark.parametrize(
    ("window", "a_day"),
    [(1, D(1)), (2, D("0.5")), (3, D("1.25")), (4, D("1.25")), (5, D(5)), (90, D(5)), (10**12, D(5))],
)
def test_a_pair_counts_if_its_later_day_is_within_the_window_and_then_whole(make_history, window, a_day):
    """The last day is the 11th: +1 on it, 0 on the 10th, +4 over two days to the 9th, +30 over three to the 7th."""
    history = make_history(
        snapshot("2026-11-04", balance("SEGMENTS", "0")),
        snapshot("2026-11-07", balance("SEGMENTS", "30")),
        snapshot("2026-11-09", balance("SEGMENTS", "34")),
        snapshot("2026-11-10", balance("SEGMENTS", "34")),
        snapshot("2026-11-11", balance("SEGMENTS", "35"), to_level("SEGMENTS", "64")),
    )

    assert rows(history, ("earned_per_day",), window=window) == [(a_day,)]


@quick
@pytest.mark.parametrize(
    ("remaining", "days_left"), [("3", 1), ("3.000000001", 2), ("2.999999999", 1), ("0", 0), ("-4", 0)]
)
def test_days_left_are_rounded_up(make_history, remaining, days_left):
    history = make_history(*days("1", "4", remaining=remaining))

    assert rows(history, ("days_left", "expected_on")) == [(days_left, date(2026, 11, 2 + days_left))]


@quick
def test_days_left_follow_from_the_pace_before_it_is_rounded(make_history):
    """1 in three days is 0.333333333 and a bit: 3 days for 1, not 4."""
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "1")),
        snapshot("2026-11-04", balance("MILES", "2"), to_level("MILES", "1")),
    )

    assert rows(history) == [(D(1), D("0.333333333"), 3, date(2026, 11, 7))]


@quick
def test_a_goal_that_is_reached_needs_no_pace(make_history):
    assert rows(make_history(*days("5", remaining="0"))) == [(D(0), None, 0, date(2026, 11, 1))]


@quick
def test_a_day_beyond_the_calendar_is_null_and_its_number_of_days_is_not(make_history):
    last = (date.max - date(2026, 11, 2)).days
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "0"), balance("POINTS", "0")),
        snapshot(
            "2026-11-02",
            balance("MILES", "1"),
            to_level("MILES", f"{last}"),
            to_level("MILES", f"{last + 1}"),
            balance("POINTS", "0.000000001"),
            to_level("POINTS", "9223372036.854775807"),
            to_level("POINTS", "9223372036.854775808"),
        ),
    )

    assert rows(history, ("days_left", "expected_on")) == [
        (last, date.max),
        (last + 1, None),
        (2**63 - 1, None),
        (None, None),
    ]


def test_amounts_of_nineteen_digits_keep_every_digit(make_history):
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "-9999999999999999999.999999999")),
        snapshot("2026-11-02", balance("MILES", "9999999999999999999.999999999"), to_level("MILES", "1")),
    )

    assert rows(history) == [(D(1), D("19999999999999999999.999999998"), 1, date(2026, 11, 3))]


@quick
def test_only_goals_of_the_last_snapshot_count(make_history):
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "1"), to_level("MILES", "5")),
        snapshot("2026-11-02", balance("MILES", "2")),
    )

    assert rows(history) == []


def test_a_stored_history_is_read_no_further_back_than_the_window():
    history = Stored(table([reward for day in days(*map(str, range(20))) for reward in day]))

    ra.pace(history, window=3).collect()

    assert set(history.read) == {date(2026, 11, day) for day in range(17, 21)}


@pytest.mark.parametrize("window", [0, -1, 1.5, "90", None, True])
def test_a_window_is_a_whole_number_of_days(window):
    with pytest.raises(ArgumentError, match=r"window must be an integer ≥ 1, got"):
        ra.pace(frames.polars_frame(table([])), window=window)


def test_a_number_of_numpy_is_one():
    history = frames.polars_frame(table([reward for day in days("1", "2") for reward in day]))

    assert rows(history, window=np.int64(90)) == rows(history)


def test_the_nearest_goal_comes_first_and_one_without_a_day_last():
    one, two = days("10", "40")[0], days("10", "40")[1]
    goals = [to_level("POINTS", "1"), to_level("SEGMENTS", "60", description="Gold")]
    history = frames.polars_frame(table([*one, *two, *snapshot("2026-11-02", *goals)]))

    assert ra.pace(history)["days_left"].to_list() == [1, 2, None]
