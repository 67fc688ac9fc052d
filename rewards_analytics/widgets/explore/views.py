"""What each tab of the dashboard shows, as facts for its template: numbers, tables, drawings and the code for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from markupsafe import Markup

from rewards_analytics.plots.aging import describe_aging
from rewards_analytics.plots.distance import ASSUMPTION
from rewards_analytics.plots.expiring import describe_expiring, period_name
from rewards_analytics.plots.images import image
from rewards_analytics.plots.outside import after_timeline, outside_of_timeline
from rewards_analytics.plots.timeline_svg import timeline_svg
from rewards_analytics.results.overview import Overview
from rewards_analytics.results.records import Record, of_unit, units_of
from rewards_analytics.results.upcoming import MOST_UPCOMING, SOON_DAYS, NextExpiries, later
from rewards_analytics.schema import UNIT_TYPES
from rewards_analytics.show import cells
from rewards_analytics.show.cards import card
from rewards_analytics.show.cells import Cell
from rewards_analytics.show.headline import sentence_of_source
from rewards_analytics.show.overview import what_matters
from rewards_analytics.show.tables import Table, header, of_records, of_units
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.listed import Listed, Order
from rewards_analytics.widgets.explore.past import Past
from rewards_analytics.widgets.explore.selection import Selection
from rewards_analytics.widgets.explore.snippets import Snippets
from rewards_analytics.widgets.explore.state import HOLDINGS, LISTS, State, choice_of, without
from rewards_analytics.wording import count, day

Facts = dict[str, Any]

MOST_ROWS: Final = 12
"""Rows of a table at first."""

MOST_PERIODS: Final = 13
"""Periods of a table at first: the months that a year looks ahead."""

MOST_UNITS: Final = 12
"""Units with their own card, picture or column. The API documents four."""

_FACTOR: Final = 4
"""How many times as many rows *Show more* lists."""

_UPCOMING: Final = ("expires_on", "days_left", "unit_type", "expiring", "user_guid", "member_guid", "account_guid")
_GOALS: Final = ("description", "progress", "remaining", "unit_type", "goal", "user_guid", "member_guid")
_TOGGLED: Final = {"user_guid": "users", "member_guid": "members", "unit_type": "units"}
SORTED_BY: Final[Mapping[str, Sequence[str]]] = {"upcoming": _UPCOMING, "distance": _GOALS}
"""The tables that sort, and the columns by which they do."""


@dataclass
class Looks:
    """How the reader looks at the tables: not a part of the state."""

    orders: dict[str, Order] = field(default_factory=dict)
    more: dict[str, int] = field(default_factory=dict)

    def sort(self, table: str, column: str) -> None:
        """Sort by a column, upwards; then downwards; then in the table's own order again."""
        present = self.orders.get(table)
        if present is None or present.column != column:
            self.orders[table] = Order(column, descending=False)
        elif present.descending:
            del self.orders[table]
        else:
            self.orders[table] = Order(column, descending=True)

    def most(self, table: str, first: int = MOST_ROWS) -> int:
        """Return how many rows of a table are listed."""
        return int(first * _FACTOR ** self.more.get(table, 0))


class Views:
    """The facts of each tab for a state, from the results for the choice that it stands for."""

    def __init__(self, selection: Selection, snippets: Snippets, past: Past | None = None) -> None:
        self._selection, self._snippets, self._past = selection, snippets, past

    def summary(self, choice: Choice) -> Facts:
        """Return the sentences of `show.summary` for the chosen rewards."""
        chosen = self._selection
        totals, schedule, source = chosen.totals(choice), chosen.aging(choice), chosen.origin(choice)
        upcoming = NextExpiries((), 0, chosen.last_days(choice))
        first = Overview(totals, schedule, upcoming, (), chosen.goal_counts(choice), source)
        return {
            "headline": what_matters(first, None, None),
            "source_words": sentence_of_source(source, choice.as_of),
            "source": source,
        }

    def source_of_history(self, choice: Choice) -> str:
        """Return what the files of the tab *History* are made of, in a sentence."""
        return "" if self._past is None else self._past.source(choice)

    def tab(self, state: State, looks: Looks, *, live: bool) -> Facts:
        """Return the facts of the tab of a state; `live` where its parts can be pressed."""
        if problem := self._selection.missing.get(state["tab"]):
            return {"problem": problem}
        make = {
            "totals": self._totals,
            "expiring": self._expiring,
            "distance": self._distance,
            "quality": self._quality,
            "history": self._history,
        }[state["tab"]]
        return {"problem": ""} | make(state, looks, live=live)

    # --- Tabs ----------------------------------------------------------------------------------------

    def _totals(self, state: State, looks: Looks, *, live: bool) -> Facts:  # noqa: ARG002 - as the other tabs
        # The cards choose units: those of the other units stay.
        of_all = without(state, "units")
        choice = choice_of(of_all)
        schedule = self._selection.aging(choice)
        rows = self._selection.totals(choice)
        shown = sorted(rows, key=lambda row: (row["unit_type"] not in (*state["units"], *UNIT_TYPES), row["unit_type"]))
        most = looks.most("totals", MOST_UNITS)
        cards = [card(row, schedule) for row in sorted(shown[:most], key=lambda row: row["unit_type"])]
        return {
            "cards": cards,
            "soon_days": SOON_DAYS,
            "rest": len(rows) - len(cards),
            "code": self._snippets.code("totals", state),
        }

    def _expiring(self, state: State, looks: Looks, *, live: bool) -> Facts:
        chosen, choice = self._selection, choice_of(state)
        of_timeline, of_schedule = without(state, "period"), without(state, "bucket")
        rows = chosen.expiring(choice_of(of_timeline))
        timeline_schedule = chosen.aging(choice_of(of_timeline))
        schedule = chosen.aging(choice_of(of_schedule))
        units = units_of(rows)
        busy = {row["period"] for row in rows if row["rewards"]}
        last = max(busy, default=choice.as_of)
        drawn = [row for row in rows if row["period"] <= last]
        return {
            "timeline": [_timeline(of_unit(drawn, unit), choice, live=live) for unit in units[:MOST_UNITS] if busy],
            "units_left": max(len(units) - MOST_UNITS, 0),
            "span": _span(choice.as_of, choice.until),
            "listed_span": _span(*choice.listed_days()),
            "periods": _periods(drawn, busy, state, looks, live=live) if busy else None,
            "outside": outside_of_timeline(timeline_schedule, choice.as_of, MOST_UNITS),
            "later": ""
            if choice.until is None
            else after_timeline(later(timeline_schedule, rows), choice.until, MOST_UNITS),
            "aging": _aging(schedule, state, live=live) if schedule else None,
            "upcoming": self._upcoming(choice, state, looks, live=live),
            "codes": {
                "expiring": self._snippets.code("expiring", of_timeline),
                "aging": self._snippets.code("aging", of_schedule),
                "upcoming": self._snippets.code("upcoming", state),
            },
        }

    def _upcoming(self, choice: Choice, state: State, looks: Looks, *, live: bool) -> Facts:
        order, most = looks.orders.get("upcoming"), looks.most("upcoming", MOST_UPCOMING)
        listed = self._selection.upcoming(choice, order, most if order is None else 2 * most)
        headers = {name: header(name) for name in _UPCOMING}
        table = of_records(listed.rows, "Next expiries, one row for each holding and day", headers)
        return _listed("upcoming", table, listed, _UPCOMING, state, looks, live=live)

    def _distance(self, state: State, looks: Looks, *, live: bool) -> Facts:
        choice = choice_of(state)
        listed = self._selection.goals(choice, looks.orders.get("distance"), looks.most("distance"))
        headers = {name: header(name) for name in _GOALS} | {"description": "Goal", "goal": "Kind"}
        table = of_records(listed.rows, "Nearest goals not reached yet", headers)
        return {
            "counts": self._selection.goal_counts(choice),
            "assumption": ASSUMPTION,
            "goals": _listed("distance", table, listed, _GOALS, state, looks, live=live),
            "code": self._snippets.code("distance", state),
        }

    def _quality(self, state: State, looks: Looks, *, live: bool) -> Facts:  # noqa: ARG002 - as the other tabs
        of_checks = without(state, "check")
        rows = self._selection.quality(choice_of(of_checks))
        chosen = state.get("check")
        body = [
            [
                _toggled(cells.of(row, "check"), "check", row["check"], [chosen], live=live and bool(row["rewards"])),
                cells.of(row, "severity")._replace(classes=f"found {row['severity']}" if row["rewards"] else "none"),
                cells.number(row["rewards"]),
                cells.guid(row["example_guid"], short=False),
            ]
            for row in rows
        ]
        table = Table("Quality checks", ["Check", "Severity", "Rewards", "Example"], body, name="quality")
        return {
            "found": sum(1 for row in rows if row["rewards"]),
            "checks": len(rows),
            "table": table,
            "code": self._snippets.code("quality", of_checks),
        }

    def _history(self, state: State, looks: Looks, *, live: bool) -> Facts:  # noqa: ARG002 - as the other tabs
        if self._past is None:
            return {}
        others = any(state.get(name) for name in (*LISTS, *HOLDINGS) if name != "units")
        return self._past.facts(choice_of(state), live=live) | {"others": others}


# --- Parts -------------------------------------------------------------------------------------------


def _timeline(rows: Sequence[Record], choice: Choice, *, live: bool) -> Facts:
    """Return the drawing of a unit: part of the page in the dashboard, and an image where no style sheet may be."""
    svg = timeline_svg(rows, choice.every, chosen=choice.period, marks=live)
    drawing = svg if live else image(svg, describe_expiring(rows, every=choice.every))
    return {
        "unit_type": rows[0]["unit_type"],
        "total": rows[-1]["cumulative"],
        "end": period_name(rows[-1]["period"], choice.every),
        "drawing": Markup(drawing),  # noqa: S704 - drawn by us, with every text escaped
    }


def _span(first: date, last: date | None) -> str:
    return f"{day(first)} on" if last is None else f"{day(first)} to {day(last)}"


def _periods(rows: Sequence[Record], busy: set[Any], state: State, looks: Looks, *, live: bool) -> Facts:
    """Return the table of the periods with an expiry, a column for each unit."""
    most = looks.most("periods", MOST_PERIODS)
    listed = sorted(busy)[:most]
    units = frozenset(units_of(rows)[:MOST_UNITS])
    kept = [row for row in rows if row["period"] in listed and row["unit_type"] in units]
    kept.sort(key=lambda row: row["period"])
    made = of_units(kept, "Periods with an expiry", row="period", every=state["every"], bars=False)
    body = [
        [_toggled(row[0], "period", row[0].exact or "", [state["period"]], live=live), *row[1:]] for row in made.rows
    ]
    return {"table": replace(made, rows=body, name="periods"), "rest": len(busy) - len(listed), "name": "periods"}


def _aging(rows: Sequence[Record], state: State, *, live: bool) -> Facts:
    """Return the aging schedule: a row for each bucket, a column with bars for each unit."""
    units = units_of(rows)
    shown = [row for row in rows if row["unit_type"] in units[:MOST_UNITS]]
    made = of_units(shown, "Expiring amounts by days from the as-of date", row="bucket")
    filled = {row["bucket"] for row in shown if row["rewards"]}
    body = [
        [
            _toggled(row[0], "bucket", row[0].exact or "", [state["bucket"]], live=live and row[0].exact in filled),
            *row[1:],
        ]
        for row in made.rows
    ]
    table = replace(made, rows=body, name="aging", words=describe_aging(shown))
    return {"table": table, "rest": max(len(units) - MOST_UNITS, 0)}


def _listed(
    name: str, table: Table, listed: Listed, columns: Sequence[str], state: State, looks: Looks, *, live: bool
) -> Facts:
    """Return a table of the first rows of a result: in the dashboard its headers sort, and its guids filter."""
    if live:
        body = [
            [
                _toggled(cell, _TOGGLED[column], str(record[column]), state[_TOGGLED[column]], live=True)
                if column in _TOGGLED
                else cell
                for cell, column, record in zip(row, columns, [record] * len(columns), strict=True)
            ]
            for row, record in zip(table.rows, listed.rows, strict=True)
        ]
        table = replace(table, rows=body, columns=columns, order=looks.orders.get(name))
    rest = listed.in_all - len(listed.rows)
    return {
        "table": replace(table, name=name),
        "rest": rest,
        "in_all": listed.in_all,
        "name": name,
        "shown": count(len(listed.rows), "row"),
    }


def _toggled(cell: Cell, name: str, value: str, chosen: Sequence[object], *, live: bool) -> Cell:
    """Return a cell that chooses its value when it is pressed."""
    return cell._replace(toggle=(name, value), pressed=value in chosen) if live else cell
