"""A dashboard's results as HTML: tables, and pictures that take on the colours of the page around them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from html import escape
from importlib.resources import files
from typing import Any, Final

from rewards_analytics.plots.aging import bucket_name
from rewards_analytics.plots.distance import ASSUMPTION
from rewards_analytics.plots.expiring import period_name
from rewards_analytics.plots.gallery import picture
from rewards_analytics.plots.images import inline
from rewards_analytics.plots.results import Record, of_unit, units_of
from rewards_analytics.plots.style import DARK, LIGHT
from rewards_analytics.reporting.downloads import as_csv
from rewards_analytics.wording import amount, count, day, one_line, percent, short_guid, unit_name

MOST_PERIODS: Final = 40
"""Periods listed in the table; the picture has them all."""

Cell = tuple[str, bool]
"""The HTML of a cell, and whether it is a number."""


def style() -> str:
    """The style sheet: light colours, and dark ones under JupyterLab's dark themes."""
    sheet = files("rewards_analytics.widgets").joinpath("explore.css").read_text(encoding="utf-8")
    light, dark = (
        "".join(f"--rewards-{index}: {colour};" for index, colour in enumerate(theme.colours()))
        for theme in (LIGHT, DARK)
    )
    return (
        f"<style>.rewards-explore {{{light}}}\n"
        f'[data-jp-theme-light="false"] .rewards-explore {{{dark}}}\n{sheet}</style>'
    )


def nothing(sentence: str) -> str:
    """A sentence in place of a view."""
    return f'<p class="rewards-nothing">{escape(sentence)}</p>'


def totals_view(rows: Sequence[Record]) -> str:
    """Totals per unit: a table and a picture."""
    if not rows:
        return _section("Totals", nothing("No balances in this selection."))
    table = _table(
        ["Unit", "Available", "Expiring", "Holdings", "Members", "Users"],
        [
            [
                (_unit(row["unit_type"]), False),
                _amount(row["available"], row["unit_type"]),
                _amount(row["expiring"], row["unit_type"]),
                *((f"{row[name]:,}", True) for name in ("holdings", "members", "users")),
            ]
            for row in rows
        ],
        "Totals per unit",
    )
    return _section("Totals", table + _pictures(rows, "totals"))


def expiring_view(rows: Sequence[Record], as_of: date, every: str, until: date) -> str:
    """The timeline: a picture and a table of the periods in which something expires."""
    if not rows:
        return _section("Expiring", nothing(f"Nothing expires from {day(as_of)} until {day(until)}."))
    busy = [row for row in rows if row["rewards"]]
    table = _table(
        [every.capitalize(), "Unit", "Expiring", "Lots", "In all by then"],
        [
            [
                (period_name(row["period"], every), False),
                (_unit(row["unit_type"]), False),
                _amount(row["expiring"], row["unit_type"]),
                (f"{row['rewards']:,}", True),
                _amount(row["cumulative"], row["unit_type"]),
            ]
            for row in sorted(busy, key=lambda row: (row["period"], row["unit_type"]))[:MOST_PERIODS]
        ],
        f"From {day(as_of)} until {day(until)}; periods without an expiry are left out of the table",
    )
    return _section("Expiring", _pictures(rows, "expiring", every) + table + _more(len(busy) - MOST_PERIODS, "row"))


def aging_view(rows: Sequence[Record], as_of: date) -> str:
    """The aging schedule: a table of spans by unit, and a picture."""
    units = units_of(rows)
    if not units:
        return _section("Aging", nothing("No balance of this selection expires."))
    spans = [row["bucket"] for row in of_unit(rows, units[0])]
    table = _table(
        ["Expires within", *map(unit_name, units)],
        [
            [
                (bucket_name(bucket), False),
                *(_amount(of_unit(rows, unit)[index]["expiring"], unit) for unit in units),
            ]
            for index, bucket in enumerate(spans)
        ],
        f"Days from {day(as_of)}",
    )
    return _section("Aging", _pictures(rows, "aging") + table)


def distance_view(rows: Sequence[Record], number: int) -> str:
    """The nearest goals: a picture and a table."""
    if not rows:
        return _section("Distance", nothing("No goals ahead in this selection."))
    table = _table(
        ["Goal", "Kind", "User", "Unit", "To go", "Progress"],
        [
            [
                (_words(row["description"] or "No name given"), False),
                (row["goal"].capitalize(), False),
                (f'<code title="{escape(row["user_guid"])}">{escape(short_guid(row["user_guid"]))}</code>', False),
                (_unit(row["unit_type"]), False),
                _amount(row["remaining"], row["unit_type"]),
                ("not known" if row["progress"] is None else percent(row["progress"]), True),
            ]
            for row in rows
        ],
        f"Nearest goals not reached yet. {ASSUMPTION}",
    )
    pictures = f'<div class="rewards-pictures">{_picture("distance", _frozen(rows), "", "")}</div>'
    return _section("Distance", pictures + table + _more(number - len(rows), "goal"))


def to_take_away(name: str, rows: Sequence[Record], code: str) -> str:
    """The rows of a view as a CSV to download, and the Python that gives them."""
    data = as_csv(rows, list(rows[0])) if rows else ""
    address = "data:text/csv;charset=utf-8;base64," + b64encode(data.encode()).decode("ascii")
    link = f'<a download="{escape(name)}.csv" href="{address}">Download as CSV</a>' if rows else ""
    return (
        f'<div class="rewards-take-away">{link}<details><summary>The code for this view, all units</summary>'
        f"<pre>{escape(code)}</pre></details></div>"
    )


# --- Parts -----------------------------------------------------------------------------------------


def _section(title: str, body: str) -> str:
    return f'<section class="rewards-view" aria-label="{escape(title)}"><h3>{escape(title)}</h3>{body}</section>'


def _more(number: int, noun: str) -> str:
    return f"<p>{count(number, 'further ' + noun)} not listed here.</p>" if number > 0 else ""


def _table(headers: Sequence[str], rows: Sequence[Sequence[Cell]], caption: str) -> str:
    numeric = [cell[1] for cell in rows[0]]
    head = "".join(
        f'<th scope="col"{_right(right)}>{escape(name)}</th>' for name, right in zip(headers, numeric, strict=True)
    )
    body = "".join(
        "<tr>"
        + f'<th scope="row">{row[0][0]}</th>'
        + "".join(f"<td{_right(right)}>{html}</td>" for html, right in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="rewards-table" tabindex="0" role="region" aria-label="{escape(caption)}"><table>'
        f"<caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _right(is_number: bool) -> str:
    return ' class="rewards-number"' if is_number else ""


def _amount(value: Any, unit_type: str) -> Cell:
    return amount(value, unit_type), True


def _unit(unit_type: str) -> str:
    colour = _VARIABLES[LIGHT.colours().index(LIGHT.unit(unit_type))]
    return f'<span class="rewards-unit" style="--own: {colour}">{escape(unit_name(unit_type))}</span>'


def _words(text: str) -> str:
    return f"<bdi>{escape(one_line(text))}</bdi>"


def _pictures(rows: Sequence[Record], kind: str, every: str = "") -> str:
    """One picture per unit, side by side where there is room."""
    made = (_picture(kind, _frozen(of_unit(rows, unit)), unit, every) for unit in units_of(rows))
    return f'<div class="rewards-pictures">{"".join(made)}</div>'


Frozen = tuple[tuple[tuple[str, Any], ...], ...]


def _frozen(rows: Sequence[Record]) -> Frozen:
    return tuple(tuple(row.items()) for row in rows)


@lru_cache(maxsize=128)
def _picture(kind: str, frozen: Frozen, unit_type: str, every: str) -> str:
    """One drawing, kept for the case that another control changes or the reader goes back."""
    rows = [dict(row) for row in frozen]
    options = {"every": every} if every else {}
    drawn = picture(kind, rows, f"{kind}-{unit_type}", **options)
    return inline(drawn.svg, drawn.words, dict(zip(LIGHT.colours(), _VARIABLES, strict=True)))


_VARIABLES: Final = tuple(f"var(--rewards-{index}, {colour})" for index, colour in enumerate(LIGHT.colours()))
