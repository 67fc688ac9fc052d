"""DESIGN's definitions over time once more, in plain Python on Decimals and Fractions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

from tests.analysis.reference import GOALS, KEY, Row, added, available, by_holding, key_of, lots, period_of

Change = dict[str, Any]
NOTHING = Decimal(0)
WIDE = Context(prec=80)


def dates_of(history: Iterable[Row]) -> list[date]:
    return sorted({row["taken_on"] for row in history})


def pairs_of(history: Iterable[Row]) -> list[tuple[date, date]]:
    return list(pairwise(dates_of(history)))


def on(history: Iterable[Row], day: date) -> dict[tuple[Any, ...], list[Row]]:
    return by_holding(row for row in history if row["taken_on"] == day)


def changes(history: list[Row]) -> list[Change]:
    result = []
    for opens, closes in pairs_of(history):
        before, after = on(history, opens), on(history, closes)
        for key in before.keys() | after.keys():
            opening, closing = available(before.get(key, [])), available(after.get(key, []))
            change = dict(zip(KEY, key, strict=True)) | {"from_date": opens, "to_date": closes}
            change |= {"opening": opening, "closing": closing, "expired": None, "earned": None, "redeemed": None}
            if opening is not None and closing is not None:
                due = [lot for lot in lots(before[key]) if lot["expires_on"] and opens <= lot["expires_on"] < closes]
                expired = min(max(added(lot["balance"] for lot in due), NOTHING), max(opening, NOTHING))
                flow = added([closing, opening.copy_negate(), expired])
                change |= {
                    "status": "held",
                    "expired": expired,
                    "earned": max(flow, NOTHING),
                    "redeemed": max(flow.copy_negate(), NOTHING),
                }
            elif closing is not None:
                change["status"] = "new"
            elif opening is not None:
                change["status"] = "gone"
            else:
                continue
            result.append(change)
    return result


def roll_forward(history: list[Row], every: str) -> list[tuple[Any, ...]]:
    groups: dict[tuple[str, date], list[Change]] = defaultdict(list)
    for change in changes(history):
        groups[change["unit_type"], period_of(change["to_date"], every)].append(change)
    result = []
    for (unit, period), rows in groups.items():
        pairs = [pair for pair in pairs_of(history) if period_of(pair[1], every) == period]
        opening = added(row["opening"] or NOTHING for row in rows if row["from_date"] == pairs[0][0])
        closing = added(row["closing"] or NOTHING for row in rows if row["to_date"] == pairs[-1][1])
        joined = added(row["closing"] for row in rows if row["status"] == "new")
        left = added(row["opening"] for row in rows if row["status"] == "gone")
        earned, redeemed, expired = (
            added(row[name] or NOTHING for row in rows) for name in ("earned", "redeemed", "expired")
        )
        gone = Fraction(expired) + Fraction(redeemed)
        share = float(Fraction(expired) / gone) if gone else None
        result.append((period, unit, opening, joined, earned, redeemed, expired, left, closing, share))
    return result


def pace(history: list[Row], window: int) -> list[tuple[Any, ...]]:
    if not history:
        return []
    last = dates_of(history)[-1]
    recent = [row for row in changes(history) if row["status"] == "held" and (last - row["to_date"]).days < window]
    result = []
    for goal in history:
        if goal["taken_on"] != last or goal["balance_type"] not in GOALS:
            continue
        of_holding = [row for row in recent if key_of(row) == key_of(goal)]
        days = sum((row["to_date"] - row["from_date"]).days for row in of_holding)
        earned = Fraction(added(row["earned"] for row in of_holding))
        remaining = max(goal["balance"], NOTHING)
        days_left = 0 if not remaining else ceil(Fraction(remaining) * days / earned) if earned else None
        expected = None
        if days_left is not None and days_left <= (date.max - last).days:
            expected = last + timedelta(days_left)
        if days_left is not None and days_left >= 2**63:
            days_left = None
        a_day = rounded(earned / days) if days else None
        kind = GOALS[goal["balance_type"]]
        result.append((*key_of(goal), kind, goal["description"], remaining, a_day, days_left, expected))
    return result


def rounded(number: Fraction) -> Decimal:
    """To nine decimals, half to even; Python rounds a Fraction exactly."""
    with localcontext(prec=80):
        return Decimal(round(number * 10**9)).scaleb(-9).quantize(Decimal("1e-9"), ROUND_HALF_EVEN)


def activity(history: list[Row], window: int) -> list[tuple[Any, ...]]:
    if not history:
        return []
    last = dates_of(history)[-1]
    moves = changes(history)
    result = []
    for key, rows in on(history, last).items():
        if (held := available(rows)) is None:
            continue
        mine = [row for row in moves if key_of(row) == key and row["status"] == "held"]
        earned_on = max((row["to_date"] for row in mine if row["earned"]), default=None)
        redeemed_on = max((row["to_date"] for row in mine if row["redeemed"]), default=None)
        latest = max((day for day in (earned_on, redeemed_on) if day), default=None)
        recent = [row for row in mine if (last - row["to_date"]).days < window]
        sums = (added(row[name] for row in recent) for name in ("earned", "redeemed"))
        result.append((*key, held, earned_on, redeemed_on, (last - latest).days if latest else None, *sums))
    return result
