"""HTML of the fetch form: its messages, the states of a job, and the rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from rewards_analytics.results.records import Record
from rewards_analytics.show import cells
from rewards_analytics.show.cells import Cell
from rewards_analytics.show.tables import Table
from rewards_analytics.wording import count, one_line, unit_name

MOST_ROWS: Final = 12

_MEANINGS: Final = {
    "CHALLENGED": "the institution asks a question",
    "REJECTED": "the institution refused the answer",
    "CONNECTED": "signed in",
    "CREATED": "new",
    "RESUMED": "answered",
    "UPDATED": "new credentials",
    "RECONNECTED": "signing in again",
}


def message(words: str, *, alert: bool = False) -> str:
    """A message on progress, or on an error (`alert`), that screen readers announce at once."""
    if not words:
        return ""
    attributes = 'class="rewards-alert" role="alert"' if alert else 'role="status"'
    return f"<p {attributes}>{escape(words)}</p>"


def job_state(status: Mapping[str, object]) -> str:
    """A member's status: the API's code and what it means."""
    code = str(status.get("connection_status") or "no status")
    meaning = _MEANINGS.get(code, "")
    if status.get("is_being_aggregated") and code not in ("CHALLENGED", "REJECTED"):
        meaning = f"{meaning}, aggregating" if meaning else "aggregating"
    elif code == "CONNECTED":
        meaning = "done"
    return f"<code>{escape(one_line(code))}</code>{f' ({meaning})' if meaning else ''}"


def job_history(states: Sequence[str]) -> str:
    """The states that a job went through, as `job_state` returned them."""
    items = "".join(f"<li>{state}</li>" for state in states)
    return f'<ol aria-label="Job history">{items}</ol>'


def rewards_table(rows: Sequence[Record], number: int) -> str:
    """The first rewards of a member as a table."""
    if not number:
        return message("This member has no rewards.")
    body = [
        [
            cells.words(row["description"]),
            Cell(unit_name(row["balance_type"])),
            cells.amount(row["balance"], row["unit_type"]),
            cells.unit(row["unit_type"]),
            cells.day(row["expires_on"]) if row["expires_on"] else Cell(""),
        ]
        for row in rows
    ]
    rest = f", of which the first {len(rows)} are shown" if number > len(rows) else ""
    headers = ["Description", "Balance type", "Balance", "Unit", "Expires"]
    return Table(f"{count(number, 'reward')}{rest}", headers, body).html()
