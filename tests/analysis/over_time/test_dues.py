"""What became of each due."""

import datetime as dt
from decimal import Decimal as D

import narwhals as nw
import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.analysis.over_time import snapshots
from rewards_analytics.engines import parts
from tests import frames
from tests.analysis.over_time.histories import Stored, snapshot, table
from tests.frames import balance, lot, to_level, total

quick = pytest.mark.parametrize("engine", ["polars", "duckdb", "stored"])
OUTCOME = ("first_seen", "last_seen", "first_due", "last_due", "left", "outcome")
KEY = ["user_guid", "member_guid", "account_guid", "unit_type"]


def nov(day):
    return dt.date(2026, 11, day)


def held(day, *dues, on="2026-11-10", unit="MILES", **fields):
    """A snapshot of a day of November with a known balance and some lots."""
    return snapshot(
        f"2026-11-{day:02}",
        balance(unit, "100", **fields),
        *(lot(unit, amount, on=on, **fields) for amount in dues),
    )


def rows(history, columns=OUTCOME):
    return frames.collected(ra.dues(history)).sort("expires_on", *KEY, nulls_last=True).select(columns).rows()


# --- The rows ---------------------------------------------------------------------------------------


def test_each_due_is_followed_from_the_first_snapshot_that_lists_it_to_its_day(make_history):
    history = make_history(
        held(1, "30", "5") + held(1, "8", on="2026-11-20", unit="POINTS", account_guid=None),
        held(4, "30") + held(4, "9", on="2026-11-20", unit="POINTS", account_guid=None),
        held(9, "12") + held(9, unit="POINTS", account_guid=None),
        held(13) + held(13, unit="POINTS", account_guid=None),
        held(21, "7", on="2026-12-01") + held(21, unit="POINTS", account_guid=None),
    )

    assert rows(history, ("account_guid", "unit_type", "expires_on", *OUTCOME)) == [
        ("A1", "MILES", nov(10), nov(1), nov(9), D(35), D(12), D(12), "expired"),
        (None, "POINTS", nov(20), nov(1), nov(4), D(8), D(9), D(0), "saved"),
        ("A1", "MILES", dt.date(2026, 12, 1), nov(21), nov(21), D(7), D(7), None, "ahead"),
    ]


@pytest.mark.parametrize("most", [4, snapshots.MOST_OF_A_DAY], ids=["some users at a time", "all users"])
def test_a_stored_history_gives_the_dues_by_day_whatever_users_it_takes_together(monkeypatch, most):
    monkeypatch.setattr(snapshots, "MOST_OF_A_DAY", most)
    monkeypatch.setattr(parts, "_EVERY", 1)
    first, second = {"user_guid": "U1"}, {"user_guid": "U2"}
    days = [
        *held(1, "1", on="2026-11-20", **first),
        *held(1, "3", on="2026-11-20", unit="POINTS", **first),
        *held(1, "2", on="2026-11-10", **second),
        *held(15, **first),
    ]

    found = ra.dues(Stored(table(days))).collect()

    assert found.select("expires_on", "user_guid", "unit_type", "outcome").rows() == [
        (nov(10), "U2", "MILES", "unknown"),
        (nov(20), "U1", "MILES", "ahead"),
        (nov(20), "U1", "POINTS", "ahead"),
    ]


@quick
def test_a_fraction_that_is_left_has_expired(make_history):
    history = make_history(held(1, "5", "0.5"), held(9, "0.5"), held(13))

    assert rows(history) == [(nov(1), nov(9), D("5.5"), D("0.5"), D("0.5"), "expired")]


def test_the_result_is_of_the_callers_kind_with_one_type_for_each_column(make_history, engine):
    history = make_history(held(1, "30", on="2026-11-08"), held(7, "30", on="2026-11-08"), held(9, "7"), held(12))
    amount, day, text, count = pl.Decimal(38, 9), pl.Date(), pl.String(), pl.Int64()
    types = {
        ra.dues: [text] * 4 + [day] * 3 + [amount] * 3 + [text],
        ra.lapse: [text, count, amount, amount, amount, pl.Float64(), count],
        ra.forecast: [day, text] + [amount] * 4,
        ra.backtest: [day, text] + [amount] * 4,
    }

    for function, expected in types.items():
        result = function(history, **({"as_of": nov(7)} if function is ra.forecast else {}))

        if engine == "stored":
            assert isinstance(result, pl.LazyFrame)
        else:
            assert type(result) is type(ra.changes(history))
        if engine == "dask":
            assert all(
                dtype == nw.Decimal(38, 9)
                for dtype, column in zip(nw.from_native(result).collect_schema().values(), expected, strict=True)
                if column == amount
            )
        found = frames.collected(result)
        assert found.dtypes == expected
        assert len(found)


@pytest.mark.parametrize("engine", ["polars", "polars_lazy", "pandas", "stored"])
def test_rows_are_in_order_of_their_days_and_keys(make_history):
    history = make_history(
        [
            *held(1, "1", on="2026-11-05", user_guid="b", account_guid=None),
            *held(1, "2", on="2026-11-05", user_guid="b", account_guid="z"),
            *held(1, "3", on="2026-11-04", user_guid="z"),
            *held(1, "4", on="2026-11-12", user_guid="a"),
        ],
        [*held(8, "5", on="2026-11-12", user_guid="A"), *held(8, "6", on="2026-11-09", user_guid="y")],
    )

    assert [*map(int, frames.collected(ra.dues(history))["first_due"])] == [3, 2, 1, 6, 5, 4]


# --- Which snapshots count --------------------------------------------------------------------------


@quick
def test_the_snapshot_of_the_day_itself_counts_and_one_after_it_does_not(make_history):
    """What an institution still lists after the day is late, not due."""
    history = make_history(held(9, "30"), held(10, "20"), held(11, "10"), held(12, "10"))

    assert rows(history) == [(nov(9), nov(10), D(30), D(20), D(20), "expired")]


@quick
def test_what_is_first_listed_after_its_day_was_never_due(make_history):
    assert rows(make_history(held(11, "10"), held(12))) == []


@quick
def test_a_snapshot_without_the_holdings_balance_does_not_count(make_history):
    """A lot alone makes a holding whose balance is unknown."""
    history = make_history(
        snapshot("2026-11-01", lot("MILES", "90", on="2026-11-10")),
        held(2, "30"),
        held(10, "20"),
        held(11),
    )

    assert rows(history) == [(nov(2), nov(10), D(30), D(20), D(20), "expired")]


@quick
def test_a_due_that_is_gone_and_listed_again_is_one_due(make_history):
    history = make_history(held(1, "30"), held(2), held(3), held(4, "50"), held(11))

    assert rows(history) == [(nov(1), nov(4), D(30), D(50), D(50), "expired")]


# --- The outcome ------------------------------------------------------------------------------------


@quick
def test_without_a_snapshot_after_the_day_it_is_ahead(make_history):
    for last in (held(9, "30"), held(10, "30"), held(10)):
        outcome = rows(make_history(held(1, "30"), last), ("left", "outcome"))

        assert outcome == [(None, "ahead")]


@quick
def test_it_is_saved_if_the_last_snapshot_before_lists_it_no_more_whatever_came_earlier(make_history):
    """The 9th is the last on or before the 10th, however little earlier the due was listed."""
    history = make_history(held(1, "30"), held(8, "30"), held(9), held(11, "30"))

    assert rows(history) == [(nov(1), nov(8), D(30), D(30), D(0), "saved")]


@quick
def test_moved_to_another_day_is_saved(make_history):
    history = make_history(held(1, "30"), held(9, "30", on="2026-12-24"), held(11, "30", on="2026-12-24"))

    assert rows(history, ("left", "outcome")) == [(D(0), "saved"), (None, "ahead")]


@quick
@pytest.mark.parametrize("missing", [9, 11])
def test_without_the_holding_in_the_snapshots_on_both_sides_it_is_unknown(make_history, missing):
    others = {day: held(day, user_guid="U2") for day in (1, 9, 11, 12)}
    own = {1: held(1, "30"), 9: held(9, "30"), 11: held(11), 12: held(12)} | {missing: []}
    history = make_history(*(others[day] + own[day] for day in others))

    assert rows(history, ("left", "outcome")) == [(None, "unknown")]


@quick
def test_a_balance_that_is_unknown_on_one_side_leaves_the_outcome_unknown(make_history):
    history = make_history(held(9, "30"), snapshot("2026-11-11", to_level("MILES", "3")), held(12))

    assert rows(history, ("left", "outcome")) == [(None, "unknown")]


@quick
def test_a_snapshot_counts_also_if_it_lists_no_balance_of_anybody(make_history):
    """On the 10th nobody's balance is known, and it is the last snapshot before the end of that day."""
    history = make_history(held(9, "30"), snapshot("2026-11-10", to_level("POINTS", "3")), held(11))

    assert rows(history, ("left", "outcome")) == [(None, "unknown")]


# --- What is due ------------------------------------------------------------------------------------


@quick
def test_a_due_is_the_sum_of_the_lots_of_its_day_where_that_is_above_0(make_history):
    history = make_history(
        snapshot(
            "2026-11-01",
            balance("MILES", "100"),
            lot("MILES", "30", on="2026-11-10"),
            lot("MILES", "-10", on="2026-11-10"),
            lot("MILES", "10", on="2026-11-11"),
            lot("MILES", "-10", on="2026-11-11"),
            lot("MILES", "-1", on="2026-11-12"),
            lot("MILES", "5"),
        )
    )

    assert rows(history, ("expires_on", "first_due")) == [(nov(10), D(20))]


@quick
def test_dated_rows_of_the_available_balance_are_lots_unless_expiring_rows_say_otherwise(make_history):
    day = {"on": "2026-11-10"}
    history = make_history(
        snapshot("2026-11-01", total("MILES", "40", **day), balance("MILES", "7", **day)),
        snapshot("2026-11-02", balance("MILES", "7", **day)),
        snapshot("2026-11-03", total("MILES", "40", **day), lot("MILES", "3", on="2026-11-12")),
        snapshot("2026-11-11", total("MILES", "40")),
    )

    assert rows(history, ("expires_on", *OUTCOME)) == [
        (nov(10), nov(1), nov(2), D(40), D(7), D(0), "saved"),
        (nov(12), nov(3), nov(3), D(3), D(3), None, "ahead"),
    ]


@quick
@pytest.mark.parametrize("together", [0, 3, 200_000])
def test_a_day_without_balances_or_lots_shifts_no_other_day(make_history, monkeypatch, together):
    monkeypatch.setattr(snapshots, "MOST_REWARDS", together)
    goal = snapshot("2026-11-02", to_level("MILES", "1"))
    history = make_history(held(1, "5"), goal, held(4, "4", unit="POINTS") + held(4, "3"), held(9, "2"), held(12))

    assert rows(history, ("unit_type", *OUTCOME)) == [
        ("MILES", nov(1), nov(9), D(5), D(2), D(2), "expired"),
        ("POINTS", nov(4), nov(4), D(4), D(4), None, "unknown"),
    ]


@quick
def test_amounts_of_nineteen_digits_keep_every_digit(make_history):
    history = make_history(held(9, "9999999999999999999.999999999", "9999999999999999999.999999999"), held(11))

    assert rows(history, ("left",)) == [(D("19999999999999999999.999999998"),)]


def test_a_history_without_dated_lots_has_no_rows(make_history):
    history = make_history(snapshot("2026-11-01", balance("MILES", "1"), lot("MILES", "1")), held(2))

    for function in (ra.dues, ra.lapse, ra.forecast, ra.backtest):
        assert frames.collected(function(history)).is_empty()


@pytest.mark.parametrize("function", [ra.dues, ra.lapse, ra.forecast, ra.backtest])
def test_a_history_without_snapshots_has_no_rows(function):
    assert function(frames.polars_frame(table([]))).is_empty()
