"""What of the dues of the next 90 days is likely to lapse, and what did of those of the past year."""

from datetime import date
from decimal import Decimal as D

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.analysis.over_time.outlook import outlook
from tests import frames
from tests.analysis.over_time.histories import Stored, snapshot, table
from tests.frames import balance, lot

AS_OF = date(2026, 9, 20)
AHEAD = [("1000", "2026-09-27"), ("100", "2026-12-19"), ("7", "2026-12-20")]
HOLDINGS = [{"account_guid": f"A{number}"} for number in range(30)]


def day(on, *dues, unit="MILES", holdings=HOLDINGS):
    """A snapshot in which each holding has a known balance and the same dues, each an amount and its day."""
    rewards = [
        reward
        for holding in holdings
        for reward in (balance(unit, "9", **holding), *(lot(unit, amount, on=at, **holding) for amount, at in dues))
    ]
    return snapshot(on, *rewards)


def year(unit="MILES", holdings=HOLDINGS):
    """Of 100 due 83 days ahead 80 are left 7 days before, and 40 on the day: shares of 2/5 at 60 days, 1/2 at 7."""
    return [
        *day("2026-06-10", ("100", "2026-09-01"), unit=unit, holdings=holdings),
        *day("2026-08-25", ("80", "2026-09-01"), unit=unit, holdings=holdings),
        *day("2026-09-01", ("40", "2026-09-01"), unit=unit, holdings=holdings),
        *day("2026-09-20", unit=unit, holdings=holdings[1:]),
        *day("2026-09-20", *AHEAD, unit=unit, holdings=holdings[:1]),
    ]


def of(history, as_of=AS_OF):
    return outlook(history, as_of=as_of, horizon_days=90, asked_by="report")


EXPECTED = {
    "unit_type": "MILES",
    "due": D(1100),
    "expected": D(540),
    "past_due": D(3000),
    "past_expired": D(1200),
    "dues": 30,
    "since": date(2026, 6, 10),
}


@pytest.mark.parametrize("make", [frames.polars_frame, frames.duckdb_relation, frames.pandas_arrow, Stored])
def test_the_dues_ahead_get_the_share_of_those_of_the_past(make):
    """1000 x 1/2 with 7 days left, and 100 x 2/5 with 90; one of 91 days does not count."""
    assert of(make(table(year()))) == [EXPECTED]


def test_a_unit_with_fewer_than_30_past_dues_is_left_out():
    few = year(unit="DOLLARS", holdings=HOLDINGS[:29]) + year(unit="POINTS", holdings=HOLDINGS[:29])

    assert of(frames.polars_frame(table(year() + few))) == [EXPECTED]


def test_a_unit_with_nothing_ahead_is_left_out():
    past = [row for row in year(unit="DOLLARS") if row["taken_on"] != AS_OF]
    nothing = day(str(AS_OF), unit="DOLLARS")

    assert of(frames.polars_frame(table(past + nothing + year()))) == [EXPECTED]


def test_later_snapshots_have_no_part_in_it():
    later = day("2026-09-21", ("5", "2026-09-27"))

    assert of(frames.polars_frame(table(year() + later))) == [EXPECTED]


def test_a_last_snapshot_older_than_a_week_says_nothing():
    history = frames.polars_frame(table(year()))

    assert [row["due"] for row in of(history, date(2026, 9, 27))] == [D(1107)]
    assert of(history, date(2026, 9, 28)) == []
    assert of(history, date(2026, 6, 9)) == []


def test_dues_between_the_last_snapshot_and_the_day_do_not_count():
    past = day("2026-09-21", ("5", "2026-09-22"), ("8", "2026-09-28"), holdings=HOLDINGS[:1])

    (row,) = of(frames.polars_frame(table(year() + past)), date(2026, 9, 23))

    assert (row["due"], row["expected"]) == (8, 4)


def test_the_past_counts_only_where_all_of_its_90_days_are_over():
    rows = [row for row in year() if row["taken_on"] != date(2026, 6, 10)]

    assert of(frames.polars_frame(table(rows))) == []


def test_the_past_goes_back_one_year():
    rows = [row | {"taken_on": row["taken_on"].replace(year=2025)} for row in year()]
    old = [row for row in rows if row["taken_on"] < date(2025, 9, 20)]

    assert of(frames.polars_frame(table(old + year())))[0]["since"] == date(2026, 6, 10)


@pytest.mark.parametrize(("on", "since"), [("2025-09-20", date(2026, 6, 10)), ("2025-09-21", date(2025, 9, 21))])
def test_the_past_begins_364_days_before(on, since):
    assert of(frames.polars_frame(table(day(on) + year())))[0]["since"] == since


@pytest.mark.parametrize(("on", "since"), [(date(2026, 6, 22), []), (date(2026, 6, 21), [date(2026, 6, 21)])])
def test_the_90_days_of_the_past_end_before_the_last_snapshot(on, since):
    rows = [row | {"taken_on": on} if row["taken_on"] == date(2026, 6, 10) else row for row in year()]

    assert [row["since"] for row in of(frames.polars_frame(table(rows)))] == since


def test_it_agrees_with_forecast_and_backtest():
    history = pl.read_parquet("data/_history/rewards.parquet")
    as_of, until = date(2026, 8, 23), date(2026, 11, 21)
    seen = history.filter(pl.col("taken_on") <= as_of)
    ahead = ra.forecast(history, as_of=as_of, until=until).group_by("unit_type").agg(pl.col("due", "expected").sum())
    past = (
        ra.backtest(seen)
        .filter(pl.col("as_of") < date(2026, 5, 25))
        .group_by("unit_type")
        .agg(pl.col("due", "observed").sum())
    )

    found = {row["unit_type"]: row for row in of(history, as_of)}

    assert sorted(found) == ["DOLLARS", "MILES", "POINTS", "SEGMENTS"]
    for unit_type, due, expected in ahead.iter_rows():
        assert found[unit_type]["due"] == due
        assert abs(found[unit_type]["expected"] - expected) < D("0.00000001")  # which rounds each month
    for unit_type, due, observed in past.iter_rows():
        assert (found[unit_type]["past_due"], found[unit_type]["past_expired"]) == (due, observed)
