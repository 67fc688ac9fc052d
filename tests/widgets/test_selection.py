"""What a dashboard shows is what the public functions give for the rewards that are chosen, to the last digit."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.analysis.calendar import last_day_of_span
from rewards_analytics.results.records import records
from rewards_analytics.results.upcoming import next_expiries
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.selection import MOST_KEPT, Selection
from tests import frames

AS_OF = dt.date(2026, 11, 23)
UNTIL = dt.date(2027, 11, 22)
USERS, MEMBERS, ACCOUNTS = ("U1", "U2", "U3"), ("M1", "M2"), ("A1", None)
UNITS = ("DOLLARS", "MILES", "NIGHTS")
TYPES = ("BALANCE", "BALANCE_TO_LEVEL", "BALANCE_TO_REWARD", "EXPIRING_BALANCE", "SOMETHING_NEW", "TOTAL_BALANCE")
DAYS = ("2026-11-01", "2026-11-23", "2026-12-01", "2027-06-30", "2029-01-01", None)
AMOUNTS = ("0", "1", "-2.005", "7.5", "1234567890123456789.000000001")
MOMENTS = (dt.datetime(2026, 11, 1, tzinfo=dt.UTC), dt.datetime(2026, 11, 24, tzinfo=dt.UTC), None)


def some(values):
    return st.sampled_from(values)


REWARDS = st.lists(
    st.builds(
        lambda kind, unit, amount, day, user, member, account, created: frames.reward(
            kind, unit, amount, day, user_guid=user, member_guid=member, account_guid=account, created_at=created
        ),
        some(TYPES), some(UNITS), some(AMOUNTS), some(DAYS), some(USERS), some(MEMBERS), some(ACCOUNTS), some(MOMENTS),
    ),
    min_size=1,
    max_size=25,
)  # fmt: skip


def part_of(values):
    return st.none() | st.lists(some(values), min_size=1, unique=True).map(lambda chosen: tuple(sorted(chosen)))


CHOICES = st.builds(
    Choice,
    as_of=some((AS_OF, dt.date(2026, 12, 1), dt.date.max)),
    users=part_of(USERS).map(lambda users: users or ()),
    members=part_of(MEMBERS).map(lambda members: members or ()),
    units=part_of(UNITS),
    balance_types=part_of(TYPES),
    every=some(("day", "month", "year")),
    until=some((UNTIL, dt.date.max)),
)


def filtered(rewards, choice):
    """The chosen rewards, the plain way."""
    return rewards.filter(*(pl.col(name).is_in(list(values)) for name, values in choice.filters().items()))


def assert_is_what_the_functions_give(selection, rewards, choice):
    chosen = filtered(rewards, choice)
    assert selection.totals(choice) == records(ra.totals(chosen))
    assert selection.aging(choice) == records(ra.aging(chosen, as_of=choice.as_of))
    if choice.every != "day" or choice.until == UNTIL:
        timeline = ra.expiring(chosen, as_of=choice.as_of, every=choice.every, until=max(choice.until, choice.as_of))
        assert selection.expiring(choice) == records(timeline)
    goals = ra.distance(chosen)
    assert selection.goals(choice).nearest == records(goals.filter(~pl.col("reached")))[:12]
    assert (selection.goals(choice).ahead, selection.goals(choice).reached) == (
        goals.filter(~pl.col("reached")).height,
        goals.filter("reached").height,
    )
    assert selection.quality(choice) == records(ra.quality(chosen, as_of=choice.as_of))


def first_of_each_unit(rewards, choice):
    """The next expiries by the public function, six a unit."""
    dues = ra.upcoming(rewards, as_of=choice.as_of, until=choice.until)
    return dues.filter(pl.int_range(pl.len()).over("unit_type") < 6)


@settings(max_examples=40)
@given(rows=REWARDS, choice=CHOICES)
def test_any_choice_shows_what_the_functions_give_for_the_filtered_rewards(rows, choice):
    rewards = frames.polars_frame(frames.table(rows))
    choice = Choice(**{**vars(choice), "until": max(choice.until, choice.as_of)})
    selection = Selection(rewards)

    assert_is_what_the_functions_give(selection, rewards, choice)
    choice = Choice(**{**vars(choice), "until": min(choice.until, max(UNTIL, choice.as_of))})
    assert selection.upcoming(choice) == records(first_of_each_unit(filtered(rewards, choice), choice))


def test_the_next_expiries_are_found_among_many_rows_that_are_no_lots():
    holder = {"user_guid": "U9", "account_guid": "A9"}
    covered = [
        row
        for n in range(300)
        for row in (
            frames.total("MILES", "5", "2026-12-01", user_guid=f"U{n:03}"),
            frames.lot("MILES", "1", None, user_guid=f"U{n:03}"),
        )
    ]
    rewards = frames.polars_frame(frames.table([*covered, frames.balance("MILES", "3", "2026-12-05", **holder)]))

    shown = Selection(rewards).upcoming(Choice(AS_OF, until=UNTIL))

    assert [(row["user_guid"], str(row["expires_on"])) for row in shown] == [("U9", "2026-12-05")]


def test_no_unit_crowds_the_others_out_of_the_next_expiries():
    miles = [frames.lot("MILES", str(n), "2026-11-24", user_guid=f"U{n:03}") for n in range(1, 100)]
    rewards = frames.polars_frame(frames.table([*miles, frames.lot("POINTS", "5", "2027-11-22", user_guid="U100")]))

    shown = Selection(rewards).upcoming(Choice(AS_OF, until=UNTIL))

    assert [(row["unit_type"], row["expiring"]) for row in shown] == [
        *(("MILES", amount) for amount in (99, 98, 97, 96, 95, 94)),
        ("POINTS", 5),
    ]


@pytest.mark.parametrize("until", [UNTIL, dt.date(2027, 2, 1), None])
def test_the_dashboard_lists_the_same_next_expiries_as_the_report(until):
    days = [str(AS_OF + dt.timedelta(days=n)) for n in (0, 1, 1, 30, 60, 90, 400)]
    lots = [
        frames.lot(unit, str(n), day, user_guid=f"U{n % 5}")
        for n, day in enumerate(days * 2)
        for unit in ("MILES", "STARS")
    ]
    rewards = frames.polars_frame(frames.table(lots))

    listed = next_expiries(rewards, as_of=AS_OF, until=until).rows

    assert Selection(rewards).upcoming(Choice(AS_OF, until=until)) == listed
    assert Selection(rewards).upcoming(Choice(AS_OF, until=until, users=("U0", "U1", "U2", "U3", "U4"))) == listed


@pytest.mark.parametrize("most", [0, 1_000], ids=["by its engine", "in memory"])
@pytest.mark.parametrize("kind", ["polars_lazy", "pandas", "duckdb"])
@pytest.mark.parametrize(
    "choice",
    [
        Choice(AS_OF, until=UNTIL),
        Choice(AS_OF, until=UNTIL, users=("U2",), every="week"),
        Choice(AS_OF, until=UNTIL, members=("M2",), balance_types=("BALANCE", "EXPIRING_BALANCE")),
        Choice(AS_OF, until=UNTIL, units=("MILES",)),
    ],
    ids=["all", "a user", "a member and types", "a unit"],
)
def test_every_kind_of_frame_shows_the_same(kind, choice, most, monkeypatch):
    monkeypatch.setattr("rewards_analytics.widgets.explore.selection.MOST_IN_MEMORY", most)
    rewards = frames.table(
        [
            frames.total("MILES", "100", "2027-01-31"),
            frames.balance("MILES", "90", "2027-02-28"),
            frames.lot("MILES", "7", "2027-01-31", account_guid=None),
            frames.lot("MILES", "1", None, user_guid="U2"),
            frames.balance("POINTS", "6", "2026-11-23", user_guid="U2", member_guid="M2"),
            frames.reward("SOMETHING_NEW", "POINTS", "6", "2026-11-23"),
            frames.to_level("MILES", "20"),
        ]
    )

    assert_is_what_the_functions_give(Selection(frames.ENGINES[kind](rewards)), frames.polars_frame(rewards), choice)


def test_a_result_is_computed_once():
    selection = Selection(frames.polars_frame(frames.table([frames.total("MILES", "1")])))
    choice = Choice(AS_OF, users=("U1",))

    assert selection.totals(choice) is selection.totals(choice)


def test_results_kept_do_not_grow_without_end():
    selection = Selection(frames.polars_frame(frames.table([frames.total("MILES", "1")])))

    for days in range(MOST_KEPT + 20):
        selection.aging(Choice(AS_OF + dt.timedelta(days=days)))

    assert len(selection._kept) == MOST_KEPT


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-11-23", 3, "2027-02-22"),
        ("2026-10-31", 4, "2027-02-27"),
        ("2026-11-01", 12, "2027-10-31"),
        ("9999-12-31", 3, "9999-12-31"),
    ],
)
def test_a_span_of_months_ends_on_the_day_before(start, months, end):
    assert str(last_day_of_span(dt.date.fromisoformat(start), months)) == end
