"""The analyses: load a source, compute, print or write the result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rewards_analytics.cli.options import AsOf, By, Every, Format, Out, Rates, Source, Until, date_of, source_of
from rewards_analytics.cli.results import emit, resolve_format

if TYPE_CHECKING:
    import polars as pl


def balances(source: Source, by: By = None, format: Format = None, out: Out = None) -> None:
    """Show the sum of the listed balances per unit and balance type."""
    from rewards_analytics.analysis.balances import balances

    _analyse(source, lambda rewards: balances(rewards, by=by), format, out)


def holdings(source: Source, format: Format = None, out: Out = None) -> None:
    """Show what each member holds, one row per account and unit."""
    from rewards_analytics.analysis.holdings import holdings

    _analyse(source, holdings, format, out)


def totals(source: Source, by: By = None, format: Format = None, out: Out = None) -> None:
    """Show what is held and how much of it will expire, per unit; nothing is counted twice."""
    from rewards_analytics.analysis.totals import totals

    _analyse(source, lambda rewards: totals(rewards, by=by), format, out)


def expiring(
    source: Source,
    as_of: AsOf = None,
    every: Every = "month",
    until: Until = None,
    by: By = None,
    format: Format = None,
    out: Out = None,
) -> None:
    """Show what expires in each calendar period."""
    from rewards_analytics.analysis.expiring import expiring

    days = {"as_of": date_of(as_of), "until": date_of(until)}
    _analyse(source, lambda rewards: expiring(rewards, every=every, by=by, **days), format, out)


def aging(source: Source, as_of: AsOf = None, format: Format = None, out: Out = None) -> None:
    """Show how soon balances expire, in ranges of days."""
    from rewards_analytics.analysis.aging import aging

    _analyse(source, lambda rewards: aging(rewards, as_of=date_of(as_of)), format, out)


def distance(source: Source, format: Format = None, out: Out = None) -> None:
    """Show how far away each goal is, the nearest first.

    Progress assumes that a goal counts the balance held in its unit.
    """
    from rewards_analytics.analysis.distance import distance

    _analyse(source, distance, format, out)


def quality(source: Source, as_of: AsOf = None, format: Format = None, out: Out = None) -> None:
    """Show how many rewards fail each quality check."""
    from rewards_analytics.analysis.quality import quality

    _analyse(source, lambda rewards: quality(rewards, as_of=date_of(as_of)), format, out)


def value(source: Source, rates: Rates, format: Format = None, out: Out = None) -> None:
    """Show in dollars what is held and how much of it will expire, at the rates of a file."""
    from rewards_analytics.analysis.value import value

    _analyse(source, lambda rewards: value(rewards, rates), format, out)


def _analyse(
    source: str, analysis: Callable[[pl.DataFrame], pl.DataFrame], format: str | None, out: Path | None
) -> None:
    from rewards_analytics.loading.load import load

    resolved = resolve_format(format, out)  # before anything is loaded: it may be refused
    emit(analysis(load(source_of(source))), resolved, out)
