"""Workbooks: results as sheets of real numbers, in which nothing from outside is a formula."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Final

from rewards_analytics.files import temporary_folder
from rewards_analytics.plots.style import LIGHT
from rewards_analytics.results.records import Record
from rewards_analytics.schema import DOLLARS
from rewards_analytics.show import cells
from rewards_analytics.spreadsheet import exact_number, guarded
from rewards_analytics.wording import count, display_width, unit_name

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS: Final = 1_048_575
"""Rows of a sheet in Excel, below the headers."""

_MOST_DIGITS: Final = 15
"""Significant digits that every double, and so every spreadsheet, holds exactly."""

_MOST_CHARACTERS: Final = 32_767
"""Characters of a cell in Excel."""

_CELLS_IN_MEMORY: Final = 500_000
"""With more cells than this, rows are written to temporary files one by one."""

_FIRST_DAY: Final = date(1900, 3, 1)
"""Excel counts days from 1900, which it takes for a leap year."""

_MEASURED_ROWS: Final = 1_000
_WIDEST, _NARROWEST = 60, 8
_LINE_HEIGHT, _MOST_LINES = 15, 20
_ILLEGAL: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""Characters that no XML may hold."""


@dataclass(frozen=True)
class Sheet:
    """A result as a sheet: headers, then a row for each record.

    Attributes
    ----------
    name
        Name of the sheet.
    headers
        The columns to write, with their headers.
    rows
        The records; read twice.
    notes
        What else a reader should know, to the right of the table.
    chart
        A column chart of these columns, (category, value), for each unit. The rows of a unit must be consecutive.
    in_words
        Whether enumerated values are written in words, as in reports, or unchanged.
    """

    name: str
    headers: Mapping[str, str]
    rows: Collection[Record]
    notes: Sequence[str] = ()
    chart: tuple[str, str] | None = None
    in_words: bool = False


class _Number(Decimal):
    """A number that is written with all its digits: XlsxWriter would round it to 16."""

    def __format__(self, spec: str, context: object = None, /) -> str:
        return str(self)


def workbook(sheets: Sequence[Sheet], *, title: str = "", as_of: date | None = None) -> bytes:
    """Return sheets as an Excel workbook. The same sheets give the same bytes.

    Amounts are numbers in the format of their unit, days are dates, and everything else is text, never a formula or a
    link. An amount of more than 15 digits is written as text, because a spreadsheet would round it; the sheet says
    so. A result with more rows than a sheet can hold continues in the next sheet.
    """
    import xlsxwriter

    size = sum(len(sheet.rows) * len(sheet.headers) for sheet in sheets)
    target = io.BytesIO()
    with temporary_folder("rewards-workbook-") as folder:
        how = {"in_memory": True} if size <= _CELLS_IN_MEMORY else {"constant_memory": True, "tmpdir": str(folder)}
        book = xlsxwriter.Workbook(target, how)
        book.set_properties({"title": _legal(title), "created": datetime.combine(as_of or _FIRST_DAY, time())})
        styles = _Styles(book)
        for sheet in sheets:
            _write(book, styles, sheet)
        book.close()
    return target.getvalue()


def _write(book: xlsxwriter.Workbook, styles: _Styles, sheet: Sheet) -> None:
    decimals, long = _decimals(sheet)
    notes = list(sheet.notes)
    if long:
        written = "is written as text: a spreadsheet would round it."
        if long > 1:
            written = "are written as text: a spreadsheet would round them."
        notes.append(f"{count(long, 'amount')} of more than {_MOST_DIGITS} digits {written}")
    rows, parts = iter(sheet.rows), max(-(-len(sheet.rows) // MOST_ROWS), 1)
    for part in range(1, parts + 1):
        page = book.add_worksheet(sheet.name if part == 1 else f"{sheet.name} ({part})")
        more = [f"Part {part} of {parts}: a sheet holds {MOST_ROWS:,} rows."] if parts > 1 else []
        _Page(page, styles, sheet, decimals).write(islice(rows, MOST_ROWS), [*more, *notes])
        if sheet.chart and parts == 1:
            _add_charts(book, page, sheet, sheet.chart)


def _decimals(sheet: Sheet) -> tuple[dict[tuple[str, str], int], int]:
    """Return the most decimals of each column and unit, and how many amounts are too long for a number."""
    most: dict[tuple[str, str], int] = {}
    long = 0
    for row in sheet.rows:
        for name in sheet.headers:
            value = row[name]
            if isinstance(value, Decimal):
                digits, places = _size(value)
                key = name, _unit_of(row, name)
                if digits > _MOST_DIGITS:
                    long += 1
                elif places > most.get(key, -1):
                    most[key] = places
    return most, long


def _size(value: Decimal) -> tuple[int, int]:
    """Return the significant digits and the decimals of a number, without trailing zeros."""
    whole, _, fraction = f"{value.copy_abs():f}".partition(".")
    fraction = fraction.rstrip("0")
    return len((whole + fraction).strip("0")), len(fraction)


def _unit_of(row: Record, name: str) -> str:
    return DOLLARS if name in cells.IN_DOLLARS else str(row.get("unit_type", ""))


class _Styles:
    """The formats of cells, each made once."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, str | int], ...], Format] = {}

    def of(self, properties: Mapping[str, str | int]) -> Format:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format({"valign": "top", **properties})
        return self._made[key]


@dataclass(frozen=True)
class _Page:
    """A sheet that is being written, row by row."""

    page: Worksheet
    styles: _Styles
    sheet: Sheet
    decimals: Mapping[tuple[str, str], int]

    def write(self, rows: Iterable[Record], notes: Sequence[str]) -> None:
        """Write the headers, the rows, and the notes to the right of them."""
        headers = self.sheet.headers
        aside, noted = len(headers) + 1, iter(["Notes", *notes] if notes else [])
        for place, (name, header) in enumerate(headers.items()):
            self.page.set_column(place, place, self._width(name, header))
            self._text(0, place, header, bold=True, bottom=1, align="right" if self._is_numeric(name) else "left")
        if notes:
            self.page.set_column(aside, aside, _WIDEST)
            self._text(0, aside, next(noted), bold=True, bottom=1)
        self.page.freeze_panes(1, 0)
        self.page.repeat_rows(0)
        self.page.set_landscape()
        self.page.fit_to_pages(1, 0)
        line = 0
        for line, row in enumerate(rows, start=1):
            for place, name in enumerate(headers):
                self._value(line, place, row, name)
            for note in islice(noted, 1):
                self._text(line, aside, note)
        for below, note in enumerate(noted, start=line + 1):
            self._text(below, aside, note)

    def _value(self, line: int, place: int, row: Record, name: str) -> None:
        match row[name]:
            case None:
                pass
            case bool() as value:
                self.page.write_boolean(line, place, value, self.styles.of({"align": "left"}))
            case int() as value:
                self._number(line, place, value, "#,##0")
            case float() as value:
                self._number(line, place, repr(value), "0.0%" if 0 <= value <= 1 else "General")
            case Decimal() as value if _size(value)[0] > _MOST_DIGITS:
                self._text(line, place, str(exact_number(value)), align="right")
            case Decimal() as value:
                unit_type = _unit_of(row, name)
                form = _number_format(unit_type, self.decimals[name, unit_type])
                self._number(line, place, str(exact_number(value)), form)
            case datetime() as value if value.microsecond == 0 and value.date() >= _FIRST_DAY:
                naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
                self._day(line, place, naive, "yyyy-mm-dd hh:mm:ss")
            case date() as value if not isinstance(value, datetime) and value >= _FIRST_DAY:
                self._day(line, place, value, "yyyy-mm-dd")
            case date() as value:
                self._text(line, place, value.isoformat())
            case _:
                self._text(line, place, self._words(row, name))

    def _words(self, row: Record, name: str) -> str:
        return cells.of(row, name).text if self.sheet.in_words and name in cells.IN_WORDS else str(row[name])

    def _number(self, line: int, place: int, value: str | int, form: str) -> None:
        self.page.write_number(line, place, _Number(value), self.styles.of({"num_format": form}))

    def _day(self, line: int, place: int, value: date, form: str) -> None:
        self.page.write_datetime(line, place, value, self.styles.of({"num_format": form, "align": "left"}))

    def _text(self, line: int, place: int, text: str, **style: str | int) -> None:
        """Write text as text. What begins like a formula stays text when someone edits the cell."""
        text = _legal(text)
        if len(text) > _MOST_CHARACTERS:
            text = text[: _MOST_CHARACTERS - 1] + "…"
        if guarded(text) != text:
            style["quote_prefix"] = True
        if (width := display_width(text)) > _WIDEST:
            style["text_wrap"] = True
            # Excel finds the height itself, LibreOffice does not.
            self.page.set_row(line, _LINE_HEIGHT * min(-(-width // (_WIDEST - 4)), _MOST_LINES))
        made = self.styles.of(style)
        if text.startswith("<r>") and text.endswith("</r>"):
            # XlsxWriter would take it for its own markup; two runs are written as the text they are.
            self.page.write_rich_string(line, place, made, text[:1], made, text[1:], made)
        else:
            self.page.write_string(line, place, text, made)

    def _is_numeric(self, name: str) -> bool:
        values = (row[name] for row in self._first_rows())
        return any(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values)

    def _width(self, name: str, header: str) -> int:
        """Return the width of a column in characters, by its header and its first rows."""
        texts = (self._as_read(row, name) for row in self._first_rows())
        return min(max(_NARROWEST, display_width(header), *map(display_width, texts)) + 2, _WIDEST)

    def _as_read(self, row: Record, name: str) -> str:
        value = row[name]
        if isinstance(value, Decimal):
            return f"{value:,.2f}"
        return "" if value is None else self._words(row, name)

    def _first_rows(self) -> Iterator[Record]:
        return islice(iter(self.sheet.rows), _MEASURED_ROWS)


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)


def _number_format(unit_type: str, decimals: int) -> str:
    """Return how Excel shows the amounts of a unit, all with the same decimals."""
    places = max(decimals, 2) if unit_type == DOLLARS else decimals
    digits = "#,##0" + ("." + "0" * places if places else "")
    return f"[$$-409]{digits};-[$$-409]{digits}" if unit_type == DOLLARS else digits


def _add_charts(book: xlsxwriter.Workbook, page: Worksheet, sheet: Sheet, columns: tuple[str, str]) -> None:
    """Add a column chart for each unit to the right of its rows."""
    category, value = map([*sheet.headers].index, columns)
    spans: dict[str, tuple[int, int]] = {}
    for line, row in enumerate(sheet.rows, start=1):
        first, _ = spans.get(row["unit_type"], (line, line))
        spans[row["unit_type"]] = first, line
    for number, (unit_type, (first, last)) in enumerate(spans.items()):
        name = unit_name(unit_type)
        series = {
            "name": name,
            "categories": [sheet.name, first, category, last, category],
            "values": [sheet.name, first, value, last, value],
            "fill": {"color": LIGHT.unit(unit_type)},
            "gap": 40,
        }
        chart = book.add_chart({"type": "column"})
        chart.add_series(series)
        chart.set_title({"name": name, "name_font": {"size": 12}})
        chart.set_legend({"none": True})
        chart.set_x_axis({"date_axis": True, "num_format": "mmm yy", "major_unit": 3, "major_unit_type": "months"})
        chart.set_y_axis({"num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#dddddd"}}})
        page.insert_chart(3 + 16 * number, len(sheet.headers) + 3, chart, {"object_position": 3})
