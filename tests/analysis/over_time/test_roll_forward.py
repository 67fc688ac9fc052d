"""The roll-forward: from opening to closing, per period and unit."""

from datetime import date
from decimal import Decimal as D

import pytest

import rewards_analytics as ra
from rewards_analytics.errors import ArgumentError
from tests import frames
from tests.analysis.over_time.histories import snapshot
from tests.frames import balance, lot

pytestmark = pytest.mark.filterwarnings("ignore:.*compares one snapshot with the next")
quick = pytest.mark.parametrize("engine", ["polars", "duckdb", "stored"])
NOVEMBER, DECEMBER = date(2026, 11, 1), date(2026, 12, 1)


def rows(history, every="month"):
    return frames.collected(ra.roll_forward(history, every=every)).sort("unit_type", "period").rows()


def test_flows_and_holdings_that_come_and_go_lead_from_opening_to_closing(make_history):
    stays = {"user_guid": "stays"}
    history = make_history(
        snapshot("2026-10-31", balance("MILES", "1000", **stays), lot("MILES", "100", on="2026-10-31", **stays)),
        snapshot("2026-11-15", balance("MILES", "1400", **stays), balance("MILES", "50", user_guid="goes")),
        snapshot("2026-11-30", balance("MILES", "1100", **stays), balance("POINTS", "8", **stays)),
        snapshot("2026-12-01", balance("MILES", "1100", **stays), balance("POINTS", "9", **stays)),
    )

    assert rows(history) == [
        # period, unit, opening, joined, earned, redeemed, expired, left, closing, expiry_share
        (NOVEMBER, "MILES", D(1000), D(50), D(500), D(300), D(100), D(50), D(1100), 0.25),
        (DECEMBER, "MILES", D(1100), D(0), D(0), D(0), D(0), D(0), D(1100), None),
        (NOVEMBER, "POINTS", D(0), D(8), D(0), D(0), D(0), D(0), D(8), None),
        (DECEMBER, "POINTS", D(8), D(0), D(1), D(0), D(0), D(0), D(9), None),
    ]


@quick
def test_a_pair_counts_in_the_period_of_its_later_day_and_a_period_without_one_is_absent(make_history):
    history = make_history(
        snapshot("2026-08-30", balance("MILES", "1")),
        snapshot("2026-10-02", balance("MILES", "3")),
        snapshot("2026-12-31", balance("MILES", "2")),
    )

    assert [(row[0], row[2], row[-2]) for row in rows(history)] == [
        (date(2026, 10, 1), D(1), D(3)),
        (date(2026, 12, 1), D(3), D(2)),
    ]
    assert [row[0] for row in rows(history, "quarter")] == [date(2026, 10, 1)]
    assert [row[0] for row in rows(history, "week")] == [date(2026, 9, 28), date(2026, 12, 28)]
    assert [row[0] for row in rows(history, "day")] == [date(2026, 10, 2), date(2026, 12, 31)]
    assert [row[2:9] for row in rows(history, "year")] == [(D(1), D(0), D(2), D(1), D(0), D(0), D(2))]


@quick
def test_a_unit_that_leaves_within_the_period_closes_at_nothing(make_history):
    others = balance("POINTS", "1")
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "7"), others),
        snapshot("2026-11-02", others),
        snapshot("2026-11-03", others),
        snapshot("2026-12-01", others),
    )

    assert [row for row in rows(history) if row[1] == "MILES"] == [
        (NOVEMBER, "MILES", D(7), D(0), D(0), D(0), D(0), D(7), D(0), None)
    ]


@quick
def test_units_are_never_added_and_an_unknown_one_is_a_unit(make_history):
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "1"), balance("STARS", "10")),
        snapshot("2026-11-02", balance("MILES", "2"), balance("STARS", "30")),
    )

    assert [(row[1], row[4]) for row in rows(history)] == [("MILES", D(1)), ("STARS", D(20))]


@quick
def test_the_share_of_expiry_is_that_of_exact_sums(make_history):
    """In floats, 1 / (1 + 2 + 10**18) of the first row would be 1 / 10**18."""
    history = make_history(
        snapshot("2026-11-01", balance("MILES", "1000000000000000003"), lot("MILES", "1", on="2026-11-01")),
        snapshot("2026-11-02", balance("MILES", "0")),
    )

    assert rows(history)[0][-1] == 1 / 1000000000000000003


@quick
def test_a_history_of_one_day_has_no_rows(make_history):
    assert rows(make_history(snapshot("2026-11-01", balance("MILES", "1")))) == []


def test_a_period_of_another_name_is_refused():
    history = frames.polars_frame(frames.table([]))

    with pytest.raises(ArgumentError, match=r"every='months' is not one of .* Did you mean 'month'\?"):
        ra.roll_forward(history, every="months")
