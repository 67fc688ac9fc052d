"""The contents of a report: the analyses of one set of rewards as a plain dict, with tables and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.bands import bands
from rewards_analytics.analysis.calendar import end_of_month
from rewards_analytics.analysis.expiring import expiring
from rewards_analytics.analysis.freshness import STALE_AFTER_DAYS
from rewards_analytics.analysis.quality import quality
from rewards_analytics.analysis.rates import read_rates
from rewards_analytics.engines import columns_of
from rewards_analytics.plots.outside import after_timeline, outside_of_timeline
from rewards_analytics.reporting.moved import Moved, Movement
from rewards_analytics.reporting.pictures import embedded
from rewards_analytics.reporting.tables import Facts, table_rows, tables
from rewards_analytics.results.bands import banded
from rewards_analytics.results.overview import overview, stale, typed_once, worth
from rewards_analytics.results.records import Record, in_order, of_unit, units_of
from rewards_analytics.results.upcoming import MOST_UPCOMING, SOON_DAYS, later
from rewards_analytics.schema import UNIT_TYPES
from rewards_analytics.show.cards import card
from rewards_analytics.show.definitions import definitions
from rewards_analytics.show.headline import sentence_of_source
from rewards_analytics.show.lapses import likely_to_lapse
from rewards_analytics.show.overview import what_matters
from rewards_analytics.spreadsheet import as_csv
from rewards_analytics.version import __version__

TITLE: Final = "Rewards report"
MONTHS: Final = 24
"""Most months in the timeline, that of `as_of` included. Later expiries are summed below it."""

FEWEST_MONTHS: Final = 12
"""Fewest months in the timeline, even if nothing expires in the last of them."""

MOST_PICTURES: Final = 6
"""Units with a picture, documented ones first: the page must stay small."""


def report_facts(
    rewards: Any,
    *,
    as_of: date | None = None,
    title: str | None = None,
    rates: Any = None,
    history: Any = None,
    freshness: Any = None,
) -> Facts:
    """Analyse rewards and return all that the page shows: facts, sentences, tables and pictures.

    `history` may also be what was read of one: `Moved`.
    """
    as_of = day(as_of)
    if rates is not None:
        read_rates(rates)  # fails before anything is computed if they are wrong
    movement = history if history is None or isinstance(history, Moved) else Movement(history, as_of)  # likewise
    rewards = typed_once(rewards, asked_by="report")
    fresh = None if freshness is None else stale(rewards, freshness, as_of=as_of)
    first = overview(rewards, as_of=as_of)
    in_dollars = None if rates is None else worth(rewards, rates)
    schedule, upcoming = first.schedule, first.upcoming
    moved: Moved | None = movement.read() if isinstance(movement, Movement) else movement
    ahead = moved.outlook if moved else ()
    facts = {
        "title": title or TITLE,
        "as_of": as_of,
        "version": __version__,
        "source": first.source,
        "source_words": sentence_of_source(first.source),
        "headline": what_matters(first, in_dollars, fresh, likely_to_lapse(ahead, schedule, as_of)),
        "soon_days": SOON_DAYS,
        "totals": [card(row, schedule) for row in first.totals],
        "value": in_dollars,
        "freshness": None if fresh is None else {"rows": fresh, "stale_after": STALE_AFTER_DAYS},
        "moved": None if moved is None else moved.facts(),
        "outlook": ahead,
        "timeline": _timeline(rewards, schedule, as_of),
        "aging": schedule,
        "upcoming": {"rows": upcoming.rows, "count": upcoming.in_all, "most": MOST_UPCOMING},
        "goals": {"rows": first.goals, "counts": first.counts},
        "bands": banded(bands(rewards)),
        "quality": _quality(rewards, as_of),
        "definitions": definitions(
            value=rates is not None,
            stale_after=None if fresh is None else STALE_AFTER_DAYS,
            moved=moved is not None,
            lapses=bool(ahead),
        ),
    }
    downloads = {name: as_csv(rows, columns) for name, (rows, columns) in table_rows(facts).items()}
    return facts | {"csv": downloads, "tables": tables(facts, downloads)}


def _timeline(rewards: Any, schedule: Sequence[Record], as_of: date) -> Facts:
    """Return the months ahead, their pictures, and what expires after them."""
    until = end_of_month(as_of, MONTHS - 1)
    rows = in_order("expiring", expiring(rewards, as_of=as_of, every="month", until=until))
    busy = [row["period"] for row in rows if row["rewards"]]
    last = max([*busy, end_of_month(as_of, FEWEST_MONTHS - 1)])
    rows = [row for row in rows if row["period"] <= last]
    units = units_of(rows)
    drawn = sorted(units, key=lambda unit_type: (unit_type not in UNIT_TYPES, unit_type))[:MOST_PICTURES]
    return {
        "until": until,
        "months": MONTHS,
        "rows": rows,
        "later": after_timeline(later(schedule, rows), until),
        "outside": outside_of_timeline(schedule, as_of),
        "pictures": [
            embedded("expiring", of_unit(rows, unit_type), f"expiring-{unit_type}", every="month")
            for unit_type in drawn
        ],
        "not_drawn": len(units) - len(drawn),
    }


def _quality(rewards: Any, as_of: date) -> Sequence[Record] | None:
    """Return the quality checks, or None if the rewards lack the columns that they read."""
    if not {"guid", "created_at"} <= set(columns_of(rewards, asked_by="report")):
        return None
    return in_order("quality", quality(rewards, as_of=as_of))
