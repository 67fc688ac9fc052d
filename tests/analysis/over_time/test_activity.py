"""When each holding last earned and redeemed."""

from datetime import date
from decimal import Decimal as D

import pytest

import rewards_analytics as ra
from rewards_analytics.errors import ArgumentError
from tests import frames
from tests.analysis.over_time.histories import snapshot, table
from tests.frames import balance, lot, to_level

pytestmark = pytest.mark.filterwarnings("ignore:.*compares one snapshot with the next")
quick = pytest.mark.parametrize("engine", ["polars", "duckdb", "stored"])
NOV_2, NOV_4, NOV_9 = date(2026, 11, 2), date(2026, 11, 4), date(2026, 11, 9)
ACTIVITY = ("available", "last_earned_on", "last_redeemed_on", "idle_days", "earned", "redeemed")


def rows(history, columns=ACTIVITY, **options):
    key = ["user_guid", "member_guid", "account_guid", "unit_type"]
    return frames.collected(ra.activity(history, **options)).sort(key, nulls_last=True).select(columns).rows()


def test_each_holding_of_the_last_snapshot_has_its_last_movements(make_history):
    def day(on, a1, *others):
        return snapshot(on, balance("MILES", a1), balance("MILES", "5", account_guid=None), *others)

    history = make_history(
        day("2026-11-01", "10"),
        day("2026-11-02", "30"),
        day("2026-11-04", "25"),
        day("2026-11-09", "26", balance("POINTS", "4")),
    )

    assert rows(history, ("account_guid", "unit_type", *ACTIVITY)) == [
        ("A1", "MILES", D(26), NOV_9, NOV_4, 0, D(21), D(5)),
        ("A1", "POINTS", D(4), None, None, None, D(0), D(0)),
        (None, "MILES", D(5), None, None, None, D(0), D(0)),
    ]


@quick
@pytest.mark.parametrize(("window", "earned", "redeemed"), [(5, D(1), D(0)), (6, D(1), D(5)), (8, D(21), D(5))])
def test_movements_count_from_the_window_on(make_history, window, earned, redeemed):
    amounts = {"2026-11-01": "10", "2026-11-02": "30", "2026-11-04": "25", "2026-11-09": "26"}
    history = make_history(*(snapshot(day, balance("MILES", amount)) for day, amount in amounts.items()))

    assert rows(history, ("earned", "redeemed"), window=window) == [(earned, redeemed)]


@quick
def test_the_window_has_90_days_unless_given(make_history):
    history = make_history(
        snapshot("2026-08-24", balance("MILES", "10"), balance("POINTS", "10")),
        snapshot("2026-08-25", balance("MILES", "30"), balance("POINTS", "10")),
        snapshot("2026-08-26", balance("MILES", "30"), balance("POINTS", "30")),
        snapshot("2026-11-23", balance("MILES", "30"), balance("POINTS", "30")),
    )

    assert rows(history, ("unit_type", "earned")) == [("MILES", D(0)), ("POINTS", D(20))]
    assert rows(history, ("unit_type", "earned"), window=91) == [("MILES", D(20)), ("POINTS", D(20))]


@quick
def test_a_fraction_is_a_movement(make_history):
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "1"), balance("POINTS", "1")),
        snapshot("2026-11-02", balance("MILES", "0.5"), balance("POINTS", "1.5")),
    )

    assert rows(history) == [(D("0.5"), None, NOV_2, 0, D(0), D("0.5")), (D("1.5"), NOV_2, None, 0, D("0.5"), D(0))]


@quick
def test_the_last_movement_may_lie_before_the_window(make_history):
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "10")),
        snapshot("2026-11-02", balance("MILES", "30")),
        snapshot("2026-11-09", balance("MILES", "30")),
    )

    assert rows(history, window=7) == [(D(30), NOV_2, None, 7, D(0), D(0))]
    assert rows(history, window=8) == [(D(30), NOV_2, None, 7, D(20), D(0))]


@quick
def test_expiry_and_coming_back_are_no_movement_of_the_holder(make_history):
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "10"), lot("MILES", "4", on="2026-11-01")),
        snapshot("2026-11-02", balance("MILES", "6"), balance("POINTS", "1")),
        snapshot("2026-11-03", balance("POINTS", "1")),
        snapshot("2026-11-04", balance("MILES", "90"), balance("POINTS", "1")),
    )

    assert rows(history)[0] == (D(90), None, None, None, D(0), D(0))


@quick
def test_movements_from_before_an_interruption_count(make_history):
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "10")),
        snapshot("2026-11-02", balance("MILES", "6")),
        snapshot("2026-11-03", balance("POINTS", "1")),
        snapshot("2026-11-04", balance("MILES", "90"), to_level("POINTS", "1")),
    )

    assert rows(history) == [(D(90), None, NOV_2, 2, D(0), D(4))]


@quick
def test_a_history_of_one_day_has_balances_without_movements(make_history):
    assert rows(make_history(snapshot("2026-11-01", balance("MILES", "1")))) == [(D(1), None, None, None, D(0), D(0))]


def test_a_window_is_a_whole_number_of_days():
    with pytest.raises(ArgumentError, match=r"window must be an integer ≥ 1, got 0\."):
        ra.activity(frames.polars_frame(table([])), window=0)
