"""Tables: one renderer for reports, notebooks, dashboards (HTML) and terminals (plain text).

`cells` decides what each value says. `table` and `by_unit` show a result in a notebook and compute nothing.
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from rewards_analytics.errors import ArgumentError
from rewards_analytics.plots.aging import OUTSIDE_TIME
from rewards_analytics.results.bands import banded
from rewards_analytics.results.records import Record, Result, collected, of_unit, records, units_of
from rewards_analytics.show import cells
from rewards_analytics.show.cells import Cell
from rewards_analytics.show.environment import environment
from rewards_analytics.show.shown import Shown, dressed, nothing
from rewards_analytics.spreadsheet import as_csv
from rewards_analytics.wording import count, decimals_of, display_width, one_line, unit_name

HEADERS: Mapping[str, str] = {
    "account_guid": "Account",
    "band": "Balance",
    "bucket": "Expires within",
    "created_at": "Recorded",
    "cumulative": "Cumulative",
    "example_guid": "For example",
    "expires_on": "Day",
    "expiring_value": "Expiring, in dollars",
    "guid": "Reward",
    "member_guid": "Member",
    "next_expiry": "Next expiry",
    "rate": "Dollars per unit",
    "remaining": "To go",
    "stale_share": "Share stale",
    "unit_type": "Unit",
    "unknown": "Age unknown",
    "user_guid": "User",
    "value": "Value in dollars",
}
"""Headers of columns that are not simply the name."""

MOST_ROWS: Final = 1_000
"""Rows of a table in a notebook: a browser takes seconds to lay out more."""

MOST_DOWNLOADED: Final = 20_000
"""Rows in a download. Some browsers refuse a link of more than a few megabytes."""

_NARROWEST = 10
"""Columns to which a terminal may fold text."""


@dataclass(frozen=True)
class Table:
    """A table to render: its first cells head the rows, and a column with a number in it is aligned right.

    Attributes
    ----------
    caption
        What the table holds; also its name for screen readers.
    headers, rows
        A header for each column, and the rows of cells.
    csv
        The same rows as CSV. With it the page offers the download, under the name `name`, and sorts the table.
    words
        A description of the bars, for readers who cannot see them.
    note
        A line below the table that says what it leaves out.
    narrow, long
        Whether it has too few columns for the full width, and whether it scrolls within its own height.
    columns
        In the dashboard, the name of each column: its header is a button that sorts by it.
    order
        The column that the rows are sorted by, if not in their own order, and whether it descends.
    """

    caption: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    csv: str | None = None
    name: str = ""
    words: str = ""
    note: str = ""
    narrow: bool = False
    long: bool = False
    columns: Sequence[str] = ()
    order: tuple[str, bool] | None = None

    @property
    def numeric(self) -> list[bool]:
        """Whether each column holds numbers."""
        return [any(cell.kind == "number" for cell in column) for column in self._columns()]

    @property
    def widest(self) -> list[str]:
        """The longest text of each column, by which the bars of a column start and end alike."""
        return [max((cell.text for cell in column), key=len, default="") for column in self._columns()]

    def html(self) -> str:
        """Return the table as HTML; README.md lists the classes that a page styles."""
        return str(vars(environment().get_template("table.html").module)["table"](self))

    def text(self, *, width: int | None = None, exact: bool = False) -> str:
        """Return the table as plain text.

        Text wraps if the table is wider than `width` columns; a number is never cut. With `exact`, names, days and
        guids are written as in files, and null as a dash.
        """
        lines = [list(self.headers), *([_exact(cell) if exact else cell.text for cell in row] for row in self.rows)]
        numeric = self.numeric or [False] * len(self.headers)
        widths = _fitted([max(map(display_width, column)) for column in zip(*lines, strict=True)], numeric, width)
        head, *body = [_line(line, widths, numeric) for line in lines]
        rule = "  ".join("-" * each for each in widths)
        below = [self.note] if self.note else []
        return "\n".join([self.caption, *head, rule, *itertools.chain(*body), *below]).lstrip("\n")

    def _columns(self) -> list[tuple[Cell, ...]]:
        return list(zip(*self.rows, strict=True))


def table(
    result: Result, caption: str = "", columns: Mapping[str, str] | Sequence[str] | None = None, *, every: str = "month"
) -> Shown:
    """A result as a table for readers. On an exported page it can be sorted and downloaded as CSV.

    Parameters
    ----------
    result
        A result of an analysis, filtered and cut as you like; or its records. At most the first 1,000 rows are shown,
        and at most the first 20,000 can be downloaded; the table says how many it leaves out.
    caption
        What the table holds.
    columns
        The columns to show, or a mapping of them to their headers; all if None.
    every
        Length of the periods in a column `period`.

    Examples
    --------
    >>> from decimal import Decimal
    >>> table([{"unit_type": "MILES", "available": Decimal("1200.5")}], "Totals")
    Totals
    Unit   Available
    -----  ---------
    Miles    1,200.5
    """
    rows = records(result)
    found = list(rows[0]) if rows else collected(result).columns if not isinstance(result, Sequence) else []
    headers = _headers(columns, found)
    return _shown(of_records(rows[:MOST_ROWS], caption, headers, every=every), len(rows), rows, list(headers))


def by_unit(result: Result, caption: str = "", *, row: str, shown: str | None = None, every: str = "month") -> Shown:
    """A result with a row for each period, bucket or band and unit, as a table with a column for each unit.

    Bars compare the amounts of one unit.

    Parameters
    ----------
    result
        A result of `expiring`, `aging` or `bands`, or of another analysis with such a column; or its records.
    caption
        What the table holds.
    row
        The column whose values head the rows, such as `period` or `bucket`; `band` for a result of `bands`.
    shown
        The column to show for each unit. If None, `holdings` for bands and `expiring` otherwise.
    every
        Length of the periods in a column `period`.

    Examples
    --------
    >>> from decimal import Decimal
    >>> spans = [("0-30", 0), ("31-60", 84000)]
    >>> by_unit([{"bucket": bucket, "unit_type": "MILES", "expiring": Decimal(amount)} for bucket, amount in spans],
    ...         row="bucket")
    Expires within   Miles
    --------------  ------
    0 to 30 days         0
    31 to 60 days   84,000
    """
    rows: Sequence[Record] = banded(result) if row == "band" else records(result)
    shown = shown or ("holdings" if row == "band" else "expiring")
    for name in (row, shown, "unit_type"):
        if rows and name not in rows[0]:
            raise ArgumentError.not_one_of("row" if name == row else "shown", name, list(rows[0]))
    values = list(dict.fromkeys(each[row] for each in rows))
    first = frozenset(values[:MOST_ROWS])
    kept = [each for each in rows if each[row] in first]
    made = of_units(kept, caption, row=row, shown=shown, every=every)
    return _shown(made, len(values), rows, list(rows[0]) if rows else [])


def of_records(rows: Sequence[Record], caption: str, headers: Mapping[str, str], *, every: str = "month") -> Table:
    """Return the table of records with the columns that `headers` names."""
    decimals = _decimals(rows, headers)
    body = [
        [
            cells.of(row, name, every=every, decimals=decimals.get((name, row.get("unit_type", "")), 0))
            for name in headers
        ]
        for row in rows
    ]
    return Table(caption, list(headers.values()), body)


def of_units(
    rows: Sequence[Record],
    caption: str,
    *,
    row: str,
    shown: str = "expiring",
    every: str = "month",
    bars: bool = True,
) -> Table:
    """Return the table with a line for each value of `row`, and in it the column `shown` for each unit."""
    units = units_of(rows)
    found = {(each[row], each["unit_type"]): each for each in rows}
    largest = {unit_type: max(each[shown] for each in of_unit(rows, unit_type)) for unit_type in units}
    decimals = _decimals(rows, [shown])

    def cell(value: object, unit_type: str) -> Cell:
        record = found.get((value, unit_type))
        if record is None:
            return cells.amount(None, unit_type)
        made = cells.of(record, shown, every=every, decimals=decimals.get((shown, unit_type), 0))
        if not bars:
            return made
        barred = made.with_bar(record[shown], largest[unit_type], unit_type)
        is_aside = row == "bucket" and value in OUTSIDE_TIME
        return barred._replace(classes=f"{barred.classes} aside") if is_aside else barred

    body = [
        [cells.of({row: value}, row, every=every), *(cell(value, unit_type) for unit_type in units)]
        for value in dict.fromkeys(each[row] for each in rows)
    ]
    headers = [every.capitalize() if row == "period" else header(row), *map(unit_name, units)]
    return Table(caption, headers, body)


def _decimals(rows: Sequence[Record], names: Iterable[str]) -> Mapping[tuple[str, str], int]:
    """Return how many decimals the amounts of each column and unit need, so that they all show as many."""
    most: dict[tuple[str, str], int] = {}
    for name in names:
        for row in rows:
            if isinstance(value := row[name], Decimal):
                key = name, row.get("unit_type", "")
                most[key] = max(most.get(key, 0), decimals_of(value))
    return most


def header(name: str) -> str:
    """Return the header of a column."""
    return HEADERS.get(name) or name.replace("_", " ").capitalize()


def _headers(columns: Mapping[str, str] | Sequence[str] | None, found: Sequence[str]) -> dict[str, str]:
    chosen = dict(columns) if isinstance(columns, Mapping) else {name: header(name) for name in columns or found}
    for name in chosen:
        if found and name not in found:
            raise ArgumentError.not_one_of("columns", name, found)
    return chosen


def _shown(made: Table, in_all: int, rows: Sequence[Record], columns: Sequence[str]) -> Shown:
    """Return a table that shows all or the first of its rows, with the download of `rows`."""
    if not rows:
        return nothing(f"{made.caption}: none.")
    if left_out := in_all - len(made.rows):
        made = replace(made, note=f"{count(left_out, 'more row')} not shown.")
    noted = made
    if len(rows) > MOST_DOWNLOADED:
        noted = replace(made, note=f"{made.note} The download has the first {MOST_DOWNLOADED:,} of {len(rows):,} rows.")
    with_download = replace(noted, csv=as_csv(rows[:MOST_DOWNLOADED], columns), name=made.caption)
    return Shown(dressed(with_download.html()), made.text())


# --- Plain text ------------------------------------------------------------------------------------


def _exact(cell: Cell) -> str:
    if cell.exact is None:
        return "–"
    return cell.text if cell.kind == "number" else one_line(cell.exact, 80)


def _fitted(widths: list[int], numeric: Sequence[bool], width: int | None) -> list[int]:
    """Return the widths of the columns, with the widest columns of text narrowed until the line fits."""
    spare = 2 * (len(widths) - 1) + sum(widths) - width if width else 0
    while spare > 0:
        texts = [place for place, is_number in enumerate(numeric) if not is_number and widths[place] > _NARROWEST]
        if not texts:
            break
        widths[max(texts, key=widths.__getitem__)] -= 1
        spare -= 1
    return widths


def _line(texts: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> list[str]:
    """Return one row as lines of text: more than one where a cell is folded."""
    # A wide character counts as one where text folds: a line of them stands out instead of being cut.
    folded = [
        [text] if display_width(text) <= width else textwrap.wrap(text, width, break_on_hyphens=False)
        for text, width in zip(texts, widths, strict=True)
    ]
    return [
        "  ".join(map(_padded, parts, widths, numeric)).rstrip()
        for parts in itertools.zip_longest(*folded, fillvalue="")
    ]


def _padded(text: str, width: int, is_number: bool) -> str:
    spare = " " * (width - display_width(text))
    return spare + text if is_number else text + spare
