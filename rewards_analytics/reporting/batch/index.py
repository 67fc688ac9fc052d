"""The page that leads to the reports of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import rewards_analytics as ra
from rewards_analytics.errors import RewardsError
from rewards_analytics.reporting.batch.work import Made
from rewards_analytics.reporting.html import environment, policy, script, style
from rewards_analytics.results.origin import origin
from rewards_analytics.results.records import records, units_of
from rewards_analytics.show.spreadsheet import as_csv


@dataclass(frozen=True)
class Entry:
    """A group, the name of its file, and what came of it: a report or an error."""

    value: Any
    name: str
    made: Made | None
    error: RewardsError | None


def index_page(rewards: Any, entries: Sequence[Entry], *, by: str, as_of: date, title: str) -> str:
    """Give the page: how much there is in all, a line and a link for each group, and which groups have no report."""
    totals = sorted(records(ra.totals(rewards)), key=lambda row: str(row["unit_type"]))
    sheet = style(as_of)
    facts = {
        "title": title,
        "by": by,
        "as_of": as_of,
        "version": ra.__version__,
        "totals": totals,
        "units": units_of(totals),
        "groups": [_line(entry, entry.made) for entry in entries if entry.made],
        "csv": as_csv(_rows(entries), ("group", "file", "rewards", "unit_type", "available")),
        "failed": [
            {"value": _named(entry.value), "why": str(entry.error)} for entry in entries if entry.error is not None
        ],
        "source": origin(rewards, as_of=as_of),
        "style": sheet,
        "script": script(),
        "policy": policy(sheet, script()),
    }
    return environment().get_template("index.html").render(facts)


def _line(entry: Entry, made: Made) -> dict[str, Any]:
    available = {row["unit_type"]: row["available"] for row in made.totals}
    return {"value": _named(entry.value), "name": entry.name, "rewards": made.rewards, "available": available}


def _rows(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """What each report is of, a row a group and unit."""
    return [
        {"group": _named(entry.value), "file": entry.name, "rewards": entry.made.rewards, **row}
        for entry in entries
        if entry.made
        for row in entry.made.totals
    ]


def _named(value: Any) -> str | None:
    return None if value is None else str(value)
