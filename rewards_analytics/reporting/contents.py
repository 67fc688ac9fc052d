"""What a report says: the analyses of one set of rewards as a plain dict, pictures included."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import narwhals as nw

import rewards_analytics as ra
from rewards_analytics.analysis.aging import BUCKETS
from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.distance import ORDER
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.quality import CHECKS
from rewards_analytics.analysis.rates import RateTable, read_rates
from rewards_analytics.engines import enter
from rewards_analytics.plots.results import Record, columns_of, gathered, of_unit, records, units_of
from rewards_analytics.reporting.downloads import as_csv
from rewards_analytics.reporting.headline import CLOSE, SOON_DAYS, GoalCounts, exact_sum, headline, share, soon
from rewards_analytics.reporting.pictures import embedded
from rewards_analytics.reporting.upcoming import upcoming

TITLE: Final = "Rewards report"
MONTHS: Final = 24
"""Months of the timeline, the one of `as_of` included. What expires later is one line below it."""

MOST_UPCOMING: Final = 6
"""Next expiries listed per unit."""

MOST_GOALS: Final = 12


def contents(rewards: Any, *, as_of: date | None = None, title: str | None = None, rates: Any = None) -> dict[str, Any]:
    """Analyse rewards and gather all that the page shows: facts, words and pictures."""
    as_of = day(as_of)
    if rates is not None:
        rates = read_rates(rates)  # before anything is computed, because they may be wrong
    rewards = _typed_once(rewards)
    totals = sorted(records(ra.totals(rewards)), key=_unit)
    schedule = sorted(
        records(ra.aging(rewards, as_of=as_of)), key=lambda row: (_unit(row), BUCKETS.index(row["bucket"]))
    )
    goals = _goals(rewards)
    facts = {
        "title": title or TITLE,
        "as_of": as_of,
        "version": ra.__version__,
        **_source(rewards),
        "headline": headline(totals, schedule, goals["counts"], as_of),
        "soon_days": SOON_DAYS,
        "totals": [_of_total(row, schedule) for row in totals],
        "value": None if rates is None else _value(rewards, rates),
        "timeline": _timeline(rewards, schedule, as_of),
        "aging": _aging(schedule),
        "upcoming": _upcoming(rewards, as_of),
        "goals": goals,
        "quality": _quality(rewards, as_of),
    }
    return facts | {"csv": _downloads(facts)}


def _downloads(facts: Mapping[str, Any]) -> dict[str, str]:
    """The rows behind each table, under the name of the file that they are downloaded as."""
    key = ("user_guid", "member_guid", "account_guid", "unit_type")
    tables: dict[str, tuple[Sequence[Record], Sequence[str]]] = {
        "totals": (facts["totals"], ("unit_type", "available", "expiring", "holdings", "members", "users")),
        "expiring": (facts["timeline"]["rows"], ("period", "unit_type", "expiring", "rewards", "cumulative")),
        "aging": (facts["aging"]["rows"], ("bucket", "unit_type", "expiring", "rewards")),
        "next-expiries": (facts["upcoming"]["rows"], ("expires_on", *key, "expiring")),
        "nearest-goals": (
            facts["goals"]["rows"],
            (*key, "goal", "description", "remaining", "available", "progress", "reached"),
        ),
        "quality": (facts["quality"] or [], ("check", "severity", "rewards", "example_guid")),
    }
    if facts["value"] is not None:
        names = ("unit_type", "available", "rate", "value", "expiring", "expiring_value")
        tables["value"] = (facts["value"]["rows"], names)
    return {name: as_csv(rows, columns) for name, (rows, columns) in tables.items()}


def _typed_once(rewards: Any) -> Any:
    """Give a frame in memory typed, in the engine that computes it, so that it is converted only once."""
    found = columns_of(rewards)
    optional = [name for name in ("guid", "created_at") if name in found]
    table = enter(rewards, [*COLUMNS, "description", *optional], asked_by="report")
    return table.gather(table.frame).to_native() if table.eager else rewards


def _source(rewards: Any) -> dict[str, Any]:
    """How many rewards there are, and on which day the newest was created, where the frame says so."""
    dated = "created_at" in columns_of(rewards)
    table = enter(rewards, ["unit_type", *(["created_at"] if dated else [])], asked_by="report")
    facts = [nw.len().alias("rewards"), *([nw.col("created_at").max()] if dated else [])]
    row = table.gather(table.frame.select(*facts)).rows(named=True)[0]
    newest = row.get("created_at")
    return {"rewards": row["rewards"], "newest": newest.date() if newest else None}


def _of_total(row: Record, schedule: Sequence[Record]) -> dict[str, Any]:
    """A row of `totals`, with what expires soon and what is past, and its picture."""
    unit_type = row["unit_type"]
    ahead = soon(schedule, unit_type)
    return dict(row) | {
        "soon": ahead,
        "soon_share": share(ahead, row["available"]),
        "expired": _sum(of_unit(schedule, unit_type), ["expired"]),
        "picture": embedded("totals-card", [row], f"totals-{unit_type}"),
    }


def _value(rewards: Any, rates: RateTable) -> dict[str, Any]:
    """What each unit is worth, and the sum of the dollars; None where nothing has a known value."""
    rows = sorted(records(ra.value(rewards, rates)), key=_unit)
    return {"rows": rows} | {name: _known_sum(row[name] for row in rows) for name in ("value", "expiring_value")}


def _known_sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return exact_sum(known) if known else None


def _timeline(rewards: Any, schedule: Sequence[Record], as_of: date) -> dict[str, Any]:
    """The months ahead: one list of amounts per unit, over the same periods, and what expires after them."""
    until = _end_of_month(as_of, MONTHS - 1)
    timeline = ra.expiring(rewards, as_of=as_of, every="month", until=until)
    rows = sorted(records(timeline), key=lambda row: (_unit(row), row["period"]))
    units = units_of(rows)
    later = {
        unit_type: exact_sum(
            [
                _sum(of_unit(schedule, unit_type), BUCKETS[1:-1]),
                *(row["expiring"].copy_negate() for row in of_unit(rows, unit_type)),
            ]
        )
        for unit_type in units_of(schedule)
    }
    return {
        "until": until,
        "rows": rows,
        "units": units,
        "periods": [
            {"period": row["period"], "amounts": [of_unit(rows, unit)[index]["expiring"] for unit in units]}
            for index, row in enumerate(of_unit(rows, units[0]) if units else [])
        ],
        "later": {unit_type: amount for unit_type, amount in later.items() if amount},
        "pictures": [
            embedded("expiring", of_unit(rows, unit_type), f"expiring-{unit_type}", every="month")
            for unit_type in units
        ],
    }


def _aging(schedule: Sequence[Record]) -> dict[str, Any]:
    units = units_of(schedule)
    return {
        "rows": schedule,
        "units": units,
        "buckets": [
            {"bucket": bucket, "amounts": [of_unit(schedule, unit)[index]["expiring"] for unit in units]}
            for index, bucket in enumerate(BUCKETS)
            if units
        ],
        "pictures": [embedded("aging", of_unit(schedule, unit), f"aging-{unit}") for unit in units],
    }


def _upcoming(rewards: Any, as_of: date) -> dict[str, Any]:
    rows, count = upcoming(rewards, as_of=as_of, most=MOST_UPCOMING)
    listed = [dict(row) | {"days": (row["expires_on"] - as_of).days} for row in rows]
    return {"rows": listed, "count": count, "most": MOST_UPCOMING}


def _goals(rewards: Any) -> dict[str, Any]:
    """The nearest goals that are not reached, and how many there are of each kind."""
    descending = [name == "progress" for name in ORDER]
    goals = gathered(ra.distance(rewards)).sort(*ORDER, descending=descending, nulls_last=True)
    ahead = goals.filter(~nw.col("reached"))
    close = ahead.filter(nw.col("progress") >= CLOSE)
    nearest = records(ahead.head(MOST_GOALS))
    return {
        "rows": nearest,
        "counts": GoalCounts(len(goals), len(goals) - len(ahead), len(close)),
        "picture": embedded("distance", nearest, "distance") if nearest else None,
    }


def _unit(row: Record) -> str:
    return str(row["unit_type"])


def _quality(rewards: Any, as_of: date) -> Sequence[Record] | None:
    """The quality checks, or None where the rewards lack the columns that the checks read."""
    if not {"guid", "created_at"} <= set(columns_of(rewards)):
        return None
    place = {check: index for index, check in enumerate(CHECKS)}
    return sorted(records(ra.quality(rewards, as_of=as_of)), key=lambda row: place[row["check"]])


def _sum(schedule: Sequence[Record], buckets: Sequence[str]) -> Decimal:
    """Add up what expires in some spans of one unit."""
    return exact_sum(row["expiring"] for row in schedule if row["bucket"] in buckets)


def _end_of_month(start: date, months: int) -> date:
    """The last day of the month that lies some months after a day's own, or of the last month there is."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    year, month = (year, month + 1) if year <= date.max.year else (date.max.year, 12)
    return date(year, month, calendar.monthrange(year, month)[1])
