"""The analyses: load a source, compute, print or write the result."""

from __future__ import annotations

import rewards_analytics as ra
from rewards_analytics.cli.options import AsOf, By, Every, Format, Out, Rates, Source, Until, date_of, source_of
from rewards_analytics.cli.results import emit, resolve_format


def balances(source: Source, by: By = None, format: Format = None, out: Out = None) -> None:  # noqa: A002
    """Sum the listed balances by unit and balance type."""
    form = resolve_format(format, out)
    emit(ra.balances(ra.load(source_of(source)), by=by), form, out)


def holdings(source: Source, format: Format = None, out: Out = None) -> None:  # noqa: A002
    """Show what each member holds, a row per account and unit."""
    form = resolve_format(format, out)
    emit(ra.holdings(ra.load(source_of(source))), form, out)


def totals(source: Source, by: By = None, format: Format = None, out: Out = None) -> None:  # noqa: A002
    """Show what is held and what of it will expire, per unit; nothing is counted twice."""
    form = resolve_format(format, out)
    emit(ra.totals(ra.load(source_of(source)), by=by), form, out)


def expiring(
    source: Source,
    as_of: AsOf = None,
    every: Every = "month",
    until: Until = None,
    by: By = None,
    format: Format = None,  # noqa: A002
    out: Out = None,
) -> None:
    """Show what expires in each calendar period."""
    form = resolve_format(format, out)
    rewards = ra.load(source_of(source))
    emit(ra.expiring(rewards, as_of=date_of(as_of), every=every, until=date_of(until), by=by), form, out)


def aging(source: Source, as_of: AsOf = None, format: Format = None, out: Out = None) -> None:  # noqa: A002
    """Show how soon balances expire, in spans of days."""
    form = resolve_format(format, out)
    emit(ra.aging(ra.load(source_of(source)), as_of=date_of(as_of)), form, out)


def distance(source: Source, format: Format = None, out: Out = None) -> None:  # noqa: A002
    """Show how far each goal is, the nearest first.

    Progress assumes that a goal counts the balance held in its unit.
    """
    form = resolve_format(format, out)
    emit(ra.distance(ra.load(source_of(source))), form, out)


def quality(source: Source, as_of: AsOf = None, format: Format = None, out: Out = None) -> None:  # noqa: A002
    """Show how many rewards fail each quality check."""
    form = resolve_format(format, out)
    emit(ra.quality(ra.load(source_of(source)), as_of=date_of(as_of)), form, out)


def value(
    source: Source,
    rates: Rates,
    format: Format = None,  # noqa: A002
    out: Out = None,
) -> None:
    """Show what is held and what of it will expire in dollars, at the rates of a file."""
    form = resolve_format(format, out)
    emit(ra.value(ra.load(source_of(source)), rates), form, out)
