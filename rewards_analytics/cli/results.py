"""How a result leaves the command line: a table to read, or CSV, JSON and Parquet with exact amounts."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from rewards_analytics import wording
from rewards_analytics.errors import ArgumentError
from rewards_analytics.files import whole_file

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console
    from rich.table import Table

_ENDINGS = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".pq": "parquet"}


def will_give(form: str | None, out: Path | None) -> str:
    """Decide the form of a result before anything is computed; refuse what cannot be given."""
    if form is None:
        form = _ENDINGS.get(out.suffix.lower(), "table") if out else "table"
    if form == "parquet" and out is None and sys.stdout.isatty():
        raise ArgumentError("Parquet is not for a terminal. Pass --out FILE, or send the output to a file or a pipe.")
    return form


def give(result: pl.DataFrame, form: str, out: Path | None) -> None:
    """Print a result on standard output, or write it to a file, whole or not at all."""
    if out is None:
        if form == "table":
            console().print(readable(result))
        else:
            sys.stdout.buffer.write(_encoded(result, form))
            sys.stdout.buffer.flush()
        return
    with whole_file(out) as file:
        file.write(_encoded(result, form))


def _encoded(result: pl.DataFrame, form: str) -> bytes:
    if form == "parquet":
        buffer = io.BytesIO()
        result.write_parquet(buffer)
        return buffer.getvalue()
    if form == "csv":
        from rewards_analytics.loading.write import guarded

        return guarded(result).write_csv().encode()
    if form == "json":
        return _json(result).encode()
    text = io.StringIO()
    console(text).print(readable(result))
    return text.getvalue().encode()


def _json(result: pl.DataFrame) -> str:
    """Write a list of objects, amounts as strings: a reader's JSON numbers are mostly floats."""
    rows = [{name: _plain(value) for name, value in row.items()} for row in result.iter_rows(named=True)]
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"[\n  {lines}\n]\n" if rows else "[]\n"


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case _:
            return value


# --- Tables to read ---------------------------------------------------------------------------------


def console(file: IO[str] | None = None) -> Console:
    """Return a console as wide as its table where nothing limits it, so that no amount is ever cut."""
    from rich.console import Console

    target = file or sys.stdout
    width = None if target.isatty() else 400
    return Console(file=target, width=width, highlight=False, markup=False, soft_wrap=True)


def readable(result: pl.DataFrame, headings: Mapping[str, str] | None = None, title: str | None = None) -> Table:
    """Return a result as a table for people: amounts with separators, whole guids, an en dash where nothing is known.

    Parameters
    ----------
    result
        Result of an analysis.
    headings
        The columns to show, with their headings; all under their own names if None.
    title
        A line above the table.
    """
    from rich import box
    from rich.table import Table

    names = headings or {name: name for name in result.columns}
    rows = [
        [_cell(name, row[name], row.get("unit_type", "")) for name in names] for row in result.iter_rows(named=True)
    ]
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    for place, (name, heading) in enumerate(names.items()):
        if result.schema[name].is_numeric():
            # On a narrow terminal text is folded, and a number never cut.
            widest = max((len(row[place]) for row in rows), default=0)
            table.add_column(heading, justify="right", no_wrap=True, min_width=widest)
        else:
            table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _cells(row: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    return [_cell(name, row[name], row.get("unit_type", "")) for name in names]


def _cell(name: str, value: Any, unit_type: str) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return wording.amount(value, unit_type)
        case float() if name == "progress":
            return wording.percent(value)
        case int():
            return f"{value:,}"
        case date():
            return value.isoformat()
        case _:
            return wording.one_line(str(value), 80)
