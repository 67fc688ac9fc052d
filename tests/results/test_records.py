"""Results as records keep the order of their analysis, also from engines whose frames have none."""

import random

import pytest

import rewards_analytics as ra
from rewards_analytics.results.records import in_order, records
from rewards_analytics.schema import HOLDER
from tests import frames
from tests.frames import ANALYSES

OTHER = {"account_guid": None, "user_guid": "U2"}
ROWS = [
    frames.balance("POINTS", "7"),
    frames.balance("MILES", "100"),
    frames.balance("MILES", "100", **OTHER),
    frames.lot("MILES", "30", "2026-12-24"),
    frames.lot("stars", "30", "2027-03-01"),
    frames.lot("stars", "31", "2027-03-01", **OTHER),
    frames.to_level("MILES", "5", description=None),
    frames.to_level("MILES", "5", description="Gold"),
    frames.to_level("MILES", "5", **OTHER),
    frames.to_reward("MILES", "5"),
    frames.to_reward("stars", "5"),
    frames.to_reward("POINTS", "0"),
]


@pytest.mark.parametrize("analysis", ANALYSES)
def test_shuffled_rows_are_put_back_into_the_order_of_their_analysis(analysis):
    rows = records(ANALYSES[analysis](frames.polars_frame(frames.table(ROWS))))
    shuffled = random.Random(5).sample(rows, len(rows))

    assert len(rows) > 2
    assert in_order(analysis, shuffled) == rows


def test_the_largest_of_the_next_expiries_comes_first_within_a_day_and_unit():
    amounts = [("2026-12-01", "STARS", 9), ("2026-12-01", "MILES", 1), ("2026-12-01", "MILES", 2)]
    rows = [
        {"expires_on": day, "unit_type": unit, "expiring": amount, **dict.fromkeys(HOLDER)}
        for day, unit, amount in amounts
    ]

    assert [(row["unit_type"], row["expiring"]) for row in in_order("upcoming", rows)] == [
        ("MILES", 2),
        ("MILES", 1),
        ("STARS", 9),
    ]


def test_an_empty_result_has_no_records_on_any_engine(make_frame):
    assert in_order("totals", ra.totals(make_frame())) == []


def test_records_are_the_same_on_every_engine(make_frame):
    expected = records(ra.holdings(frames.polars_frame(frames.table(ROWS))))

    assert in_order("holdings", ra.holdings(make_frame(*ROWS))) == expected


@pytest.mark.parametrize("make", [frames.pandas_arrow, frames.pandas_plain])
def test_the_index_of_a_pandas_frame_is_not_a_column(make):
    rewards = make(frames.table(ROWS)).sort_values("balance").tail(2)[["unit_type", "balance_type"]]

    assert [list(row) for row in records(rewards)] == [["unit_type", "balance_type"]] * 2
