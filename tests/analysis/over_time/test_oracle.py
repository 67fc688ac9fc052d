"""The flows of random histories equal plain arithmetic, on every engine."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.analysis.over_time import pairs, snapshots
from rewards_analytics.engines import parts
from tests import frames
from tests.analysis.over_time import histories, oracle
from tests.analysis.reference import KNOWN
from tests.examples import examples

pytestmark = pytest.mark.filterwarnings("ignore:.*compares one snapshot with the next")

FIRST = date(2026, 1, 25)
COLUMNS = ("from_date", "to_date", *oracle.KEY, "status", "opening", "closing", "expired", "earned", "redeemed")

amounts = st.one_of(
    st.decimals(-(10**19) + 1, 10**19 - 1, places=9, allow_nan=False, allow_infinity=False),
    st.integers(-3, 30).map(Decimal),
    st.decimals(0, 1000, places=2),
)
a_reward = st.fixed_dictionaries(
    {
        "guid": st.sampled_from(["R1", "R2", "R3"]),
        "user_guid": st.sampled_from(["U1", "U1", "U2", "U3"]),
        "member_guid": st.sampled_from(["M1", "M2"]),
        "account_guid": st.sampled_from(["A1", "", None]),
        "balance_type": st.sampled_from([*sorted(KNOWN), "BALANCE", "TOTAL_BALANCE", "EXPIRING_BALANCE", "PENDING"]),
        "unit_type": st.sampled_from(["MILES", "POINTS"]),
        "balance": amounts,
        "expires_on": st.none() | st.dates(FIRST - timedelta(2), FIRST + timedelta(20)),
        "created_at": st.none(),
        "description": st.none() | st.sampled_from(["Gold", "Éclair"]),
    }
)


def histories_of(rewards: st.SearchStrategy[Any], fewest: int, most: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Rewards of some days, most of them with gaps in between."""
    days = st.sets(st.integers(0, 18), min_size=fewest, max_size=most)
    snapshots = days.flatmap(lambda chosen: st.fixed_dictionaries(dict.fromkeys(sorted(chosen), rewards)))
    return snapshots.map(
        lambda found: [row | {"taken_on": FIRST + timedelta(day)} for day, rows in found.items() for row in rows]
    )


some_histories = histories_of(st.lists(a_reward, min_size=1, max_size=8), 0, 6)
long_histories = histories_of(st.lists(a_reward, min_size=6, max_size=12), 4, 6)
windows = st.sampled_from([1, 2, 5, 90, 10**6])
periods = st.sampled_from(["day", "week", "month", "quarter", "year"])


def rows(result: Any) -> list[tuple[Any, ...]]:
    return sorted(frames.collected(result).rows(), key=repr)


def check(history: list[dict[str, Any]], frame: Any, every: str, window: int) -> None:
    """Compare the four functions with the oracle, and the roll-forward with itself."""
    expected = [tuple(change[name] for name in COLUMNS) for change in oracle.changes(history)]
    assert rows(ra.changes(frame)) == sorted(normal(expected), key=repr)
    rolled = frames.collected(ra.roll_forward(frame, every=every))
    assert rows(rolled) == sorted(normal(oracle.roll_forward(history, every)), key=repr)
    for row in rolled.iter_rows(named=True):
        ins = (row["opening"], row["joined"], row["earned"])
        outs = (row["redeemed"], row["expired"], row["left"])
        assert oracle.added([*ins, *(amount.copy_negate() for amount in outs)]) == row["closing"]
    assert rows(ra.pace(frame, window=window)) == sorted(normal(oracle.pace(history, window)), key=repr)
    assert rows(ra.activity(frame, window=window)) == sorted(normal(oracle.activity(history, window)), key=repr)


def normal(expected: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Amounts with nine decimals, as the frames have them."""
    nine = Decimal("1e-9")

    def cell(value: Any) -> Any:
        return value.quantize(nine, context=oracle.WIDE) if isinstance(value, Decimal) else value

    return [tuple(map(cell, row)) for row in expected]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("kind", "together", "of_a_day"),
    [
        ("polars", None, None),
        ("stored", snapshots.MOST_REWARDS, snapshots.MOST_OF_A_DAY),
        ("stored", 14, snapshots.MOST_OF_A_DAY),
        ("stored", 0, snapshots.MOST_OF_A_DAY),
        ("stored", 14, 2),
        ("stored", 0, 2),
    ],
)
@settings(max_examples=examples(15), deadline=None)
@given(history=some_histories, every=periods, window=windows)
def test_the_flows_equal_plain_arithmetic(kind, together, of_a_day, history, every, window):
    """A stored history is read day by day, or some days together, or some users together."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (pairs, snapshots):
            patch.setattr(module, "MOST_REWARDS", together)
        patch.setattr(snapshots, "MOST_OF_A_DAY", of_a_day)
        patch.setattr(parts, "_EVERY", 1)
        check(history, histories.KINDS[kind](histories.table(history)), every, window)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["duckdb", "pyarrow"])
@settings(max_examples=examples(5), deadline=None)
@given(history=long_histories, every=periods, window=windows)
def test_the_flows_of_other_frames_equal_plain_arithmetic(kind, history, every, window):
    check(history, histories.KINDS[kind](histories.table(history)), every, window)


@pytest.mark.oracle("dask")
@settings(max_examples=examples(1), deadline=None, phases=[Phase.generate])
@given(history=long_histories, every=periods, window=windows)
def test_the_flows_of_dask_equal_plain_arithmetic(history, every, window):
    check(history, frames.dask_frame(histories.table(history)), every, window)


@pytest.mark.oracle("pyspark")
@settings(
    max_examples=examples(2),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=long_histories, every=periods, window=windows)
def test_the_flows_of_spark_equal_plain_arithmetic(spark, history, every, window):
    check(history, spark.createDataFrame(histories.table(history)), every, window)
