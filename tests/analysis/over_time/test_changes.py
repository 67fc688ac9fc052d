"""What happened to each holding between a snapshot and the next."""

from datetime import date, timedelta
from decimal import Decimal as D

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.analysis.over_time import pairs, snapshots
from tests import frames
from tests.analysis.over_time.histories import Stored, snapshot, table
from tests.frames import balance, lot, to_level, total

pytestmark = pytest.mark.filterwarnings("ignore:.*compares one snapshot with the next")

MON, TUE, WED, SUN = (date(2026, 11, day) for day in (23, 24, 25, 29))
MONDAY, TUESDAY, WEDNESDAY, SUNDAY = map(str, (MON, TUE, WED, SUN))
FLOWS = ("status", "opening", "closing", "expired", "earned", "redeemed")

quick = pytest.mark.parametrize("engine", ["polars", "pandas_plain", "duckdb", "stored"])


def rows(history, columns=FLOWS):
    """Rows of `changes` in its order, also where the kind of frame has none."""
    key = ["from_date", "to_date", "user_guid", "member_guid", "account_guid", "unit_type"]
    return frames.collected(ra.changes(history)).sort(key, nulls_last=True).select(columns).rows()


def only_row(history):
    (row,) = rows(history)
    return row


def test_a_holding_is_held_new_or_gone(make_history):
    history = make_history(
        snapshot(MONDAY, balance("MILES", "1200"), lot("MILES", "300", on=MONDAY), balance("POINTS", "7")),
        snapshot(TUESDAY, balance("MILES", "1050"), balance("DOLLARS", "2.50", account_guid=None)),
        snapshot(WEDNESDAY, balance("MILES", "1000"), balance("DOLLARS", "2.50", account_guid=None)),
    )
    columns = ("from_date", "to_date", "account_guid", "unit_type", *FLOWS)

    assert rows(history, columns) == [
        (MON, TUE, "A1", "MILES", "held", D(1200), D(1050), D(300), D(150), D(0)),
        (MON, TUE, "A1", "POINTS", "gone", D(7), None, None, None, None),
        (MON, TUE, None, "DOLLARS", "new", None, D("2.5"), None, None, None),
        (TUE, WED, "A1", "MILES", "held", D(1050), D(1000), D(0), D(0), D(50)),
        (TUE, WED, None, "DOLLARS", "held", D("2.5"), D("2.5"), D(0), D(0), D(0)),
    ]


def test_large_amounts_keep_every_digit(make_history):
    largest, cent = "9999999999999999999.999999999", "0.000000001"
    history = make_history(
        snapshot(MONDAY, total("MILES", largest), total("MILES", largest), total("POINTS", f"-{largest}")),
        snapshot(TUESDAY, total("MILES", cent), total("POINTS", largest), lot("POINTS", largest, on=TUESDAY)),
        snapshot(WEDNESDAY, total("MILES", cent), total("POINTS", largest)),
    )

    assert rows(history) == [
        ("held", D("19999999999999999999.999999998"), D(cent), D(0), D(0), D("19999999999999999999.999999997")),
        ("held", D(f"-{largest}"), D(largest), D(0), D("19999999999999999999.999999998"), D(0)),
        ("held", D(cent), D(cent), D(0), D(0), D(0)),
        ("held", D(largest), D(largest), D(largest), D(largest), D(0)),
    ]


@quick
def test_a_lot_expires_from_the_day_of_the_opening_to_the_day_before_the_closing(make_history):
    lots = [lot("MILES", "1", on="2026-11-22"), lot("MILES", "20", on=MONDAY)]
    lots += [lot("MILES", "300", on="2026-11-28"), lot("MILES", "4000", on=SUNDAY), lot("MILES", "50000")]
    history = make_history(snapshot(MONDAY, balance("MILES", "90000"), *lots), snapshot(SUNDAY, balance("MILES", "1")))

    assert only_row(history) == ("held", D(90000), D(1), D(320), D(0), D(89679))


@quick
@pytest.mark.parametrize(
    ("opening", "due", "expired"),
    [("100", "-5", "0"), ("100", "130", "100"), ("-100", "30", "0"), ("0", "30", "0"), ("100", "100", "100")],
)
def test_no_more_expires_than_is_there_and_never_less_than_nothing(make_history, opening, due, expired):
    history = make_history(
        snapshot(MONDAY, balance("MILES", opening), lot("MILES", due, on=MONDAY)),
        snapshot(TUESDAY, balance("MILES", opening)),
    )

    assert only_row(history) == ("held", D(opening), D(opening), D(expired), D(expired), D(0))


@quick
def test_lots_are_those_of_holdings(make_history):
    """The dated rows of the available balance, unless the holding has an EXPIRING_BALANCE, due or not."""
    dated = balance("MILES", "30", on=MONDAY)
    history = make_history(
        snapshot(
            MONDAY,
            *(reward | {"user_guid": "dated"} for reward in (dated, balance("MILES", "70"))),
            *(reward | {"user_guid": "listed"} for reward in (dated, balance("MILES", "70"), lot("MILES", "9"))),
            *(reward | {"user_guid": "total"} for reward in (dated, total("MILES", "100"))),
            *(reward | {"user_guid": "total dated"} for reward in (dated, total("MILES", "100", on=MONDAY))),
        ),
        snapshot(TUESDAY, *(balance("MILES", "0", user_guid=f"{user}") for user in ("dated", "listed", "total"))),
    )

    assert rows(history, ("user_guid", "opening", "expired")) == [
        ("dated", D(100), D(30)),
        ("listed", D(100), D(0)),
        ("total", D(100), D(0)),
        ("total dated", D(100), None),
    ]


@quick
def test_a_goal_or_a_lot_alone_is_no_balance(make_history):
    history = make_history(
        snapshot(MONDAY, balance("MILES", "1"), to_level("POINTS", "5"), lot("DOLLARS", "5", on=MONDAY)),
        snapshot(TUESDAY, to_level("MILES", "9"), balance("POINTS", "2"), lot("DOLLARS", "5", on=TUESDAY)),
    )

    assert rows(history, ("unit_type", "status", "opening", "closing")) == [
        ("MILES", "gone", D(1), None),
        ("POINTS", "new", None, D(2)),
    ]


@quick
def test_a_holding_that_comes_back_is_new_again(make_history):
    held = balance("MILES", "1")
    others = [balance("POINTS", "1", user_guid="U2")]
    history = make_history(
        snapshot(MONDAY, held, *others), snapshot(TUESDAY, *others), snapshot(WEDNESDAY, held, *others),
        snapshot(SUNDAY, held, *others),
    )  # fmt: skip

    assert [status for unit, status in rows(history, ("unit_type", "status")) if unit == "MILES"] == [
        "gone",
        "new",
        "held",
    ]


@quick
def test_a_missing_day_makes_a_longer_pair(make_history):
    history = make_history(snapshot(MONDAY, balance("MILES", "1")), snapshot(SUNDAY, balance("MILES", "4")))

    assert rows(history, ("from_date", "to_date", "earned")) == [(MON, SUN, D(3))]


@quick
def test_guids_do_not_matter_and_an_account_without_one_equals_itself(make_history):
    history = make_history(
        snapshot(MONDAY, balance("MILES", "1", account_guid=None), balance("MILES", "5", account_guid="")),
        snapshot(TUESDAY, balance("MILES", "2", account_guid=None), balance("MILES", "5", account_guid="")),
    )

    assert rows(history, ("account_guid", "earned")) == [("", D(0)), (None, D(1))]


@quick
def test_rewards_of_unknown_types_alone_still_make_a_day(make_history):
    history = make_history(
        snapshot(MONDAY, balance("MILES", "1")),
        snapshot(TUESDAY, frames.reward("PENDING", "MILES", "1")),
        snapshot(WEDNESDAY, balance("MILES", "1")),
    )

    assert rows(history, ("to_date", "status")) == [(TUE, "gone"), (WED, "new")]


@pytest.mark.parametrize("days", [0, 1])
@pytest.mark.parametrize("engine", ["polars", "polars_lazy", "pandas_plain", "pyarrow", "duckdb", "stored"])
def test_a_history_of_one_day_or_none_has_no_changes(make_history, days):
    history = make_history(*[snapshot(MONDAY, balance("MILES", "1"))][:days])

    assert frames.collected(ra.changes(history)).shape == (0, 12)


@pytest.mark.parametrize("engine", ["polars", "polars_lazy", "duckdb", "stored", "pandas"])
def test_rows_are_in_the_order_of_the_dates_and_the_key(make_history):
    days = [
        snapshot(day, *(balance("MILES", "1", user_guid=user, account_guid=account) for account in (None, "B", "A")))
        for day in (WEDNESDAY, MONDAY, TUESDAY)
        for user in ("U2", "U1")
    ]
    found = frames.collected(ra.changes(make_history(*days)))

    assert found.equals(found.sort("from_date", "to_date", "user_guid", "account_guid", nulls_last=True))
    assert found["account_guid"].to_list() == ["A", "B", None] * 4


@quick
def test_flows_of_less_than_one(make_history):
    history = make_history(
        snapshot(
            MONDAY,
            total("DOLLARS", "1"),
            total("MILES", "0.5"), lot("MILES", "2", on=MONDAY),
            total("POINTS", "-0.5"), lot("POINTS", "2", on=MONDAY),
            total("SEGMENTS", "5"), lot("SEGMENTS", "-0.5", on=MONDAY),
            total("STARS", "1"),
        ),
        snapshot(
            TUESDAY, total("DOLLARS", "0.5"), total("MILES", "0"), total("POINTS", "-0.5"), total("SEGMENTS", "5"),
            total("STARS", "1.5"),
        ),
    )  # fmt: skip

    assert rows(history, ("unit_type", "expired", "earned", "redeemed")) == [
        ("DOLLARS", D(0), D(0), D("0.5")),
        ("MILES", D("0.5"), D(0), D(0)),
        ("POINTS", D(0), D(0), D(0)),
        ("SEGMENTS", D(0), D(0), D(0)),
        ("STARS", D(0), D("0.5"), D(0)),
    ]


# --- Of a stored history ----------------------------------------------------------------------------

WEEK = [snapshot(f"2026-11-{day}", balance("MILES", f"{day}"), to_level("MILES", "3")) for day in range(10, 17)]
LONG = [reward for day in WEEK for reward in day]


@pytest.fixture(params=[0, snapshots.MOST_REWARDS], ids=["day by day", "together"])
def _together(request, monkeypatch):
    """Read days one by one, and as many together as usual."""
    for module in (pairs, snapshots):
        monkeypatch.setattr(module, "MOST_REWARDS", request.param)


def test_nothing_is_read_until_the_result_is_computed():
    history = Stored(table(LONG))

    result = ra.changes(history)

    assert isinstance(result, pl.LazyFrame)
    assert history.read == []


@pytest.mark.usefixtures("_together")
def test_each_day_is_read_once():
    history = Stored(table(LONG))

    assert len(ra.changes(history).collect()) == 6
    assert history.read == [date(2026, 11, day) for day in range(10, 17)]


def test_the_first_rows_take_the_first_days(monkeypatch):
    for module in (pairs, snapshots):
        monkeypatch.setattr(module, "MOST_REWARDS", 0)
    history = Stored(table(LONG))

    assert ra.changes(history).head(2).collect()["earned"].to_list() == [D(1), D(1)]
    assert len(history.read) < 6


@pytest.mark.usefixtures("_together")
def test_each_pair_has_what_expires_between_its_days():
    days = [MONDAY, TUESDAY, WEDNESDAY]
    lots = [lot("MILES", str(amount), on=day) for amount, day in zip((1, 2, 4), days, strict=True)]
    history = [row for day in (*days, SUNDAY) for row in snapshot(day, total("MILES", "100"), *lots)]

    assert ra.changes(Stored(table(history))).collect()["expired"].to_list() == [D(1), D(2), D(4)]


@pytest.mark.usefixtures("_together")
def test_a_filter_and_a_selection_give_what_they_give_of_a_frame():
    history = table(LONG)
    wanted = (pl.col("to_date") > date(2026, 11, 13)) & (pl.col("earned") > 0)
    stored, frame = ra.changes(Stored(history)), ra.changes(frames.polars_lazy(history))

    assert stored.filter(wanted).select("opening").collect().equals(frame.filter(wanted).select("opening").collect())
    assert stored.filter(wanted).head(1).collect().equals(frame.filter(wanted).head(1).collect())
    assert stored.select(pl.len()).collect().item() == 6
    assert stored.collect_schema() == frame.collect_schema()


@pytest.mark.usefixtures("_together")
@pytest.mark.parametrize(
    ("wanted", "days"),
    [
        (pl.col("to_date") == date(2026, 11, 16), [15, 16]),
        (pl.col("from_date").is_in([date(2026, 11, 10), date(2026, 11, 11), date(2026, 11, 15)]), [10, 11, 12, 15, 16]),
        (pl.col("to_date") - pl.col("from_date") > timedelta(days=1), []),
        ((pl.col("to_date") == date(2026, 11, 16)) & (pl.col("earned") > 0), [*range(10, 17)]),
    ],
)
def test_a_filter_on_the_dates_alone_reads_only_their_days(wanted, days):
    history = Stored(table(LONG))

    found = ra.changes(history).filter(wanted).collect()

    assert found.equals(ra.changes(frames.polars_frame(table(LONG))).filter(wanted))
    assert history.read == [date(2026, 11, day) for day in days]


def test_a_result_can_be_computed_again_and_written(tmp_path):
    result = ra.changes(Stored(table(LONG)))

    result.sink_parquet(tmp_path / "changes.parquet")

    assert pl.read_parquet(tmp_path / "changes.parquet").equals(result.collect())
