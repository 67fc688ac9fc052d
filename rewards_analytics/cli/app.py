"""The Typer application: every command under its name."""

from __future__ import annotations

from typing import Annotated

import typer

from rewards_analytics.cli import (
    analyses,
    dashboards,
    demo,
    fetching,
    generating,
    histories,
    loading,
    notebooks,
    over_time,
    reports,
)
from rewards_analytics.cli.clusters import on_cluster
from rewards_analytics.cli.help import Commands, examples_of
from rewards_analytics.version import __version__

app = typer.Typer(
    no_args_is_help=True,
    cls=Commands,
    # Errors as plain lines instead of boxes, because people also read them in logs.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rewards-analytics {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Analytics for loyalty balances from MX's Atrium rewards API."""


for command in (
    demo.demo,
    fetching.sandbox,
    fetching.fetch,
    fetching.pull,
    loading.check,
    loading.convert,
    generating.generate,
    analyses.balances,
    analyses.holdings,
    analyses.totals,
    analyses.expiring,
    analyses.aging,
    analyses.upcoming,
    analyses.distance,
    analyses.bands,
    analyses.quality,
    analyses.value,
    histories.snapshot,
    over_time.changes,
    over_time.roll_forward,
    over_time.pace,
    over_time.dues,
    over_time.lapse,
    over_time.forecast,
    over_time.backtest,
    over_time.activity,
    reports.report,
    dashboards.dashboard,
    notebooks.notebooks,
    notebooks.validate,
):
    name = command.__name__.replace("_", "-")
    asks = command.__module__ in (analyses.__name__, over_time.__name__) or command is reports.report
    app.command(name, epilog=examples_of(name))(on_cluster(command) if asks else command)
