"""How much is held, per unit."""

from decimal import Decimal as D

import pytest

from rewards_analytics import totals
from rewards_analytics.errors import ArgumentError
from tests import frames
from tests.frames import balance, lot, reward, to_level, total


def test_units_are_never_added_to_each_other(make_frame, assert_rows):
    rewards = make_frame(balance("MILES", "100"), balance("POINTS", "7"), balance("DOLLARS", "0.05"))

    assert_rows(
        totals(rewards),
        [("DOLLARS", D("0.05"), D(0), 1, 1, 1), ("MILES", D(100), D(0), 1, 1, 1), ("POINTS", D(7), D(0), 1, 1, 1)],
    )


def test_only_holdings_of_known_balance_are_counted_but_all_their_lots_are_added(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "100"),
        balance("MILES", "10", account_guid=None),
        total("MILES", "1", member_guid="M2"),
        lot("MILES", "30", on="2027-01-01", user_guid="U2", member_guid="M3"),
    )

    assert_rows(totals(rewards), [("MILES", D(111), D(30), 3, 2, 1)])


def test_a_unit_of_which_no_balance_is_known_has_a_null_total(make_frame, assert_rows):
    rewards = make_frame(to_level("SEGMENTS", "5"), lot("POINTS", "4"))

    assert_rows(totals(rewards), [("POINTS", None, D(4), 0, 0, 0), ("SEGMENTS", None, D(0), 0, 0, 0)])


def test_by_user_gives_each_user_its_own_rows(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "1"), balance("MILES", "2", user_guid="U2", member_guid="M2"), balance("POINTS", "4")
    )

    assert_rows(
        totals(rewards, by="user_guid"),
        [
            ("U1", "MILES", D(1), D(0), 1, 1, 1),
            ("U1", "POINTS", D(4), D(0), 1, 1, 1),
            ("U2", "MILES", D(2), D(0), 1, 1, 1),
        ],
    )


def test_by_account_keeps_a_null_account_as_a_group(make_frame, assert_rows):
    rewards = make_frame(balance("MILES", "1", account_guid=None), balance("MILES", "2"))

    assert_rows(
        totals(rewards, by=["account_guid", "member_guid"]),
        [("A1", "M1", "MILES", D(2), D(0), 1, 1, 1), (None, "M1", "MILES", D(1), D(0), 1, 1, 1)],
    )


def test_an_unknown_unit_is_totalled_as_its_own_and_an_unknown_type_not_at_all(make_frame, assert_rows):
    rewards = make_frame(balance("STARS", "3"), reward("PENDING", "MILES", "9"))

    assert_rows(totals(rewards), [("STARS", D(3), D(0), 1, 1, 1)])


def test_an_amount_of_seventeen_digits_and_nine_decimals_is_kept_exactly(make_frame, assert_rows):
    rewards = make_frame(balance("MILES", "12345678901234567.123456789"))

    assert_rows(totals(rewards), [("MILES", D("12345678901234567.123456789"), D(0), 1, 1, 1)])


def test_ten_amounts_of_nineteen_digits_do_not_overflow(make_frame, assert_rows):
    rewards = make_frame(*(balance("MILES", "9999999999999999999.999999999") for _ in range(10)))

    assert_rows(totals(rewards), [(D("99999999999999999999.99999999"),)], ["available"])


def test_no_rewards_give_no_totals(make_frame, assert_rows):
    assert_rows(totals(make_frame()), [])


def test_by_takes_only_the_columns_of_the_key(make_frame):
    with pytest.raises(ArgumentError, match=r"by='user' is not one of .*Did you mean 'user_guid'\?"):
        totals(make_frame(), by="user")


def test_members_and_users_are_counted_once_in_a_dask_frame_of_many_partitions():
    import dask.dataframe as dd

    whose = [{"user_guid": f"U{n % 5}", "member_guid": f"M{n % 10}", "account_guid": f"A{n}"} for n in range(200)]
    rewards = frames.pandas_arrow(frames.table(total("MILES", "1", **who) for who in whose))

    many = totals(dd.from_pandas(rewards, npartitions=200))

    assert frames.collected(many).rows() == [("MILES", D(200), D(0), 200, 10, 5)]


def test_members_and_users_of_several_unknown_balances_are_not_counted(make_frame, assert_rows):
    rewards = make_frame(
        balance("MILES", "1"),
        lot("MILES", "2", account_guid="A2"),
        *(lot("MILES", "4", user_guid=user, member_guid=member) for user, member in (("U2", "M2"), ("U3", "M3"))),
    )

    assert_rows(totals(rewards), [("MILES", D(1), D(10), 1, 1, 1)])
