"""The page that leads to the reports of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rewards_analytics.analysis.totals import totals
from rewards_analytics.errors import RewardsError
from rewards_analytics.reporting.batch.worker import Made
from rewards_analytics.reporting.page import policy, script, style, template
from rewards_analytics.results.origin import origin
from rewards_analytics.results.records import Record, records, units_of
from rewards_analytics.show import cells
from rewards_analytics.show.tables import Table
from rewards_analytics.spreadsheet import as_csv
from rewards_analytics.version import __version__
from rewards_analytics.wording import unit_name

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Entry:
    """A group, the name of its file, and what came of it: a report or an error."""

    value: object
    name: str
    made: Made | None
    error: RewardsError | None


def index_page(rewards: pl.DataFrame, entries: Sequence[Entry], *, by: str, as_of: date, title: str) -> str:
    """Return the page: the totals, a line and a link for each group, and the groups without a report."""
    held = sorted(records(totals(rewards)), key=lambda row: str(row["unit_type"]))
    sheet = style(as_of)
    facts = {
        "title": title,
        "by": by,
        "as_of": as_of,
        "version": __version__,
        "totals": held,
        "reports": sum(entry.made is not None for entry in entries),
        "table": _table(entries, by, units_of(held)),
        "failed": [
            {"value": _named(entry.value), "why": str(entry.error)} for entry in entries if entry.error is not None
        ],
        "source": origin(rewards, as_of=as_of),
        "style": sheet,
        "script": script(),
        "policy": policy(sheet, script()),
    }
    return template("index.html").render(facts)


def _table(entries: Sequence[Entry], by: str, units: Sequence[str]) -> Table:
    """A row for each report: the link to it, its rewards, and what it holds of each unit."""
    data, rows = [], []
    for entry in entries:
        if entry.made is None:
            continue
        held = {row["unit_type"]: row for row in entry.made.totals}
        name = _named(entry.value)
        data += [{"group": name, "file": entry.name, "rewards": entry.made.rewards, **row} for row in held.values()]
        rows.append(
            [
                cells.words(name, f"No {by}" if name is None else "Empty", href=entry.name)._replace(sort=name or ""),
                cells.number(entry.made.rewards),
                *(_amount(held.get(unit_type), unit_type) for unit_type in units),
            ]
        )
    csv = as_csv(data, ("group", "file", "rewards", "unit_type", "available"))
    return Table("Reports", [by, "Rewards", *map(unit_name, units)], rows, csv=csv, name="reports")


def _amount(row: Record | None, unit_type: str) -> cells.Cell:
    return cells.NO_NUMBER if row is None else cells.amount(row["available"], unit_type)


def _named(value: object) -> str | None:
    return None if value is None else str(value)
