"""The synthetic world: the same for the same seed, plausible, and changing from day to day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.sandbox import Clock, World
from rewards_analytics.sandbox.encoding import encode
from rewards_analytics.sandbox.programmes import PROGRAMMES, Account, Lot, months_later
from tests.examples import examples

TODAY = date(2026, 11, 23)


def make_world(users=12, seed=2026, today=TODAY):
    return World(users=users, seed=seed, clock=Clock(today, frozen=True))


@pytest.fixture(scope="module")
def rewards():
    return make_world(users=40).rewards()


def test_the_same_seed_makes_the_same_world():
    assert make_world().rewards() == make_world().rewards()
    assert make_world().rewards() != make_world(seed=1).rewards()


def test_adding_users_does_not_change_the_first_ones():
    few, many = make_world(users=12).rewards(), make_world(users=40).rewards()

    assert many[: len(few)] == few


def test_the_default_world_is_small():
    world = make_world()

    assert len(world.users) == 12
    assert 18 <= len(world.members) <= 25
    assert 120 <= len(world.rewards()) <= 250


def test_no_users_have_no_rewards():
    assert make_world(users=0).rewards() == []


def test_a_number_of_users_below_zero_is_refused():
    with pytest.raises(ra.ArgumentError, match="users must be an integer ≥ 0, got -1"):
        make_world(users=-1)


def test_the_loader_accepts_all_rewards(rewards):
    frame = ra.load(rewards)

    assert frame.height == len(rewards)
    assert ra.check(rewards).rejected.height == 0


def test_every_balance_type_and_unit_occurs(rewards):
    assert {reward["balance_type"] for reward in rewards} == {
        "BALANCE",
        "BALANCE_TO_LEVEL",
        "BALANCE_TO_REWARD",
        "EXPIRING_BALANCE",
        "TOTAL_BALANCE",
    }
    assert {reward["unit_type"] for reward in rewards} == {"MILES", "POINTS", "SEGMENTS", "DOLLARS"}


def test_the_shapes_that_make_analysis_hard_occur(rewards):
    kinds = {(reward["balance_type"], reward["unit_type"]) for reward in rewards}

    assert ("BALANCE_TO_LEVEL", "SEGMENTS") in kinds
    assert any(reward["account_guid"] is None for reward in rewards)
    assert any(reward["balance_type"] == "BALANCE" and reward["expires_on"] for reward in rewards)
    assert any(reward["balance_type"] == "EXPIRING_BALANCE" and not reward["expires_on"] for reward in rewards)
    assert any(reward["balance"] % 1 for reward in rewards)
    assert any(reward["balance_type"] == "BALANCE_TO_REWARD" and reward["balance"] > 0 for reward in rewards)


def test_guids_are_unique_and_look_like_those_of_the_api(rewards):
    assert len({reward["guid"] for reward in rewards}) == len(rewards)
    for name, prefix in [("guid", "RWD-"), ("user_guid", "USR-"), ("member_guid", "MBR-")]:
        assert all(reward[name].startswith(prefix) for reward in rewards)
    assert all(reward["account_guid"] is None or reward["account_guid"].startswith("ACT-") for reward in rewards)


def test_dates_are_relative_to_the_first_day(rewards):
    created = [datetime.strptime(reward["created_at"], "%Y-%m-%dT%H:%M:%S%z") for reward in rewards]
    expiring = [date.fromisoformat(reward["expires_on"]) for reward in rewards if reward["expires_on"]]

    assert max(created) <= datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert TODAY <= min(expiring) <= TODAY + timedelta(days=60)
    assert max(expiring) <= TODAY + timedelta(days=2 * 366)


@pytest.mark.parametrize("kind", ["TEXT", "OPTIONS", "IMAGE_DATA"])
def test_some_member_asks_each_kind_of_question(kind):
    member = make_world().member_asking(kind)

    assert member.institution_code == "mxbank"
    assert member.asks == kind


def test_a_question_that_nobody_asks_is_named():
    with pytest.raises(ra.ArgumentError, match="Did you mean 'TEXT'"):
        make_world().member_asking("TEXTS")


def test_the_member_with_the_text_question_is_new():
    member = make_world().member_asking("TEXT")

    assert member.connection_status == "CREATED"
    assert member.aggregated_at is None
    assert member.rewards == []


# --- Days pass ---


def test_members_are_aggregated_every_night():
    world = make_world()
    world.advance(days=1)

    gathered = [member.aggregated_at for member in world.members.values() if member.asks is None]

    assert set(gathered) == {datetime(2026, 11, 24, 4, tzinfo=UTC)}


def test_members_that_need_their_user_are_not_aggregated_at_night():
    world = make_world()
    member = world.member_asking("OPTIONS")
    before = member.aggregated_at
    world.advance(days=10)

    assert member.aggregated_at == before


def test_within_a_year_balances_move_both_ways_and_lots_expire():
    world = make_world(users=6)
    expired = moved_up = moved_down = 0
    before = {reward["guid"]: reward for reward in world.rewards()}
    for _ in range(20):
        world.advance(days=18)
        after = {reward["guid"]: reward for reward in world.rewards()}
        for guid, reward in before.items():
            if reward["balance_type"] == "BALANCE" and guid in after:
                moved_up += after[guid]["balance"] > reward["balance"]
                moved_down += after[guid]["balance"] < reward["balance"]
            ended = reward["expires_on"] and reward["expires_on"] < world.clock.today().isoformat()
            expired += bool(ended and guid not in after and reward["balance_type"] == "EXPIRING_BALANCE")
        before = after

    assert moved_up > 10
    assert moved_down > 5
    assert expired > 2


def test_the_status_year_ends_on_31_december():
    terms = PROGRAMMES["aurora_air"]
    account = Account(terms, "ACT-1", qualifying=Decimal(40), last_activity_on=TODAY)

    class Never:
        def random(self):
            return 1.0

    account.pass_day(date(2026, 12, 31), Never())
    assert [row.balance for row in account.rows() if row.balance_type == "BALANCE_TO_LEVEL"] == [8]
    account.pass_day(date(2027, 1, 1), Never())
    assert [row.balance for row in account.rows() if row.balance_type == "BALANCE_TO_LEVEL"] == [24]


class Dice:
    """Random numbers that are given in advance."""

    def __init__(self, *shares, number):
        self.shares = list(shares)
        self.number = number

    def random(self):
        return self.shares.pop(0)

    def randint(self, least, most):
        return min(max(self.number, least), most)


def shown(account, balance_type):
    return [(row.description, row.balance) for row in account.rows() if row.balance_type == balance_type]


def test_a_level_is_reached_and_the_next_one_shown():
    terms = PROGRAMMES["aurora_air"]
    account = Account(terms, "ACT-1", qualifying=Decimal(22), last_activity_on=TODAY)
    assert shown(account, "BALANCE_TO_LEVEL") == [("Segments to Silver", 2)]

    account.pass_day(TODAY, Dice(0.0, number=3))

    assert shown(account, "BALANCE_TO_LEVEL") == [("Segments to Gold", 23)]
    assert shown(account, "BALANCE") == [("AuroraPlus award miles", 350), ("Aurora Air qualifying segments", 25)]


def test_beyond_the_last_level_nothing_is_missing():
    terms = PROGRAMMES["aurora_air"]
    account = Account(terms, "ACT-1", qualifying=Decimal(95), last_activity_on=TODAY)

    assert shown(account, "BALANCE_TO_LEVEL") == [("Segments to Platinum", 0)]


def test_lots_that_expire_first_are_redeemed_first():
    terms = PROGRAMMES["tern_credit"]
    first = Lot(1, Decimal(100), TODAY - timedelta(days=360), TODAY + timedelta(days=5))
    second = Lot(2, Decimal(300), TODAY - timedelta(days=30), TODAY + timedelta(days=330))
    account = Account(terms, None, lots=[first, second], last_activity_on=TODAY)

    account.pass_day(TODAY, Dice(0.5, 0.01, number=5))

    assert [(lot.number, lot.amount) for lot in account.lots] == [(2, 200)]
    assert shown(account, "BALANCE_TO_REWARD") == [
        ("Points to a $50 gift card", 4800),
        ("Points to a $100 gift card", 9300),
    ]


@settings(deadline=None, max_examples=examples(20))
@given(terms=st.sampled_from(list(PROGRAMMES.values())), seed=st.integers(0, 10**6), days=st.integers(0, 400))
def test_no_balance_is_negative_and_no_listed_lot_has_expired(terms, seed, days):
    import random

    chance = random.Random(seed)
    account = Account.opened(terms, None, TODAY, chance)
    today = TODAY
    for _ in range(days):
        today += timedelta(days=1)
        account.pass_day(today, chance)

    rows = list(account.rows())

    assert all(row.balance >= 0 for row in rows)
    assert all(row.expires_on is None or row.expires_on >= today for row in rows)
    assert len({row.key for row in rows}) == len(rows)
    listed = sum(row.balance for row in rows if row.balance_type == "EXPIRING_BALANCE")
    assert listed <= account.balance


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2023, 12, 31), 2, date(2024, 2, 29)),
        (date(2026, 11, 23), -11, date(2025, 12, 23)),
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
    ],
)
def test_months_later_stays_within_the_month(day, months, expected):
    assert months_later(day, months) == expected


# --- The clock ---


def test_a_frozen_clock_moves_only_when_advanced():
    clock = Clock(TODAY, frozen=True)

    assert clock.now() == clock.now() == datetime(2026, 11, 23, 12, tzinfo=UTC)
    clock.advance(timedelta(hours=13))
    assert clock.now() == datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert clock.today() == date(2026, 11, 24)


def test_a_running_clock_starts_at_the_given_instant():
    clock = Clock(TODAY)
    first = clock.now()

    assert datetime(2026, 11, 23, 12, tzinfo=UTC) <= first <= clock.now()


# --- JSON ---


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**19), max_value=10**19))
def test_an_amount_is_written_with_exactly_its_digits(amount):
    import json

    assert json.loads(encode({"balance": amount}), parse_float=Decimal, parse_int=Decimal)["balance"] == amount


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=10,
    )
)
def test_json_round_trips(value):
    import json

    assert json.loads(encode(value)) == value
