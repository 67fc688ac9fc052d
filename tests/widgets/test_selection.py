"""What a dashboard shows is what the public functions give for the rewards that are chosen, to the last digit."""

import datetime as dt
import gc
import random
import weakref
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import Phase, given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.analysis.calendar import last_day_of_span
from rewards_analytics.analysis.quality import CHECKS
from rewards_analytics.results.goals import nearest_goals
from rewards_analytics.results.origin import origin
from rewards_analytics.results.records import records
from rewards_analytics.results.upcoming import next_expiries
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.listed import Order
from rewards_analytics.widgets.explore.selection import MOST_KEPT, MOST_PREPARED, Selection
from rewards_analytics.widgets.explore.views import SORTED_BY
from tests import frames
from tests.examples import examples

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
    return st.lists(some(values), unique=True).map(lambda chosen: tuple(sorted(chosen)))


CHOICES = st.builds(
    Choice,
    as_of=some((AS_OF, dt.date(2026, 12, 1), dt.date.max)),
    users=part_of(USERS),
    members=part_of(MEMBERS),
    units=part_of(UNITS),
    balance_types=part_of(TYPES),
    every=some(("day", "month", "year")),
    until=some((UNTIL, dt.date.max)),
    bucket=some((None, None, "expired", "0-30", "over 365", "undated")),
    check=some((None, None, *CHECKS)),
)
ORDERS = some((None, *(Order(column, descending) for column in SORTED_BY["upcoming"] for descending in (False, True))))


def filtered(rewards, choice):
    """The rewards of the chosen values, the plain way."""
    return rewards.filter(*(pl.col(name).is_in(list(values)) for name, values in choice.filters().items()))


def rows_in(holdings, rewards):
    """The rewards whose holding is among some."""
    keys = {tuple(row[name] for name in KEY) for row in holdings}
    return [row for row in rewards.rows(named=True) if tuple(row[name] for name in KEY) in keys]


KEY = ("user_guid", "member_guid", "account_guid", "unit_type")


def with_a_lot(rewards, choice):
    """The chosen rewards in plain Python: of holdings with a lot in the period, and one in the bucket."""
    chosen = filtered(rewards, choice)
    if choice.period is not None:
        first, last = choice.period_days()
        kept = rows_in(records(ra.upcoming(chosen, as_of=first, until=last)), chosen)
        chosen = pl.DataFrame(kept, schema=chosen.schema)
    return chosen


def assert_is_what_the_functions_give(selection, chosen, choice):
    assert selection.totals(choice) == records(ra.totals(chosen))
    assert selection.aging(choice) == records(ra.aging(chosen, as_of=choice.as_of))
    if choice.every != "day" or choice.until == UNTIL:
        timeline = ra.expiring(chosen, as_of=choice.as_of, every=choice.every, until=max(choice.until, choice.as_of))
        assert selection.expiring(choice) == records(timeline)
    goals = ra.distance(chosen).filter(~pl.col("reached"))
    listed = selection.goals(choice, None, 12)
    assert (listed.rows, listed.in_all) == (records(goals.head(12)), goals.height)
    assert selection.quality(choice) == records(ra.quality(chosen, as_of=choice.as_of))
    assert selection.goal_counts(choice) == nearest_goals(chosen)[1]
    assert selection.origin(choice) == origin(chosen, as_of=choice.as_of)
    assert selection.last_days(choice) == next_expiries(chosen, as_of=choice.as_of).last_days


def dues_of(chosen, choice):
    first, last = choice.listed_days()
    if last is not None and last < choice.as_of:
        return ra.upcoming(chosen.clear(), as_of=choice.as_of)
    return ra.upcoming(chosen, as_of=choice.as_of, until=last).filter(pl.col("expires_on") >= first)


@settings(max_examples=examples(25), phases=[Phase.generate])
@given(rows=REWARDS, choice=CHOICES, order=ORDERS)
def test_any_choice_shows_what_the_functions_give_for_the_selection(rows, choice, order):
    rewards = frames.polars_frame(frames.table(rows))
    choice = replace(choice, until=max(choice.until, choice.as_of))
    selection = Selection(rewards)
    chosen = selection.of_caller(choice)

    assert_is_what_the_functions_give(selection, chosen, choice)
    dues = dues_of(chosen, choice)
    listed = selection.upcoming(choice, order, 4)
    if order is None:
        expected = dues.filter(pl.int_range(pl.len()).over("unit_type") < 4)
    else:
        expected = dues.sort(order.column, descending=order.descending, nulls_last=True, maintain_order=True).head(4)
    assert (listed.rows, listed.in_all) == (records(expected), dues.height)


@settings(max_examples=examples(20), phases=[Phase.generate])
@given(rows=REWARDS, choice=CHOICES)
def test_whole_holdings_are_chosen_by_what_they_have(rows, choice):
    rewards = frames.polars_frame(frames.table(rows))
    selection = Selection(rewards)
    base = filtered(rewards, choice)

    chosen = selection.of_caller(choice)

    expected = base
    if choice.bucket is not None:
        keys = [
            {name: row[name] for name in KEY}
            for row in base.select(KEY).unique().rows(named=True)
            if has_in_bucket(base, row, choice)
        ]
        expected = base.filter(pl.Series([row in keys for row in base.select(KEY).rows(named=True)], dtype=pl.Boolean))
    if choice.check is None:
        assert chosen.equals(expected)
    else:
        (found,) = (row for row in records(ra.quality(base, as_of=choice.as_of)) if row["check"] == choice.check)
        assert (chosen.height > 0) <= (found["rewards"] > 0)


def has_in_bucket(rewards, key, choice):
    """Whether a holding has a lot in the bucket, by the aging schedule of its rewards alone."""
    alone = rewards.filter(*(pl.col(name).eq_missing(pl.lit(value)) for name, value in key.items()))
    schedule = records(ra.aging(alone, as_of=choice.as_of))
    return any(row["rewards"] for row in schedule if row["bucket"] == choice.bucket)


@pytest.mark.parametrize(
    ("choice", "guids"),
    [
        (Choice(AS_OF, until=UNTIL, period=dt.date(2027, 1, 1)), ["R1", "R2", "R4"]),
        (Choice(AS_OF, until=UNTIL, period=dt.date(2026, 11, 1)), []),
        (Choice(AS_OF, bucket="undated"), ["R5", "R6"]),
        (Choice(AS_OF, bucket="expired"), ["R7"]),
        (Choice(AS_OF, check="total_differs_from_balance"), ["R1", "R2", "R4"]),
        (Choice(AS_OF, check="unknown_value"), ["R8"]),
        (Choice(AS_OF, check="date_past"), ["R7"]),
        (Choice(AS_OF, users=("U2",), bucket="undated"), ["R6"]),
        (Choice(AS_OF, balance_types=("TOTAL_BALANCE", "BALANCE"), check="total_differs_from_balance"), ["R1", "R2"]),
    ],
    ids=lambda value: "" if isinstance(value, list) else " ".join(str(part) for part in value.where() if part),
)
def test_the_selection_is_whole_holdings_in_the_callers_kind_of_frame(make_frame, engine, assert_rows, choice, guids):
    rewards = make_frame(
        frames.total("MILES", "100", guid="R1"),
        frames.balance("MILES", "90", guid="R2"),
        frames.lot("MILES", "7", "2027-01-31", account_guid=None, user_guid="U3", unit_type="POINTS", guid="R3"),
        frames.lot("MILES", "7", "2027-01-31", guid="R4"),
        frames.lot("MILES", "1", None, account_guid=None, guid="R5"),
        frames.lot("MILES", "1", None, user_guid="U2", guid="R6"),
        frames.balance("POINTS", "6", "2026-11-22", user_guid="U2", member_guid="M2", guid="R7"),
        frames.reward("SOMETHING_NEW", "POINTS", "6", guid="R8"),
    )
    if choice.period == dt.date(2027, 1, 1):
        guids = ["R1", "R2", "R3", "R4"]

    chosen = Selection(rewards).of_caller(choice)

    assert type(chosen) is type(rewards)
    assert_rows(chosen, [(guid,) for guid in guids], ["guid"])


@pytest.fixture(scope="module")
def many():
    """Rewards of which far more fall due, and far more are goals, than a table lists."""
    rng = random.Random(3)
    return frames.polars_frame(
        frames.table(
            [
                frames.reward(
                    rng.choice(TYPES), rng.choice(UNITS), rng.choice(("5", "7.5", "-2", "0.001")),
                    rng.choice((None, *(f"2026-12-{day:02}" for day in range(1, 29)))),
                    user_guid=f"U{rng.randrange(40)}", member_guid=rng.choice(MEMBERS),
                    account_guid=rng.choice(ACCOUNTS), description=rng.choice((None, "Gold", "Silver", "a trip")),
                )
                for _ in range(1500)
            ]
        )
    )  # fmt: skip


SOME = (Choice(AS_OF), Choice(AS_OF, balance_types=TYPES[:3]), Choice(AS_OF, units=("MILES",), bucket="0-30"))


@pytest.mark.parametrize("choice", SOME, ids=["all", "some types", "a unit and a bucket"])
@pytest.mark.parametrize("descending", [False, True], ids=["upwards", "downwards"])
@pytest.mark.parametrize("column", SORTED_BY["upcoming"])
def test_the_first_of_many_expiries_are_listed_in_any_order(many, choice, column, descending):
    selection = Selection(many)
    dues = dues_of(selection.of_caller(choice), choice)

    listed = selection.upcoming(choice, Order(column, descending), 6)

    expected = dues.sort(column, descending=descending, nulls_last=True, maintain_order=True).head(6)
    assert (listed.rows, listed.in_all) == (records(expected), dues.height)
    assert dues.height > 50


@pytest.mark.parametrize("choice", SOME, ids=["all", "some types", "a unit and a bucket"])
@pytest.mark.parametrize("descending", [False, True], ids=["upwards", "downwards"])
@pytest.mark.parametrize("column", [None, *SORTED_BY["distance"]])
def test_the_first_of_many_goals_are_listed_in_any_order(many, choice, column, descending):
    selection = Selection(many)
    goals = ra.distance(selection.of_caller(choice)).filter(~pl.col("reached"))

    listed = selection.goals(choice, column and Order(column, descending), 6)

    if column is not None:
        goals = goals.sort(column, descending=descending, nulls_last=True, maintain_order=True)
    assert (listed.rows, listed.in_all) == (records(goals.head(6)), goals.height)
    assert goals.height > 50


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

    shown = Selection(rewards).upcoming(Choice(AS_OF, until=UNTIL), None, 6).rows

    assert [(row["user_guid"], str(row["expires_on"])) for row in shown] == [("U9", "2026-12-05")]


def test_no_unit_crowds_the_others_out_of_the_next_expiries():
    miles = [frames.lot("MILES", str(n), "2026-11-24", user_guid=f"U{n:03}") for n in range(1, 100)]
    rewards = frames.polars_frame(frames.table([*miles, frames.lot("POINTS", "5", "2027-11-22", user_guid="U100")]))

    shown = Selection(rewards).upcoming(Choice(AS_OF, until=UNTIL), None, 6)

    assert shown.in_all == 100
    assert [(row["unit_type"], row["expiring"]) for row in shown.rows] == [
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

    assert Selection(rewards).upcoming(Choice(AS_OF, until=until), None, 6).rows == listed
    of_users = Choice(AS_OF, until=until, users=("U0", "U1", "U2", "U3", "U4"))
    assert Selection(rewards).upcoming(of_users, None, 6).rows == listed


@pytest.mark.parametrize("most", [0, 1_000], ids=["by its engine", "in memory"])
@pytest.mark.parametrize("kind", ["polars_lazy", "pandas", "duckdb"])
@pytest.mark.parametrize(
    "choice",
    [
        Choice(AS_OF, until=UNTIL),
        Choice(AS_OF, until=UNTIL, users=("U2",), every="week"),
        Choice(AS_OF, until=UNTIL, members=("M2",), balance_types=("BALANCE", "EXPIRING_BALANCE")),
        Choice(AS_OF, until=UNTIL, units=("MILES",)),
        Choice(AS_OF, until=UNTIL, period=dt.date(2027, 1, 1)),
        Choice(AS_OF, until=UNTIL, bucket="undated", units=("MILES",)),
        Choice(AS_OF, until=UNTIL, check="unknown_value"),
    ],
    ids=["all", "a user", "a member and types", "a unit", "a period", "a bucket and a unit", "a check"],
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
    chosen = Selection(frames.polars_frame(rewards)).of_caller(choice)
    selection = Selection(frames.ENGINES[kind](rewards))

    assert_is_what_the_functions_give(selection, chosen, choice)
    assert selection.upcoming(choice, None, 100).rows == records(dues_of(chosen, choice))
    assert frames.collected(selection.of_caller(choice)).equals(chosen)


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


@pytest.mark.parametrize("guids", [("RWD-b", "RWD-a", "RWD-"), ("RWD-12345678-z", "RWD-12345678-é", "RWD-12345678-y")])
def test_the_example_of_a_check_is_the_first_guid_in_order_of_text(guids):
    rewards = frames.table([frames.lot("MILES", "1", None, guid=guid) for guid in guids])
    selection = Selection(frames.polars_frame(rewards))

    found = {row["check"]: row["example_guid"] for row in selection.quality(Choice(AS_OF))}

    assert found["expiring_without_date"] == min(guids)


def test_what_was_worked_out_for_a_choice_is_freed_with_it():
    selection = Selection(frames.polars_frame(frames.table([frames.total("MILES", "1")])))
    gc.disable()  # what refers to itself would stay until Python looks for it, which a kernel rarely does
    try:
        selection.totals(Choice(AS_OF, users=("U1",)))
        first = weakref.ref(next(iter(selection._parts.values())))
        for number in range(MOST_PREPARED):
            selection.totals(Choice(AS_OF, users=("U1",), members=("M1", f"M{number + 2}")))
        freed = first() is None
    finally:
        gc.enable()

    assert freed
