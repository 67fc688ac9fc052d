"""Arguments and options that several commands share."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import IO, Annotated, Literal

import typer

Source = Annotated[
    str,
    typer.Argument(
        help="A file, folder or glob of rewards: JSON, NDJSON, CSV or Parquet, also .gz and .zst; - is standard input.",
        metavar="SOURCE",
    ),
]
Format = Annotated[
    Literal["table", "csv", "json", "parquet"] | None,
    typer.Option("--format", help="Format of the result; if not given, that of the ending of --out, or a table."),
]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="File to write, instead of standard output.")]
By = Annotated[list[str] | None, typer.Option("--by", help="Column to group by; can be repeated.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Day to count from; today in UTC if not given."
    ),
]
_RATES = typer.Option(
    "--rates", help="CSV of unit_type, rate (dollars per unit) and, if members differ, member_guid.", metavar="FILE"
)
Rates = Annotated[Path, _RATES]
OptionalRates = Annotated[Path | None, _RATES]
Until = Annotated[
    datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Last day that counts.")
]
Every = Annotated[
    Literal["day", "week", "month", "quarter", "year"], typer.Option("--every", help="Length of a period.")
]


def source_of(source: str) -> str | IO[bytes]:
    """Return what the loader reads for SOURCE."""
    return sys.stdin.buffer if source == "-" else source


def date_of(day: datetime | None) -> date | None:
    """Return the date of a parsed option."""
    return None if day is None else day.date()
