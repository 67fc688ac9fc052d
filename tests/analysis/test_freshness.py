"""How much of what is held is of members that were last aggregated too long ago."""

from __future__ import annotations

import datetime as dt
from datetime import UTC, datetime
from decimal import Decimal as D
from fractions import Fraction

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from rewards_analytics import freshness
from rewards_analytics.analysis.freshness import ages, last_aggregated
from rewards_analytics.errors import ArgumentError, FrameError, MissingColumnError
from tests import frames
from tests.analysis import reference
from tests.analysis.test_properties import some_rewards
from tests.examples import examples
from tests.frames import balance, lot, to_level, total

TODAY = dt.date(2026, 11, 23)
MEMBERS = pa.schema(
    [("user_guid", pa.string()), ("member_guid", pa.string()), ("aggregated_at", pa.timestamp("us", "UTC"))]
)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def members(**aggregated_at):
    """Members of user U1, each with the time of its last aggregation."""
    rows = [
        {"user_guid": "U1", "member_guid": guid, "aggregated_at": text and at(text)}
        for guid, text in aggregated_at.items()
    ]
    return pl.DataFrame(pl.from_arrow(pa.Table.from_pylist(rows, MEMBERS)))


def test_each_balance_is_fresh_stale_or_of_unknown_age(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "100"),
        balance("MILES", "20", member_guid="M2"),
        balance("MILES", "3", member_guid="M3"),
        balance("MILES", "2", member_guid="not listed"),
        balance("POINTS", "7", member_guid="M2"),
        balance("POINTS", "7"),
    )
    when = members(M1="2026-11-23T04:00", M2="2026-11-20T04:00", M3=None)

    assert_rows(
        freshness(rewards, when, as_of=TODAY),
        [("MILES", D(125), D(20), D(5), 0.16), ("POINTS", D(14), D(7), D(0), 0.5)],
    )


@pytest.mark.parametrize(
    ("aggregated_at", "stale"),
    [
        ("2026-11-24T12:00", 0),
        ("2026-11-21T23:59", 0),
        ("2026-11-21T00:00", 0),
        ("2026-11-20T23:59:59.999999", 5),
        ("0001-01-01T00:00", 5),
    ],
)
def test_days_are_calendar_days_in_utc_and_the_last_of_them_is_fresh(aggregated_at, stale):
    found = freshness(
        frames.polars_frame(frames.table([balance("MILES", "5")])), members(M1=aggregated_at), as_of=TODAY
    )

    assert found["stale"].to_list() == [D(stale)]


@pytest.mark.parametrize(("stale_after", "stale"), [(0, 12), (1, 2), (2, 0), (10**30, 0)])
def test_stale_after_is_a_number_of_days(stale_after, stale):
    rewards = frames.polars_frame(frames.table([balance("MILES", "10"), balance("MILES", "2", member_guid="M2")]))
    when = members(M1="2026-11-22T04:00", M2="2026-11-21T04:00")

    found = freshness(rewards, when, as_of=TODAY, stale_after=stale_after)

    assert found["stale"].to_list() == [D(stale)]


def test_on_the_first_day_of_the_calendar_nothing_is_stale():
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))

    assert freshness(rewards, members(M1="0001-01-01T00:00"), as_of=dt.date.min)["stale"].to_list() == [D(0)]


def test_a_time_of_another_zone_counts_by_its_day_in_utc():
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))
    evening_before = members(M1="2026-11-21T02:00").with_columns(
        pl.col("aggregated_at").dt.convert_time_zone("America/New_York")
    )

    assert freshness(rewards, evening_before, as_of=TODAY)["stale"].to_list() == [D(0)]


def test_a_holding_is_counted_once_and_lots_and_goals_add_nothing(make_frame, assert_rows):
    rewards = make_frame(
        total("MILES", "100"), balance("MILES", "90"), lot("MILES", "30", on="2026-12-31"), to_level("MILES", "5")
    )

    assert_rows(freshness(rewards, members(M1=None), as_of=TODAY), [("MILES", D(100), D(0), D(100), 0.0)])


def test_where_no_balance_is_known_nothing_is_said_about_its_age(make_frame, assert_rows):
    rewards = make_frame(to_level("SEGMENTS", "5"))

    assert_rows(freshness(rewards, members(), as_of=TODAY), [("SEGMENTS", None, None, None, None)])


def test_a_balance_of_zero_has_no_share(make_frame, assert_rows):
    rewards = make_frame(balance("MILES", "0"))

    assert_rows(freshness(rewards, members(M1="2026-01-01T00:00"), as_of=TODAY), [("MILES", D(0), D(0), D(0), None)])


def test_debts_are_added_as_they_are():
    rewards = frames.polars_frame(frames.table([balance("MILES", "-5"), balance("MILES", "20", member_guid="M2")]))

    found = freshness(rewards, members(M1="2026-11-23T00:00", M2="2026-01-01T00:00"), as_of=TODAY)

    assert found.rows() == [("MILES", D(15), D(20), D(0), 20 / 15)]


def test_a_member_that_is_listed_twice_counts_once_by_its_latest_time(make_frame, assert_rows):
    when = pl.concat([members(M1="2026-11-01T00:00"), members(M1=None), members(M1="2026-11-23T00:00")])

    assert_rows(freshness(make_frame(balance("MILES", "5")), when, as_of=TODAY), [("MILES", D(5), D(0), D(0), 0.0)])


def test_a_member_is_known_by_its_user_too():
    rewards = frames.polars_frame(frames.table([balance("MILES", "5", user_guid="U2")]))

    assert freshness(rewards, members(M1="2026-11-23T00:00"), as_of=TODAY)["unknown"].to_list() == [D(5)]


def test_sums_are_exact(make_frame, assert_rows):
    large = "9999999999999999999.999999999"
    rewards = make_frame(*(balance("MILES", large, account_guid=f"A{n}") for n in range(10)))

    exact = D("99999999999999999999.99999999")
    assert_rows(freshness(rewards, members(M1="2026-01-01T00:00"), as_of=TODAY), [("MILES", exact, exact, D(0), 1.0)])


def test_no_rewards_give_no_rows(make_frame, assert_rows):
    assert_rows(freshness(make_frame(), members(M1=None), as_of=TODAY), [])


def test_the_result_has_the_callers_kind_of_frame_and_these_types():
    rewards = frames.table([balance("MILES", "5")])

    found = freshness(frames.polars_lazy(rewards), members(), as_of=TODAY)

    assert isinstance(found, pl.LazyFrame)
    assert dict(found.collect_schema()) == {
        "unit_type": pl.String,
        "available": pl.Decimal(38, 9),
        "stale": pl.Decimal(38, 9),
        "unknown": pl.Decimal(38, 9),
        "stale_share": pl.Float64,
    }
    assert isinstance(freshness(frames.pandas_arrow(rewards), members(), as_of=TODAY), pd.DataFrame)


# --- The frame of members ---

KINDS = {name: make for name, make in frames.ENGINES.items() if name != "polars_categorical"}
ROWS = [
    {"user_guid": "U1", "member_guid": "M1", "aggregated_at": at("2026-11-22T04:00"), "rewards": 1},
    {"user_guid": "U1", "member_guid": "M2", "aggregated_at": at("2026-11-02T04:00"), "rewards": 2},
    {"user_guid": "U1", "member_guid": "M3", "aggregated_at": None, "rewards": 3},
]
WITH_COUNTS = MEMBERS.append(pa.field("rewards", pa.int64()))


@pytest.mark.parametrize("kind", KINDS)
def test_members_may_be_in_any_kind_of_frame(kind):
    rewards = [balance("MILES", str(n), member_guid=f"M{n}") for n in (1, 2, 3)]
    when = KINDS[kind](pa.Table.from_pylist(ROWS, WITH_COUNTS))

    found = freshness(frames.duckdb_relation(frames.table(rewards)), when, as_of=TODAY)

    assert frames.collected(found).rows() == [("MILES", D(6), D(2), D(3), 1 / 3)]


def test_members_may_be_in_a_pyspark_frame(spark):
    rewards = frames.polars_frame(frames.table(balance("MILES", str(n), member_guid=f"M{n}") for n in (1, 2, 3)))

    found = freshness(rewards, spark.createDataFrame(pa.Table.from_pylist(ROWS, MEMBERS)), as_of=TODAY)

    assert found.rows() == [("MILES", D(6), D(2), D(3), 1 / 3)]


@pytest.mark.parametrize("kind", KINDS)
def test_members_of_whom_none_was_ever_aggregated_are_unknown(kind):
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))
    nulls = pa.Table.from_pylist([ROWS[2] | {"member_guid": "M1"}], MEMBERS)

    assert freshness(rewards, KINDS[kind](nulls), as_of=TODAY)["unknown"].to_list() == [D(5)]


@pytest.mark.parametrize("kind", ["polars", "pandas_plain", "pyarrow"])
def test_a_column_without_a_type_is_a_column_of_nulls(kind):
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))
    untyped = MEMBERS.set(2, pa.field("aggregated_at", pa.null()))

    found = freshness(rewards, KINDS[kind](pa.Table.from_pylist([ROWS[2]], untyped)), as_of=TODAY)

    assert found["unknown"].to_list() == [D(5)]


def test_times_without_a_zone_and_days_are_in_utc():
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))
    plain = members(M1="2026-11-20T23:00").with_columns(pl.col("aggregated_at").dt.replace_time_zone(None))

    for when in (plain, plain.with_columns(pl.col("aggregated_at").cast(pl.Date))):
        assert freshness(rewards, when, as_of=TODAY)["stale"].to_list() == [D(5)]


def test_a_missing_column_is_named():
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))

    with pytest.raises(
        MissingColumnError, match=r"members has no column 'aggregated_at'; found .* pull\(…\)\.freshness"
    ):
        freshness(rewards, members().drop("aggregated_at"), as_of=TODAY)


def test_times_as_text_are_refused():
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))
    text = members(M1="2026-11-20T23:00").with_columns(pl.col("aggregated_at").cast(pl.String))

    with pytest.raises(FrameError, match=r"reads 'aggregated_at' as times, and the column holds String"):
        freshness(rewards, text, as_of=TODAY)


@pytest.mark.parametrize("wrong", [None, [("U1", "M1")], "_members.parquet"])
def test_members_must_be_a_frame(wrong):
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))

    with pytest.raises(FrameError, match=r"Pass a frame with the columns user_guid, member_guid, aggregated_at"):
        freshness(rewards, wrong, as_of=TODAY)


def test_a_member_without_a_guid_is_refused():
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))

    with pytest.raises(FrameError, match="'member_guid' in every row"):
        freshness(rewards, members(M1=None).with_columns(member_guid=pl.lit(None, pl.String)), as_of=TODAY)


@pytest.mark.parametrize("stale_after", [-1, 1.5, True, None, "2"])
def test_stale_after_must_be_a_whole_number_of_days(stale_after):
    rewards = frames.polars_frame(frames.table([balance("MILES", "5")]))

    with pytest.raises(ArgumentError, match="stale_after must be an integer ≥ 0, got"):
        freshness(rewards, members(), as_of=TODAY, stale_after=stale_after)


# --- Any rewards ---

TIMES = st.none() | st.datetimes(datetime(2026, 11, 18), datetime(2026, 11, 24))
GUIDS = st.tuples(st.sampled_from(["U1", "U2"]), st.sampled_from(["M1", "M2"]))


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["polars", "pandas_plain", "duckdb"])
@settings(max_examples=examples(25), deadline=None)
@given(rewards=some_rewards, when=st.dictionaries(GUIDS, TIMES), stale_after=st.integers(0, 4))
def test_the_shares_equal_plain_arithmetic(kind, rewards, when, stale_after):
    rows = [{"user_guid": user, "member_guid": member, "aggregated_at": time} for (user, member), time in when.items()]
    listed = pl.DataFrame(rows, schema={"user_guid": pl.String, "member_guid": pl.String, "aggregated_at": pl.Datetime})

    found = freshness(frames.ENGINES[kind](frames.table(rewards)), listed, as_of=TODAY, stale_after=stale_after)

    expected = {}
    for (user, member, _, unit), its in reference.by_holding(rewards).items():
        held, time = reference.available(its), when.get((user, member))
        parts = expected.setdefault(unit, {"known": [], "stale": [], "unknown": []})
        if held is not None:
            age = "unknown" if time is None else "stale" if (TODAY - time.date()).days > stale_after else "known"
            for part in {"known", age}:
                parts[part].append(held)
    rows = []
    for unit, parts in sorted(expected.items()):
        available, stale, unknown = (reference.added(parts[part]) for part in ("known", "stale", "unknown"))
        share = float(Fraction(stale) / Fraction(available)) if available else None
        rows.append((unit, available, stale, unknown, share) if parts["known"] else (unit, None, None, None, None))
    assert frames.collected(found).rows() == rows


# --- Ages ---


def test_ages_count_members_by_days_with_never_last():
    when = members(M1="2026-11-23T04:00", M2="2026-11-24T04:00", M3="2026-11-20T23:59", M4=None)

    assert ages(when, as_of=TODAY) == [(0, 2), (3, 1), (None, 1)]


def test_no_members_have_no_ages():
    assert ages(members(), as_of=TODAY) == []


def test_of_several_columns_that_are_missing_the_first_is_named():
    with pytest.raises(
        MissingColumnError, match=r"members has no column 'user_guid'; found \['aggregated_at'\]"
    ) as caught:
        last_aggregated(members().select("aggregated_at"))

    assert caught.value.missing == ["user_guid", "member_guid"]
