"""The files of a tab: its tables and pictures, for the choice that a state stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from rewards_analytics.plots.aging import draw_aging
from rewards_analytics.plots.balance import draw_balance
from rewards_analytics.plots.distance import draw_distance
from rewards_analytics.plots.expiring import draw_expiring
from rewards_analytics.plots.forecast import draw_forecast
from rewards_analytics.plots.lapse import draw_lapse
from rewards_analytics.plots.outside import outside_of_timeline
from rewards_analytics.plots.roll_forward import draw_roll_forward
from rewards_analytics.plots.totals import draw_totals
from rewards_analytics.results.records import Record, units_of
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.downloads import MOST_ROWS, Origin, Picture, Table, download_links
from rewards_analytics.widgets.explore.past import Past
from rewards_analytics.widgets.explore.selection import Selection
from rewards_analytics.widgets.explore.state import State, choice_of

if TYPE_CHECKING:
    from collections.abc import Callable


Files: TypeAlias = "tuple[Mapping[str, Table], Sequence[Picture]]"


def files_of(selection: Selection, past: Past | None, state: State, source: str) -> str:
    """Return the links to the files of the tab that a state has chosen; `source` says what they are made of."""
    tab, choice = state["tab"], choice_of(state)
    if tab == "history":
        tables, pictures = _history(past, choice)
    else:
        tables, pictures = ({}, []) if selection.missing.get(tab) else _FILES[tab](selection, choice)
    return download_links(tables, pictures, Origin(choice.as_of, source))


def _totals(selection: Selection, choice: Choice) -> Files:
    rows = selection.totals(choice)
    return {"totals": rows}, _picture_by_unit("totals", rows, draw_totals, 1.15)


def _expiring(selection: Selection, choice: Choice) -> Files:
    rows, schedule = selection.expiring(choice), selection.aging(choice)
    draw = partial(draw_expiring, every=choice.every, outside=outside_of_timeline(schedule, choice.as_of))
    pictures = _picture_by_unit("expiring", rows, draw, 2.5)
    dues = selection.upcoming(choice, None, MOST_ROWS).rows
    return {"expiring": rows, "aging": schedule, "next-expiries": dues}, [
        *pictures,
        *_picture_by_unit("aging", schedule, draw_aging, 2.4),
    ]


def _distance(selection: Selection, choice: Choice) -> Files:
    nearest = selection.goals(choice, None, 12).rows
    pictures = [Picture("distance", partial(draw_distance, nearest), 0.6 + 0.46 * len(nearest))] if nearest else []
    return {"distance": selection.distance(choice)}, pictures


def _quality(selection: Selection, choice: Choice) -> Files:
    return {"quality": selection.quality(choice)}, []


def _history(past: Past | None, choice: Choice) -> Files:
    if past is None:
        return {}, []
    seen = past.observed(choice)
    lapse = Picture("lapse", partial(draw_lapse, seen.curve), 3.2 + 0.2 * len(units_of(seen.curve)))
    tables = {"roll-forward": seen.rolled, "balance": seen.balances, "forecast": seen.due, "lapse": seen.curve}
    return tables, [
        *_picture_by_unit("balance", seen.balances, draw_balance, 1.9),
        *_picture_by_unit("roll-forward", seen.of_month, draw_roll_forward, 2.1),
        *_picture_by_unit("forecast", seen.due, partial(draw_forecast, every=choice.every), 2.0),
        *([lapse] if seen.curve else []),
    ]


_FILES: Mapping[str, Callable[[Selection, Choice], Files]] = {
    "totals": _totals,
    "expiring": _expiring,
    "distance": _distance,
    "quality": _quality,
}


def _picture_by_unit(name: str, rows: Sequence[Record], draw: Callable[..., Any], height: float) -> list[Picture]:
    """One picture with a panel for each unit, if there are rows."""
    return [Picture(name, partial(draw, rows), 0.5 + height * len(units_of(rows)))] if rows else []
