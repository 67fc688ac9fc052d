"""How the snapshots of a history are put together, and what is said of one that is alone."""

from datetime import date, timedelta

import pytest

import rewards_analytics as ra
from rewards_analytics.analysis.over_time import snapshots
from rewards_analytics.errors import RewardsWarning
from tests import frames
from tests.analysis.over_time.histories import Stored, snapshot, table
from tests.frames import balance, lot, to_level

DAYS = [date(2026, 11, 1) + timedelta(days=number) for number in range(6)]


@pytest.mark.parametrize(
    ("rewards", "expected"),
    [
        ((4, 6, 1, 10, 3, 3), [[0, 1], [2], [3], [4, 5]]),
        ((4, 7, 3, 0, 0, 1), [[0], [1, 2, 3, 4], [5]]),
        ((11, 1, 9, 1, 9, 1), [[0], [1, 2], [3, 4], [5]]),
        ((0, 10, 0, 10, 0, 9), [[0, 1, 2], [3, 4], [5]]),
        ((1, 1, None, 1, None, None), [[0, 1], [2], [3], [4], [5]]),
    ],
)
def test_days_with_few_rewards_are_taken_together_up_to_the_bound(monkeypatch, rewards, expected):
    monkeypatch.setattr(snapshots, "MOST_REWARDS", 10)
    counts = {day: number for day, number in zip(DAYS, rewards, strict=True) if number is not None}

    found = list(snapshots.runs(DAYS, counts))

    assert found == [[DAYS[place] for place in run] for run in expected]


def test_the_warning_of_a_single_day_points_at_the_call():
    history = frames.polars_frame(table(snapshot("2026-11-01", balance("MILES", "1"))))

    with pytest.warns(RewardsWarning, match="compares one snapshot with the next") as caught:
        ra.changes(history)

    assert [warning.filename for warning in caught] == [__file__]


@pytest.mark.parametrize("make", [frames.polars_frame, Stored])
def test_what_a_single_day_can_show_is_shown_without_a_warning(make):
    """Warnings are errors in these tests."""
    history = make(table(snapshot("2026-11-01", balance("MILES", "9"), lot("MILES", "4", on="2026-11-20"))))

    assert frames.collected(ra.dues(history))["outcome"].to_list() == ["ahead"]


@pytest.mark.parametrize("make", [frames.polars_frame, Stored])
def test_rows_come_in_order_with_nulls_last(make):
    def day(on, *more):
        accounts = (balance("MILES", "1", account_guid=name) for name in (None, "B", "A"))
        return snapshot(on, *accounts, *more)

    goals = [to_level("POINTS", "1"), to_level("MILES", "0", account_guid=None)]
    history = make(table([*day("2026-11-01"), *day("2026-11-02", *goals)]))

    assert frames.collected(ra.changes(history))["account_guid"].to_list() == ["A", "B", None]
    assert frames.collected(ra.activity(history))["account_guid"].to_list() == ["A", "B", None]
    assert frames.collected(ra.pace(history))["days_left"].to_list() == [0, None]
