"""A year of daily snapshots: the truth adds up, and what the snapshots show agrees with it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.sandbox.year import Snapshot, Year
from rewards_analytics.sandbox.year.programmes import INSTITUTIONS, Institution
from rewards_analytics.schema import BALANCE_TYPES, KEY, UNIT_TYPES
from tests.examples import examples

START = date(2025, 11, 24)
ONE_DAY = timedelta(days=1)


class Observed(NamedTuple):
    """A year, its snapshots, and its truth."""

    snapshots: list[Snapshot]
    rewards: pl.DataFrame
    members: pl.DataFrame
    flows: pl.DataFrame
    moves: pl.DataFrame


@pytest.fixture(scope="module")
def year() -> Observed:
    world = Year(members=150, seed=2026, start=START, days=365)
    snapshots = list(world.snapshots())
    rewards, members = (
        pl.concat([frame.with_columns(taken_on=pl.lit(taken_on)) for taken_on, frame in frames])
        for frames in (
            [(snapshot.taken_on, snapshot.rewards) for snapshot in snapshots],
            [(snapshot.taken_on, snapshot.members) for snapshot in snapshots],
        )
    )
    return Observed(snapshots, rewards, members, world.truth.flows(), world.truth.moves())


@pytest.fixture(scope="module")
def changes(year) -> pl.DataFrame:
    """What `changes` observes of each holding and day, as `…_shown`, next to what happened."""
    shown_next = year.flows.select(*KEY, pl.col("day") - ONE_DAY, shown_next="shown_on")
    return (
        ra.changes(year.rewards)
        .filter(pl.col("status") == "held")
        .select(*KEY, pl.col("from_date").alias("day"), pl.col("expired", "earned", "redeemed").name.suffix("_shown"))
        .join(year.flows, on=[*KEY, "day"], nulls_equal=True)
        .join(shown_next, on=[*KEY, "day"], nulls_equal=True)
        .with_columns(
            is_fresh=(pl.col("shown_on") == pl.col("day")) & (pl.col("shown_next") == pl.col("day") + ONE_DAY)
        )
    )


def of(institution: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of the members of one institution, recognised by its own words."""
    words = [terms.wording for terms in named(institution).holdings]
    return frame.filter(
        pl.col("member_guid").is_in(frame.filter(pl.col("description").is_in(words))["member_guid"].implode())
    )


def named(name: str) -> Institution:
    return next(institution for institution in INSTITUTIONS if institution.name == name)


# --- The truth ---


def test_the_flows_of_each_holding_and_day_close_exactly(year):
    flows = year.flows
    sums = flows["opening"] + flows["earned"] - flows["redeemed"] - flows["expired"]

    assert len(flows) == flows.select(*KEY).n_unique() * 364
    assert (sums == flows["closing"]).all()
    assert (flows.select(pl.col("opening", "earned", "redeemed", "redeemed_late", "expired", "moved").min()) >= 0).row(
        0
    )
    assert (flows["redeemed_late"] <= flows["redeemed"]).all()


def test_the_closing_of_a_day_is_the_opening_of_the_next(year):
    next_day = year.flows.select(*KEY, pl.col("day") - ONE_DAY, next_opening="opening")

    pairs = year.flows.join(next_day, on=[*KEY, "day"], nulls_equal=True)

    assert len(pairs) == len(year.flows) * 363 // 364
    assert (pairs["closing"] == pairs["next_opening"]).all()


def test_every_move_is_to_a_later_day_made_before_the_last_one_and_in_the_flows(year):
    moves = year.moves
    by_day = moves.group_by("day", *KEY).agg(pl.col("amount").sum())

    both = by_day.join(year.flows, on=["day", *KEY], nulls_equal=True)

    assert (moves["moved_to"] > moves["moved_from"]).all()
    assert (moves["day"] < moves["moved_from"]).all()
    assert (both["amount"] == both["moved"]).all()
    assert both["amount"].len() == (year.flows["moved"] > 0).sum() > 100


def test_amounts_are_whole_cents_and_whole_units(year):
    step = pl.when(pl.col("unit_type") == "DOLLARS").then(pl.lit(Decimal("0.01"))).otherwise(pl.lit(Decimal(1)))

    assert year.flows.select((pl.col("earned") % step == 0).all()).item()
    assert year.rewards.select((pl.col("balance") % step == 0).all()).item()
    assert year.rewards.filter(pl.col("unit_type") == "DOLLARS").select((pl.col("balance") % 1 != 0).any()).item()


@settings(max_examples=examples(6), deadline=None)
@given(seed=st.integers(0, 2**40), start=st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_any_world_closes_and_shows_what_it_holds(seed, start):
    world = Year(members=8, seed=seed, start=start, days=12)
    snapshots = list(world.snapshots())
    flows = world.truth.flows()

    assert (flows["opening"] + flows["earned"] - flows["redeemed"] - flows["expired"] == flows["closing"]).all()
    for snapshot in snapshots[:-1]:
        fresh = flows.filter(pl.col("day") == snapshot.taken_on, pl.col("shown_on") == snapshot.taken_on)
        both = ra.holdings(snapshot.rewards).join(fresh, on=[*KEY], nulls_equal=True)
        assert len(both) == len(fresh)
        assert (both["available"] == both["opening"]).all()


def test_december_earns_more_than_february(year):
    earnings = year.flows.filter(pl.col("earned") > 0).group_by(pl.col("day").dt.month()).len()
    by_month = dict(earnings.rows())

    assert by_month[12] / 31 > 1.25 * by_month[2] / 28


def test_some_members_fall_asleep_for_months_and_wake_up(year):
    earned = year.flows.filter(pl.col("earned") > 0).sort("day")
    idle = earned.select(pl.col("day").diff().over("member_guid").dt.total_days())["day"]

    assert (idle > 90).sum() > 10


# --- The snapshots ---


def test_a_snapshot_is_what_the_loader_returns(year):
    for snapshot in year.snapshots[::60]:
        report = ra.check(snapshot.rewards)

        assert (report.rows, len(report.rejected), report.duplicates) == (len(snapshot.rewards), 0, 0)
        assert ra.load(snapshot.rewards).equals(snapshot.rewards)


def test_the_available_balance_of_a_fresh_holding_is_its_true_opening(year):
    for snapshot in year.snapshots[:-1:60]:
        fresh = year.flows.filter(pl.col("day") == snapshot.taken_on, pl.col("shown_on") == snapshot.taken_on)

        both = ra.holdings(snapshot.rewards).join(fresh, on=[*KEY], nulls_equal=True)

        assert len(both) == len(fresh)
        assert (both["available"] == both["opening"]).all()
        assert (both["expiring"] <= both["available"]).all()
        assert (both.drop_nulls("next_expiry")["next_expiry"] >= snapshot.taken_on).all()


def test_every_form_of_holding_is_there(year):
    rewards = pl.concat(
        snapshot.rewards.with_columns(taken_on=pl.lit(snapshot.taken_on)) for snapshot in year.snapshots[::20]
    )
    balances = rewards.filter(pl.col("balance_type").is_in(["TOTAL_BALANCE", "BALANCE", "EXPIRING_BALANCE"]))
    forms = (
        balances.group_by(*KEY, "taken_on")
        .agg(
            types=pl.col("balance_type").unique().sort().str.join("+"),
            is_dated=pl.col("expires_on").is_not_null().any(),
        )
        .select("unit_type", "types", "is_dated")
        .unique()
    )
    without_a_balance = rewards.join(balances, on=[*KEY, "taken_on"], how="anti", nulls_equal=True)

    assert {
        ("POINTS", "BALANCE+EXPIRING_BALANCE+TOTAL_BALANCE", True),
        ("MILES", "BALANCE+EXPIRING_BALANCE", True),
        ("SEGMENTS", "BALANCE+EXPIRING_BALANCE", True),
        ("DOLLARS", "BALANCE+EXPIRING_BALANCE", True),
        ("SEGMENTS", "BALANCE", True),
        ("DOLLARS", "BALANCE", False),
    } <= set(forms.rows())
    assert set(without_a_balance["balance_type"]) == {"BALANCE_TO_LEVEL"}
    assert set(rewards["balance_type"]) == set(BALANCE_TYPES)
    assert set(rewards["unit_type"]) == set(UNIT_TYPES)
    assert set(rewards.filter(pl.col("account_guid").is_null())["unit_type"]) == {"POINTS"}


def test_members_join_leave_fall_out_and_come_back(year):
    days = year.members.group_by("member_guid").agg(first=pl.col("taken_on").min(), last=pl.col("taken_on").max())
    listed = year.rewards.group_by("taken_on").agg(pl.col("member_guid").n_unique())
    away = year.members.filter(pl.col("connection_status") == "DISCONNECTED")
    rewards = year.rewards.join(away, on=["member_guid", "taken_on"], how="semi")

    assert (days["first"] > START).sum() >= 5
    assert (days["last"] < START + 364 * ONE_DAY).sum() >= 3
    assert len(away) > 100
    assert len(rewards) == 0
    assert (away["rewards"] == 0).all()
    assert away.join(days, on="member_guid").filter(pl.col("taken_on") < pl.col("last"))["member_guid"].n_unique() > 20
    assert listed["member_guid"].max() <= len(days)


def test_the_rewards_of_an_institution_that_reports_late_are_those_of_its_last_report(year):
    late = year.members.filter(pl.col("connection_status") == "DELAYED").with_columns(
        shown_on=pl.col("aggregated_at").dt.date()
    )
    assert late["member_guid"].n_unique() > 20

    for _, member, taken_on, shown_on in late.select("user_guid", "member_guid", "taken_on", "shown_on").rows()[::40]:
        then, now = (
            year.snapshots[(day - START).days].rewards.filter(pl.col("member_guid") == member)
            for day in (shown_on, taken_on)
        )
        assert shown_on < taken_on
        assert now.equals(then)


def test_the_truth_says_which_morning_a_snapshot_shows(year):
    shown = year.flows.select("day", "member_guid", "shown_on").unique()
    days = year.members.join(shown, left_on=["taken_on", "member_guid"], right_on=["day", "member_guid"])
    is_listed = days["rewards"] > 0

    assert (days.filter(is_listed)["aggregated_at"].dt.date() == days.filter(is_listed)["shown_on"]).all()
    assert days.filter(~is_listed)["shown_on"].null_count() == (~is_listed).sum()


def test_some_guids_survive_until_the_member_is_disconnected_and_others_do_not(year):
    def guids(institution: str) -> pl.DataFrame:
        balances = of(institution, year.rewards).filter(pl.col("balance_type").is_in(["BALANCE_TO_REWARD"]))
        return (
            balances.group_by(*KEY, "description")
            .agg(pl.col("guid").n_unique(), days=pl.len())
            .filter(pl.col("days") > 200)
        )

    kept, new = guids("Alder Bank Cash Back"), guids("Wren Coffee")

    assert (kept["guid"] <= 6).all()
    assert kept["guid"].max() > 1
    assert (new["guid"] > 150).all()


def test_a_level_begins_anew_with_the_calendar_year(year):
    before, after = (
        year.snapshots[(day - START).days].rewards.filter(pl.col("balance_type") == "BALANCE_TO_LEVEL")
        for day in (date(2025, 12, 31), date(2026, 1, 2))
    )
    lowest = {
        text: Decimal(needed)
        for institution in INSTITUTIONS
        for terms in institution.holdings
        for text, needed in [*terms.levels.items()][:1]
    }

    assert not before["description"].is_in([*lowest]).all()
    assert set(after["description"]) <= set(lowest)
    assert after.select((pl.col("balance") > 0).all()).item()


def test_a_goal_is_replaced_once_it_was_reached(year):
    goals = year.rewards.filter(pl.col("balance_type") == "BALANCE_TO_REWARD")
    today = goals.select(*KEY, day="taken_on", goal="description", remaining="balance")
    next_day = goals.select(*KEY, pl.col("taken_on") - ONE_DAY, next_goal="description").rename({"taken_on": "day"})
    earned = year.flows.filter(pl.col("shown_on") == pl.col("day")).select(*KEY, "day", "earned")

    replaced = (
        today.join(next_day, on=[*KEY, "day"], nulls_equal=True)
        .filter(pl.col("goal") != pl.col("next_goal"))
        .join(earned, on=[*KEY, "day"], nulls_equal=True)
    )

    assert len(replaced) > 100
    assert (replaced["remaining"] == 0).sum() > 100
    # A few were reached by what came in on the day.
    assert (replaced["remaining"] <= replaced["earned"]).all()


# --- What the snapshots show, and what happened ---


def test_what_is_seen_to_expire_did_expire_or_was_redeemed_on_the_last_day(changes):
    fresh = changes.filter("is_fresh")
    untouched = fresh.filter(pl.col("redeemed_late") == 0)

    assert (untouched["expired_shown"] == untouched["expired"]).all()
    assert (fresh["expired_shown"] == fresh["expired"] + fresh["redeemed_late"]).all()
    assert (untouched["expired"] > 0).sum() > 500
    assert (fresh["redeemed_late"] > 0).sum() > 10
    assert set(fresh.filter(pl.col("expired") > 0)["unit_type"]) == set(UNIT_TYPES)
    assert len(fresh) > 0.9 * len(changes)


def test_what_is_seen_to_be_earned_and_redeemed_is_never_more_than_what_was(changes):
    fresh = changes.filter("is_fresh")

    assert (fresh["earned_shown"] <= fresh["earned"]).all()
    assert (fresh["redeemed_shown"] <= fresh["redeemed"]).all()
    assert (fresh["earned_shown"] < fresh["earned"]).sum() > 50


def test_only_late_reports_make_single_days_look_like_more_than_happened(changes):
    more = changes.filter((pl.col("earned_shown") > pl.col("earned")) | (pl.col("redeemed_shown") > pl.col("redeemed")))

    assert len(more) > 0
    assert not more["is_fresh"].any()


def test_the_nearer_the_day_the_more_of_what_is_still_due_is_lost(year):
    lots = year.rewards.filter(
        pl.col("balance_type") == "EXPIRING_BALANCE",
        pl.col("expires_on").is_between(START + 90 * ONE_DAY, START + 363 * ONE_DAY),
    )
    due = lots.group_by(*KEY, "expires_on", "taken_on").agg(pl.col("balance").sum())
    last = due.filter(pl.col("taken_on") == pl.col("expires_on")).select(*KEY, "expires_on", left="balance")

    def share(lead: int) -> Decimal:
        then = due.filter(pl.col("taken_on") == pl.col("expires_on") - lead * ONE_DAY, pl.col("unit_type") == "POINTS")
        both = then.join(last, on=[*KEY, "expires_on"], how="left", nulls_equal=True)
        return both["left"].fill_null(0).sum() / both["balance"].sum()

    shares = [share(lead) for lead in (7, 14, 30, 60, 90)]

    assert shares == sorted(shares, reverse=True)
    assert Decimal("0.2") < shares[-1] < shares[0] < Decimal("0.95")


# --- The same again ---


def test_the_same_arguments_make_the_same_bytes(tmp_path):
    def made(name: str, seed: int) -> list[bytes]:
        world = Year(members=12, seed=seed, start=START, days=20)
        frames = [frame for snapshot in world.snapshots() for frame in snapshot[1:]]
        (tmp_path / name).mkdir()
        world.truth.write(tmp_path / name)
        written = sorted((tmp_path / name).iterdir())
        assert [path.name for path in written] == ["README.md", "flows.parquet", "moves.parquet"]
        return [frame.write_ipc(None).getvalue() for frame in frames] + [path.read_bytes() for path in written]

    once = made("once", 2026)

    assert made("again", 2026) == once
    assert made("another", 1) != once


def test_the_days_can_be_had_again_from_the_first():
    world = Year(members=12, seed=2026, start=START, days=20)
    once = [snapshot.rewards for snapshot in world.snapshots()]
    flows = world.truth.flows()

    again = [snapshot.rewards for snapshot in world.snapshots()]

    assert all(one.equals(other) for one, other in zip(once, again, strict=True))
    assert world.truth.flows().equals(flows)


def test_what_is_written_is_the_truth(tmp_path):
    world = Year(members=12, seed=2026, start=START, days=20)
    for _ in world.snapshots():
        pass

    world.truth.write(tmp_path)

    assert pl.read_parquet(tmp_path / "flows.parquet").equals(world.truth.flows())
    assert pl.read_parquet(tmp_path / "moves.parquet").equals(world.truth.moves())
    readme = (tmp_path / "README.md").read_text()
    for name in {*world.truth.flows().columns, *world.truth.moves().columns}:
        assert f"`{name}`" in readme


def test_one_day_of_one_member_is_a_year_too():
    world = Year(members=1, start=START, days=1)

    (snapshot,) = world.snapshots()

    assert snapshot.taken_on == START
    assert snapshot.members.columns == ["user_guid", "member_guid", "connection_status", "aggregated_at", "rewards"]
    assert world.truth.flows().is_empty()
    assert world.truth.moves().is_empty()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"members": 0}, "members must be an integer ≥ 1, got 0"),
        ({"days": 0}, "days must be an integer ≥ 1, got 0"),
        ({"seed": -1}, "seed must be an integer ≥ 0, got -1"),
        ({"start": date(1, 1, 1)}, "start=0001-01-01 with 365 days is outside the calendar"),
        ({"start": date(9999, 1, 1)}, "start=9999-01-01 with 365 days is outside the calendar"),
    ],
)
def test_a_world_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ra.ArgumentError, match=message):
        Year(**{"start": START, **arguments})
