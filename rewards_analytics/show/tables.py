"""Results as a notebook shows them to people: in JupyterLab, and on the page that a notebook is exported to.

Each function gives something to display: HTML in the words, units and pictures of the direct report, and plain text
where there is no HTML. They show the result that they are given and compute nothing, `opening` apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from html import escape
from importlib.resources import files
from typing import Any, Final, NamedTuple

from jinja2 import Template

from rewards_analytics.errors import ArgumentError
from rewards_analytics.plots.aging import bucket_name
from rewards_analytics.plots.expiring import period_name
from rewards_analytics.plots.gallery import picture
from rewards_analytics.plots.style import DARK, LIGHT
from rewards_analytics.reporting.contents import contents
from rewards_analytics.reporting.html import environment, short_day, unit_class
from rewards_analytics.results.records import Record, Result, columns_of, of_unit, records, units_of
from rewards_analytics.schema import DOLLARS
from rewards_analytics.show.spreadsheet import as_csv
from rewards_analytics.wording import NOT_KNOWN, amount, check_name, day, one_line, percent, short_guid, unit_name

_HEADERS: Final = {
    "account_guid": "Account",
    "bucket": "Expires within",
    "created_at": "Recorded",
    "cumulative": "Added up",
    "example_guid": "For example",
    "expires_on": "Day",
    "expiring_value": "Expiring, in dollars",
    "guid": "Reward",
    "member_guid": "Member",
    "next_expiry": "Next expiry",
    "rate": "Dollars a unit",
    "remaining": "To go",
    "unit_type": "Unit",
    "user_guid": "User",
    "value": "Value in dollars",
}
_AMOUNTS: Final = ("available", "expiring_value", "progress", "rate", "value")
"""Columns of numbers that may not be known."""

_IN_DOLLARS: Final = ("value", "expiring_value", "rate")
_THEMED: Final = {colour: f"var(--rewards-{index}, {colour})" for index, colour in enumerate(LIGHT.colours())}
"""The pictures' colours, as the page around them sets them; in the light theme where it sets none."""


_NAMED: Final[Mapping[str, Callable[[str], str]]] = {
    "bucket": bucket_name,
    "check": check_name,
    "goal": str.capitalize,
    "severity": str.capitalize,
    "unit_type": unit_name,
}
_NONE_GIVEN: Final = "none given"
_NO_NAME: Final = "No name given"


class Shown:
    """Something to display: `html` where a notebook can show it, `text` where it cannot."""

    def __init__(self, html: str, text: str) -> None:
        self.html = html
        self.text = text

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.text


def opening(rewards: Any, *, as_of: date | None = None, title: str | None = None, rates: Any = None) -> Shown:
    """The head of the direct report: its title and day, what matters in sentences, and what the rewards are.

    >>> import rewards_analytics as ra
    >>> opening(ra.load([]), as_of=date(2026, 11, 23), title="Our members")
    Our members, as of 23 November 2026
    These rewards hold no balance and no goal.
    """
    facts = contents(rewards, as_of=as_of, title=title, rates=rates)
    said = ["".join(part.text for part in sentence) for sentence in facts["headline"]]
    text = "\n".join([f"{facts['title']}, as of {day(facts['as_of'])}", *said])
    return Shown(_rendered(environment().get_template("sections/header.html"), facts), text)


def table(
    result: Result, caption: str, columns: Mapping[str, str] | Sequence[str] | None = None, *, every: str = "month"
) -> Shown:
    """A result as a table that people read, which sorts and downloads as CSV on the page.

    Parameters
    ----------
    result
        A result of an analysis, filtered and cut as you like; or its records. It is shown whole: cut it first.
    caption
        What the table holds.
    columns
        The columns to show, or a mapping of them to what stands above each; all if None.
    every
        Length of the periods in a column `period`.

    Examples
    --------
    >>> table([{"unit_type": "MILES", "available": Decimal("1200.5")}], "Totals")
    Totals
    Unit  | Available
    Miles | 1,200.5
    """
    rows = records(result)
    found = list(rows[0]) if rows else columns_of(result) if not isinstance(result, Sequence) else []
    names = _names(columns, found)
    cells = [[_cell(row, name, every) for name in names] for row in rows]
    return _table(caption, list(names.values()), cells, as_csv(rows, list(names)))


def by_unit(result: Result, caption: str, *, row: str, shown: str = "expiring", every: str = "month") -> Shown:
    """A result with a row for each period or bucket (`row`) and unit, as a table with a column for each unit.

    Bars compare the amounts of one unit.
    """
    rows = records(result)
    units = units_of(rows)
    values = list(dict.fromkeys(each[row] for each in rows))
    found = {(each[row], each["unit_type"]): each for each in rows}
    largest = {unit: max(each[shown] for each in of_unit(rows, unit)) for unit in units}
    cells = [
        [
            _cell({row: value}, row, every),
            *(
                _with_bar(_cell(found[value, unit], shown, every), found[value, unit][shown], largest[unit], unit)
                if (value, unit) in found
                else _UNKNOWN
                for unit in units
            ),
        ]
        for value in values
    ]
    headers = [_header(row) if row != "period" else every.capitalize(), *map(unit_name, units)]
    return _table(caption, headers, cells, as_csv(rows, list(rows[0]) if rows else []))


def pictures(kind: str, result: Result, **options: Any) -> Shown:
    """Pictures of a result, one for each unit, with words for who cannot see them.

    `kind` is `totals`, `expiring`, `aging`, or `distance`, which is one picture for all units. `options` go to the
    drawing: `every` for `expiring`.
    """
    rows = records(result)
    groups = {"": rows} if kind == "distance" else {unit: of_unit(rows, unit) for unit in units_of(rows)}
    drawn = [picture(kind, group, f"{kind}-{unit}", **options) for unit, group in groups.items() if group]
    if not drawn:
        return nothing("Nothing to draw.")
    svgs = [f"<figure>{_in_page(each.svg, each.words)}</figure>" for each in drawn]
    return Shown(_dressed(f'<div class="pictures">{"".join(svgs)}</div>'), "\n".join(each.words for each in drawn))


def nothing(sentence: str) -> Shown:
    """A sentence in place of a table or a picture.

    >>> nothing("Nothing expires.")
    Nothing expires.
    """
    return Shown(f'<p class="nothing">{escape(sentence)}</p>', sentence)


# --- Parts -----------------------------------------------------------------------------------------


def _in_page(svg: str, words: str) -> str:
    """Give a drawing to stand in a page: with its words, the page's colours, and no style sheet of its own."""
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg[svg.index("<svg") :], count=1, flags=re.DOTALL)
    tags = re.compile("<[^>]*>")  # between them may be a provider's text
    svg = tags.sub(lambda tag: re.sub("#[0-9a-f]{6}", lambda own: _THEMED.get(own[0], own[0]), tag[0]), svg)
    label = f'<svg role="img" aria-label="{escape(words)}" style="stroke-linejoin: round; stroke-linecap: butt" '
    return svg.replace("<svg ", label, 1)


def _rendered(template: Template, facts: Mapping[str, Any]) -> str:
    return _dressed(template.render(facts))


def _dressed(html: str) -> str:
    """Give markup its looks in JupyterLab, light and dark; a page leaves these out, and has its own."""
    light, dark = (
        "".join(f"--rewards-{index}: {colour};" for index, colour in enumerate(theme.colours()))
        for theme in (LIGHT, DARK)
    )
    units = "".join(f".rewards-shown .unit-{n} {{--own: var(--rewards-{n})}}" for n in range(len(LIGHT.colours())))
    own = files("rewards_analytics.show").joinpath("shown.css").read_text(encoding="utf-8")
    colours = f'.rewards-shown {{{light}}} [data-jp-theme-light="false"] .rewards-shown {{{dark}}} {units}'
    return f'<div class="rewards-shown"><style>{colours}\n{own}</style>{html}</div>'


def _names(columns: Mapping[str, str] | Sequence[str] | None, found: Sequence[str]) -> dict[str, str]:
    """The columns to show, and what stands above each."""
    chosen = dict(columns) if isinstance(columns, Mapping) else {name: _header(name) for name in columns or found}
    for name in chosen:
        if found and name not in found:
            raise ArgumentError.not_one_of("columns", name, found)
    return chosen


def _header(name: str) -> str:
    return _HEADERS.get(name) or name.replace("_", " ").capitalize()


class Cell(NamedTuple):
    """What a cell says, the exact value behind it, and its dress: `number`, `unit`, `guid`, `words` or `plain`.

    A `bar` has its width in percent, a track where it is a part of a whole, and the class of its unit.
    """

    text: str
    value: Any
    dress: str
    bar: str | None = None
    track: bool = False
    unit: str = ""


_UNKNOWN: Final = Cell(NOT_KNOWN, None, "number")


def _with_bar(cell: Cell, part: Any, whole: Any, unit_type: str) -> Cell:
    """Give a cell a bar: a picture, so floats will do. What is there at all is seen."""
    width = 100 * float(part) / float(whole) if part and whole and whole > 0 else 0.0
    return cell._replace(bar=f"{max(width, 1.2):.1f}" if width > 0 else "0", unit=unit_class(unit_type))


def _cell(row: Record, name: str, every: str) -> Cell:
    value = row[name]
    unit_type = DOLLARS if name in _IN_DOLLARS else str(row.get("unit_type", ""))
    if name == "period":
        return Cell(period_name(value, every), value, "plain")
    if name in _NAMED and value is not None:
        return Cell(_NAMED[name](value), value, "unit" if name == "unit_type" else "plain")
    if name == "guid" or name.endswith("_guid"):
        return Cell(_NONE_GIVEN if value is None else short_guid(value), value, "guid")
    if name == "description":
        return Cell(one_line(value) or _NO_NAME, value, "words")
    if value is None and name in _AMOUNTS:
        return _UNKNOWN
    if name == "progress" and value is not None and unit_type:
        return _with_bar(Cell(percent(value), value, "number", track=True), value, 1.0, unit_type)
    return _cell_of(value, unit_type)


def _cell_of(value: Any, unit_type: str) -> Cell:
    match value:
        case bool():
            return Cell("yes" if value else "no", value, "plain")
        case int():
            return Cell(f"{value:,}", value, "number")
        case float():
            return Cell(percent(value) if 0 <= value <= 1 else f"{value:,g}", value, "number")
        case Decimal():
            return Cell(amount(value, unit_type), value, "number")
        case datetime():
            return Cell(short_day(value.date()), value, "plain")
        case date():
            return Cell(short_day(value), value, "plain")
        case None:
            return Cell(NOT_KNOWN, None, "plain")
        case _:
            return Cell(one_line(str(value)), value, "words")


def _table(caption: str, headers: Sequence[str], cells: Sequence[Sequence[Cell]], data: str) -> Shown:
    if not cells:
        return nothing(f"{caption}: none.")
    numeric = [any(cell.dress == "number" for cell in column) for column in zip(*cells, strict=True)]
    heads = list(zip(headers, numeric, strict=True))
    widest = [max((cell.text for cell in column), key=len) for column in zip(*cells, strict=True)]
    facts = {"caption": caption, "headers": heads, "cells": cells, "widest": widest, "data": data}
    html = _rendered(environment().get_template("shown/table.html"), facts)
    lines = [list(headers), *([cell.text for cell in row] for row in cells)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = [" | ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return Shown(html, "\n".join([caption, *text]))
