"""The holding, its available balance, and its expiring lots."""

from datetime import date
from decimal import Decimal as D

import narwhals as nw
import pytest
from polars.testing import assert_frame_equal

import rewards_analytics as ra
from rewards_analytics import holdings
from rewards_analytics.analysis.holdings import held, holding_sums, without
from rewards_analytics.schema import KEY
from tests import frames
from tests.frames import balance, lot, reward, to_level, to_reward, total

AMOUNTS = ("available", "expiring", "next_expiry")


def test_total_stands_for_the_balances_beside_it(make_frame, assert_rows):
    rewards = make_frame(balance("MILES", "600"), balance("MILES", "400"), total("MILES", "1000"))

    assert_rows(holdings(rewards), [("U1", "M1", "A1", "MILES", D(1000), D(0), None)])


def test_several_totals_of_one_holding_add_up(make_frame, assert_rows):
    rewards = make_frame(total("MILES", "1000"), total("MILES", "-1"), balance("MILES", "7"))

    assert_rows(holdings(rewards), [(D(999), D(0), None)], AMOUNTS)


def test_a_total_of_zero_is_known_and_hides_the_balance(make_frame, assert_rows):
    rewards = make_frame(total("MILES", "0"), balance("MILES", "7", on="2026-12-01"))

    assert_rows(holdings(rewards), [(D(0), D(0), None)], AMOUNTS)


def test_without_a_total_the_balances_add_up(make_frame, assert_rows):
    rewards = make_frame(balance("DOLLARS", "0.10"), balance("DOLLARS", "0.20"))

    assert_rows(holdings(rewards), [(D("0.30"), D(0), None)], AMOUNTS)


def test_an_expiring_balance_is_a_part_and_never_an_addition(make_frame, assert_rows):
    rewards = make_frame(balance("POINTS", "500"), lot("POINTS", "200", on="2026-12-31"))

    assert_rows(holdings(rewards), [(D(500), D(200), date(2026, 12, 31))], AMOUNTS)


def test_goals_add_nothing_and_alone_make_a_holding_of_unknown_balance(make_frame, assert_rows):
    rewards = make_frame(
        to_level("SEGMENTS", "5"),
        balance("MILES", "100"),
        to_reward("MILES", "50"),
        lot("POINTS", "3", on="2027-01-01"),
    )

    assert_rows(
        holdings(rewards),
        [
            ("U1", "M1", "A1", "MILES", D(100), D(0), None),
            ("U1", "M1", "A1", "POINTS", None, D(3), date(2027, 1, 1)),
            ("U1", "M1", "A1", "SEGMENTS", None, D(0), None),
        ],
    )


def test_a_row_of_an_unknown_type_makes_no_holding(make_frame, assert_rows):
    rewards = make_frame(reward("PENDING", "MILES", "9", on="2026-12-01"))

    assert_rows(holdings(rewards), [])


def test_rows_without_an_account_make_one_holding_per_member_and_unit(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "1", account_guid=None),
        balance("MILES", "2", account_guid=None),
        balance("MILES", "4", account_guid=None, member_guid="M2"),
        balance("MILES", "8"),
        balance("MILES", "16", account_guid=""),
    )

    assert_rows(
        holdings(rewards),
        [
            ("U1", "M1", "", "MILES", D(16), D(0), None),
            ("U1", "M1", "A1", "MILES", D(8), D(0), None),
            ("U1", "M1", None, "MILES", D(3), D(0), None),
            ("U1", "M2", None, "MILES", D(4), D(0), None),
        ],
    )


def test_dated_rows_of_the_available_balance_are_lots_where_there_is_no_expiring_row(make_frame, assert_rows):
    rewards = make_frame(
        balance("POINTS", "10", on="2027-03-01"), balance("POINTS", "20", on="2027-02-01"), balance("POINTS", "40")
    )

    assert_rows(holdings(rewards), [(D(70), D(30), date(2027, 2, 1))], AMOUNTS)


def test_a_dated_balance_is_no_lot_beside_a_total_because_it_is_not_the_available_balance(make_frame, assert_rows):
    rewards = make_frame(
        total("POINTS", "50", on="2027-03-01"), balance("POINTS", "20", on="2027-02-01"), total("POINTS", "5")
    )

    assert_rows(holdings(rewards), [(D(55), D(50), date(2027, 3, 1))], AMOUNTS)


def test_one_expiring_row_without_a_date_keeps_dated_balances_from_being_lots(make_frame, assert_rows):
    rewards = make_frame(balance("POINTS", "50", on="2027-03-01"), lot("POINTS", "20"))

    assert_rows(holdings(rewards), [(D(50), D(20), None)], AMOUNTS)


def test_the_expiring_rows_of_one_account_do_not_speak_for_another(make_frame, assert_rows):
    rewards = make_frame(
        lot("POINTS", "20", on="2027-01-01", account_guid=None), balance("POINTS", "50", on="2027-03-01")
    )

    assert_rows(
        holdings(rewards),
        [
            ("U1", "M1", "A1", "POINTS", D(50), D(50), date(2027, 3, 1)),
            ("U1", "M1", None, "POINTS", None, D(20), date(2027, 1, 1)),
        ],
    )


def test_text_is_ordered_by_code_point(make_frame, assert_rows):
    rewards = make_frame(
        *(balance("MILES", "1", user_guid=user) for user in ("b", "B", "é", "a", "Z")),
    )

    assert_rows(holdings(rewards), [("B",), ("Z",), ("a",), ("b",), ("é",)], ["user_guid"])


def test_no_rewards_give_no_holdings(make_frame, assert_rows):
    assert_rows(holdings(make_frame()), [])


@pytest.mark.parametrize("left_out", [("TOTAL_BALANCE",), ("BALANCE",), ("EXPIRING_BALANCE",), ("BALANCE_TO_LEVEL",)])
def test_sums_without_a_balance_type_are_those_of_the_other_rewards(left_out):
    rewards = [
        total("MILES", "5", on="2026-12-01"),
        balance("MILES", "3", on="2026-12-02"),
        lot("MILES", "2", on="2026-12-03"),
        balance("POINTS", "1", on="2026-12-04"),
        lot("POINTS", "0.5", on="2026-12-05"),
    ]

    def sums_of(rows):
        return holding_sums(nw.from_native(frames.polars_frame(frames.table(rows))).lazy())

    def held_of(sums):
        return held(sums, *KEY).sort("unit_type").collect().rows()

    others = [reward for reward in rewards if reward["balance_type"] not in left_out]
    assert held_of(without(sums_of(rewards), left_out)) == held_of(sums_of(others))
    schema = without(sums_of(rewards), left_out).collect_schema()
    assert [dtype.is_decimal() for dtype in schema.values()] == [
        name.endswith(("total", "plain", "lot")) for name in schema
    ]


def test_windows_answer_as_joins_do(monkeypatch):
    table = frames.table(
        [
            lot("MILES", "1", on="2026-12-01"),
            total("MILES", "20", on="2026-12-02"),
            balance("MILES", "300", on="2026-12-03"),
            total("POINTS", "4", on="2026-12-04"),
            total("POINTS", "50"),
            balance("POINTS", "600", on="2026-12-05"),
            balance("SEGMENTS", "7", on="2026-12-06", account_guid=None),
            balance("SEGMENTS", "80", account_guid=None),
            total("DOLLARS", "0.5"),
            balance("DOLLARS", "0.25", on="2026-12-07"),
            to_level("POINTS", "9"),
        ]
    )
    rewards = frames.polars_frame(table)
    asked = {
        "expiring": lambda: ra.expiring(rewards, as_of=date(2026, 12, 1), every="year"),
        "aging": lambda: ra.aging(rewards, as_of=date(2026, 12, 1)),
        "upcoming": lambda: ra.upcoming(rewards, as_of=date(2026, 12, 1)),
        "distance": lambda: ra.distance(rewards),
    }
    joined = {name: ask() for name, ask in asked.items()}
    monkeypatch.setattr("rewards_analytics.analysis.holdings.reads_again", lambda _: True)

    found = {name: ask() for name, ask in asked.items()}

    sums = found["expiring"].select("unit_type", "expiring", "rewards").rows()
    assert sums == [("MILES", D(1), 1), ("POINTS", D(4), 1), ("SEGMENTS", D(7), 1)]
    due = found["upcoming"].select("unit_type", "expiring", "available").rows()
    assert due == [("MILES", D(1), D(20)), ("POINTS", D(4), D(54)), ("SEGMENTS", D(7), D(87))]
    assert found["distance"].select("remaining", "available").rows() == [(D(9), D(54))]
    for name, answer in joined.items():
        assert_frame_equal(found[name], answer)
