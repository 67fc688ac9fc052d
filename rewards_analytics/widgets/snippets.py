"""Python code that reproduces the table of a view, to paste into a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

import narwhals as nw
from narwhals import Implementation

from rewards_analytics.engines import narrowed, recognise
from rewards_analytics.widgets.choice import Choice

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

    def totals(self, choice: Choice) -> str:
        """Reproduce the totals."""
        return self._lines(choice, "ra.totals(chosen)")

    def expiring(self, choice: Choice) -> str:
        """Reproduce the timeline."""
        until = "" if choice.until is None else f", until={_day(choice.until)}"
        return self._lines(choice, f'ra.expiring(chosen, as_of={_day(choice.as_of)}, every="{choice.every}"{until})')

    def aging(self, choice: Choice) -> str:
        """Reproduce the aging schedule."""
        return self._lines(choice, f"ra.aging(chosen, as_of={_day(choice.as_of)})")

    def upcoming(self, choice: Choice, last: date) -> str:
        """Reproduce the next expiries, up to the last day listed."""
        return self._lines(choice, f"ra.upcoming(chosen, as_of={_day(choice.as_of)}, until={_day(last)})")

    def distance(self, choice: Choice) -> str:
        """Reproduce the goals."""
        return self._lines(choice, "ra.distance(chosen)")

    def quality(self, choice: Choice) -> str:
        """Reproduce the quality checks."""
        return self._lines(choice, f"ra.quality(chosen, as_of={_day(choice.as_of)})")

    def _lines(self, choice: Choice, call: str) -> str:
        filters = choice.filters()
        needed = _IMPORTS.get(self._library, "") if filters else ""
        days = "datetime, " if "datetime." in call else ""
        chosen = self._filtered(filters) if filters else "rewards"
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


def _day(value: date) -> str:
    return f"datetime.date({value.year}, {value.month}, {value.day})"


def _sql(column: str, values: Sequence[str]) -> str:
    quoted = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return f"{column} IN ({quoted})"
