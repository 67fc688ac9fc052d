"""A report as a workbook: the same facts as the page, a sheet for each table."""

from __future__ import annotations

from collections.abc import Sequence

from rewards_analytics.reporting.tables import Facts, table_rows
from rewards_analytics.show.headline import text_of
from rewards_analytics.show.sheets import Sheet, workbook
from rewards_analytics.show.tables import header
from rewards_analytics.wording import day

_NAMES = {
    "totals": "Totals",
    "freshness": "Freshness",
    "roll-forward": "Roll-forward",
    "likely-to-lapse": "Likely to lapse",
    "expiring": "Timeline",
    "aging": "Aging",
    "next-expiries": "Upcoming",
    "nearest-goals": "Goals",
    "bands": "Bands",
    "quality": "Quality",
    "value": "Value",
}


def report_workbook(facts: Facts) -> bytes:
    """Return the workbook of a report's facts: what matters in sentences, then each table, then the definitions."""
    lines = [facts["title"], f"As of {day(facts['as_of'])}", "", *map(text_of, facts["headline"])]
    texts = facts["definitions"].items()
    sheets = [
        Sheet("Summary", {"line": "Summary"}, [{"line": line} for line in lines]),
        *(
            Sheet(
                _NAMES[name],
                {column: header(column) for column in columns},
                rows,
                notes=_notes(facts, name),
                chart=("period", "expiring") if name == "expiring" else None,
                in_words=True,
            )
            for name, (rows, columns) in table_rows(facts).items()
        ),
        Sheet("Definitions", {"term": "Term", "text": "Definition"}, [{"term": a, "text": b} for a, b in texts]),
    ]
    return workbook(sheets, title=facts["title"], as_of=facts["as_of"])


def _notes(facts: Facts, name: str) -> Sequence[str]:
    """Return what a reader of a table should know besides."""
    match name:
        case "roll-forward":
            return [facts["moved"]["net"], *facts["moved"]["lacks"]]
        case "expiring":
            return [words for words in (facts["timeline"]["outside"], facts["timeline"]["later"]) if words]
        case _:
            return ()
