"""The code that a view shows is three lines that reproduce its table, for the user's kind of frame."""

import datetime as dt

import polars as pl
import pytest

from rewards_analytics.results.records import records
from rewards_analytics.widgets.explore.selection import Selection
from rewards_analytics.widgets.explore.snippets import Snippets
from rewards_analytics.widgets.explore.state import EMPTY, choice_of
from tests import frames

AS_OF = dt.date(2026, 11, 23)
ODD = "U-\"2'; --"
ROWS = [
    frames.total("MILES", "100", "2027-01-31"),
    frames.lot("MILES", "7", "2027-01-31"),
    frames.lot("MILES", "5", "2027-03-31"),
    frames.balance("POINTS", "6", "2026-12-23", user_guid=ODD, member_guid="M2"),
    frames.to_level("MILES", "20"),
    frames.to_reward("POINTS", "20", user_guid=ODD),
]
AT_FIRST = {**EMPTY, "as_of": AS_OF.isoformat(), "horizon_months": 24}
STATES = {
    "all": AT_FIRST,
    "a user": {**AT_FIRST, "users": [ODD], "every": "week"},
    "two users, a member and a unit": {**AT_FIRST, "users": ["U1", ODD], "members": ["M1"], "units": ["MILES"]},
    "some types": {**AT_FIRST, "balance_types": ["BALANCE", "BALANCE_TO_LEVEL"], "every": "year"},
    "a period": {**AT_FIRST, "period": "2027-03-01"},
    "a bucket of a unit": {**AT_FIRST, "units": ["POINTS"], "bucket": "0-30"},
    "a check": {**AT_FIRST, "check": "unknown_value"},
}
SOME = STATES["two users, a member and a unit"]


def run(code, rewards):
    """Run the three lines. Return the chosen rewards, and a function that returns the table."""
    first, second, call = code.splitlines()
    names = {"rewards": rewards}
    exec(f"{first}\n{second}", names)
    return names["chosen"], lambda: frames.collected(eval(call, names))


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_the_code_chooses_the_rewards_of_the_view(state, make_frame, engine):
    if engine == "pyspark" and len(state["units"]) + bool(state["period"]) > 1:
        pytest.skip("one choice of holdings is enough where each takes seconds")
    rewards = make_frame(*ROWS)
    expected = Selection(frames.polars_frame(frames.table(ROWS))).of_caller(choice_of(state))

    chosen, _ = run(Snippets(rewards).code("totals", state), rewards)

    assert sorted(frames.collected(chosen)["guid"].to_list()) == sorted(expected["guid"].to_list())


@pytest.mark.parametrize("view", ["totals", "expiring", "aging", "quality"])
def test_the_code_gives_the_table_of_the_view(view, make_frame):
    rewards = make_frame(*ROWS)
    shown = getattr(Selection(frames.polars_frame(frames.table(ROWS))), view)(choice_of(SOME))

    _, give = run(Snippets(rewards).code(view, SOME), rewards)

    assert sorted(records(give()), key=repr) == sorted(records(shown), key=repr)


@pytest.mark.parametrize(("view", "of_all"), [("upcoming", False), ("goals", True)])
def test_the_code_gives_the_rows_that_are_listed(view, of_all, make_frame):
    rewards = make_frame(*ROWS)
    shown = getattr(Selection(frames.polars_frame(frames.table(ROWS))), view)(choice_of(SOME), None, 100)

    _, give = run(Snippets(rewards).code("distance" if of_all else view, SOME), rewards)

    assert sorted(records(give()), key=repr) == sorted(shown.rows, key=repr)
    assert shown.in_all == len(shown.rows)


def test_the_code_for_all_rewards_filters_nothing():
    code = Snippets(frames.polars_frame(frames.table(ROWS)))

    assert code.code("expiring", {**AT_FIRST, "horizon_months": None}) == (
        "import datetime, rewards_analytics as ra\n"
        "chosen = rewards\n"
        'ra.expiring(chosen, as_of=datetime.date(2026, 11, 23), every="month")'
    )


def test_the_code_for_some_rewards_names_them():
    code = Snippets(pl.LazyFrame(schema={"unit_type": pl.String}))

    assert code.code("totals", {**AT_FIRST, "units": ["MILES", "POINTS"]}) == (
        "import polars as pl, rewards_analytics as ra\n"
        "chosen = rewards.filter(pl.col(\"unit_type\").is_in(['MILES', 'POINTS']))\n"
        "ra.totals(chosen)"
    )


def test_the_code_for_whole_holdings_starts_from_the_selection():
    code = Snippets(frames.polars_frame(frames.table(ROWS)))

    assert code.code("upcoming", {**AT_FIRST, "bucket": "31-60"}) == (
        "import datetime, rewards_analytics as ra\n"
        "chosen = ra.explore(rewards, state={'bucket': '31-60', 'as_of': '2026-11-23'}).selection\n"
        "ra.upcoming(chosen, as_of=datetime.date(2026, 11, 23), until=datetime.date(2027, 1, 22))"
    )
