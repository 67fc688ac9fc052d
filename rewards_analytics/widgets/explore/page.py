"""The dashboard as HTML: facts of a state in, markup out, for the widget and as a page without a script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Template
from markupsafe import Markup

from rewards_analytics.analysis.calendar import EVERY
from rewards_analytics.errors import RewardsError
from rewards_analytics.plots.aging import bucket_name
from rewards_analytics.plots.expiring import period_name
from rewards_analytics.plots.style import unit_class
from rewards_analytics.show.definitions import DEFINITIONS
from rewards_analytics.show.environment import environment
from rewards_analytics.show.headline import text_of
from rewards_analytics.show.shown import NO_MATHEMATICS, style_sheet
from rewards_analytics.spreadsheet import FORMULA
from rewards_analytics.widgets.explore.people import Found, People
from rewards_analytics.widgets.explore.selection import Selection
from rewards_analytics.widgets.explore.state import State, choice_of
from rewards_analytics.widgets.explore.views import Looks, Views
from rewards_analytics.wording import check_name, count, one_line, short_guid, unit_name

HORIZONS: Final = {3: "3 months", 12: "1 year", 24: "2 years", 60: "5 years", 120: "10 years", None: "No end"}
"""Months that the timeline looks ahead."""

MOST_TOGGLES: Final = 24
"""Values of a column with a button each. The API documents far fewer."""

NO_REWARDS: Final = "The frame is empty, so it has nothing to explore: check its source, or the filter before it."
NOTHING: Final = "No rewards match these filters. Remove one of them, or reset them."


class Page:
    """Renders states of one dashboard.

    Attributes
    ----------
    notices
        Sentences above the filters: what was dropped of a saved state.
    """

    def __init__(self, selection: Selection, views: Views, tabs: Sequence[str], dropped: Sequence[str]) -> None:
        self._selection, self._views, self._tabs = selection, views, tabs
        self._people = People(selection.users, selection.members, selection.members_of)
        self.notices = [f"Left out of the saved state, because these rewards do not have it: {_listed(dropped)}."]
        if not dropped:
            self.notices = []

    def html(self, state: State, looks: Looks, *, search: str = "", files: str = "", can_undo: bool = False) -> str:
        """Return the present view for the widget."""
        found = self._people.find(search, state["users"]) if search.strip() else None
        return _template().render(
            self._facts(state, looks, live=True),
            found=None if found is None else _matches(found, state),
            files=Markup(files),  # noqa: S704 - made by `downloads`, which escapes
            can_undo=can_undo,
            saved=json.dumps(dict(state)),
        )

    def static(self, state: State, looks: Looks, key: str) -> str:
        """Return the present view as a page without a script."""
        html = _template().render(self._facts(state, looks, live=False), key=key)
        return f'<div class="rewards-shown {NO_MATHEMATICS}"><style>{style_sheet()}\n{_sheet()}</style>{html}</div>'

    def text(self, state: State) -> str:
        """Return what a terminal shows in place of the static page: the sentences at the top."""
        if problem := self._problem():
            return problem
        summary = self._views.summary(choice_of(state))
        return "\n".join([*map(text_of, summary["headline"]), summary["source_words"]])

    def source(self, state: State) -> str:
        """Return what the files of a state are made of, in sentences."""
        if state["tab"] == "history":
            return self._views.source_of_history(choice_of(state))
        words = str(self._views.summary(choice_of(state))["source_words"])
        chips = ", ".join(f"{chip['name']} {chip['tip']}" for chip in _chips(state))
        return f"{words} Filtered by {chips}." if chips else words

    def _problem(self) -> str:
        return self._selection.problem or ("" if self._selection.users else NO_REWARDS)

    def _facts(self, state: State, looks: Looks, *, live: bool) -> dict[str, Any]:
        facts = {
            "live": live,
            "id": _id if live else _no_id,
            "no_mathematics": NO_MATHEMATICS,
            "formula": FORMULA,
            "state": state,
            "problem": self._problem(),
        }
        if facts["problem"]:
            return facts
        summary: Mapping[str, Any] = {"headline": [], "source_words": ""}
        counted, nothing = "", ""
        try:
            summary = self._views.summary(choice_of(state))
            source = summary["source"]
            counted = ", ".join(
                count(source[name], noun)
                for name, noun in (("users", "user"), ("members", "member"), ("rewards", "reward"))
            )
            nothing = "" if source["rewards"] else NOTHING
            tab = self._views.tab(state, looks, live=live)
        except RewardsError as error:
            tab = {"problem": str(error)}
        months = state["horizon_months"]
        horizons = HORIZONS if months in HORIZONS else {months: count(months, "month"), **HORIZONS}
        return facts | {
            "headline": summary["headline"],
            "source_words": summary["source_words"],
            "as_of": state["as_of"],
            "notices": self.notices,
            "counted": counted,
            "nothing": nothing,
            "chips": list(_chips(state)),
            "toggles": [_toggles(self._selection, name, state) for name in ("units", "balance_types")],
            "tabs": self._tabs,
            "tab": tab,
            "definitions": DEFINITIONS,
            "periods": EVERY,
            "horizons": [(text, "none" if each is None else each) for each, text in horizons.items()],
            "horizon": "none" if months is None else months,
        }


def _chips(state: State) -> Any:
    """Yield what is chosen, each with what removes it."""
    nouns = {"users": "user", "members": "member", "units": "unit", "balance_types": "balance type"}
    for name, noun in nouns.items():
        for value in state[name]:
            line = one_line(value, 80)
            text = short_guid(line) if name in ("users", "members") else unit_name(value)
            yield {"list": name, "value": value, "name": noun, "text": text, "tip": line}
    chosen = choice_of(state)
    if chosen.period is not None:
        text = period_name(chosen.period, chosen.every)
        yield {"list": "period", "value": state["period"], "name": "expiring in", "text": text, "tip": text}
    if chosen.bucket is not None:
        text = bucket_name(chosen.bucket).lower()
        yield {"list": "bucket", "value": chosen.bucket, "name": "expiring", "text": text, "tip": text}
    if chosen.check is not None:
        text = check_name(chosen.check)
        yield {"list": "check", "value": chosen.check, "name": "check", "text": text, "tip": text}


def _toggles(selection: Selection, name: str, state: State) -> dict[str, Any]:
    known: Sequence[str] = getattr(selection, name)
    values = [
        {
            "value": value,
            "text": unit_name(value),
            "class": f"unit {unit_class(value)}" if name == "units" else "",
            "chosen": value in state[name],
        }
        for value in known[:MOST_TOGGLES]
    ]
    label = {"units": "Units", "balance_types": "Types"}[name]
    return {"list": name, "label": label, "values": values, "rest": max(len(known) - MOST_TOGGLES, 0)}


def _matches(found: Found, state: State) -> dict[str, Any]:
    options = [
        {"list": name, "kind": kind, "guid": guid, "text": one_line(guid, 80), "chosen": guid in state[name]}
        for name, kind, guids in (("users", "User", found.users), ("members", "Member", found.members))
        for guid in guids
    ]
    if not options:
        return {"options": [], "words": "No user or member matches."}
    in_all = f"{count(found.users_in_all, 'user')} and {count(found.members_in_all, 'member')} match"
    listed = (
        "" if len(options) == found.users_in_all + found.members_in_all else f"; the first {len(options)} are listed"
    )
    return {"options": options, "words": f"{in_all}{listed}."}


def _listed(names: Sequence[str]) -> str:
    shown = [*names[:5], *([f"{len(names) - 5:,} more"] if len(names) > 5 else [])]
    return ", ".join(shown)


def _id(name: str) -> Markup:
    return Markup(' id="{}"').format(name)


def _no_id(_name: str) -> str:
    """Return nothing: a page may hold several copies of a view that no script runs in."""
    return ""


def _template() -> Template:
    return environment("widgets/explore", "reporting").get_template("dashboard.html")


@lru_cache(maxsize=1)
def _sheet() -> str:
    return Path(__file__).with_name("explore.css").read_text(encoding="utf-8")
