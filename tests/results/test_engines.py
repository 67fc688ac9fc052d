"""What a report computes from the rewards in addition to the analyses, on every kind of frame."""

import datetime as dt
from decimal import Decimal as D

from rewards_analytics.results.goals import nearest_goals
from rewards_analytics.results.origin import origin
from rewards_analytics.results.upcoming import next_expiries
from tests.frames import balance, lot, to_level, to_reward, total

TODAY = dt.date(2026, 11, 23)
LATER = {"created_at": dt.datetime(2026, 11, 20, 23, 59, tzinfo=dt.UTC)}


def test_the_origin_counts_each_user_and_member_once(make_frame):
    rewards = make_frame(
        total("MILES", "1"),
        total("POINTS", "1"),
        balance("MILES", "1", member_guid="M2"),
        to_level("MILES", "1", user_guid="U2", member_guid="M3", **LATER),
        total("MILES", "1", account_guid="A2", created_at=None),
    )

    assert origin(rewards, as_of=TODAY) == {
        "rewards": 5,
        "users": 2,
        "members": 3,
        "oldest": dt.date(2026, 11, 1),
        "newest": dt.date(2026, 11, 20),
        "age": 3,
    }


def test_the_next_expiries_are_the_first_of_each_unit_by_day_then_amount(make_frame):
    rewards = make_frame(
        lot("MILES", "5", "2026-11-22"),
        lot("MILES", "1", "2026-11-23", account_guid=None),
        lot("MILES", "2", "2026-11-24"),
        lot("MILES", "3", "2026-11-24", account_guid="A2"),
        lot("MILES", "4", "2026-11-24"),
        total("POINTS", "7", "2027-02-21"),
        total("POINTS", "8", "2028-01-01", account_guid="A2"),
    )

    found = next_expiries(rewards, as_of=TODAY, most=2)

    columns = ("expires_on", "account_guid", "unit_type", "expiring")
    assert [tuple(row[name] for name in columns) for row in found.rows] == [
        (dt.date(2026, 11, 23), None, "MILES", D(1)),
        (dt.date(2026, 11, 24), "A1", "MILES", D(6)),
        (dt.date(2027, 2, 21), "A1", "POINTS", D(7)),
        (dt.date(2028, 1, 1), "A2", "POINTS", D(8)),
    ]
    assert found.in_all == 5
    assert found.last_days == {"MILES": dt.date(2026, 11, 24), "POINTS": dt.date(2027, 2, 21)}


def test_the_nearest_goals_are_those_ahead_and_members_are_counted_once_a_kind(make_frame):
    rewards = make_frame(
        total("MILES", "90"),
        to_level("MILES", "10", description="Gold"),
        to_level("MILES", "9", description="Silver"),
        to_reward("MILES", "11", description="Flight"),
        to_level("MILES", "0", description="Bronze"),
        to_level("POINTS", "1", description="Unknown"),
        total("MILES", "99", member_guid="M2"),
        to_reward("MILES", "1", member_guid="M2", description="Night"),
    )

    rows, counts = nearest_goals(rewards, most=3)

    assert [(row["description"], row["remaining"], round(row["progress"], 6)) for row in rows] == [
        ("Night", D(1), 0.99),
        ("Silver", D(9), 0.909091),
        ("Gold", D(10), 0.9),
    ]
    assert counts == (6, 1, 3, {"LEVEL": 1, "REWARD": 1})


def test_no_rewards_have_no_origin_no_expiries_and_no_goals(make_frame):
    rewards = make_frame()

    assert origin(rewards, as_of=TODAY)["rewards"] == 0
    assert next_expiries(rewards, as_of=TODAY, most=2) == ([], 0, {})
    assert nearest_goals(rewards, most=3) == ([], (0, 0, 0, {"LEVEL": 0, "REWARD": 0}))
