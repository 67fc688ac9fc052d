"""The dashboard as one widget: it keeps the state, renders it, and does what is pressed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anywidget
import traitlets

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.calendar import last_day_of, last_day_of_span
from rewards_analytics.engines import rereadable
from rewards_analytics.errors import RewardsError
from rewards_analytics.show.shown import style_sheet
from rewards_analytics.terminal import printable
from rewards_analytics.widgets.explore.files import files_of
from rewards_analytics.widgets.explore.module import module
from rewards_analytics.widgets.explore.page import Page
from rewards_analytics.widgets.explore.past import Past
from rewards_analytics.widgets.explore.progress import steps
from rewards_analytics.widgets.explore.selection import Selection
from rewards_analytics.widgets.explore.snippets import Snippets
from rewards_analytics.widgets.explore.state import (
    EMPTY,
    HOLDINGS,
    LISTS,
    TABS,
    Known,
    changed,
    choice_of,
    restored,
    without,
)
from rewards_analytics.widgets.explore.views import SORTED_BY, Looks, Views
from rewards_analytics.wording import count

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

MOST_UNDONE: Final = 100
"""States to which the reader can go back."""

_HERE: Final = Path(__file__).parent


def explore(
    rewards: IntoFrame, *, as_of: date | None = None, state: Mapping[str, Any] | None = None, history: Any = None
) -> Explore:
    """Make a dashboard of rewards: balances, expiries, goals and quality, to filter, sort and copy.

    Every number in it is what a public function returns for the chosen rewards, `.selection`. A view in which the
    reader chooses, such as the timeline with a chosen month, still shows the rest, unfiltered by that choice.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind. They are collected and summed once, so that
        the views follow the choice without delay. A lazy frame of more than two million rows is not collected; its
        engine computes the views after each change.
    as_of
        Day to count from; that of `state`, or today in UTC, if None.
    state
        A state saved earlier (`.state`), or a part of one. Values that the rewards do not have are dropped, and the
        dashboard says so.
    history
        A `History`, or rewards in a frame with a column `taken_on`. With it, a tab *History* shows what moved.

    Returns
    -------
    A widget for JupyterLab, Notebook, Voila and marimo. Where no script runs, its first view is shown as static HTML.
    Code can use it too:

    - `.state`: what is chosen, a dict of JSON values that is observable: `users`, `members`, `units`, `balance_types`
      (lists, empty for all), `as_of`, `every`, `horizon_months` (None: no end), `tab`, `period` (first day of a
      period), `bucket`; and `check` while a quality check is chosen. Set it, whole or in part, to change the view; a
      wrong value raises `ArgumentError` and leaves it as it was. `period`, `bucket` and `check` select whole holdings
      with all their rewards: those with a lot in the period or bucket, or with a finding of the check.
    - `.selection`: the chosen rewards, in the same kind of frame as `rewards` and with all its columns.
    - `.to_html()`: the present view as static HTML.

    Raises
    ------
    ArgumentError
        If `state` has an unknown key or a wrong value, or `as_of` is not a date.
    FrameError
        If `rewards` is not a frame. A frame that lacks a column gets a dashboard that says so.

    Examples
    --------
    >>> import rewards_analytics as ra
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "balance_type": "TOTAL_BALANCE"}
    >>> rewards = ra.load([
    ...     reward | {"guid": "RWD-1", "unit_type": "MILES", "balance": 1200},
    ...     reward | {"guid": "RWD-2", "unit_type": "POINTS", "balance": 7},
    ... ])
    >>> dashboard = ra.explore(rewards, as_of=date(2026, 11, 23))
    >>> dashboard
    Explore(1 user; units: MILES, POINTS)
    >>> dashboard.state = {"units": ["MILES"]}
    >>> ra.totals(dashboard.selection).select("unit_type", "available").rows()
    [('MILES', Decimal('1200.000000000'))]
    """
    return Explore(rewards, as_of=as_of, state=state, history=history)


class _State(traitlets.Dict):  # type: ignore[misc]
    """A state that is refused or completed before it is set, and sent together with what follows from it."""

    def validate(self, obj: Any, value: Any) -> Any:
        return obj._completed(value)

    def set(self, obj: Any, value: Any) -> None:
        with obj.hold_sync():
            super().set(obj, value)

    def get(self, obj: Any, cls: Any = None) -> Any:
        # A copy: what a caller changes in it changes nothing here.
        return deepcopy(super().get(obj, cls))


class Explore(anywidget.AnyWidget):
    """The dashboard of some rewards; see `explore`.

    Attributes
    ----------
    state
        What is chosen, as JSON values. Observable, with one event per change.
    selection
        The chosen rewards, in the caller's kind of frame.
    html
        The present view, as the front end shows it.
    key
        Identifies the static copy, which the front end hides once it shows the widget.
    """

    _esm = module()
    _css = traitlets.Unicode().tag(sync=True)
    html = traitlets.Unicode(read_only=True).tag(sync=True)
    key = traitlets.Unicode(read_only=True).tag(sync=True)
    state = _State().tag(sync=True)

    def __init__(
        self,
        rewards: IntoFrame,
        *,
        as_of: date | None = None,
        state: Mapping[str, Any] | None = None,
        history: Any = None,
    ) -> None:
        rewards = rereadable(rewards, asked_by="explore")
        tabs = TABS[:-1] if history is None else TABS
        at_first = {**EMPTY, "as_of": day(as_of).isoformat()}
        if state is not None:
            restored(at_first, state, Known(tabs=tabs))  # before anything is computed, because it may be wrong
        with steps(rewards, history) as said:
            self._history = None
            if history is not None:
                said("reading the history")
                self._history = Past(history, date.fromisoformat(at_first["as_of"]))
            self._selection = chosen = Selection(rewards, said)
            self._known = Known(
                frozenset(chosen.users),
                frozenset(chosen.members),
                frozenset(chosen.units),
                frozenset(chosen.balance_types),
                tabs,
            )
            given, dropped = restored(at_first, state or {}, self._known)
            if as_of is not None:
                given = changed(given, {"as_of": as_of}, self._known)
            self._at_first, self._past = given, list[Mapping[str, Any]]()
            self._looks, self._search, self._files, self._is_undoing = Looks(), "", "", False
            self._views = Views(chosen, Snippets(rewards), self._history)
            self._page = Page(chosen, self._views, tabs, dropped)
            said("drawing the first view")
            self._begin()

    def _begin(self) -> None:
        """Show the first state, and from then on what the front end and the code make of it."""
        html = self._page.html(self._at_first, self._looks)
        self.set_trait("html", html)
        self.set_trait("key", hashlib.sha256(html.encode()).hexdigest()[:16])
        super().__init__(state=self._at_first, _css=_style())
        self.observe(self._follow, "state")
        self.on_msg(self._do)

    def __repr__(self) -> str:
        """Leave ids and dates out, so that a notebook shows the same text at every run."""
        units = printable(", ".join(self._selection.units)) or "none"
        return f"Explore({count(len(self._selection.users), 'user')}; units: {units})"

    @property
    def selection(self) -> Any:
        """The chosen rewards, in the kind of frame that the caller passed, with all its columns."""
        return self._selection.of_caller(choice_of(self.state))

    def to_html(self) -> str:
        """Return the present view as HTML without a script: the same text for the same rewards and state."""
        return self._page.static(self.state, self._looks, self.key)

    def _ipython_display_(self) -> None:
        """Show the static view, which is there wherever nothing runs, and then the widget, which hides it."""
        from IPython.display import display

        show: Callable[..., object] = display
        show({"text/html": self.to_html(), "text/plain": self._page.text(self.state)}, raw=True)
        bundle = self._repr_mimebundle_()
        data, about = bundle if isinstance(bundle, tuple) else (bundle, {})
        # Without text of its own: where the view cannot be shown, the static page has been.
        view = {kind: each for kind, each in (data or {}).items() if kind != "text/plain"}
        show(view, metadata=about, raw=True)

    # --- Following the state ---------------------------------------------------------------------------

    def _completed(self, given: object) -> dict[str, Any]:
        present = self._trait_values.get("state") or self._at_first
        return changed(present, given, self._known)

    def _follow(self, change: Any) -> None:
        if change["old"] and not self._is_undoing:
            self._past = [*self._past[1 - MOST_UNDONE :], change["old"]]
        self._page.notices, self._files, self._search = [], "", ""
        self._looks.more.clear()
        self._draw()

    def _draw(self) -> None:
        html = self._page.html(
            self.state, self._looks, search=self._search, files=self._files, can_undo=bool(self._past)
        )
        self.set_trait("html", html)

    # --- What the front end asks for -------------------------------------------------------------------

    def _do(self, _widget: object, content: Any, _buffers: object) -> None:
        """Do what the page asks for, and always answer with the number of the message."""
        if not isinstance(content, Mapping):
            return
        try:
            act, values = _ACTS.get(str(content.get("do"))), content.get("with", [])
            if act is not None and isinstance(values, list) and all(isinstance(value, str) for value in values):
                act(self, *values)
        except (RewardsError, TypeError):
            pass  # a message that no page of ours sends: nothing is chosen by it
        finally:
            self.send({"done": content.get("n")})

    def _toggle(self, name: str, value: str) -> None:
        state = self.state
        if name in LISTS:
            chosen = [each for each in state[name] if each != value]
            given = {name: chosen if value in state[name] else [*chosen, value]}
            if name == "users" and given["users"]:
                mine = {member for user in given["users"] for member in self._selection.members_of(user)}
                given["members"] = [member for member in state["members"] if member in mine]
            self.state = given
        elif name in HOLDINGS:
            self.state = {name: None if state.get(name) == value else value}

    def _set(self, name: str, text: str) -> None:
        self.state = {name: (None if text == "none" else int(text)) if name == "horizon_months" else text}

    def _find(self, text: str) -> None:
        self._search = text
        self._draw()

    def _sort(self, table: str, column: str) -> None:
        if column in SORTED_BY.get(table, ()):
            self._looks.sort(table, column)
            self._draw()

    def _more(self, table: str) -> None:
        self._looks.more[table] = self._looks.more.get(table, 0) + 1
        self._draw()

    def _reset(self) -> None:
        self.state = without(self.state, *LISTS, *HOLDINGS) | {"check": None}

    def _undo(self) -> None:
        if not self._past:
            return
        before = self._past.pop()
        self._is_undoing = True
        try:
            self.state = {"check": None, **before}
        finally:
            self._is_undoing = False

    def _brush(self, first: str, last: str) -> None:
        """Look ahead to the end of a period, in as many months as reach it."""
        del first
        state = self.state
        as_of, end = date.fromisoformat(state["as_of"]), last_day_of(date.fromisoformat(last), state["every"])
        months = 1
        while last_day_of_span(as_of, months) < end:
            months += 1
        self.state = {"horizon_months": months, "period": None}

    def _prepare(self, tab: str) -> None:
        if tab == self.state["tab"]:
            self._files = files_of(self._selection, self._history, self.state, self._page.source(self.state))
            self._draw()


_ACTS: Final[Mapping[str, Callable[..., None]]] = {
    "toggle": Explore._toggle,
    "set": Explore._set,
    "find": Explore._find,
    "sort": Explore._sort,
    "more": Explore._more,
    "reset": Explore._reset,
    "undo": Explore._undo,
    "brush": Explore._brush,
    "files": Explore._prepare,
}


def _style() -> str:
    return f"{style_sheet()}\n{(_HERE / 'explore.css').read_text(encoding='utf-8')}"
