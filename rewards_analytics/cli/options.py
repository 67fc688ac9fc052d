"""Arguments and options that several commands share."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import IO, Annotated, Literal

import typer

from rewards_analytics.cli.messages import say
from rewards_analytics.errors import SourceError


def path_of(text: str) -> Path:
    """Return the path of an option; refuse an empty one, which would be this folder."""
    if not text:
        raise typer.BadParameter("the path is empty.")
    return Path(text)


Source = Annotated[
    str,
    typer.Argument(
        help="A file, folder or glob of rewards: JSON, NDJSON, CSV or Parquet, also .gz and .zst; - is standard input.",
        metavar="SOURCE",
    ),
]
HistoryPath = Annotated[
    str, typer.Argument(help="The history: a folder, or the URL of an object store.", metavar="HISTORY")
]
Format = Annotated[
    Literal["table", "csv", "json", "parquet", "xlsx"] | None,
    typer.Option("--format", help="Format of the result; by default that of the ending of --out, or a table."),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", parser=path_of, metavar="FILE", help="File to write, instead of standard output."),
]
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
Within = Annotated[
    int | None,
    typer.Option("--within", min=0, metavar="DAYS", help="Number of days ahead that count; 0 for the first day alone."),
]
Edges = Annotated[
    str | None,
    typer.Option(
        "--edges", metavar="NUMBERS", help="Lower edges of the bands, ascending, separated by commas: 0,100,1000.50"
    ),
]
Every = Annotated[
    Literal["day", "week", "month", "quarter", "year"], typer.Option("--every", help="Length of a period.")
]


def source_of(source: str) -> str | IO[bytes]:
    """Return what the loader reads for SOURCE."""
    if not source:
        raise SourceError("SOURCE is empty. Name a file or a folder; . is this folder.")
    return standard_input() if source == "-" else source


def standard_input() -> IO[bytes]:
    """Return standard input, once it is known to be open."""
    if sys.stdin is None:
        raise SourceError("Standard input is closed. Name a file, or pipe rewards into the command.")
    if sys.stdin.isatty():
        say("Reading rewards from the terminal until Ctrl-D.")
    return sys.stdin.buffer


def date_of(day: datetime | None) -> date | None:
    """Return the date of a parsed option."""
    return None if day is None else day.date()
