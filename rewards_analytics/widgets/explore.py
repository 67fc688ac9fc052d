"""The dashboard: controls on top, and below them a tab for each question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

import ipywidgets as widgets

from rewards_analytics.analysis.arguments import day
from rewards_analytics.errors import RewardsError
from rewards_analytics.plots.aging import draw_aging
from rewards_analytics.plots.distance import draw_distance
from rewards_analytics.plots.expiring import draw_expiring
from rewards_analytics.plots.totals import draw_totals
from rewards_analytics.results.records import Record, records, units_of
from rewards_analytics.widgets import views
from rewards_analytics.widgets.choice import Choice
from rewards_analytics.widgets.code import Code
from rewards_analytics.widgets.controls import Controls
from rewards_analytics.widgets.selection import Selection
from rewards_analytics.widgets.take_away import MOST_ROWS, Picture, links
from rewards_analytics.wording import count

TABS: Final = ("Totals", "Expiring", "Distance", "Quality")

HELP: Final = (
    "Every number is what the function of its name gives for the rewards that are chosen. Leaving a balance type out "
    "is as if there were no such rewards: without the total balances, what is available is the sum of the plain ones. "
    "Several users or members are written with commas between them."
)

EMPTY: Final = "There are no rewards in this selection. Choose other users, members, units or balance types."

_WRAP: Final = {"flex_flow": "row wrap", "align_items": "center"}


def explore(rewards: Any, *, as_of: date | None = None) -> Explore:
    """Make a dashboard of rewards: choose whose and which, and what is held, what expires and what is near follow.

    Every number in it comes from `totals`, `expiring`, `aging`, `distance` and `quality`.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind. They are brought into memory and added up
        once, so that a change shows at once; a lazy frame of more than two million rows is computed by its engine
        at each new choice instead.
    as_of
        Day that the views look ahead from at first, today in UTC if None.

    Returns
    -------
    A widget for JupyterLab, an `ipywidgets.VBox`. Its controls can be set from code as well:

    - `.user.value`, `.member.value`: a guid, several separated by commas, or empty for all;
    - `.units["MILES"].value`, `.balance_types["BALANCE"].value`: whether these rewards are in;
    - `.as_of.value` (a date), `.every.value` (`day` to `year`), `.horizon.value` (months ahead);
    - `.tabs.selected_index`: 0 to 3, for Totals, Expiring, Distance, Quality.

    Raises
    ------
    FrameError
        If `rewards` is not a frame. What a frame lacks is told in the dashboard itself.

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
    """Totals, expiries, goals and quality of rewards, for a choice of whose, which, and when.

    Attributes
    ----------
    user, member, units, balance_types, as_of, every, horizon
        The controls; set their `.value` to change the view from code. `units` and `balance_types` map each value to
        its checkbox.
    tabs
        The tabs; only the one that is selected is drawn, at each change and when it is selected.
    status
        What is shown, or what keeps it from being shown, in a sentence.
    totals, expiring, aging, upcoming, distance, quality
        The views. Their `.value` is HTML, and only that changes: nothing is rebuilt.
    """

    def __init__(self, rewards: Any, *, as_of: date | None = None) -> None:
        self._selection = Selection(rewards)
        self._code = Code(rewards)
        self._controls = controls = Controls(self._selection, day(as_of))
        self.user, self.member = controls.user, controls.member
        self.units, self.balance_types = controls.units, controls.balance_types
        self.as_of, self.every, self.horizon = controls.as_of, controls.every, controls.horizon
        self.status = widgets.HTML()
        self.totals, self.expiring, self.aging, self.upcoming, self.distance, self.quality = (
            widgets.HTML() for _ in range(6)
        )
        self._tabs = [
            Tab([self.totals], self._show_totals, self._files_of_totals),
            Tab([self.expiring, self.aging, self.upcoming], self._show_expiring, self._files_of_expiring),
            Tab([self.distance], self._show_distance, self._files_of_distance),
            Tab([self.quality], self._show_quality, self._files_of_quality),
        ]
        self.tabs = widgets.Tab([tab.box for tab in self._tabs], titles=TABS)
        super().__init__(children=[*self._rows(), self.status, self.tabs])
        self.add_class("rewards-explore")
        for control in controls.all():
            control.observe(self._follow, "value")
        self.tabs.observe(self._draw, "selected_index")
        for tab in self._tabs:
            tab.button.on_click(self._take_away)
        self._follow()

    def _rows(self) -> list[Any]:
        """The controls as they stand on the page."""
        wrap = {"layout": widgets.Layout(**_WRAP)}
        return [
            widgets.HTML(views.style(), layout=widgets.Layout(display="none")),
            widgets.HBox([self.user, self.member], **wrap),
            widgets.HBox([self.as_of, self.every, self.horizon], **wrap),
            _boxes("Units", self.units),
            _boxes("Types", self.balance_types),
            widgets.HTML(views.help_text(HELP)),
        ]

    def __repr__(self) -> str:
        """Say what is explored, without ids or dates: the same text at every run of a notebook."""
        units = ", ".join(self._selection.units) or "none"
        return f"Explore({count(len(self._selection.users), 'user')}; units: {units})"

    # --- Following the controls --------------------------------------------------------------------

    def _follow(self, change: Any = None) -> None:
        """Bring the dashboard up to date with the controls."""
        if change is not None and change["owner"] in (self.user, self.member):
            change["owner"].offer()
        wrong = self._what_is_wrong()
        self.status.value = views.nothing(wrong) if wrong else views.told(self._in_words())
        for index, tab in enumerate(self._tabs):
            tab.is_drawn = False
            tab.links.value = ""
            # What will be drawn at once is not emptied before: that would flicker.
            if wrong or index != self.tabs.selected_index:
                tab.clear()
        self._draw()

    def _draw(self, _change: Any = None) -> None:
        """Draw the tab that is selected, if it is not up to date."""
        index = self.tabs.selected_index
        if index is None or self._tabs[index].is_drawn or self._what_is_wrong():
            return
        tab, choice = self._tabs[index], self._controls.choice()
        try:
            if self._selection.is_empty(choice):
                tab.clear()
                tab.views[0].value = views.nothing(EMPTY)
            else:
                tab.show(choice)
        except RewardsError as error:
            tab.clear()
            tab.views[0].value = views.nothing(str(error))
        tab.is_drawn = True

    def _what_is_wrong(self) -> str:
        """Say what the rewards or the controls lack, empty where nothing."""
        if self._selection.problem:
            return self._selection.problem
        if not self._selection.users:
            return "There are no rewards to explore. Load some, or choose others where these were filtered."
        return self._controls.wrong()

    def _in_words(self) -> str:
        choice = self._controls.choice()
        parts = []
        for noun, chosen, there in (
            ("user", choice.users, self._selection.users),
            ("member", choice.members, self._selection.members),
            ("unit", choice.units, self._selection.units),
            ("balance type", choice.balance_types, self._selection.balance_types),
        ):
            parts.append(
                f"{len(chosen):,} of {count(len(there), noun)}" if chosen else f"all {count(len(there), noun)}"
            )
        return f"Shown: {', '.join(parts)}."

    # --- The views ---------------------------------------------------------------------------------

    def _show_totals(self, choice: Choice) -> None:
        rows, schedule = self._selection.totals(choice), self._selection.aging(choice)
        self.totals.value = views.with_code(views.totals_view(rows, schedule), self._code.totals(choice))

    def _show_expiring(self, choice: Choice) -> None:
        chosen, code = self._selection, self._code
        self.expiring.value = views.with_code(
            views.expiring_view(chosen.expiring(choice), choice), code.expiring(choice)
        )
        self.aging.value = views.with_code(views.aging_view(chosen.aging(choice), choice), code.aging(choice))
        soonest = chosen.upcoming(choice)
        shown = views.upcoming_view(soonest, choice)
        last = soonest[-1]["expires_on"] if soonest else choice.as_of
        self.upcoming.value = views.with_code(shown, code.upcoming(choice, last))

    def _show_distance(self, choice: Choice) -> None:
        if problem := self._selection.missing.get("distance"):
            self.distance.value = views.nothing(problem)
            return
        shown = views.distance_view(self._selection.goals(choice))
        self.distance.value = views.with_code(shown, self._code.distance(choice))

    def _show_quality(self, choice: Choice) -> None:
        if problem := self._selection.missing.get("quality"):
            self.quality.value = views.nothing(problem)
            return
        shown = views.quality_view(self._selection.quality(choice))
        self.quality.value = views.with_code(shown, self._code.quality(choice))

    # --- What can be taken away --------------------------------------------------------------------

    def _take_away(self, button: Any) -> None:
        """Make the files of the tab that is selected."""
        tab = next(tab for tab in self._tabs if tab.button is button)
        if not self._what_is_wrong():
            tab.links.value = views.told("Preparing the files…")
            tab.links.value = links(*tab.files(self._controls.choice()))

    def _files_of_totals(self, choice: Choice) -> Files:
        rows = self._selection.totals(choice)
        return {"totals": rows}, _per_unit("totals", rows, draw_totals, 1.15)

    def _files_of_expiring(self, choice: Choice) -> Files:
        chosen = self._selection
        rows, schedule = chosen.expiring(choice), chosen.aging(choice)
        pictures = _per_unit("expiring", rows, lambda own, ax: draw_expiring(own, ax, every=choice.every), 1.9)
        tables = {"expiring": rows, "aging": schedule, "next-expiries": chosen.upcoming(choice)}
        return tables, [*pictures, *_per_unit("aging", schedule, draw_aging, 2.4)]

    def _files_of_distance(self, choice: Choice) -> Files:
        if self._selection.missing.get("distance"):
            return {}, []
        goals = self._selection.distance(choice)
        nearest = self._selection.goals(choice).nearest
        height = 0.6 + 0.46 * len(nearest)
        pictures = [Picture("distance", lambda ax: draw_distance(nearest, ax), height)] if nearest else []
        return {"distance": records(goals.head(MOST_ROWS + 1))}, pictures

    def _files_of_quality(self, choice: Choice) -> Files:
        return ({} if self._selection.missing.get("quality") else {"quality": self._selection.quality(choice)}), []


Files = tuple[dict[str, Sequence[Record]], Sequence[Picture]]


class Tab:
    """One tab: its views, the function that draws them, and what can be taken away."""

    def __init__(self, shown: Sequence[Any], show: Callable[[Choice], None], files: Callable[[Choice], Files]) -> None:
        self.views, self.show, self.files = shown, show, files
        self.is_drawn = False
        self.button = widgets.Button(
            description="Prepare downloads",
            tooltip="Make the tables of this tab as CSV and Parquet, its pictures as SVG and PNG",
            layout=widgets.Layout(width="auto", align_self="flex-start"),
        )
        self.links = widgets.HTML()
        self.box = widgets.VBox([*shown, self.button, self.links])

    def clear(self) -> None:
        """Empty the tab: what it shows is of another choice."""
        self.is_drawn = False
        self.links.value = ""
        for view in self.views:
            view.value = ""


def _per_unit(name: str, rows: Sequence[Record], draw: Callable[[Any, Any], Any], height: float) -> list[Picture]:
    """One picture with a panel for each unit."""
    return [Picture(name, lambda ax: draw(rows, ax), 0.5 + height * len(units_of(rows)))] if rows else []


def _boxes(words: str, boxes: dict[str, Any]) -> Any:
    label = widgets.Label(words, layout=widgets.Layout(width="6em", justify_content="flex-end"))
    row = widgets.HBox([label, *boxes.values()], layout=widgets.Layout(**_WRAP))
    row.add_class("rewards-boxes")
    return row
