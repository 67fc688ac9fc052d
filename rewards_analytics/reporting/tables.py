"""The tables of a report, and the rows behind each: those of its download and of its sheet in a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from rewards_analytics.results.records import Record, units_of
from rewards_analytics.results.upcoming import SOON_DAYS
from rewards_analytics.show.tables import Table, header, of_records, of_units

Facts: TypeAlias = dict[str, Any]
"""Facts under the names that the templates use."""

MOST_BARS: Final = 6
"""Units up to which the table of bands has bars: with more they would be a third of the page."""

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
"""Columns of what is likely to lapse, and their headers."""


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


def tables(facts: Facts, downloads: Mapping[str, str]) -> dict[str, Table]:
    """Return each table of the page, with its download of the same name.

    The columns that matter most come first: on a phone the others are out of view until the reader scrolls.
    """
    made = _always(facts) | _optional(facts)
    found = {name: replace(table, name=name, csv=downloads[name]) for name, table in made.items()}
    # Without a download of its own: its rows are in that of all months.
    return found if facts["moved"] is None else found | {"last-month": _last_month(facts["moved"])}


def _always(facts: Facts) -> dict[str, Table]:
    """Return the tables that every report has."""
    timeline = facts["timeline"]["rows"]
    return {
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
            bars=len(units_of(facts["bands"])) <= MOST_BARS,
        ),
        "quality": of_records(
            [row for row in facts["quality"] or [] if row["rewards"]],
            "Quality checks that found something",
            _headers("check severity rewards example_guid") | {"rewards": "Affected"},
        ),
    }


def _optional(facts: Facts) -> dict[str, Table]:
    """Return the tables of members, a history and rates, where the report has them."""
    made = {}
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
    return made


def _last_month(moved: Facts) -> Table:
    month = moved["month"]
    caption = f"{month:%B} {month.year}, the last full month" if month else ""
    return of_records(moved["of_month"], caption, _headers(" ".join(ROLL_FORWARD[1:])))


def _headers(names: str) -> dict[str, str]:
    return {name: header(name) for name in names.split()}
