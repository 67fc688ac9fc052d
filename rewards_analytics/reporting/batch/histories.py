"""What moved in each group: one history, read once for hundreds of groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.over_time.snapshots import StoredHistory, from_history
from rewards_analytics.engines import is_frame, rereadable
from rewards_analytics.errors import FrameError
from rewards_analytics.reporting.moved import Moved, Movement
from rewards_analytics.results.records import Record

GROUPS_AT_A_TIME: Final = 500
"""Groups whose movements one pass over the history computes: a year of daily balances of 500 groups takes 0.3 GB."""


class GroupedHistory:
    """A history as the reports of groups read it.

    No analysis adds one unit to another. So a unit that is renamed to hold the group as well keeps the groups apart in
    every analysis, and one pass answers for many groups. A filtered history for each group would be a pass for each.

    Raises
    ------
    RewardsError
        If `history` is not a history, or its column `by` is missing or not text.
    """

    def __init__(self, history: Any, by: str, as_of: date) -> None:
        self._history = rereadable(history, asked_by="reports") if is_frame(history) else history
        self._by, self._as_of = by, as_of
        columns = list(dict.fromkeys([*COLUMNS, by]))
        self._snapshots = from_history(self._history, columns, asked_by="reports")
        dtype = self._snapshots.table.frame.collect_schema()[by]
        if dtype != nw.String:
            raise FrameError(
                f"reports() with a history groups by text, and the history's column {by!r} holds {dtype}. "
                "Cast it to text in both frames."
            )

    def moved(self, groups: Sequence[object]) -> Iterator[Moved]:
        """Yield what moved in each group, computed for `GROUPS_AT_A_TIME` of them at a time."""
        for start in range(0, len(groups), GROUPS_AT_A_TIME):
            some = groups[start : start + GROUPS_AT_A_TIME]
            names = [None if group is None else str(group) for group in some]
            whole = Movement(self._of(names), self._as_of, asked_by="reports").read()
            yield from _split(whole, names)

    def _of(self, groups: Sequence[str | None]) -> Any:
        """Return the history with renamed units."""
        if self._snapshots.is_stored:
            return _Renamed(self._history, self._by, groups)
        # Other groups stay in a frame, under one name: its days are those that have a row.
        table = self._snapshots.table
        renamed = table.frame.with_columns(unit_type=_unit_and_group(self._by, groups))
        return (table.collect(renamed) if table.eager else renamed).to_native()


@dataclass(frozen=True)
class _Renamed:
    """The rewards of some groups in a stored history, with renamed units: another `StoredHistory`."""

    history: StoredHistory
    by: str
    groups: Sequence[str | None]

    def dates(self) -> list[date]:
        return self.history.dates()

    def scan(self, start: date | None = None, end: date | None = None) -> Any:
        rewards = nw.from_native(self.history.scan(start, end)).filter(_is_in(self.by, self.groups))
        return rewards.with_columns(unit_type=_unit_and_group(self.by, self.groups)).to_native()


def _is_in(by: str, groups: Sequence[str | None]) -> nw.Expr:
    column = nw.col(by).cast(nw.String)
    named = column.is_in([group for group in groups if group is not None])
    return named | column.is_null() if None in groups else named


def _unit_and_group(by: str, groups: Sequence[str | None]) -> nw.Expr:
    """The length of the group, a colon, the group and the unit; empty in other groups.

    Either text may hold any character, so that no separator would do.
    """
    group, unit_type = nw.col(by).cast(nw.String), nw.col("unit_type").cast(nw.String)
    length = group.str.len_chars().cast(nw.String)
    named = nw.concat_str(length, nw.lit(":"), group, unit_type)
    unnamed = nw.concat_str(nw.lit(":"), unit_type)
    text = nw.when(group.is_null()).then(unnamed).otherwise(named)
    return nw.when(_is_in(by, groups)).then(text).otherwise(nw.lit(""))


def _split(whole: Moved, groups: Sequence[str | None]) -> Iterator[Moved]:
    """Yield the part of each group."""
    rows, balances, outlook = map(_by_group, (whole.rows, whole.balances, whole.outlook))
    for group in groups:
        yield replace(whole, rows=rows[group], balances=balances[group], outlook=outlook[group])


def _by_group(rows: Iterable[Record]) -> Mapping[str | None, list[Record]]:
    """Give the rows their own units back."""
    found: Mapping[str | None, list[Record]] = defaultdict(list)
    for row in rows:
        length, colon, text = row["unit_type"].partition(":")
        if colon:
            end = int(length or 0)
            found[text[:end] if length else None].append({**row, "unit_type": text[end:]})
    return found
