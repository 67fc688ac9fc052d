"""The dashboard shows the numbers of the public functions, for any choice."""

import datetime as dt

import pytest

import rewards_analytics as ra
from tests import frames

AS_OF = dt.date(2026, 11, 23)
REWARDS = frames.polars_frame(
    frames.table(
        [
            frames.total("MILES", "1204500", user_guid="USR-1", guid="RWD-1"),
            frames.balance("MILES", "1204000", user_guid="USR-1", guid="RWD-2"),
            frames.lot("MILES", "84000", "2027-01-31", user_guid="USR-1", guid="RWD-3"),
            frames.to_level("MILES", "25000", description="<b>Gold</b> for $5", user_guid="USR-1", guid="RWD-4"),
            frames.total("DOLLARS", "12.5", "2026-12-01", user_guid="USR-2", member_guid="M2", guid="RWD-5"),
        ]
    )
)


@pytest.fixture
def dashboard():
    return ra.explore(REWARDS, as_of=AS_OF)


def test_a_wrong_state_is_refused_and_leaves_it_as_it_was(dashboard):
    before, html = dashboard.state, dashboard.html

    with pytest.raises(ra.ArgumentError, match="'fortnight' is not one of"):
        dashboard.state = {"every": "fortnight", "tab": "expiring"}

    assert (dashboard.state, dashboard.html) == (before, html)


def test_a_chosen_period_chooses_whole_holdings(dashboard):
    dashboard.state = {"tab": "expiring", "period": "2027-01-01"}

    assert dashboard.selection["guid"].to_list() == ["RWD-1", "RWD-2", "RWD-3", "RWD-4"]
