"""How a result leaves the command line: a table to read, or CSV, JSON, Parquet or a workbook with exact amounts."""

from __future__ import annotations

import errno
import io
import json
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rewards_analytics.errors import ArgumentError, RewardsError
from rewards_analytics.files import is_stream, whole_file
from rewards_analytics.results.records import Record
from rewards_analytics.spreadsheet import frame_as_csv
from rewards_analytics.terminal import printable, printable_lines
from rewards_analytics.wording import count

if TYPE_CHECKING:
    import polars as pl

_ENDINGS = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".pq": "parquet", ".xlsx": "xlsx"}
_BINARY = {"parquet": "Parquet", "xlsx": "A workbook"}

_MOST_ROWS = 10_000
"""Rows of a table to read. One lot that expires in 9999 makes a timeline of 96,000 months."""


def resolve_format(form: str | None, out: Path | None) -> str:
    """Decide the format of a result before anything is computed; refuse what standard output cannot show."""
    if form is None:
        form = _ENDINGS.get(out.suffix.lower(), "table") if out else "table"
    if form in _BINARY and out is None and sys.stdout.isatty():
        raise ArgumentError(
            f"{_BINARY[form]} is not for a terminal. Pass --out FILE, or send the output to a file or a pipe."
        )
    return form


def emit(result: pl.DataFrame, form: str, out: Path | None, *, note: str = "") -> None:
    """Print a result on standard output, or write it to a file, whole or not at all; a note goes below a table."""
    if out is not None:
        with whole_file(out) as file:
            file.write(_encoded(result, form, note))
    elif form == "table":
        show(readable(result, width=terminal_width(), note=note))
    else:
        with _standard_output() as output:
            if output.isatty():
                output.write(_encoded(result, form, note).decode())  # made safe; elsewhere data stays as it is
            else:
                output.buffer.write(_encoded(result, form, note))


def _encoded(result: pl.DataFrame, form: str, note: str) -> bytes:
    if form == "parquet":
        buffer = io.BytesIO()
        result.write_parquet(buffer)
        return buffer.getvalue()
    if form == "xlsx":
        return _workbook(result)
    if form == "csv":
        return frame_as_csv(result)
    if form == "json":
        return _json(result).encode()
    return f"{printable_lines(readable(result, note=note))}\n".encode()


def _workbook(result: pl.DataFrame) -> bytes:
    from rewards_analytics.show.sheets import Sheet, workbook

    return workbook([Sheet("Result", {name: name for name in result.columns}, _Records(result))])


class _Records(Collection[Record]):
    """The rows of a frame as records, made one by one, because there may be millions."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __len__(self) -> int:
        return len(self._frame)

    def __iter__(self) -> Iterator[Record]:
        return self._frame.iter_rows(named=True)

    def __contains__(self, record: object) -> bool:
        return any(record == row for row in self)


def _json(result: pl.DataFrame) -> str:
    """Write a list of objects, amounts as strings: a reader's JSON numbers are mostly floats."""
    rows = [{name: _plain(value) for name, value in row.items()} for row in result.iter_rows(named=True)]
    lines = ",\n  ".join(_escaped(json.dumps(row, ensure_ascii=False)) for row in rows)
    return f"[\n  {lines}\n]\n" if rows else "[]\n"


def _escaped(text: str) -> str:
    """Same JSON with invisible characters as escapes, so that it is safe on a terminal and still exact."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _plain(value: object) -> object:
    match value:
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return value


# --- Tables to read ---------------------------------------------------------------------------------


def terminal_width() -> int | None:
    """Return the columns of the terminal, or None where nothing limits the width of a table."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def show(text: str) -> None:
    """Print a text on standard output."""
    with _standard_output() as output:
        output.write(f"{text}\n")


def show_written(path: Path) -> None:
    """Print the path of a file that was written, but not among the output that went to a device or a pipe."""
    if not is_stream(path):
        show(printable(str(path)))


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # the reader closed the pipe, which is not an error
    except OSError as error:
        raise unwritten(error) from error


def unwritten(error: OSError) -> RewardsError:
    """Say why standard output takes nothing."""
    why = "it is closed" if error.errno == errno.EBADF else error.strerror
    return RewardsError(f"Cannot write to standard output: {why}.")


def readable(
    result: pl.DataFrame,
    headers: Mapping[str, str] | None = None,
    title: str = "",
    *,
    width: int | None = None,
    note: str = "",
) -> str:
    """Return a result as a table for people: amounts with separators, whole guids, a dash for null.

    Parameters
    ----------
    result
        Result of an analysis.
    headers
        The columns to show, with their headers; all under their own names if None.
    title
        A line above the table.
    width
        Columns of the terminal. Text wraps to fit; numbers are never cut.
    note
        A line below the table.
    """
    from rewards_analytics.show.tables import of_records

    names = headers or {name: printable(name) for name in result.columns}
    table = replace(of_records(result.head(_MOST_ROWS).rows(named=True), title, names), note=note)
    if left_out := len(result) - len(table.rows):
        table = replace(table, note=f"… {count(left_out, 'more row')}. --format csv gives all. {note}".rstrip())
    return table.text(width=width, exact=True)
