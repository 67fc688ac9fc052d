"""The dashboard: controls on top, and below them the views that follow."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

import ipywidgets as widgets

from rewards_analytics.analysis.arguments import day
from rewards_analytics.errors import RewardsError
from rewards_analytics.plots.results import Record
from rewards_analytics.widgets import views
from rewards_analytics.widgets.code import Code
from rewards_analytics.widgets.selection import Selection
from rewards_analytics.wording import count, one_line, unit_name

EVERY: Final = ("day", "week", "month", "quarter", "year")
HORIZONS: Final = {"3 months": 3, "1 year": 12, "2 years": 24, "5 years": 60, "10 years": 120}
"""Months that the timeline looks ahead."""

MOST_OFFERED: Final = 50
"""Users offered while one is typed: a list of thousands would make the page slow."""

_STYLE: Final = {"description_width": "6em"}
_WRAP: Final = {"flex_flow": "row wrap", "align_items": "center"}


def explore(rewards: Any, *, as_of: date | None = None) -> Explore:
    """Make a dashboard of rewards: choose user, units, as-of date and period, and the views follow.

    Every number in it comes from `totals`, `expiring`, `aging` and `distance`.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind.
    as_of
        Day that the views look ahead from at first, today in UTC if None.

    Returns
    -------
    A widget for JupyterLab, an `ipywidgets.VBox`. Its controls can be set from code as well:
    `.user.value`, `.units["MILES"].value`, `.as_of.value`, `.every.value`, `.horizon.value`.

    Raises
    ------
    FrameError
        If `rewards` is not a frame. A frame that lacks a column is told in the dashboard itself.

    Examples
    --------
    >>> import rewards_analytics as ra
    >>> rewards = ra.load([{"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1",
    ...     "balance_type": "TOTAL_BALANCE", "unit_type": "MILES", "balance": 1200}])
    >>> dashboard = ra.explore(rewards)
    >>> dashboard
    Explore(1 user; units: MILES)
    >>> "1,200" in dashboard.totals.value
    True
    """
    return Explore(rewards, as_of=as_of)


class Explore(widgets.VBox):  # type: ignore[misc]
    """Totals, timeline, aging schedule and nearest goals of rewards, for a choice of user, units, date and period.

    Attributes
    ----------
    user, units, as_of, every, horizon
        The controls; set their `.value` to change the view from code. `units` maps each unit to its checkbox.
    status, totals, expiring, aging, distance
        The views. Their `.value` is HTML, and only that changes: nothing is rebuilt.
    """

    def __init__(self, rewards: Any, *, as_of: date | None = None) -> None:
        self._selection = Selection(rewards)
        self._code = Code(rewards)
        self._controls(day(as_of))
        self.status, self.totals, self.expiring, self.aging, self.distance = (widgets.HTML() for _ in range(5))
        super().__init__(
            children=[
                widgets.HTML(views.style(), layout=widgets.Layout(display="none")),
                widgets.HBox([self.user, self.as_of], layout=widgets.Layout(**_WRAP)),
                widgets.HBox([self.every, self.horizon], layout=widgets.Layout(**_WRAP)),
                widgets.HBox(
                    [
                        widgets.Label("Units", layout=widgets.Layout(width="6em", justify_content="flex-end")),
                        *self.units.values(),
                    ],
                    layout=widgets.Layout(**_WRAP),
                ),
                self.status,
                self.totals,
                self.expiring,
                self.aging,
                self.distance,
            ]
        )
        self.add_class("rewards-explore")
        for control in (self.user, self.as_of, self.every, self.horizon, *self.units.values()):
            control.observe(self._follow, "value")
        self._follow()

    def _controls(self, as_of: date) -> None:
        users = self._selection.users
        self.user = widgets.Combobox(
            description="User",
            placeholder=f"All {count(len(users), 'user')}: type to choose one",
            options=users[:MOST_OFFERED],
            style=_STYLE,
            layout=widgets.Layout(width="26em"),
        )
        self.as_of = widgets.DatePicker(description="As of", value=as_of, style=_STYLE)
        self.every = widgets.Dropdown(
            description="Period", options=[(name.capitalize(), name) for name in EVERY], value="month", style=_STYLE
        )
        self.horizon = widgets.Dropdown(
            description="Look ahead", options=list(HORIZONS.items()), value=24, style=_STYLE
        )
        self.units = {
            unit_type: widgets.Checkbox(
                description=unit_name(unit_type), value=True, indent=False, layout=widgets.Layout(width="auto")
            )
            for unit_type in self._selection.units
        }

    def __repr__(self) -> str:
        """Say what is explored, without ids or dates: the same text at every run of a notebook."""
        units = ", ".join(self._selection.units) or "none"
        return f"Explore({count(len(self._selection.users), 'user')}; units: {units})"

    def _follow(self, _change: Any = None) -> None:
        """Bring every view up to date with the controls."""
        user = self.user.value.strip()
        self._offer_users(user)
        wrong = self._what_is_wrong(user)
        if wrong:
            self._show(wrong)
            return
        try:
            self._show_selection(user, self.as_of.value)
        except RewardsError as error:
            self._show(str(error))

    def _offer_users(self, typed: str) -> None:
        matching = [guid for guid in self._selection.users if typed in guid] if typed else self._selection.users
        self.user.options = matching[:MOST_OFFERED]

    def _what_is_wrong(self, user: str) -> str:
        """Say what the rewards or the controls lack, empty where nothing."""
        if self._selection.problem:
            return self._selection.problem
        if not self._selection.users:
            return "There are no rewards to explore."
        if not any(box.value for box in self.units.values()):
            return "No unit is chosen. Tick at least one."
        if self.as_of.value is None:
            return "No date is chosen. Pick the day to look ahead from."
        if user and user not in self._selection.known:
            similar = sum(user in guid for guid in self._selection.users)
            advice = f"Choose one of the {similar:,} that contain it" if similar else "Choose one from the list"
            return f"No user is called {one_line(user)!r}. {advice}, or clear the field for all users."
        return ""

    def _show_selection(self, user: str, as_of: date) -> None:
        units = [unit_type for unit_type, box in self.units.items() if box.value]
        until = _months_later(as_of, self.horizon.value)
        every = self.every.value
        chosen = self._selection
        goals, number = chosen.goals(user, units)
        totals = _in_units(chosen.totals(user), units)
        expiring = _in_units(chosen.expiring(user, as_of, every, until), units)
        aging = _in_units(chosen.aging(user, as_of), units)
        code = self._code
        timeline_code = code.expiring(user, as_of, every, until)
        with self.hold_sync():
            self.status.value = ""
            self.totals.value = views.totals_view(totals) + views.to_take_away("totals", totals, code.totals(user))
            self.expiring.value = views.expiring_view(expiring, as_of, every, until) + views.to_take_away(
                "expiring", expiring, timeline_code
            )
            self.aging.value = views.aging_view(aging, as_of) + views.to_take_away(
                "aging", aging, code.aging(user, as_of)
            )
            self.distance.value = views.distance_view(goals, number) + views.to_take_away(
                "distance", goals, code.distance(user)
            )

    def _show(self, sentence: str) -> None:
        """Show a sentence and no views."""
        self.status.value = views.nothing(sentence)
        for view in (self.totals, self.expiring, self.aging, self.distance):
            view.value = ""


def _in_units(rows: Sequence[Record], units: Sequence[str]) -> list[Record]:
    return [row for row in rows if row["unit_type"] in units]


def _months_later(start: date, months: int) -> date:
    """The day before the same day some months later, or the last day there is."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])) - timedelta(days=1)
