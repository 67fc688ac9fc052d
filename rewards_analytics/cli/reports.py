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
    pdf: Annotated[
        bool, typer.Option("--pdf", help="Write it as PDF too, under the same name; alone if FILE ends in .pdf.")
    ] = False,
) -> None:
    """Write a report as one self-contained HTML file, and as PDF with --pdf."""
    from rewards_analytics.reporting import report_with_pdf

    rewards = ra.load(source_of(source))
    write = report_with_pdf if pdf else ra.report
    paths = write(rewards, out, as_of=date_of(as_of), title=title, rates=rates)
    for path in paths if isinstance(paths, list) else [paths]:
        typer.echo(path)
