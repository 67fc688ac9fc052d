"""Notebooks of a team's own: starters, and their validation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rewards_analytics.cli.messages import INVALID_DATA
from rewards_analytics.cli.options import path_of
from rewards_analytics.cli.results import show, show_written


def notebooks(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", metavar="FOLDER", parser=path_of)],
) -> None:
    """Write starter notebooks with their outputs, their data and a recipe for CI into a folder of your own."""
    from rewards_analytics.notebooks.starters import write_starters

    for path in write_starters(folder):
        show_written(path)


def validate(
    notebooks: Annotated[list[Path], typer.Argument(help="Notebooks with stored outputs.", metavar="NOTEBOOK…")],
    junit: Annotated[
        Path | None,
        typer.Option("--junit", parser=path_of, metavar="FILE", help="Also write the results as JUnit XML, for CI."),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Run the notebooks and store their new outputs, instead of comparing.")
    ] = False,
    cell_timeout: Annotated[float, typer.Option("--cell-timeout", help="Seconds that one cell may take.")] = 120.0,
) -> None:
    """Run notebooks again and compare each output with the stored one; exit with 1 if one differs."""
    from rewards_analytics.notebooks import validating

    if update:
        for notebook in notebooks:
            validating.update(notebook)
            show_written(notebook)
        return
    found = validating.validate(notebooks, junit=junit, cell_timeout=cell_timeout)
    show("\n".join(each.text() for each in found))
    if not all(each.is_valid for each in found):
        raise typer.Exit(INVALID_DATA)
