"""The report for people who do not open a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import rewards_analytics as ra
from rewards_analytics.cli.options import AsOf, OptionalRates, Source, date_of, source_of


def report(
    source: Source,
    out: Annotated[Path, typer.Option("--out", "-o", help="The HTML file to write.")],
    as_of: AsOf = None,
    title: Annotated[str | None, typer.Option("--title", help="Title of the report.")] = None,
    rates: OptionalRates = None,
) -> None:
    """Write a report as one self-contained HTML file."""
    rewards = ra.load(source_of(source))
    typer.echo(ra.report(rewards, out, as_of=date_of(as_of), title=title, rates=rates))
