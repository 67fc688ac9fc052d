"""What a dashboard shows is what the public functions give."""

import datetime as dt

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.plots.results import records
from rewards_analytics.widgets.selection import MOST_KEPT, Selection
from tests import frames

AS_OF = dt.date(2026, 11, 23)
UNTIL = dt.date(2027, 11, 22)
REWARDS = frames.polars_frame(
    frames.table(
        [
            frames.total("MILES", "100", "2027-01-31"),
            frames.balance("MILES", "90", "2027-02-28"),
            frames.lot("MILES", "7", "2027-01-31", account_guid=None),
            frames.lot("MILES", "7", "2027-01-31", account_guid=None),
            frames.lot("MILES", "1", None, user_guid="U2"),
            frames.balance("POINTS", "5", "2026-11-01", user_guid="U2"),
            frames.balance("POINTS", "6", "2026-11-23", user_guid="U2", member_guid="M2"),
            frames.reward("SOMETHING_NEW", "POINTS", "6", "2026-11-23"),
            frames.to_level("MILES", "20"),
        ]
    )
)


@pytest.mark.parametrize("kind", ["polars", "polars_lazy", "pandas"])
@pytest.mark.parametrize("user", ["", "U1", "U2"])
def test_results_are_those_of_the_public_functions_on_the_chosen_rewards(user, kind):
    selection = Selection(frames.ENGINES[kind](REWARDS.to_arrow()))
    chosen = REWARDS.filter(pl.col("user_guid") == user) if user else REWARDS

    assert selection.totals(user) == records(ra.totals(chosen))
    assert selection.aging(user, AS_OF) == records(ra.aging(chosen, as_of=AS_OF))
    assert selection.expiring(user, AS_OF, "week", UNTIL) == records(
        ra.expiring(chosen, as_of=AS_OF, every="week", until=UNTIL)
    )
    assert selection.goals(user, ["MILES"])[0] == records(ra.distance(chosen))


def test_a_result_is_computed_once():
    selection = Selection(REWARDS)

    assert selection.totals("U1") is selection.totals("U1")


def test_results_kept_do_not_grow_without_end():
    selection = Selection(REWARDS)

    for days in range(MOST_KEPT + 20):
        selection.aging("", AS_OF + dt.timedelta(days=days))

    assert len(selection._kept) == MOST_KEPT
