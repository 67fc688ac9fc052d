"""What holds for any rewards at all, on every engine."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import rewards_analytics as ra
from tests import frames
from tests.analysis import reference
from tests.examples import examples

pytestmark = pytest.mark.filterwarnings("ignore:.*rates? fits? no reward")  # most rewards have fewer units than RATES

TODAY = date(2026, 11, 23)
FAST = ["polars", "pandas_plain", "duckdb"]
RATES = pl.DataFrame(
    {
        "unit_type": ["MILES", "MILES", "POINTS", "STARS"],
        "member_guid": [None, "M1", "M2", None],
        "rate": ["0.0125", "0.123456789", "3", "0.000000001"],
    }
)
MEMBERS = pl.DataFrame(
    {
        "user_guid": ["U1", "U1", "U2"],
        "member_guid": ["M1", "M2", "M2"],
        "aggregated_at": [datetime(2026, 11, 23, 4), datetime(2026, 11, 1, 4), None],
    }
)
EDGES = ["-3", "0.000000001", "2", "500", "9999999999999999999"]
EVERY = ["day", "week", "month", "quarter", "year"]

amounts = st.one_of(
    st.decimals(-(10**19) + 1, 10**19 - 1, places=9, allow_nan=False, allow_infinity=False),
    st.integers(-3, 3).map(Decimal),
    st.decimals(0, 1000, places=2),
)
one_reward = st.fixed_dictionaries(
    {
        "user_guid": st.sampled_from(["U1", "U2"]),
        "member_guid": st.sampled_from(["M1", "M2"]),
        "account_guid": st.sampled_from(["A1", "A2", "", None]),
        "balance_type": st.sampled_from([*sorted(reference.KNOWN), "PENDING"]),
        "unit_type": st.sampled_from(["MILES", "POINTS", "DOLLARS", "STARS"]),
        "balance": amounts,
        "expires_on": st.none() | st.dates(date(2026, 10, 1), date(2028, 2, 1)) | st.just(TODAY),
        "created_at": st.none(),
        "description": st.none() | st.sampled_from(["Gold", "gold", "Éclair", "$5"]),
    }
)
some_rewards = st.lists(one_reward, max_size=16).map(
    lambda rows: [{"guid": f"R{number}", **row} for number, row in enumerate(rows)]
)


def analysed(rewards: list[dict[str, Any]], kind: str = "polars") -> Any:
    return frames.ENGINES[kind](frames.table(rewards))


def rows(result: Any) -> list[tuple[Any, ...]]:
    return frames.collected(result).rows()


def every_analysis(frame: Any) -> dict[str, pl.DataFrame]:
    results = {
        "balances": ra.balances(frame, by="account_guid"),
        "holdings": ra.holdings(frame),
        "totals": ra.totals(frame),
        "expiring": ra.expiring(frame, as_of=TODAY, by="account_guid"),
        "aging": ra.aging(frame, as_of=TODAY),
        "distance": ra.distance(frame),
        "quality": ra.quality(frame, as_of=TODAY),
        "value": ra.value(frame, RATES),
        "freshness": ra.freshness(frame, MEMBERS, as_of=TODAY),
        "upcoming": ra.upcoming(frame, as_of=TODAY),
        "bands": ra.bands(frame, EDGES),
    }
    return {name: frames.collected(result) for name, result in results.items()}


@pytest.mark.oracle
@pytest.mark.parametrize("kind", FAST)
@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards)
def test_holdings_and_totals_equal_plain_decimal_arithmetic(kind, rewards):
    frame = analysed(rewards, kind)

    assert set(rows(ra.holdings(frame))) == reference.holdings(rewards)
    assert set(rows(ra.totals(frame))) == reference.totals(rewards, by=lambda _: ())
    assert set(rows(ra.totals(frame, by=["account_guid", "user_guid"]))) == reference.totals(
        rewards, by=lambda holding: (holding[2], holding[0])
    )


@pytest.mark.oracle
@pytest.mark.parametrize("kind", FAST)
@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards, every=st.sampled_from(EVERY), by=st.sampled_from([None, "account_guid"]))
def test_the_timeline_equals_plain_decimal_arithmetic(kind, rewards, every, by):
    found = rows(ra.expiring(analysed(rewards, kind), as_of=TODAY, every=every, by=by))

    assert found == reference.expiring(rewards, TODAY, every, by)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", FAST)
@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards)
def test_the_aging_schedule_equals_plain_decimal_arithmetic(kind, rewards):
    found = rows(ra.aging(analysed(rewards, kind), as_of=TODAY))
    expected = reference.aging(rewards, TODAY)

    assert {(unit, bucket): (amount, count) for bucket, unit, amount, count in found if count} == expected
    assert sum(count for *_, count in found) == len(reference.all_lots(rewards))
    assert all(amount == 0 for _, _, amount, count in found if not count)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", FAST)
@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards)
def test_distances_equal_plain_decimal_arithmetic_and_progress_lies_in_zero_to_one(kind, rewards):
    def comparable(row: tuple[Any, ...]) -> tuple[Any, ...]:
        *exact, progress, reached = row
        assert progress is None or (progress == 1 if reached else 0 <= progress < 1)
        return (*exact, None if progress is None else round(progress, 12), reached)

    found = [comparable(row) for row in rows(ra.distance(analysed(rewards, kind)))]

    assert Counter(found) == Counter(map(comparable, reference.distance(rewards)))


@pytest.mark.oracle
@pytest.mark.parametrize("kind", FAST)
@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards)
def test_values_equal_plain_decimal_arithmetic(kind, rewards):
    rates = {(row["unit_type"], row["member_guid"]): Decimal(row["rate"]) for row in RATES.rows(named=True)}

    assert rows(ra.value(analysed(rewards, kind), RATES)) == reference.value(rewards, rates)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", FAST)
@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards, until=st.none() | st.dates(TODAY, date(2028, 3, 1)))
def test_what_is_upcoming_equals_plain_decimal_arithmetic(kind, rewards, until):
    found = rows(ra.upcoming(analysed(rewards, kind), as_of=TODAY, until=until))

    assert found == reference.upcoming(rewards, TODAY, until)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", FAST)
@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards, edges=st.sets(amounts, min_size=1, max_size=4).map(sorted))
def test_bands_equal_plain_decimal_arithmetic(kind, rewards, edges):
    assert rows(ra.bands(analysed(rewards, kind), edges)) == reference.bands(rewards, edges)


@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards, until=st.none() | st.dates(TODAY, date(2028, 3, 1)))
def test_what_is_upcoming_adds_up_to_the_timeline_by_day(rewards, until):
    frame = analysed(rewards)
    added = (
        ra.upcoming(frame, as_of=TODAY, until=until)
        .group_by("unit_type", "expires_on")
        .agg(pl.col("expiring", "rewards").sum())
        .sort("unit_type", "expires_on")
    )

    by_day = ra.expiring(frame, as_of=TODAY, until=until, every="day").filter(pl.col("rewards") > 0)
    assert added.rows() == by_day.select("unit_type", "period", "expiring", "rewards").rows()


@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards, edges=st.sets(amounts, min_size=1, max_size=4).map(sorted))
def test_bands_add_up_to_the_totals(rewards, edges):
    frame = analysed(rewards)
    added = ra.bands(frame, edges).group_by("unit_type").agg(pl.col("available", "holdings").sum()).sort("unit_type")

    known = ra.totals(frame).filter(pl.col("available").is_not_null())
    assert added.rows() == known.select("unit_type", "available", "holdings").rows()


@settings(max_examples=examples(10), deadline=None)
@given(rewards=some_rewards, data=st.data())
def test_the_order_of_the_rows_changes_nothing(rewards, data):
    permuted = data.draw(st.permutations(rewards))

    expected = every_analysis(analysed(permuted))
    for name, result in every_analysis(analysed(rewards)).items():
        assert result.equals(expected[name]), name


@settings(max_examples=examples(8), deadline=None)
@given(rewards=some_rewards, data=st.data())
def test_splitting_the_rows_changes_nothing(rewards, data):
    cut = data.draw(st.integers(0, len(rewards)))
    parts = [analysed(rewards[:cut]), analysed(rewards[cut:])]

    expected = every_analysis(analysed(rewards))
    for name, result in every_analysis(pl.concat(parts, rechunk=False)).items():
        assert result.equals(expected[name]), name


@pytest.mark.filterwarnings("ignore::rewards_analytics.RewardsWarning")
@settings(max_examples=examples(8), deadline=None)
@given(rewards=some_rewards, data=st.data())
def test_exact_repeats_change_nothing_after_loading(rewards, data):
    repeats = data.draw(st.lists(st.sampled_from(rewards), max_size=5)) if rewards else []

    expected = every_analysis(ra.load(rewards))
    for name, result in every_analysis(ra.load(rewards + repeats)).items():
        assert result.equals(expected[name]), name


@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards)
def test_units_never_mix(rewards):
    """What is said of a unit is the same whether or not there are rewards in others."""
    together = every_analysis(analysed(rewards))
    for unit in {row["unit_type"] for row in rewards}:
        alone = [row for row in rewards if row["unit_type"] == unit]
        of_unit = together["totals"].filter(pl.col("unit_type") == unit)
        assert of_unit.equals(ra.totals(analysed(alone)))
        of_unit = together["aging"].filter(pl.col("unit_type") == unit)
        assert of_unit.equals(ra.aging(analysed(alone), as_of=TODAY))


@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards)
def test_totals_by_user_add_up_to_totals(rewards):
    frame = analysed(rewards)
    added = (
        ra.totals(frame, by="user_guid")
        .group_by("unit_type")
        .agg(pl.col("available").drop_nulls().sum(), pl.col("expiring", "holdings", "users").sum())
        .sort("unit_type")
    )

    whole = ra.totals(frame).select("unit_type", pl.col("available").fill_null(0), "expiring", "holdings", "users")
    assert added.drop("users").equals(whole.drop("users"))


@settings(max_examples=examples(20), deadline=None)
@given(rewards=some_rewards, every=st.sampled_from(EVERY))
def test_the_cumulative_sum_ends_at_the_sum_of_the_timeline(rewards, every):
    timeline = ra.expiring(analysed(rewards), as_of=TODAY, every=every)

    ends = timeline.group_by("unit_type", maintain_order=True).agg(
        pl.col("expiring").sum(), pl.col("cumulative").last(), pl.col("rewards").sum()
    )
    assert ends["expiring"].to_list() == ends["cumulative"].to_list()
    dated = [lot for lot in reference.all_lots(rewards) if lot["expires_on"] and lot["expires_on"] >= TODAY]
    assert ends["rewards"].sum() == len(dated)


@settings(max_examples=examples(1), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rewards=st.lists(one_reward, min_size=15, max_size=25))
def test_every_engine_gives_the_same_rows(engine, make_frame, rewards):
    rewards = [{"guid": f"R{number}", **row} for number, row in enumerate(rewards)]
    expected = every_analysis(analysed(rewards))

    for name, result in every_analysis(make_frame(*rewards)).items():
        wanted = expected[name]
        if engine in frames.UNORDERED:
            # Sorted by everything but the float, whose last bit may differ.
            exact = [column for column in wanted.columns if column != "progress"]
            result, wanted = result.sort(exact), wanted.sort(exact)
        assert result.schema == wanted.schema, name
        if name == "distance":
            floats, wanted_floats = result["progress"].to_list(), wanted["progress"].to_list()
            assert floats == pytest.approx(wanted_floats, abs=1e-12, nan_ok=False)
            result, wanted = result.drop("progress"), wanted.drop("progress")
        assert result.equals(wanted), name
