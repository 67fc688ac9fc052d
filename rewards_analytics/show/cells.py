"""What a value says in a table: one rule for reports, notebooks, dashboards and terminals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal, NamedTuple, TypeAlias

from rewards_analytics import wording
from rewards_analytics.analysis.aging import BUCKETS
from rewards_analytics.plots.aging import bucket_name
from rewards_analytics.plots.bands import band_name
from rewards_analytics.plots.expiring import period_name
from rewards_analytics.plots.style import unit_class
from rewards_analytics.results.records import Record
from rewards_analytics.schema import DOLLARS
from rewards_analytics.spreadsheet import exact_number
from rewards_analytics.wording import NOT_KNOWN, one_line

Kind: TypeAlias = Literal["number", "unit", "guid", "words", "plain"]

NO_NAME: Final = "No name given"
NONE_GIVEN: Final = "none given"
NO_DATE: Final = "no date"

_DAYS: Final = ("expires_on", "next_expiry")
_LIMITS: Final = ("at_least", "below")
IN_DOLLARS: Final = ("value", "expiring_value", "rate")
"""Columns of dollars, whatever the unit of their row."""

_MAY_BE_UNKNOWN: Final = ("available", "expiring_value", "progress", "stale", "unknown", "value")
"""Columns of numbers: a null is aligned like a number."""


class Bar(NamedTuple):
    """A bar next to a number: its width in percent, and whether a track shows the whole."""

    width: str
    track: bool = False


class Cell(NamedTuple):
    """What one cell of a table says.

    Attributes
    ----------
    text
        The text that people read.
    exact
        The value as programs write it: every digit, an ISO date, the whole guid, the enumerated value; None for null.
    kind
        Decides how the cell looks: numbers are aligned right, a unit has a dot of its colour, a guid is code, and
        words are text from outside.
    sort
        The value that the page sorts the column by: `text` if None; empty for null, which stays last.
    bar
        A bar next to the number.
    classes
        More classes of the cell: `unit-N` for the colour of its unit or bar, `none`, `aside`.
    href
        The address that the text links to.
    toggle
        In the dashboard, the list and the value that a press on the text selects or deselects.
    pressed
        Whether that value is selected.
    """

    text: str
    exact: str | None = None
    kind: Kind = "plain"
    sort: str | None = None
    bar: Bar | None = None
    classes: str = ""
    href: str | None = None
    toggle: tuple[str, str] | None = None
    pressed: bool = False

    def all_classes(self, is_number: bool) -> str:
        """Return the classes of the cell in a column of numbers or of text."""
        kind = "number" if is_number else "phrase" if self.kind == "words" else ""
        return f"{kind} {self.classes}" if kind and self.classes else kind or self.classes

    def with_bar(self, part: Decimal | float | None, whole: Decimal | float | None, unit_type: str) -> Cell:
        """Return the cell with a bar that shows a part of the whole, in the colour of a unit."""
        return self._replace(bar=Bar(bar_width(part, whole)), classes=f"{self.classes} {unit_class(unit_type)}".strip())


def bar_width(part: Decimal | float | None, whole: Decimal | float | None = 1.0) -> str:
    """Return the width of a bar in percent: for a picture, so floats are good enough.

    Any part above 0 is wide enough to be seen: a bar of a thousandth would be thinner than a pixel.

    >>> bar_width(Decimal(50), Decimal(200)), bar_width(0.0001), bar_width(None)
    ('25.0', '1.2', '0')
    """
    share = float(part) / float(whole) if part and whole and whole > 0 else 0.0
    return f"{max(100 * share, 1.2):.1f}" if share > 0 else "0"


def amount(value: Decimal | None, unit_type: str, decimals: int = 0) -> Cell:
    """Return the cell of an amount in its unit, with at least `decimals` decimals."""
    exact = None if value is None else str(exact_number(value))
    return _number(wording.amount(value, unit_type, decimals), exact, faint=not value)


def number(value: int, text: str | None = None) -> Cell:
    """Return the cell of a count; `text` if it reads otherwise than with separators."""
    return _number(text or f"{value:,}", str(value))


def progress(share: float | None, unit_type: str) -> Cell:
    """Return the cell of a share of the way, with its bar in the colour of the unit."""
    if share is None:
        return _UNKNOWN
    cell = _number(wording.percent(share), str(share)).with_bar(share, 1.0, unit_type)
    return cell._replace(bar=Bar(bar_width(share), track=True))


def unit(unit_type: str) -> Cell:
    """Return the cell that names a unit, with a dot of its colour."""
    return Cell(wording.unit_name(unit_type), unit_type, "unit", classes=unit_class(unit_type))


def guid(value: str | None, *, short: bool = True) -> Cell:
    """Return the cell of an identifier: shortened, with the whole on hover."""
    if value is None:
        return Cell(NONE_GIVEN, None, "guid", "", classes="none")
    line = one_line(value, 2 * len(value))  # only made one line, not cut
    return Cell(wording.short_guid(line) if short else line, value, "guid", value)


def words(value: str | None, missing: str = NO_NAME, *, href: str | None = None) -> Cell:
    """Return the cell of a text from outside: one line, cut where it is long, with the whole on hover."""
    return Cell(one_line(value) or missing, value, "words", href=href)


def day(value: date, text: str | None = None) -> Cell:
    """Return the cell of a day, which sorts by time; `text` if it reads otherwise."""
    return Cell(text or wording.short_day(value), value.isoformat(), sort=value.isoformat())


def bucket(value: str) -> Cell:
    """Return the cell of a bucket of the aging schedule, which sorts by time."""
    return Cell(bucket_name(value), value, sort=str(BUCKETS.index(value)))


def _band(at_least: Decimal | None, below: Decimal | None) -> Cell:
    exact, end = ("" if edge is None else str(exact_number(edge)) for edge in (at_least, below))
    return Cell(band_name(at_least, below), exact, sort=end)  # the last one has no end, and stays last


def unit_of(row: Record, name: str) -> str:
    """Return the unit of the amounts in a column of a record, empty if it has none."""
    return DOLLARS if name in IN_DOLLARS else str(row.get("unit_type", ""))


def of(row: Record, name: str, *, every: str = "month", decimals: int = 0) -> Cell:
    """Return what a column of a record says, by the column's name and the value's type.

    `every` is the length of the periods in a column `period`; an amount has at least `decimals`.
    """
    value = row[name]
    unit_type = unit_of(row, name)
    if name == "guid" or name.endswith("_guid"):
        return guid(value)
    if name == "description":
        return words(value)
    if name == "rate" and value is None:
        # A unit that has a value without one rate has several: its members' own.
        return _UNKNOWN._replace(text="no rate" if row.get("value") is None else "by member")
    if name in ("expiry_share", "stale_share") and value is None:
        return NO_NUMBER
    if name == "band":
        return _band(*value)
    if value is None and name in _LIMITS:
        return NO_LIMIT
    if value is None:
        if name in _MAY_BE_UNKNOWN and "unit_type" in row:
            return _UNKNOWN
        return Cell(NO_DATE if name in _DAYS else NOT_KNOWN, None, sort="", classes="none")
    if name == "period":
        return day(value, period_name(value, every))
    if name == "progress" and unit_type:
        return progress(value, unit_type)
    if name in _NAMED:
        return _NAMED[name](value)
    return _of_value(value, unit_type, decimals)


def _of_value(value: object, unit_type: str, decimals: int) -> Cell:
    match value:
        case bool():
            return Cell("yes" if value else "no", "yes" if value else "no")
        case int():
            return number(value)
        case float():
            return _number(wording.percent(value) if 0 <= value <= 1 else f"{value:,g}", str(value))
        case Decimal():
            return amount(value, unit_type, decimals)
        case datetime():
            return day(value.date())._replace(exact=value.isoformat(), sort=value.isoformat())
        case date():
            return day(value)
        case _:
            return words(str(value), missing="")


def _number(text: str, exact: str | None, *, faint: bool = False) -> Cell:
    return Cell(text, exact, "number", exact or "", classes="none" if faint else "")


NO_NUMBER: Final = _number("–", None, faint=True)
"""For a row that does not have this number."""

NO_LIMIT: Final = _number("no limit", None, faint=True)
"""Where a band has no end."""

_UNKNOWN: Final = _number(NOT_KNOWN, None, faint=True)

_NAMED: Final[Mapping[str, Callable[[str], Cell]]] = {
    "balance_type": lambda value: Cell(wording.unit_name(value), value),
    "bucket": bucket,
    "check": lambda value: Cell(wording.check_name(value), value, "words"),
    "goal": lambda value: Cell(value.capitalize(), value),
    "severity": lambda value: Cell(value.capitalize(), value),
    "unit_type": unit,
}

IN_WORDS: Final = frozenset(_NAMED)
"""Columns of enumerated values, which people read in words."""
