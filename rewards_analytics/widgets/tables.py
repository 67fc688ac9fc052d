"""Tables as HTML that screen readers can walk through: a caption, and headers with their scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from rewards_analytics.plots.style import unit_class
from rewards_analytics.wording import unit_name


@dataclass(frozen=True)
class Cell:
    """The HTML of a cell, and whether it is a number."""

    html: str
    is_number: bool = False


def text(value: str) -> Cell:
    """A cell of text."""
    return Cell(escape(value))


def number(value: str) -> Cell:
    """A cell with a number, written already."""
    return Cell(escape(value), is_number=True)


def unit(unit_type: str) -> Cell:
    """A cell with the name of a unit and its colour."""
    return Cell(f'<span class="rewards-unit {unit_class(unit_type)}">{escape(unit_name(unit_type))}</span>')


def table(caption: str, headers: Sequence[str], rows: Sequence[Sequence[Cell]], words: str = "", most: int = 16) -> str:
    """A table whose first cells head their rows. It scrolls by itself, so it can be reached by the keyboard.

    `words` describe what its bars show, for those who do not see them; a table of more than `most` rows is long.
    """
    numeric = [cell.is_number for cell in rows[0]]
    head = "".join(
        f'<th scope="col"{_right(right)}>{escape(name)}</th>' for name, right in zip(headers, numeric, strict=True)
    )
    body = "".join(
        f'<tr><th scope="row">{row[0].html}</th>'
        + "".join(f"<td{_right(cell.is_number)}>{cell.html}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    long = " data-long" if len(rows) > most else ""
    described = f' aria-description="{escape(words)}"' if words else ""
    return (
        f'<div class="rewards-table"{long} tabindex="0" role="region" aria-label="{escape(caption)}"><table{described}>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _right(is_number: bool) -> str:
    return ' class="rewards-number"' if is_number else ""
