"""The Python that gives the table of a view, for the reader to take into a cell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

import narwhals as nw
from narwhals import Implementation

_FILTERS: Final[dict[Implementation, Callable[[str, str], str]]] = {
    Implementation.POLARS: lambda column, test: f'rewards.filter(pl.col("{column}"){test})',
    Implementation.PANDAS: lambda column, test: f'rewards[rewards["{column}"]{test}]',
    Implementation.DASK: lambda column, test: f'rewards[rewards["{column}"]{test}]',
    Implementation.PYSPARK: lambda column, test: f'rewards.filter(rewards["{column}"]{test})',
    Implementation.PYARROW: lambda column, test: f'rewards.filter(pc.field("{column}"){test})',
    Implementation.DUCKDB: lambda column, test: f"rewards.filter(duckdb.ColumnExpression('{column}'){test})",
}
_IMPORTS: Final = {
    Implementation.POLARS: "import polars as pl",
    Implementation.PYARROW: "import pyarrow.compute as pc",
    Implementation.DUCKDB: "import duckdb",
}


class Code:
    """Writes calls for one kind of frame. The reader's own frame is taken to be named `rewards`."""

    def __init__(self, rewards: Any) -> None:
        self._library: Implementation = nw.from_native(rewards).implementation

    def totals(self, user: str) -> str:
        """Give the call behind the totals."""
        return self._call("totals", user, "")

    def expiring(self, user: str, as_of: date, every: str, until: date) -> str:
        """Give the call behind the timeline."""
        return self._call("expiring", user, f', as_of={_day(as_of)}, every="{every}", until={_day(until)}')

    def aging(self, user: str, as_of: date) -> str:
        """Give the call behind the aging schedule."""
        return self._call("aging", user, f", as_of={_day(as_of)}")

    def distance(self, user: str) -> str:
        """Give the call behind the goals."""
        return self._call("distance", user, "")

    def _call(self, function: str, user: str, arguments: str) -> str:
        lines = ["import rewards_analytics as ra"]
        if "date(" in arguments:
            lines.append("from datetime import date")
        if user:
            if self._library in _IMPORTS:
                lines.append(_IMPORTS[self._library])
            # repr quotes and escapes what a guid may hold.
            value = repr(user) if self._library is not Implementation.DUCKDB else f"duckdb.ConstantExpression({user!r})"
            lines.append(f"rewards = {_FILTERS[self._library]('user_guid', f' == {value}')}")
        return "\n".join([*lines, f"ra.{function}(rewards{arguments})"])


def _day(value: date) -> str:
    return f"date({value.year}, {value.month}, {value.day})"
