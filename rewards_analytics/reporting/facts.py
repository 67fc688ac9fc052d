"""What a report says: the analyses of one set of rewards as a plain dict, tables and pictures included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final, TypeAlias

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.bands import bands
from rewards_analytics.analysis.calendar import end_of_month
from rewards_analytics.analysis.expiring import expiring
from rewards_analytics.analysis.freshness import STALE_AFTER_DAYS
from rewards_analytics.analysis.quality import quality
from rewards_analytics.analysis.rates import read_rates
from rewards_analytics.engines import columns_of
from rewards_analytics.plots.outside import after_timeline, outside_of_timeline
from rewards_analytics.reporting.moved import Movement
from rewards_analytics.reporting.pictures import embedded
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
from rewards_analytics.show.tables import Table, header, of_records, of_units
from rewards_analytics.spreadsheet import as_csv
from rewards_analytics.version import __version__

Facts: TypeAlias = dict[str, Any]
"""Facts under the names that the templates use."""

TITLE: Final = "Rewards report"
MONTHS: Final = 24
"""Most months in the timeline, that of `as_of` included. Later expiries are summed below it."""

FEWEST_MONTHS: Final = 12
"""Fewest months in the timeline, even if nothing expires in the last of them."""

MOST_PICTURES: Final = 6
"""Units with a picture, documented ones first: the page must stay small."""

ROLL_FORWARD: Final = (
    "period",
    "unit_type",
    "opening",
    "joined",
    "earned",
    "redeemed",
    "expired",
    "left",
    "closing",
    "expiry_share",
)
"""Columns of the roll-forward."""

OUTLOOK: Final = ("unit_type", "due", "expected", "past_due", "past_expired", "past_share", "dues", "since")
OUTLOOK_HEADERS: Final = {
    "unit_type": "Unit",
    "due": "Due",
    "expected": "Likely to lapse",
    "past_due": "Was due",
    "past_expired": "Of which lapsed",
    "past_share": "Share",
    "dues": "Dues",
    "since": "Since",
}
"""Columns of what is likely to lapse, and what stands above them."""


def report_facts(
    rewards: Any,
    *,
    as_of: date | None = None,
    title: str | None = None,
    rates: Any = None,
    history: Any = None,
    freshness: Any = None,
) -> Facts:
    """Analyse rewards and return all that the page shows: facts, sentences, tables and pictures."""
    as_of = day(as_of)
    if rates is not None:
        read_rates(rates)  # before anything is computed, because they may be wrong
    movement = None if history is None else Movement(history, as_of)  # likewise
    rewards = typed_once(rewards, asked_by="report")
    fresh = None if freshness is None else stale(rewards, freshness, as_of=as_of)
    first = overview(rewards, as_of=as_of)
    in_dollars = None if rates is None else worth(rewards, rates)
    schedule, upcoming = first.schedule, first.upcoming
    ahead = [] if movement is None else movement.outlook()
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
        "moved": None if movement is None else movement.facts(),
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
            moved=movement is not None,
            lapses=bool(ahead),
        ),
    }
    downloads = {name: as_csv(rows, columns) for name, (rows, columns) in table_rows(facts).items()}
    return facts | {"csv": downloads, "tables": _tables(facts, downloads)}


def table_rows(facts: Facts) -> dict[str, tuple[Sequence[Record], Sequence[str]]]:
    """Return the rows and columns behind each table, under the name of the file that they are downloaded as."""
    key = ("user_guid", "member_guid", "account_guid", "unit_type")
    downloads: dict[str, tuple[Sequence[Record], Sequence[str]]] = {
        "totals": (facts["totals"], ("unit_type", "available", "expiring", "holdings", "members", "users")),
        "expiring": (facts["timeline"]["rows"], ("period", "unit_type", "expiring", "rewards", "cumulative")),
        "aging": (facts["aging"], ("bucket", "unit_type", "expiring", "rewards")),
        "next-expiries": (
            facts["upcoming"]["rows"],
            ("expires_on", "days_left", *key, "expiring", "rewards", "available"),
        ),
        "nearest-goals": (
            facts["goals"]["rows"],
            (*key, "goal", "description", "remaining", "available", "progress", "reached"),
        ),
        "bands": (facts["bands"], ("unit_type", "at_least", "below", "holdings", "members", "available")),
        "quality": (facts["quality"] or [], ("check", "severity", "rewards", "example_guid")),
    }
    if facts["freshness"] is not None:
        downloads["freshness"] = (
            facts["freshness"]["rows"],
            ("unit_type", "available", "stale", "stale_share", "unknown"),
        )
    if facts["moved"] is not None:
        downloads["roll-forward"] = (facts["moved"]["rows"], ROLL_FORWARD)
    if facts["outlook"]:
        downloads["likely-to-lapse"] = (facts["outlook"], OUTLOOK)
    if facts["value"] is not None:
        names = ("unit_type", "available", "rate", "value", "expiring", "expiring_value")
        downloads["value"] = (facts["value"].rows, names)
    return downloads


def _tables(facts: Facts, downloads: Mapping[str, str]) -> dict[str, Table]:
    """Each table of the page, with its download of the same name.

    The columns that matter most come first: on a phone the others are out of view until the reader scrolls.
    """
    timeline = facts["timeline"]["rows"]
    made = {
        "totals": of_records(
            facts["totals"], "Totals per unit", _headers("unit_type available expiring holdings members users")
        ),
        "expiring": replace(
            of_units(timeline, "Expiring per month", row="period", bars=False), narrow=len(units_of(timeline)) < 3
        ),
        "aging": of_units(facts["aging"], "Aging schedule", row="bucket"),
        "next-expiries": of_records(
            facts["upcoming"]["rows"],
            "Next expiries",
            _headers("expires_on expiring unit_type days_left user_guid member_guid account_guid"),
        ),
        "nearest-goals": of_records(
            facts["goals"]["rows"],
            "Nearest goals not reached yet",
            {"description": "Goal", **_headers("remaining progress unit_type"), "goal": "Kind", "user_guid": "User"},
        ),
        "bands": of_units(
            facts["bands"],
            "Holdings by available balance",
            row="band",
            shown="holdings",
            # Bars of many units would be a third of the page.
            bars=len(units_of(facts["bands"])) <= MOST_PICTURES,
        ),
        "quality": of_records(
            [row for row in facts["quality"] or [] if row["rewards"]],
            "Quality checks that found something",
            _headers("check severity rewards example_guid") | {"rewards": "Affected"},
        ),
    }
    if facts["freshness"] is not None:
        made["freshness"] = of_records(
            facts["freshness"]["rows"], "Freshness per unit", _headers("unit_type available stale stale_share unknown")
        )
    if facts["moved"] is not None:
        made["roll-forward"] = of_records(
            facts["moved"]["rows"], "Roll-forward per month", _headers(" ".join(ROLL_FORWARD))
        )
    if facts["outlook"]:
        # Rounded to read: the download has every digit.
        rows = [{**row, "expected": round(row["expected"], 2)} for row in facts["outlook"]]
        made["likely-to-lapse"] = of_records(rows, f"Likely to lapse within {SOON_DAYS} days", OUTLOOK_HEADERS)
    if facts["value"] is not None:
        names = _headers("unit_type available rate value expiring expiring_value")
        short = {"rate": "Rate", "value": "Value", "expiring_value": "Expiring value"}
        made["value"] = of_records(facts["value"].rows, "Value in dollars", names | short)
    tables = {name: replace(table, name=name, csv=downloads[name]) for name, table in made.items()}
    if facts["moved"] is not None:
        # Without a download of its own: its rows are in that of all months.
        steps = [name for name in ROLL_FORWARD if name != "period"]
        month = facts["moved"]["month"]
        caption = f"{month:%B} {month.year}, the last full month" if month else ""
        tables["last-month"] = of_records(facts["moved"]["of_month"], caption, _headers(" ".join(steps)))
    return tables


def _headers(names: str) -> dict[str, str]:
    return {name: header(name) for name in names.split()}


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
