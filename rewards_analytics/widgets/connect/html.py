"""HTML of the fetch form: its messages, the states of a job, and the rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Final

from rewards_analytics.results.records import Record
from rewards_analytics.wording import amount_of, count, day, one_line

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


def style() -> str:
    """The style sheet. Its colours come from the page's theme."""
    sheet = files("rewards_analytics.widgets.connect").joinpath("connect.css").read_text(encoding="utf-8")
    return f"<style>{sheet}</style>"


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
    return f'<ol class="rewards-states" aria-label="Job history">{items}</ol>'


def rewards_table(rows: Sequence[Record], number: int) -> str:
    """The first rewards of a member as a table."""
    if not number:
        return message("This member has no rewards.")
    body = "".join(
        f'<tr><th scope="row"><bdi>{escape(one_line(row["description"]) or "No name given")}</bdi></th>'
        f"<td>{escape(one_line(row['balance_type'].replace('_', ' ').capitalize()))}</td>"
        f'<td class="rewards-number">{escape(amount_of(row["balance"], row["unit_type"]))}</td>'
        f"<td>{'' if row['expires_on'] is None else day(row['expires_on'])}</td></tr>"
        for row in rows
    )
    rest = f", of which the first {len(rows)} are shown" if number > len(rows) else ""
    return (
        '<div class="rewards-table" tabindex="0" role="region" aria-label="Rewards"><table>'
        f"<caption>{count(number, 'reward')}{rest}</caption><thead><tr>"
        '<th scope="col">Description</th><th scope="col">Balance type</th>'
        '<th scope="col" class="rewards-number">Amount</th><th scope="col">Expires</th>'
        f"</tr></thead><tbody>{body}</tbody></table></div>"
    )
