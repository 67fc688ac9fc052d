"""The analyses: load a source, compute, print or write the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.calendar import days_after
from rewards_analytics.cli.engines import Engine, EngineName, collected, emit_lazy, scanned
from rewards_analytics.cli.options import (
    AsOf,
    By,
    Edges,
    Every,
    Format,
    Out,
    Rates,
    Source,
    Until,
    Within,
    date_of,
    source_of,
)
from rewards_analytics.cli.results import emit, resolve_format
from rewards_analytics.errors import ArgumentError
from rewards_analytics.wording import count


def balances(source: Source, by: By = None, format: Format = None, out: Out = None, engine: Engine = None) -> None:
    """Show the sum of the listed balances per unit and balance type."""
    from rewards_analytics.analysis.balances import balances

    _analyse(source, lambda rewards: balances(rewards, by=by), format, out, engine, "balances", by)


def holdings(source: Source, format: Format = None, out: Out = None, engine: Engine = None) -> None:
    """Show what each member holds, one row per account and unit."""
    from rewards_analytics.analysis.holdings import holdings

    _analyse(source, holdings, format, out, engine, "holdings")


def totals(source: Source, by: By = None, format: Format = None, out: Out = None, engine: Engine = None) -> None:
    """Show what is held and how much of it will expire, per unit; nothing is counted twice."""
    from rewards_analytics.analysis.totals import totals

    _analyse(source, lambda rewards: totals(rewards, by=by), format, out, engine, "totals", by)


def expiring(
    source: Source,
    as_of: AsOf = None,
    every: Every = "month",
    until: Until = None,
    by: By = None,
    format: Format = None,
    out: Out = None,
    engine: Engine = None,
) -> None:
    """Show what expires in each calendar period."""
    from rewards_analytics.analysis.expiring import expiring

    days = {"as_of": date_of(as_of), "until": date_of(until)}
    _analyse(source, lambda rewards: expiring(rewards, every=every, by=by, **days), format, out, engine, "expiring", by)


def aging(source: Source, as_of: AsOf = None, format: Format = None, out: Out = None, engine: Engine = None) -> None:
    """Show how soon balances expire, in ranges of days."""
    from rewards_analytics.analysis.aging import aging

    _analyse(source, lambda rewards: aging(rewards, as_of=date_of(as_of)), format, out, engine, "aging")


def upcoming(
    source: Source,
    as_of: AsOf = None,
    within: Within = None,
    until: Until = None,
    format: Format = None,
    out: Out = None,
    engine: Engine = None,
) -> None:
    """Show what falls due and whose it is, one row per holding and day."""
    from rewards_analytics.analysis.upcoming import upcoming

    first, last = date_of(as_of), date_of(until)
    if within is not None:
        if last is not None:
            raise ArgumentError("--within and --until both set the last day. Give one of them.")
        first = day(first)
        last = days_after(first, within)
    _analyse(source, lambda rewards: upcoming(rewards, as_of=first, until=last), format, out, engine, "upcoming")


def distance(
    source: Source,
    reached: Annotated[
        bool, typer.Option("--reached", help="Add the goals that are reached, after the others.")
    ] = False,
    top: Annotated[int | None, typer.Option("--top", min=1, metavar="N", help="Show the first N goals.")] = None,
    format: Format = None,
    out: Out = None,
    engine: Engine = None,
) -> None:
    """Show how far away each goal is, the nearest first.

    A table leads with the goals that are not reached. CSV, JSON, Parquet and workbooks hold all goals, unless --reached
    or --top is given. Progress assumes that a goal counts the balance held in its unit.
    """
    from rewards_analytics.analysis.distance import distance
    from rewards_analytics.loading.load import load

    resolved = resolve_format(format, out)
    if engine is None:
        goals = distance(load(source_of(source)))
    elif resolved == "parquet" and not reached and top is None:
        emit_lazy(distance(scanned(source, engine)), "distance", None, resolved, out)
        return
    else:
        goals = collected(distance(scanned(source, engine)), "distance")
    if resolved != "table" and not reached and top is None:
        emit(goals, resolved, out)
        return
    done = goals["reached"]
    listed = goals.filter(~done).vstack(goals.filter(done)) if reached else goals.filter(~done)
    shown = listed if top is None else listed.head(top)
    notes = []
    if more := len(listed) - len(shown):
        notes.append(f"{count(more, 'more goal')} not shown.")
    if not reached and done.any():
        notes.append(f"{count(int(done.sum()), 'goal')} reached; --reached adds them.")
    emit(shown, resolved, out, note=" ".join(notes))


def bands(source: Source, edges: Edges = None, format: Format = None, out: Out = None, engine: Engine = None) -> None:
    """Show how balances are spread: holdings by available balance, per unit."""
    from rewards_analytics.analysis.bands import EDGES, bands

    given = EDGES if edges is None else [edge.strip() for edge in edges.split(",")]
    _analyse(source, lambda rewards: bands(rewards, given), format, out, engine, "bands")


def quality(source: Source, as_of: AsOf = None, format: Format = None, out: Out = None, engine: Engine = None) -> None:
    """Show how many rewards fail each quality check."""
    from rewards_analytics.analysis.quality import quality

    _analyse(source, lambda rewards: quality(rewards, as_of=date_of(as_of)), format, out, engine, "quality")


def value(source: Source, rates: Rates, format: Format = None, out: Out = None, engine: Engine = None) -> None:
    """Show in dollars what is held and how much of it will expire, at the rates of a file."""
    from rewards_analytics.analysis.value import value

    _analyse(source, lambda rewards: value(rewards, rates), format, out, engine, "value")


def _analyse(
    source: str,
    analysis: Callable[[Any], Any],
    format: str | None,
    out: Path | None,
    engine: EngineName | None,
    question: str,
    by: list[str] | None = None,
) -> None:
    from rewards_analytics.loading.load import load

    resolved = resolve_format(format, out)  # before anything is loaded: it may be refused
    if engine is None:
        emit(analysis(load(source_of(source))), resolved, out)
    else:
        emit_lazy(analysis(scanned(source, engine)), question, by, resolved, out)
