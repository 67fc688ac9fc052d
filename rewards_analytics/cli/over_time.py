"""The analyses of a history: open it, compute, print or write the result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from rewards_analytics.cli.engines import EngineName, HistoryEngine, emit_lazy, scanned_history
from rewards_analytics.cli.options import Every, Format, HistoryPath, Out, Until, date_of
from rewards_analytics.cli.results import resolve_format
from rewards_analytics.errors import ArgumentError, SourceError

MadeOn = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        metavar="YYYY-MM-DD",
        help="Forecast from the last snapshot on or before this day; by default from the last of all.",
    ),
]
Leads = Annotated[
    str | None,
    typer.Option("--leads", metavar="DAYS", help="Numbers of days ahead, ascending, separated by commas: 7,30,90"),
]
HorizonDays = Annotated[
    int, typer.Option("--horizon-days", min=1, metavar="DAYS", help="Only dues with at most this many days left count.")
]
Window = Annotated[
    int, typer.Option("--window", min=1, metavar="DAYS", help="Number of days up to the last snapshot that count.")
]


def changes(history: HistoryPath, format: Format = None, out: Out = None, engine: HistoryEngine = None) -> None:
    """Show what each holding earned, redeemed and lost from one snapshot to the next.

    The flows are net between two snapshots, so lower bounds.
    """
    from rewards_analytics.analysis.over_time.changes import changes

    _analyse(history, changes, format, out, engine, "changes")


def roll_forward(
    history: HistoryPath, every: Every = "month", format: Format = None, out: Out = None, engine: HistoryEngine = None
) -> None:
    """Show how balances moved from opening to closing in each calendar period, per unit.

    The flows are net between two snapshots, so lower bounds.
    """
    from rewards_analytics.analysis.over_time.roll_forward import roll_forward

    _analyse(history, lambda kept: roll_forward(kept, every=every), format, out, engine, "roll_forward")


def pace(
    history: HistoryPath, window: Window = 90, format: Format = None, out: Out = None, engine: HistoryEngine = None
) -> None:
    """Show how fast each goal is getting closer, and when it will be reached at that pace.

    Earnings are net between two snapshots, so the pace is a lower bound.
    """
    from rewards_analytics.analysis.over_time.pace import pace

    _analyse(history, lambda kept: pace(kept, window=window), format, out, engine, "pace")


def activity(
    history: HistoryPath, window: Window = 90, format: Format = None, out: Out = None, engine: HistoryEngine = None
) -> None:
    """Show when each holding last earned and redeemed, and how much recently.

    The sums are net between two snapshots, so lower bounds.
    """
    from rewards_analytics.analysis.over_time.activity import activity

    _analyse(history, lambda kept: activity(kept, window=window), format, out, engine, "activity")


def dues(history: HistoryPath, format: Format = None, out: Out = None, engine: HistoryEngine = None) -> None:
    """Show what became of each amount that was due to expire: saved, expired, or still ahead.

    Saved means redeemed, or moved to another day.
    """
    from rewards_analytics.analysis.over_time.dues import dues

    _analyse(history, dues, format, out, engine, "dues")


def lapse(
    history: HistoryPath, leads: Leads = None, format: Format = None, out: Out = None, engine: HistoryEngine = None
) -> None:
    """Show what share of the amounts due some days ahead was still due on the day, per unit."""
    from rewards_analytics.analysis.over_time.lapse import lapse
    from rewards_analytics.analysis.over_time.leads import LEADS

    given = LEADS if leads is None else [_number(lead) for lead in leads.split(",")]
    _analyse(history, lambda kept: lapse(kept, leads=given), format, out, engine, "lapse")


def forecast(
    history: HistoryPath,
    as_of: MadeOn = None,
    every: Every = "month",
    until: Until = None,
    format: Format = None,
    out: Out = None,
    engine: HistoryEngine = None,
) -> None:
    """Show how much of the amounts due is expected to expire, per calendar period and unit.

    For a day in the past it also shows what happened.
    """
    from rewards_analytics.analysis.over_time.forecast import forecast

    _analyse(
        history,
        lambda kept: forecast(kept, as_of=date_of(as_of), every=every, until=date_of(until)),
        format,
        out,
        engine,
        "forecast",
    )


def backtest(
    history: HistoryPath,
    every: Every = "month",
    horizon_days: HorizonDays = 90,
    format: Format = None,
    out: Out = None,
    engine: HistoryEngine = None,
) -> None:
    """Show how far past forecasts were from what happened, per unit."""
    from rewards_analytics.analysis.over_time.backtest import backtest

    _analyse(
        history, lambda kept: backtest(kept, every=every, horizon_days=horizon_days), format, out, engine, "backtest"
    )


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ArgumentError(
            f"--leads: {text!r} is not a number of days. Write them with commas between: 7,30,90"
        ) from None


def _analyse(
    history: str,
    analysis: Callable[[Any], Any],
    format: str | None,
    out: Path | None,
    engine: EngineName | None,
    question: str,
) -> None:
    from rewards_analytics.history import History

    resolved = resolve_format(format, out)  # before anything is read: it may be refused
    if not history:
        raise SourceError("HISTORY is empty. Name a history's folder; . is this folder.")
    emit_lazy(analysis(scanned_history(History(history), engine)), question, None, resolved, out)
