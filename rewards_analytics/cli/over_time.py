"""The analyses of a history: open it, compute, print or write the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rewards_analytics.cli.options import Every, Format, HistoryPath, Out
from rewards_analytics.cli.results import emit, resolve_format
from rewards_analytics.errors import SourceError
from rewards_analytics.files import whole_file

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.history import History

Window = Annotated[
    int, typer.Option("--window", min=1, metavar="DAYS", help="Days up to the last snapshot that are added up.")
]


def changes(history: HistoryPath, format: Format = None, out: Out = None) -> None:
    """Show what each holding earned, redeemed and lost from one snapshot to the next.

    The flows are net between two snapshots, so lower bounds.
    """
    from rewards_analytics.analysis.over_time.changes import changes

    _analyse(history, changes, format, out)


def roll_forward(history: HistoryPath, every: Every = "month", format: Format = None, out: Out = None) -> None:
    """Show how balances moved from opening to closing in each calendar period, per unit.

    The flows are net between two snapshots, so lower bounds.
    """
    from rewards_analytics.analysis.over_time.roll_forward import roll_forward

    _analyse(history, lambda kept: roll_forward(kept, every=every), format, out)


def pace(history: HistoryPath, window: Window = 90, format: Format = None, out: Out = None) -> None:
    """Show how fast each goal comes closer, and when it would be reached at that pace.

    What is earned is net between two snapshots, so a lower bound.
    """
    from rewards_analytics.analysis.over_time.pace import pace

    _analyse(history, lambda kept: pace(kept, window=window), format, out)


def activity(history: HistoryPath, window: Window = 90, format: Format = None, out: Out = None) -> None:
    """Show when each holding last earned and redeemed, and how much of late.

    The sums are net between two snapshots, so lower bounds.
    """
    from rewards_analytics.analysis.over_time.activity import activity

    _analyse(history, lambda kept: activity(kept, window=window), format, out)


def _analyse(history: str, analysis: Callable[[History], pl.LazyFrame], format: str | None, out: Path | None) -> None:
    from rewards_analytics.history import History

    resolved = resolve_format(format, out)  # before anything is read: it may be refused
    if not history:
        raise SourceError("HISTORY is empty. Name a history's folder; . is this folder.")
    result = analysis(History(history))
    if resolved == "parquet" and out is not None:
        # Not all in memory: a year of changes has many rows.
        with whole_file(out) as file:
            result.sink_parquet(file)
    else:
        emit(result.collect(), resolved, out)
