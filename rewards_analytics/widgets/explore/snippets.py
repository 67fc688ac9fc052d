"""Python code that reproduces the table of a view, to paste into a cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import narwhals as nw
from narwhals import Implementation

from rewards_analytics.engines import narrowed, recognise
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.state import LISTS, State, choice_of

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

_FILTERED: Final = ("user_guid", "member_guid", "unit_type", "balance_type")
_IMPORTS: Final = {
    Implementation.POLARS: "polars as pl, ",
    Implementation.PYARROW: "pyarrow.compute as pc, ",
}


class Snippets:
    """Writes three lines for one kind of frame: the import, the chosen rewards, the call.

    They expect the user's frame under the name `rewards`.
    """

    def __init__(self, rewards: IntoFrame) -> None:
        found = recognise(rewards, "explore")
        self._library: Implementation = found.kind
        schema = narrowed(found, [name for name in _FILTERED if found.names.count(name) == 1]).collect_schema()
        self._categorical = {name for name, dtype in schema.items() if isinstance(dtype, nw.Categorical | nw.Enum)}

    def code(self, view: str, state: State) -> str:
        """Reproduce the table of a view, such as `totals` or `upcoming`, in a state."""
        choice = choice_of(state)
        call = _CALLS[view](choice)
        filters = choice.filters()
        if choice.by_holding:
            chosen, needed = f"ra.explore(rewards, state={_saved(state)!r}).selection", ""
        else:
            chosen, needed = self._filtered(filters) if filters else "rewards", ""
            needed = _IMPORTS.get(self._library, "") if filters else ""
        days = "datetime, " if "datetime." in call else ""
        return f"import {days}{needed}rewards_analytics as ra\nchosen = {chosen}\n{call}"

    def _filtered(self, filters: Mapping[str, Sequence[str]]) -> str:
        # repr() quotes and escapes whatever a guid contains.
        match self._library:
            case Implementation.POLARS:
                tests = (f'pl.col("{column}").is_in({list(values)!r})' for column, values in filters.items())
                return f"rewards.filter({', '.join(tests)})"
            case Implementation.PYARROW:
                tests = (f"{self._field(column)}.isin({list(values)!r})" for column, values in filters.items())
                return f"rewards.filter({' & '.join(tests)})"
            case Implementation.DUCKDB:
                return f"rewards.filter({' AND '.join(map(_sql, filters, filters.values()))!r})"
            case Implementation.PANDAS | Implementation.DASK:
                return f"rewards[{self._masks(filters)}]"
            case _:
                return f"rewards.filter({self._masks(filters)})"

    def _masks(self, filters: Mapping[str, Sequence[str]]) -> str:
        return " & ".join(f'rewards["{column}"].isin({list(values)!r})' for column, values in filters.items())

    def _field(self, column: str) -> str:
        # PyArrow cannot compare a dictionary array with strings.
        return f'pc.field("{column}")' + ('.cast("string")' if column in self._categorical else "")


def _saved(state: State) -> dict[str, object]:
    """Return the part of a state that decides which rewards are chosen."""
    needed = {"as_of": state["as_of"], "every": state["every"], "horizon_months": state["horizon_months"]}
    chosen = {name: state.get(name) for name in (*LISTS, "period", "bucket", "check") if state.get(name)}
    return {**chosen, **needed} if "period" in chosen else {**chosen, "as_of": state["as_of"]}


def _expiring(choice: Choice) -> str:
    until = "" if choice.until is None else f", until={_day(choice.until)}"
    return f'ra.expiring(chosen, as_of={_day(choice.as_of)}, every="{choice.every}"{until})'


def _upcoming(choice: Choice) -> str:
    last = choice.listed_days()[1]
    until = "" if last is None else f", until={_day(last)}"
    return f"ra.upcoming(chosen, as_of={_day(choice.as_of)}{until})"


_CALLS: Final[Mapping[str, Callable[[Choice], str]]] = {
    "totals": lambda _: "ra.totals(chosen)",
    "expiring": _expiring,
    "aging": lambda choice: f"ra.aging(chosen, as_of={_day(choice.as_of)})",
    "upcoming": _upcoming,
    "distance": lambda _: "ra.distance(chosen)",
    "quality": lambda choice: f"ra.quality(chosen, as_of={_day(choice.as_of)})",
}


def _day(value: date) -> str:
    return f"datetime.date({value.year}, {value.month}, {value.day})"


def _sql(column: str, values: Sequence[str]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{column} IN ({quoted})"
