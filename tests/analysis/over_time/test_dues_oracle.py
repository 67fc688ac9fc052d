"""What became of the dues of random histories with gaps equals plain arithmetic, on every engine."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import dask
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.analysis.over_time import snapshots
from rewards_analytics.engines import parts
from tests import frames
from tests.analysis.over_time import histories, oracle
from tests.analysis.over_time.test_oracle import normal, rows
from tests.examples import examples

FIRST = date(2026, 1, 25)

LARGE = Decimal("9999999999999999999.999999999")


def a_history(seed: int) -> list[dict[str, Any]]:
    """Snapshots with gaps of a few holdings, whose lots shrink, come back, turn negative, and are listed again."""
    chance = random.Random(seed)
    first_gap = chance.choice([1, 5, 9])
    days = sorted({chance.randint(0, first_gap * 12) for _ in range(chance.randint(1, 12))})
    history = []
    for account, unit in (("A", "MILES"), (None, "MILES"), ("", "POINTS"), (None, "POINTS"), ("B", "DOLLARS")):
        kind = chance.choice(["EXPIRING_BALANCE", "EXPIRING_BALANCE", "TOTAL_BALANCE", "BALANCE"])
        lots = [
            (FIRST + timedelta(chance.choice([0, 8, 9, 10, 25, 26, 40, 70, 100, 500])), an_amount(chance))
            for _ in range(chance.randint(0, 5))
        ]
        holding = {"user_guid": chance.choice("UVW"), "member_guid": "M", "account_guid": account, "unit_type": unit}
        holding |= {"created_at": None, "description": None, "guid": "R"}
        for day in days:
            rows = []
            if chance.random() < 0.9:
                rows.append(holding | {"balance_type": "BALANCE", "balance": an_amount(chance), "expires_on": None})
            if chance.random() < 0.1:
                rows.append(holding | {"balance_type": "EXPIRING_BALANCE", "balance": Decimal(1), "expires_on": None})
            for place, (expires_on, amount) in enumerate(lots):
                if chance.random() < 0.3:
                    lots[place] = (expires_on, an_amount(chance, amount))
                if chance.random() < 0.9:
                    rows.append(holding | {"balance_type": kind, "balance": amount, "expires_on": expires_on})
            history += [row | {"taken_on": FIRST + timedelta(day)} for row in rows]
    return history


def an_amount(chance: random.Random, before: Decimal = Decimal(100)) -> Decimal:
    """Most often a part of what there was before."""
    choices = [before * chance.randint(0, 10) / 10, Decimal(chance.randint(-3, 90)), LARGE, LARGE.copy_negate()]
    return chance.choices(choices, [8, 4, 1, 1])[0].quantize(Decimal("1e-9"), context=oracle.WIDE)


seeds = st.integers(0, 10**6)
periods = st.sampled_from(["day", "week", "month", "quarter", "year"])
some_leads = st.sampled_from([(7, 14, 30, 60, 90, 180, 365), (1, 2, 3), (1,), (10, 20), (5, 6, 40)])
questions = st.fixed_dictionaries(
    {
        "every": periods,
        "leads": some_leads,
        "as_of": st.none() | st.integers(0, 90),
        "until": st.none() | st.integers(0, 90),
        "horizon_days": st.sampled_from([1, 10, 90, 10**12]),
    }
)


def sorted_rows(expected: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(normal(expected), key=repr)


def check(seed: int, make: Callable[[pa.Table], Any], asked: dict[str, Any]) -> None:
    """Compare the four functions with the oracle, and a forecast with that of the history cut at its day."""
    history = a_history(seed)
    past, frame = oracle.Past(history), make(histories.table(history))
    every, leads, horizon = asked["every"], asked["leads"], asked["horizon_days"]
    assert rows(ra.dues(frame)) == sorted_rows(oracle.dues(past))
    lapsed = frames.collected(ra.lapse(frame, leads=leads))
    assert rows(lapsed) == sorted_rows(oracle.lapse(past, leads))
    assert all(oracle.added([expired, saved]) == due for due, expired, saved in lapsed[:, 2:5].rows())
    found = rows(ra.backtest(frame, every=every, horizon_days=horizon))
    assert found == sorted_rows(oracle.backtest(past, every, horizon))

    first, last = (past.dates[0], past.dates[-1]) if past.dates else (FIRST, FIRST)
    as_of = None if asked["as_of"] is None else first + timedelta(asked["as_of"])
    until = None if asked["until"] is None else (as_of or last) + timedelta(asked["until"])
    found = rows(ra.forecast(frame, as_of=as_of, every=every, until=until))
    assert found == sorted_rows(oracle.forecast(past, as_of, every, until))
    if as_of:
        cut = frames.polars_frame(histories.table(row for row in history if row["taken_on"] <= as_of))
        assert [row[:4] for row in rows(ra.forecast(cut, every=every, until=until))] == [row[:4] for row in found]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("kind", "together", "of_a_day"),
    [
        *((kind, together, 10**6) for kind in ("polars", "stored") for together in (snapshots.MOST_REWARDS, 14, 0)),
        ("stored", 14, 4),
        ("stored", 0, 4),
    ],
)
@settings(max_examples=examples(12), deadline=None)
@given(seed=seeds, asked=questions)
def test_dues_lapse_and_forecast_equal_plain_arithmetic(kind, together, of_a_day, seed, asked):
    """A history is taken day by day, or some days together; or a stored one some users together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshots, "MOST_REWARDS", together)
        patch.setattr(snapshots, "MOST_OF_A_DAY", of_a_day)
        patch.setattr(parts, "_EVERY", 1)
        check(seed, histories.KINDS[kind], asked)


@pytest.mark.oracle
@pytest.mark.parametrize("kind", ["polars_lazy", "pandas", "pyarrow", "duckdb"])
@settings(max_examples=examples(4), deadline=None)
@given(seed=seeds, asked=questions)
def test_those_of_other_frames_equal_plain_arithmetic(kind, seed, asked):
    check(seed, histories.KINDS[kind], asked)


@pytest.mark.oracle("dask")
@settings(max_examples=examples(2), deadline=None, phases=[Phase.generate])
@given(seed=seeds, asked=questions)
def test_those_of_dask_equal_plain_arithmetic(seed, asked):
    with dask.config.set(scheduler="synchronous"):
        check(seed, frames.dask_frame, asked)


@pytest.mark.oracle("pyspark")
@settings(
    max_examples=examples(2),
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=seeds, asked=questions)
def test_those_of_spark_equal_plain_arithmetic(spark, seed, asked):
    check(seed, spark.createDataFrame, asked)


# --- What does not matter ----------------------------------------------------------------------------


FUNCTIONS: list[Callable[[Any], Any]] = [
    ra.dues,
    lambda history: ra.lapse(history, leads=(1, 2, 9, 20)),
    ra.forecast,
    ra.backtest,
]


@pytest.mark.parametrize("function", FUNCTIONS)
@settings(max_examples=examples(6), deadline=None)
@given(seed=seeds)
def test_guids_order_and_holdings_without_lots_do_not_matter(function, seed):
    chance, history = random.Random(seed), a_history(seed)
    other = [row | {"guid": f"RWD-{chance.random()}"} for row in history]
    other += [
        row | {"user_guid": "U2", "balance_type": "BALANCE", "expires_on": None}
        for row in history
        if row["balance_type"] == "TOTAL_BALANCE" or row["balance_type"] == "BALANCE"
    ]
    chance.shuffle(other)

    found = [function(histories.KINDS["polars"](histories.table(rows))) for rows in (history, other)]

    assert found[0].equals(found[1])
