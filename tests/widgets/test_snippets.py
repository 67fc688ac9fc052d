"""The code that a view shows is three lines that reproduce its table, for the user's kind of frame."""

import datetime as dt

import polars as pl
import pytest

from rewards_analytics.results.records import records
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.selection import Selection
from rewards_analytics.widgets.explore.snippets import Snippets
from tests import frames

AS_OF, UNTIL = dt.date(2026, 11, 23), dt.date(2028, 11, 22)
ODD = "U-\"2'; --"
ROWS = [
    frames.total("MILES", "100", "2027-01-31"),
    frames.lot("MILES", "7", "2027-01-31"),
    frames.lot("MILES", "5", "2027-03-31"),
    frames.balance("POINTS", "6", "2026-12-23", user_guid=ODD, member_guid="M2"),
    frames.to_level("MILES", "20"),
    frames.to_reward("POINTS", "20", user_guid=ODD),
]
CHOICES = {
    "all": Choice(AS_OF, until=UNTIL),
    "a user": Choice(AS_OF, until=UNTIL, users=(ODD,), every="week"),
    "two users, a member and a unit": Choice(AS_OF, until=UNTIL, users=("U1", ODD), members=("M1",), units=("MILES",)),
    "some types": Choice(AS_OF, until=UNTIL, balance_types=("BALANCE", "BALANCE_TO_LEVEL"), every="year"),
}


SOME = CHOICES["two users, a member and a unit"]


def run(code, rewards):
    """Run the three lines. Return the chosen rewards, and a function that returns the table."""
    first, second, call = code.splitlines()
    names = {"rewards": rewards}
    exec(f"{first}\n{second}", names)
    return names["chosen"], lambda: frames.collected(eval(call, names))


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_the_code_chooses_the_rewards_of_the_view(choice, make_frame):
    rewards = make_frame(*ROWS)
    expected = frames.polars_frame(frames.table(ROWS)).filter(
        *(pl.col(name).is_in(list(values)) for name, values in choice.filters().items())
    )

    chosen, _ = run(Snippets(rewards).totals(choice), rewards)

    assert sorted(frames.collected(chosen)["guid"].to_list()) == sorted(expected["guid"].to_list())


@pytest.mark.parametrize("view", ["totals", "expiring", "aging", "distance", "quality"])
def test_the_code_gives_the_table_of_the_view(view, make_frame):
    rewards = make_frame(*ROWS)
    shown = getattr(Selection(frames.polars_frame(frames.table(ROWS))), view)(SOME)

    _, give = run(getattr(Snippets(rewards), view)(SOME), rewards)

    assert sorted(records(give()), key=repr) == sorted(records(shown), key=repr)


def test_the_code_gives_the_next_expiries_until_the_last_one_listed(make_frame):
    rewards = make_frame(*ROWS)
    shown = Selection(frames.polars_frame(frames.table(ROWS))).upcoming(SOME)

    _, give = run(Snippets(rewards).upcoming(SOME, shown[-1]["expires_on"]), rewards)

    assert sorted(records(give()), key=repr) == sorted(shown, key=repr)


def test_the_code_for_all_rewards_filters_nothing():
    code = Snippets(frames.polars_frame(frames.table(ROWS)))

    assert code.expiring(Choice(AS_OF)) == (
        "import datetime, rewards_analytics as ra\n"
        "chosen = rewards\n"
        'ra.expiring(chosen, as_of=datetime.date(2026, 11, 23), every="month")'
    )


def test_the_code_for_some_rewards_names_them():
    code = Snippets(pl.LazyFrame(schema={"unit_type": pl.String}))

    assert code.totals(Choice(AS_OF, units=("MILES", "POINTS"))) == (
        "import polars as pl, rewards_analytics as ra\n"
        "chosen = rewards.filter(pl.col(\"unit_type\").is_in(['MILES', 'POINTS']))\n"
        "ra.totals(chosen)"
    )
