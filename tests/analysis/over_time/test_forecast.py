"""What is expected to expire, and how far such forecasts were from what happened."""

from datetime import date, datetime, timedelta
from decimal import Decimal as D
from itertools import chain

import pytest

import rewards_analytics as ra
from rewards_analytics.analysis.over_time import snapshots
from rewards_analytics.errors import ArgumentError
from tests import frames
from tests.analysis.over_time.histories import Stored, snapshot, table
from tests.frames import balance, lot

quick = pytest.mark.parametrize("engine", ["polars", "duckdb", "stored"])
OCT, NOV, DEC, JAN = date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


def day(on, *dues, unit="MILES", **fields):
    """A snapshot with a known balance and dues, each an amount and its day."""
    return snapshot(on, balance(unit, "9", **fields), *(lot(unit, amount, on=at, **fields) for amount, at in dues))


LAPSED = [
    # Of 100 due on 15 October 80 were left 7 days before, and 40 on the day: shares of 2/5 at 14 days and 1/2 at 7.
    day("2026-10-01", ("100", "2026-10-15")),
    day("2026-10-08", ("80", "2026-10-15")),
    day("2026-10-15", ("40", "2026-10-15")),
]


def rows(history, function=ra.forecast, **options):
    first = "unit_type" if function is ra.forecast else "as_of"
    second = "period" if function is ra.forecast else "unit_type"
    return frames.collected(function(history, **options)).sort(first, second).rows()


# --- Forecast ---------------------------------------------------------------------------------------


def test_each_due_is_multiplied_with_the_share_of_its_unit_at_its_days_left(make_history):
    history = make_history(*LAPSED, day("2026-11-01", ("100", "2026-11-08"), ("10", "2026-12-31"), ("7", "2027-01-01")))

    assert rows(history) == [
        (NOV, "MILES", D(100), D(50), None, None),
        (DEC, "MILES", D(10), D(4), None, None),
        (JAN, "MILES", D(7), D("2.8"), None, None),
    ]


@quick
def test_the_last_day_may_be_that_of_the_snapshot(make_history):
    history = make_history(*LAPSED, day("2026-11-01", ("100", "2026-11-01"), ("10", "2026-11-02")))

    assert [row[2] for row in rows(history, until=NOV)] == [D(100)]
    assert [row[2] for row in rows(history, as_of=NOV, until=NOV)] == [D(100)]


@quick
@pytest.mark.parametrize(
    ("days_left", "expected"),
    [(0, "700"), (1, "650"), (6, "400"), (7, "350"), (8, "340"), (13, "290"), (14, "280"), (15, "280"), (900, "280")],
)
def test_between_the_leads_the_share_follows_a_straight_line(make_history, days_left, expected):
    """From 1 at 0 days to 1/2 at 7 and 2/5 at 14; beyond, 2/5."""
    on = str(NOV + timedelta(days_left))
    history = make_history(*LAPSED, day("2026-11-01", ("700", on)))

    assert rows(history, every="year")[-1][:4] == (
        date.fromisoformat(on).replace(month=1, day=1),
        "MILES",
        D(700),
        D(expected),
    )


@quick
def test_the_sum_is_rounded_once_half_to_even(make_history):
    """Each is half of the last decimal: three make 1.5 of it, five 2.5, and both become 2."""
    tiny = "0.000000001"
    three = [day("2026-11-01", (tiny, "2026-11-08"), unit="MILES", user_guid=f"U{n}") for n in range(3)]
    five = [day("2026-11-01", (tiny, "2026-11-08"), unit="MILES", user_guid=f"U{n}") for n in range(5)]

    for rewards in (three, five):
        assert rows(make_history(*LAPSED, *rewards))[0][3] == D("2e-9")


@quick
def test_a_unit_without_a_share_has_no_expectation(make_history):
    new = day("2026-11-01", ("5", "2026-11-01"), ("5", "2026-12-02"), unit="POINTS")
    history = make_history(*LAPSED, day("2026-11-01", ("1", "2026-11-01")) + new)

    assert [row[:4] for row in rows(history)] == [
        (NOV, "MILES", D(1), D(1)),
        (DEC, "MILES", D(0), D(0)),
        (NOV, "POINTS", D(5), None),
        (DEC, "POINTS", D(5), None),
    ]


@quick
def test_of_a_day_in_the_past_it_says_what_happened(make_history):
    unknown, more = {"user_guid": "U2"}, {"user_guid": "U3"}
    history = make_history(
        *LAPSED,
        day("2026-11-01", ("100", "2026-11-08"), ("60", "2026-11-20"), ("8", "2026-12-20"), ("30", "2027-01-20"))
        + day("2026-11-01", ("10", "2026-11-08"), **unknown)
        + day("2026-11-01", ("10", "2026-11-09"), **more),
        day("2026-11-03", ("70", "2026-11-08")) + day("2026-11-03", ("12", "2026-11-09"), **more),
        day("2026-12-21") + day("2026-12-21", **more),
    )

    assert rows(history, as_of=date(2026, 11, 2)) == [
        # 100/2 + 60 x 2/5 + 10/2 + 10 x 17/35. Of the 100 are left 70, of the 60 none, of the second 10 are left 12.
        (NOV, "MILES", D(180), D("83.857142857"), D(170), D(80)),
        (DEC, "MILES", D(8), D("3.2"), D(8), D(0)),
        (JAN, "MILES", D(30), D(12), None, None),
    ]


@quick
def test_it_is_made_from_the_last_snapshot_and_knows_none_after_it(make_history):
    after = [day("2026-11-03", ("9", "2026-11-20")), day("2026-11-21", ("9", "2026-12-31")), day("2027-01-03")]
    now = day("2026-11-01", ("100", "2026-11-08"))
    whole, cut = make_history(*LAPSED, now, *after), make_history(*LAPSED, now)

    for as_of in (date(2026, 11, 1), date(2026, 11, 2)):
        assert [row[:4] for row in rows(whole, as_of=as_of)] == [row[:4] for row in rows(cut)]
    assert rows(whole) == []
    assert rows(cut, as_of=date(2030, 1, 1)) == rows(cut)


@quick
def test_periods_reach_from_the_snapshot_to_the_last_due_or_until_for_every_unit(make_history):
    points = day("2026-10-16", ("5", "2026-12-30"), ("3", "2026-12-31"), unit="POINTS")
    history = make_history(*LAPSED, day("2026-10-16", ("1", "2026-10-16")) + points)

    assert [row[:3] for row in rows(history)] == [
        (OCT, "MILES", D(1)),
        (NOV, "MILES", D(0)),
        (DEC, "MILES", D(0)),
        (OCT, "POINTS", D(0)),
        (NOV, "POINTS", D(0)),
        (DEC, "POINTS", D(8)),
    ]
    assert [row[2] for row in rows(history, every="quarter", until=date(2026, 12, 30))] == [D(1), D(5)]
    assert [row[:3] for row in rows(history, until=date(2026, 12, 29))] == [
        (OCT, "MILES", D(1)),
        (NOV, "MILES", D(0)),
        (DEC, "MILES", D(0)),
    ]
    assert [row[0] for row in rows(history, every="week", until=date(2026, 10, 19))] == [
        date(2026, 10, 12),
        date(2026, 10, 19),
    ]


def test_arguments_that_say_nothing_are_refused():
    history = frames.polars_frame(table([*day("2026-11-01", ("1", "2026-11-08")), *day("2026-11-20")]))

    with pytest.raises(
        ArgumentError, match=r"as_of=2026-10-31 is before the first snapshot\. Pass 2026-11-01 or a later"
    ):
        ra.forecast(history.lazy(), as_of=date(2026, 10, 31))
    with pytest.raises(ArgumentError, match=r"until=2026-11-19 is before the last snapshot, 2026-11-20\."):
        ra.forecast(history, until=date(2026, 11, 19))
    with pytest.raises(ArgumentError, match=r"until=2026-11-03 is before as_of=2026-11-04\."):
        ra.forecast(history, as_of=date(2026, 11, 4), until=date(2026, 11, 3))
    with pytest.raises(ArgumentError, match=r"every='months' is not one of .* Did you mean 'month'\?"):
        ra.forecast(history, every="months")
    with pytest.raises(ArgumentError, match=r"as_of=.* has a time of day"):
        ra.forecast(history, as_of=datetime(2026, 11, 4))


def test_a_stored_history_is_read_once_and_only_until_every_outcome_is_known(monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_REWARDS", 0)  # each day is read when it is needed
    after = [day("2026-11-09"), day("2026-11-10"), day("2026-11-11")]
    history = Stored(table(chain(*LAPSED, day("2026-11-01", ("9", "2026-11-08")), *after)))

    ra.forecast(history, as_of=NOV).collect()

    assert [f"{read:%m-%d}" for read in history.read] == ["10-01", "10-08", "10-15", "11-01", "11-09"]


# --- Backtest ---------------------------------------------------------------------------------------


def test_forecasts_of_the_first_snapshot_of_each_period_stand_beside_what_happened(make_history):
    history = make_history(
        *LAPSED,
        day("2026-10-31", ("1", "2026-11-01")),
        day("2026-11-02", ("100", "2026-11-09"), ("50", "2026-11-16")),
        day("2026-11-09", ("70", "2026-11-09"), ("50", "2026-11-16")),
        day("2026-11-16"),
        day("2026-12-31", ("3", "2027-01-07")),
    )

    assert rows(history, ra.backtest) == [
        # as_of, unit, due, expected, observed, error
        (OCT, "MILES", D(100), None, D(40), None),
        (date(2026, 11, 2), "MILES", D(150), D(70), D(70), D(0)),
    ]
    assert rows(history, ra.backtest, every="quarter") == [(OCT, "MILES", D(100), None, D(40), None)]
    assert rows(history, ra.backtest, every="day")[-1] == (
        # All of the 70 of that day, and half of the 50 seven days later.
        date(2026, 11, 9),
        "MILES",
        D(120),
        D(70) + D(25),
        D(70),
        D(25),
    )


@quick
@pytest.mark.parametrize(("horizon", "due"), [(1, []), (6, []), (7, [100]), (13, [100]), (14, [150]), (90, [150])])
def test_only_dues_within_the_horizon_count(make_history, horizon, due):
    history = make_history(day("2026-11-02", ("100", "2026-11-09"), ("50", "2026-11-16")), day("2026-11-20"))

    assert [row[2] for row in rows(history, ra.backtest, horizon_days=horizon)] == due


def test_the_horizon_is_90_days_unless_it_is_given():
    days = [*day("2026-11-02", ("100", "2027-01-31"), ("50", "2027-02-01")), *day("2027-02-05")]  # in 90 and 91 days

    assert [row[2] for row in rows(frames.polars_frame(table(days)), ra.backtest)] == [D(100)]


@quick
def test_dues_without_an_outcome_do_not_count(make_history):
    other = {"user_guid": "U2"}
    history = make_history(
        day("2026-11-02", ("100", "2026-11-09"), ("50", "2026-12-16"))
        + day("2026-11-02", ("7", "2026-11-09"), **other),
        day("2026-11-20", ("50", "2026-12-16")),
    )

    assert [(row[0].day, row[2]) for row in rows(history, ra.backtest)] == [(2, D(100))]


@pytest.mark.parametrize("horizon", [0, -1, 1.5, "90", None, True])
def test_a_horizon_is_a_whole_number_of_days(horizon):
    with pytest.raises(ArgumentError, match=r"horizon_days must be an integer ≥ 1, got"):
        ra.backtest(frames.polars_frame(table([])), horizon_days=horizon)


def test_a_horizon_may_reach_beyond_the_calendar():
    history = frames.polars_frame(table([*day("2026-11-02", ("1", "2026-11-09")), *day("2026-11-20")]))

    assert rows(history, ra.backtest, horizon_days=10**12) == rows(history, ra.backtest)
