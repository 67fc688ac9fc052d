"""Raw sums by unit and balance type."""

from decimal import Decimal as D

import pyarrow as pa
import pytest

from rewards_analytics import balances
from rewards_analytics.errors import ArgumentError
from tests.frames import SCHEMA, balance, reward, total


def test_rows_of_one_unit_and_type_are_added_exactly(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "12345678901234567.123456789"),
        balance("MILES", "0.000000001"),
        balance("DOLLARS", "12.5"),
        total("MILES", "7"),
    )

    assert_rows(
        balances(rewards),
        [
            ("DOLLARS", "BALANCE", D("12.5"), 1),
            ("MILES", "BALANCE", D("12345678901234567.123456790"), 2),
            ("MILES", "TOTAL_BALANCE", D("7"), 1),
        ],
    )


def test_unknown_units_and_types_are_rows_like_any_other(make_frame, assert_rows):
    rewards = make_frame(balance("STARS", "3"), reward("PENDING", "MILES", "1"))

    assert_rows(balances(rewards), [("MILES", "PENDING", D(1), 1), ("STARS", "BALANCE", D(3), 1)])


def test_a_null_account_is_a_group_of_its_own_and_comes_last(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "1", account_guid=None),
        balance("MILES", "2", account_guid=None),
        balance("MILES", "4", account_guid="A2"),
    )

    assert_rows(
        balances(rewards, by="account_guid"),
        [("A2", "MILES", "BALANCE", D(4), 1), (None, "MILES", "BALANCE", D(3), 2)],
    )


def test_by_takes_a_column_that_is_not_one_of_the_ten(make_frame, assert_rows):
    schema = SCHEMA.append(pa.field("country", pa.string()))
    rewards = make_frame(
        balance("MILES", "1", country="PT"),
        balance("MILES", "2", country="DK"),
        balance("MILES", "4", country="PT"),
        schema=schema,
    )

    assert_rows(
        balances(rewards, by=["country"]),
        [("DK", "MILES", "BALANCE", D(2), 1), ("PT", "MILES", "BALANCE", D(5), 2)],
    )


def test_no_rewards_give_no_rows_of_the_same_columns(make_frame, assert_rows):
    assert_rows(balances(make_frame()), [], ["unit_type", "balance_type", "balance", "rewards"])


def test_grouping_by_a_column_of_the_result_is_refused(make_frame):
    with pytest.raises(ArgumentError, match="by='balance' is already a column of the result"):
        balances(make_frame(), by="balance")
