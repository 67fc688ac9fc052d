"""How balances are spread: holdings by the size of what is available."""

import datetime as dt
from decimal import Decimal as D

import numpy as np
import pytest

from rewards_analytics import bands, totals
from rewards_analytics.errors import ArgumentError
from tests.frames import balance, collected, lot, polars_frame, table, to_level, total


def test_a_band_holds_its_lower_edge_and_not_its_upper_one(make_frame, assert_rows):
    amounts = ["-1", "9.999999999", "10", "99.999999999", "100", "1e18"]
    rewards = make_frame(*(balance("MILES", amount, member_guid=f"M{n}") for n, amount in enumerate(amounts)))

    assert_rows(
        bands(rewards, (10, 100)),
        [
            ("MILES", None, D(10), 2, 2, D("8.999999999")),
            ("MILES", D(10), D(100), 2, 2, D("109.999999999")),
            ("MILES", D(100), None, 2, 2, D("1000000000000000100")),
        ],
    )


def test_edges_are_exact_to_the_last_decimal(make_frame, assert_rows):
    edge = "9007199254740993.000000001"  # a double ends before its last digits
    rewards = make_frame(balance("MILES", "9007199254740993.000000000"), balance("MILES", edge, account_guid="A2"))

    assert_rows(bands(rewards, [edge]), [(None, D(edge), 1), (D(edge), None, 1)], ("at_least", "below", "holdings"))


def test_every_unit_with_a_known_balance_has_all_bands(make_frame, assert_rows):
    rewards = make_frame(
        balance("POINTS", "5"),
        total("DOLLARS", "0.5"),
        lot("MILES", "30", "2026-12-23"),
        to_level("SEGMENTS", "5"),
    )

    assert_rows(
        bands(rewards, [D("0.5"), "5.0"]),
        [
            ("DOLLARS", 0, D(0)), ("DOLLARS", 1, D("0.5")), ("DOLLARS", 0, D(0)),
            ("POINTS", 0, D(0)), ("POINTS", 0, D(0)), ("POINTS", 1, D(5)),
        ],
        ("unit_type", "holdings", "available"),
    )  # fmt: skip


def test_a_member_counts_once_in_each_band(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "1"),
        balance("MILES", "2", account_guid="A2"),
        balance("MILES", "20", account_guid="A3"),
        balance("MILES", "3", member_guid="M2", account_guid=None),
    )

    assert_rows(bands(rewards, [10]), [(3, 2, D(6)), (1, 1, D(20))], ("holdings", "members", "available"))


def test_a_holding_counts_by_its_total_and_lots_add_nothing(make_frame, assert_rows):
    rewards = make_frame(total("MILES", "9"), balance("MILES", "90"), lot("MILES", "50", "2026-12-23"))

    assert_rows(bands(rewards, [10]), [(1, D(9)), (0, D(0))], ("holdings", "available"))


def test_without_a_known_balance_there_is_no_row(make_frame, assert_rows):
    assert_rows(bands(make_frame(lot("MILES", "1"))), [])


def test_the_usual_edges_make_ten_bands():
    found = collected(
        bands(polars_frame(table([balance("MILES", "0"), balance("MILES", "1000000", account_guid="B")])))
    )

    assert found["below"].to_list() == [1, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 1_000_000, None]
    assert found["holdings"].to_list() == found["members"].to_list() == [1, *[0] * 8, 1]


def test_the_bands_add_up_to_the_totals(make_frame):
    rewards = make_frame(
        *(balance("MILES", f"{n}.25", account_guid=f"A{n}") for n in range(5)),
        lot("MILES", "3", "2026-12-23", account_guid="A9"),
    )

    found, whole = collected(bands(rewards, ["1", "3.25"])), collected(totals(rewards))

    assert found["available"].sum() == whole["available"].item() == D("11.25")
    assert found["holdings"].sum() == whole["holdings"].item() == 5


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([], r"edges is empty, so there is no band to fall into"),
        ([1, 1], r"edges do not ascend: 1 follows 1\."),
        (["10", 9], r"edges do not ascend: 9 follows '10'\."),
        ([1, 2.5], r"The edge 2\.5 is a float, which is not an exact amount"),
        ([np.float64(1)], r"The edge .*1\.0.* is a float"),
        ([np.float32(1)], r"The edge .*1\.0.* is a float"),
        ([float("nan")], r"The edge nan is a float"),
        (["1,000"], r"The edge '1,000' is not a number"),
        ([True], r"The edge True is not a number"),
        ([None], r"The edge None is not a number"),
        ([D("NaN")], r"is not a number"),
        ([dt.date(2026, 1, 1)], r"is not a number"),
        ([D("0.0000000001")], r"has more than 9 decimals"),
        ([10**19], r"has more than 19 digits before the point"),
        ("100", r"edges='100' is not a list of edges"),
        (100, r"edges=100 is not a list of edges"),
    ],
)
def test_edges_that_make_no_bands_are_refused_with_the_values(edges, message):
    with pytest.raises(ArgumentError, match=message):
        bands(polars_frame(table([])), edges)


def test_edges_of_any_exact_kind_are_taken_once():
    rewards = polars_frame(table([balance("MILES", "5")]))

    found = bands(rewards, (edge for edge in (np.int64(1), "2.5", D("1e3"))))

    assert found["at_least"].to_list() == [None, D(1), D("2.5"), D(1000)]
