"""What the fetch form shows, as HTML: messages, the states of a job, and the rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any, Final

from rewards_analytics.wording import amount_of, count, day, one_line, short_guid

MOST_ROWS: Final = 12

_RUNNING: Final = {
    "CHALLENGED": "the institution asks a question",
    "REJECTED": "the institution refused the answer",
    "CONNECTED": "signed in",
    "CREATED": "new",
    "RESUMED": "answered",
    "UPDATED": "new credentials",
    "RECONNECTED": "signing in again",
}


def style() -> str:
    """The style sheet, which takes its colours from the theme of the page."""
    sheet = files("rewards_analytics.widgets.connect").joinpath("connect.css").read_text(encoding="utf-8")
    return f"<style>{sheet}</style>"


def message(words: str, *, wrong: bool = False) -> str:
    """A sentence on how things stand, or on what went wrong, which screen readers read at once."""
    if not words:
        return ""
    return (
        f'<p class="rewards-wrong" role="alert">{escape(words)}</p>'
        if wrong
        else f'<p role="status">{escape(words)}</p>'
    )


def state_of(status: Mapping[str, Any]) -> str:
    """A member's status in a few words."""
    code = str(status.get("connection_status") or "no status")
    meaning = _RUNNING.get(code, "")
    if status.get("is_being_aggregated") and code not in ("CHALLENGED", "REJECTED"):
        meaning = f"{meaning}, gathering" if meaning else "gathering"
    elif code == "CONNECTED":
        meaning = "done"
    return f"<code>{escape(one_line(code))}</code>{f' ({meaning})' if meaning else ''}"


def states(seen: Sequence[str]) -> str:
    """The states that a job went through, each as `state_of` gave it."""
    if not seen:
        return ""
    items = "".join(f"<li>{state}</li>" for state in seen)
    return f'<ol class="rewards-states" aria-label="States of the job">{items}</ol>'


def rewards_table(rows: Sequence[Mapping[str, Any]], number: int) -> str:
    """The first rewards of a member, as the reader would name them."""
    if not number:
        return message("The institution lists no rewards for this member.")
    body = "".join(
        f'<tr><th scope="row"><bdi>{escape(one_line(row["description"]) or "No name given")}</bdi></th>'
        f"<td>{escape(_kind(row['balance_type']))}</td>"
        f'<td class="rewards-number">{escape(amount_of(row["balance"], row["unit_type"]))}</td>'
        f"<td>{'' if row['expires_on'] is None else day(row['expires_on'])}</td></tr>"
        for row in rows
    )
    more = number - len(rows)
    rest = f"; {more:,} more are in the frame" if more else ""
    return (
        '<div class="rewards-table" tabindex="0" role="region" aria-label="Rewards"><table>'
        f"<caption>{count(number, 'reward')}{rest}</caption><thead><tr>"
        '<th scope="col">Description</th><th scope="col">Kind</th>'
        '<th scope="col" class="rewards-number">Amount</th><th scope="col">Expires</th>'
        f"</tr></thead><tbody>{body}</tbody></table></div>"
    )


def user_name(user: Mapping[str, Any]) -> str:
    """What to call a user: the identifier that the client's owner gave, or the guid."""
    return one_line(user.get("identifier") or user.get("id")) or str(user["guid"])


def member_name(member: Mapping[str, Any]) -> str:
    """What to call a member: its institution, with what tells it from another at the same one."""
    name = one_line(member.get("name") or member.get("institution_code")) or "Unnamed institution"
    return f"{name} ({short_guid(str(member['guid']))})"


def _kind(balance_type: str) -> str:
    return one_line(balance_type.replace("_", " ").capitalize())
