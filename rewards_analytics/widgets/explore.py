"""The dashboard: filters on top, and below them a tab for each question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

import ipywidgets as widgets

from rewards_analytics.analysis.arguments import day
from rewards_analytics.engines import rereadable
from rewards_analytics.errors import RewardsError
from rewards_analytics.plots.aging import draw_aging
from rewards_analytics.plots.distance import draw_distance
from rewards_analytics.plots.expiring import draw_expiring
from rewards_analytics.plots.outside import outside_of_timeline
from rewards_analytics.plots.totals import draw_totals
from rewards_analytics.results.records import Record, units_of
from rewards_analytics.show.shown import NO_MATHEMATICS
from rewards_analytics.terminal import printable
from rewards_analytics.widgets import views
from rewards_analytics.widgets.choice import Choice
from rewards_analytics.widgets.downloads import Origin, Picture, Table, download_links
from rewards_analytics.widgets.filters import Filters
from rewards_analytics.widgets.selection import Selection
from rewards_analytics.widgets.snippets import Snippets
from rewards_analytics.widgets.style import style_of
from rewards_analytics.wording import count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from narwhals.typing import IntoFrame

Files: TypeAlias = tuple[Mapping[str, Table], Sequence[Picture]]
"""Tables and pictures to download."""

HELP: Final = (
    "Every number is a result of totals(), expiring(), aging(), upcoming(), distance() or quality() for the chosen "
    "rewards. Unchecking a balance type removes those rewards: without total balances, the available amount is the sum "
    "of the plain balances. Separate several users or members with commas."
)

EMPTY: Final = "No rewards match these filters. Choose other users, members, units or balance types."

_WRAP: Final = {"flex_flow": "row wrap", "align_items": "center"}


def explore(rewards: IntoFrame, *, as_of: date | None = None) -> Explore:
    """Make a dashboard of rewards: balances, expiries, goals and quality, with filters for users, members and more.

    Every number in it comes from `totals`, `expiring`, `aging`, `upcoming`, `distance` and `quality`.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind. They are collected and summed once, so that
        the views follow the filters without delay. A lazy frame of more than two million rows is not collected; its
        engine computes the views after each change.
    as_of
        Initial value of As of, today in UTC if None.

    Returns
    -------
    A widget for JupyterLab, an `ipywidgets.VBox`. Code can set its filters too:

    - `.user.value`, `.member.value`: a guid, several separated by commas, or empty for all;
    - `.units["MILES"].value`, `.balance_types["BALANCE"].value`: whether to include these rewards;
    - `.as_of.value` (a date), `.every.value` (`day` to `year`), `.horizon.value` (months ahead);
    - `.tabs.selected_index`: 0 to 3, for Totals, Expiring, Distance, Quality.

    Raises
    ------
    FrameError
        If `rewards` is not a frame. A frame that lacks a column gets a dashboard that says so.

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
    """Totals, expiries, goals and quality of the rewards that the filters choose.

    Attributes
    ----------
    user, member, units, balance_types, as_of, every, horizon
        The filters; set their `.value` to change the view from code. `units` and `balance_types` map each value to its
        checkbox.
    tabs
        The tabs. Only the selected one is drawn, after each change and when it is selected.
    status
        What is shown, or why nothing is, in a sentence.
    totals, expiring, aging, upcoming, distance, quality
        The views. Only their `.value`, which is HTML, changes: no widget is rebuilt.
    """

    def __init__(self, rewards: IntoFrame, *, as_of: date | None = None) -> None:
        rewards = rereadable(rewards, asked_by="explore")
        self._selection = Selection(rewards)
        self._snippets = Snippets(rewards)
        self._filters = filters = Filters(self._selection, day(as_of))
        self.user, self.member = filters.user.field, filters.member.field
        self.units, self.balance_types = filters.units, filters.balance_types
        self.as_of, self.every, self.horizon = filters.as_of, filters.every, filters.horizon
        self.status = widgets.HTML()
        self.totals, self.expiring, self.aging, self.upcoming, self.distance, self.quality = (
            widgets.HTML() for _ in range(6)
        )
        self._tabs = [
            Tab("totals", [self.totals], self._totals_html, self._totals_files),
            Tab("expiring", [self.expiring, self.aging, self.upcoming], self._expiring_html, self._expiring_files),
            Tab("distance", [self.distance], self._distance_html, self._distance_files),
            Tab("quality", [self.quality], self._quality_html, self._quality_files),
        ]
        self.tabs = widgets.Tab([tab.box for tab in self._tabs], titles=[tab.name.capitalize() for tab in self._tabs])
        super().__init__(children=[*self._header(), self.status, self.tabs])
        for name in ("rewards-shown", "rewards-widget", "rewards-explore", *NO_MATHEMATICS.split()):
            self.add_class(name)
        for field in filters.all():
            field.observe(self._follow, "value")
        self.tabs.observe(self._draw, "selected_index")
        for tab in self._tabs:
            tab.button.on_click(partial(self._prepare_downloads, tab))
        self._follow()

    def _header(self) -> list[widgets.Widget]:
        """The filters as they are laid out on the page."""
        wrap = {"layout": widgets.Layout(**_WRAP)}
        return [
            style_of("explore"),
            widgets.HBox([self.user, self.member], **wrap),
            widgets.HBox([self.as_of, self.every, self.horizon], **wrap),
            _row_of("Units", self.units),
            _row_of("Types", self.balance_types),
            widgets.HTML(views.help_text(HELP)),
        ]

    def __repr__(self) -> str:
        """Leave ids and dates out, so that a notebook shows the same text at every run."""
        units = printable(", ".join(self._selection.units)) or "none"
        return f"Explore({count(len(self._selection.users), 'user')}; units: {units})"

    # --- Following the filters ---------------------------------------------------------------------

    def _follow(self, _change: object = None) -> None:
        """Bring the dashboard up to date with the filters."""
        problem = self._problem()
        self.status.value = views.nothing(problem) if problem else views.status(self._summary())
        for index, tab in enumerate(self._tabs):
            tab.is_drawn, tab.links.value = False, ""
            # The selected tab is redrawn below. Emptying it first would make it flicker.
            if problem or index != self.tabs.selected_index:
                tab.show([])
        self._draw()

    def _draw(self, _change: object = None) -> None:
        """Draw the selected tab, unless it is up to date."""
        index = self.tabs.selected_index
        if index is None or self._tabs[index].is_drawn or self._problem():
            return
        tab = self._tabs[index]
        tab.show(self._html_of(tab, self._filters.choice()))
        tab.is_drawn = True

    def _html_of(self, tab: Tab, choice: Choice) -> Sequence[str]:
        try:
            if self._selection.is_empty(choice):
                return [views.nothing(EMPTY)]
            if problem := self._selection.missing.get(tab.name):
                return [views.nothing(problem)]
            return tab.html(choice)
        except RewardsError as error:
            return [views.nothing(str(error))]

    def _problem(self) -> str:
        """Why nothing can be shown, empty if it can."""
        if self._selection.problem:
            return self._selection.problem
        if not self._selection.users:
            return "There are no rewards to explore. Load some, or check the filter that left none."
        return self._filters.problem()

    def _summary(self) -> str:
        choice = self._filters.choice()
        parts = []
        for noun, chosen, known in (
            ("user", choice.users, self._selection.users),
            ("member", choice.members, self._selection.members),
            ("unit", choice.units, self._selection.units),
            ("balance type", choice.balance_types, self._selection.balance_types),
        ):
            every = count(len(known), noun)
            parts.append(f"{len(chosen):,} of {every}" if chosen else f"all {every}")
        return f"Showing {', '.join(parts)}."

    # --- Views, each with the code that gives its table ----------------------------------------------

    def _totals_html(self, choice: Choice) -> Sequence[str]:
        shown = views.totals_view(self._selection.totals(choice), self._selection.aging(choice))
        return [views.with_code(shown, self._snippets.totals(choice))]

    def _expiring_html(self, choice: Choice) -> Sequence[str]:
        chosen, code = self._selection, self._snippets
        upcoming, schedule = chosen.upcoming(choice), chosen.aging(choice)
        last = upcoming[-1]["expires_on"] if upcoming else choice.as_of
        return [
            views.with_code(views.expiring_view(chosen.expiring(choice), schedule, choice), code.expiring(choice)),
            views.with_code(views.aging_view(schedule, choice.as_of), code.aging(choice)),
            views.with_code(views.upcoming_view(upcoming), code.upcoming(choice, last)),
        ]

    def _distance_html(self, choice: Choice) -> Sequence[str]:
        return [views.with_code(views.distance_view(self._selection.goals(choice)), self._snippets.distance(choice))]

    def _quality_html(self, choice: Choice) -> Sequence[str]:
        return [views.with_code(views.quality_view(self._selection.quality(choice)), self._snippets.quality(choice))]

    # --- Downloads -----------------------------------------------------------------------------------

    def _prepare_downloads(self, tab: Tab, _button: object) -> None:
        if not self._problem():
            tab.links.value = views.status("Preparing the files …")
            missing = self._selection.missing.get(tab.name)
            choice = self._filters.choice()
            tables, pictures = ({}, []) if missing else tab.files(choice)
            tab.links.value = download_links(tables, pictures, Origin(choice.as_of, self._summary()))

    def _totals_files(self, choice: Choice) -> Files:
        rows = self._selection.totals(choice)
        return {"totals": rows}, _picture_by_unit("totals", rows, draw_totals, 1.15)

    def _expiring_files(self, choice: Choice) -> Files:
        chosen = self._selection
        rows, schedule = chosen.expiring(choice), chosen.aging(choice)
        draw = partial(draw_expiring, every=choice.every, outside=outside_of_timeline(schedule, choice.as_of))
        pictures = _picture_by_unit("expiring", rows, draw, 2.5)
        tables = {"expiring": rows, "aging": schedule, "next-expiries": chosen.upcoming(choice)}
        return tables, [*pictures, *_picture_by_unit("aging", schedule, draw_aging, 2.4)]

    def _distance_files(self, choice: Choice) -> Files:
        goals, nearest = self._selection.distance(choice), self._selection.goals(choice).nearest
        pictures = [Picture("distance", partial(draw_distance, nearest), 0.6 + 0.46 * len(nearest))] if nearest else []
        return {"distance": goals}, pictures

    def _quality_files(self, choice: Choice) -> Files:
        return {"quality": self._selection.quality(choice)}, []


class Tab:
    """One tab: its views, the HTML that goes into them, and the files to download."""

    def __init__(
        self,
        name: str,
        shown: Sequence[widgets.HTML],
        html: Callable[[Choice], Sequence[str]],
        files: Callable[[Choice], Files],
    ) -> None:
        self.name, self.views, self.html, self.files = name, shown, html, files
        self.is_drawn = False
        self.button = widgets.Button(
            description="Prepare downloads",
            tooltip="Prepare this tab's tables as CSV and Parquet, and its pictures as SVG and PNG",
            layout=widgets.Layout(width="auto", align_self="flex-start"),
        )
        self.links = widgets.HTML()
        self.box = widgets.VBox([*shown, self.button, self.links])

    def show(self, html: Sequence[str]) -> None:
        """Fill the views in order, and empty the rest."""
        for index, view in enumerate(self.views):
            view.value = html[index] if index < len(html) else ""


def _picture_by_unit(
    name: str, rows: Sequence[Record], draw: Callable[[Sequence[Record], Axes], object], height: float
) -> list[Picture]:
    """One picture with a panel for each unit, if there are rows."""
    return [Picture(name, partial(draw, rows), 0.5 + height * len(units_of(rows)))] if rows else []


def _row_of(label: str, boxes: Mapping[str, widgets.Checkbox]) -> widgets.HBox:
    title = widgets.Label(label, layout=widgets.Layout(width="6em", justify_content="flex-end"))
    row = widgets.HBox([title, *boxes.values()], layout=widgets.Layout(**_WRAP))
    row.add_class("rewards-boxes")
    return row
