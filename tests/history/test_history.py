"""A history keeps one snapshot a day, exactly."""

from datetime import date
from decimal import Decimal

import pytest

import rewards_analytics as ra

NOV_1, NOV_2, NOV_3 = date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3)


def reward(guid, balance="100", **fields):
    return {
        "guid": guid,
        "user_guid": "USR-1",
        "member_guid": "MBR-1",
        "balance_type": "BALANCE",
        "unit_type": "MILES",
        "balance": balance,
        **fields,
    }


@pytest.fixture
def history(tmp_path):
    return ra.History(tmp_path / "history")


def test_a_new_history_has_no_dates(history):
    assert history.dates() == []


def test_snapshots_are_read_back_with_their_day(history):
    history.append([reward("RWD-1", "9007199254740993")], NOV_2)
    history.append([reward("RWD-1", "0.000000001"), reward("RWD-2", "5")], NOV_1)

    assert history.dates() == [NOV_1, NOV_2]
    assert history.scan().select("taken_on", "guid", "balance").collect().rows() == [
        (NOV_1, "RWD-1", Decimal("0.000000001")),
        (NOV_1, "RWD-2", Decimal(5)),
        (NOV_2, "RWD-1", Decimal(9007199254740993)),
    ]


def test_a_day_appended_again_replaces_that_day(history):
    history.append([reward("RWD-1"), reward("RWD-2")], NOV_1)
    history.append([reward("RWD-1")], NOV_2)
    history.append([reward("RWD-3")], NOV_1)

    assert history.scan().select("taken_on", "guid").collect().rows() == [(NOV_1, "RWD-3"), (NOV_2, "RWD-1")]


def test_both_ends_of_a_scan_belong_to_it(history):
    for day in (NOV_1, NOV_2, NOV_3):
        history.append([reward("RWD-1")], day)

    assert history.scan(NOV_2, NOV_3).collect()["taken_on"].to_list() == [NOV_2, NOV_3]
    assert history.scan(end=NOV_1).collect()["taken_on"].to_list() == [NOV_1]
    assert history.scan(date(2026, 11, 4)).collect().rows() == []
