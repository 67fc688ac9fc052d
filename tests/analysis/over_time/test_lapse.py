"""How much of what was due some days ahead expired."""

from datetime import date, timedelta
from decimal import Decimal as D

import numpy as np
import pytest

import rewards_analytics as ra
from rewards_analytics.errors import ArgumentError
from tests import frames
from tests.analysis.over_time.histories import snapshot, table
from tests.frames import balance, lot

quick = pytest.mark.parametrize("engine", ["polars", "duckdb", "stored"])
DAY = date(2026, 11, 30)
"""The day on which everything here is due."""


def before(days, *dues, unit="MILES", **fields):
    """A snapshot some days before the day (after it, if negative) with a known balance and some dues."""
    on = str(DAY - timedelta(days))
    return snapshot(on, balance(unit, "9", **fields), *(lot(unit, amount, on=str(DAY), **fields) for amount in dues))


def rows(history, **options):
    return frames.collected(ra.lapse(history, **options)).sort("unit_type", "lead_days").rows()


def test_what_was_due_at_a_lead_is_compared_with_what_is_left(make_history):
    first, second = {"user_guid": "U1"}, {"user_guid": "U2", "account_guid": None}
    history = make_history(
        before(30, "100", **first) + before(30, "60", **second),
        before(7, "80", **first) + before(7, "60", **second),
        before(0, "50", **first) + before(0, **second),
        before(-1, **first) + before(-1, **second),
    )

    assert rows(history) == [
        # unit, lead, due, expired, saved, share_expired, dues
        ("MILES", 7, D(140), D(50), D(90), 5 / 14, 2),
        ("MILES", 30, D(160), D(50), D(110), 0.3125, 2),
    ]


@quick
@pytest.mark.parametrize(
    ("days", "lead"),
    [(6, None), (7, 7), (13, 7), (14, 14), (29, 14), (30, 30), (59, 30), (364, 180), (365, 365), (2000, 365)],
)
def test_a_snapshot_counts_at_the_longest_lead_that_it_is_ahead_by(make_history, days, lead):
    """The only snapshot before the day is as many days ahead of it."""
    found = rows(make_history(before(days, "10"), before(-1)))

    assert [row[1] for row in found] == ([] if lead is None else [lead])


@quick
def test_only_the_last_snapshot_at_least_so_many_days_ahead_counts(make_history):
    """At 14 days that of 15 days, and not those of 16 or 13; at 7 days that of 8."""
    history = make_history(*(before(days, f"{days}") for days in (16, 15, 13, 8, 6)), before(0, "1"), before(-1))

    assert [row[:4] for row in rows(history, leads=(7, 14))] == [("MILES", 7, D(8), D(1)), ("MILES", 14, D(15), D(1))]


@quick
def test_a_due_that_this_snapshot_does_not_list_is_absent_at_the_lead(make_history):
    """8 days ahead it is not listed: that of 9 days ahead does not stand in for it."""
    history = make_history(before(9, "10"), before(8), before(6, "10"), before(0, "10"), before(-1))

    assert [row[1] for row in rows(history, leads=(1, 7))] == [1]


@quick
def test_the_snapshot_is_that_of_the_history_also_where_the_holding_is_unknown_in_it(make_history):
    history = make_history(
        before(9, "10"), before(8, "70", unit="POINTS"), before(0, "10") + before(0, unit="POINTS"), before(-1)
    )

    assert rows(history, leads=(7,)) == []  # POINTS are unknown after the day, MILES at the lead


@quick
def test_more_left_than_was_due_counts_as_what_was_due(make_history):
    history = make_history(before(10, "30"), before(0, "45"), before(-1))

    assert rows(history, leads=(10,)) == [("MILES", 10, D(30), D(30), D(0), 1.0, 1)]


@quick
def test_only_dues_with_an_outcome_count(make_history):
    """MILES are due on a day that no snapshot follows, POINTS are unknown after theirs."""
    gone = lot("POINTS", "5", on=str(DAY - timedelta(2)))
    history = make_history(
        before(20, "10") + snapshot(str(DAY - timedelta(20)), balance("POINTS", "9"), gone),
        before(0, "10"),
    )

    assert rows(history, leads=(1,)) == []


@quick
def test_the_share_is_that_of_exact_sums(make_history):
    """In floats 1 / (10**19 - 1) of the first due would be 1 / 10**19."""
    history = make_history(before(7, "9999999999999999999"), before(0, "0.000000001"), before(-1))

    assert rows(history, leads=(7,)) == [
        ("MILES", 7, D("9999999999999999999"), D("1e-9"), D("9999999999999999998.999999999"), 1e-28 * (1 + 1e-19), 1)
    ]


@pytest.mark.parametrize(
    ("leads", "message"),
    [
        ((7, 7), r"leads must ascend, and leads\[1\]=7 comes after 7\."),
        ((7, 30, 14), r"leads must ascend, and leads\[2\]=14 comes after 30\."),
        ((0, 7), r"leads\[0\] must be an integer ≥ 1, got 0\."),
        ((7, -1), r"leads\[1\] must be an integer ≥ 1, got -1\."),
        ((True, 7), r"leads\[0\] must be an integer ≥ 1, got True\."),
        ((7, 14.0), r"leads\[1\] must be an integer ≥ 1, got 14\.0\."),
        ((7, "14"), r"leads\[1\] must be an integer ≥ 1, got '14'\."),
        ((7, None), r"leads\[1\] must be an integer ≥ 1, got None\."),
        ((), r"leads is empty\. Pass at least one number of days"),
        (7, r"leads=7 is not a list of days"),
        ("7", r"leads='7' is not a list of days"),
        (None, r"leads=None is not a list of days"),
    ],
)
def test_leads_are_whole_numbers_that_ascend(leads, message):
    with pytest.raises(ArgumentError, match=message):
        ra.lapse(frames.polars_frame(table([])), leads=leads)


def test_leads_may_be_numbers_of_numpy_and_of_any_size():
    history = frames.polars_frame(table([*before(7, "3"), *before(0, "3"), *before(-1)]))

    assert rows(history, leads=np.array([1, 7])) == rows(history, leads=[1, 7, 10**30]) == rows(history, leads=(1, 7))


def test_the_leads_unless_given():
    """Each due is shown by one snapshot, at the longest lead that it is before its day; one of 6 days is at none."""
    first = date(2024, 1, 1)
    ahead = (6, 7, 13, 14, 29, 30, 59, 60, 89, 90, 179, 180, 364, 365)
    lots = [lot("MILES", "1", str(first + timedelta(days))) for days in ahead]
    days = [snapshot(str(first), balance("MILES", "99"), *lots), snapshot("2026-01-01", balance("MILES", "99"))]

    found = ra.lapse(frames.polars_frame(table([row for rows in days for row in rows])))

    assert found.select("lead_days", "dues").rows() == [(7, 2), (14, 2), (30, 2), (60, 2), (90, 2), (180, 2), (365, 1)]
