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


# --- What became of what was due ----------------------------------------------------------------------

Due = tuple[tuple[Any, ...], date]


class Past:
    """What each snapshot lists as due, of holdings whose balance it knows, and what became of each due."""

    def __init__(self, history: Iterable[Row]) -> None:
        self.history = list(history)
        self.dates = dates_of(self.history)
        self.listed: dict[date, dict[Due, Decimal]] = {}
        self.known: dict[date, set[tuple[Any, ...]]] = {}
        for day in self.dates:
            known = {key: rows for key, rows in on(self.history, day).items() if available(rows) is not None}
            self.known[day] = set(known)
            amounts = {
                (key, expires_on): added(row["balance"] for row in lots(rows) if row["expires_on"] == expires_on)
                for key, rows in known.items()
                for expires_on in {row["expires_on"] for row in lots(rows)} - {None}
            }
            self.listed[day] = {due: amount for due, amount in amounts.items() if amount > 0 and day <= due[1]}
        self.outcomes = {due: self._outcome(*due) for listed in self.listed.values() for due in listed}

    def _outcome(self, key: tuple[Any, ...], expires_on: date) -> tuple[Decimal | None, str]:
        after = [day for day in self.dates if day > expires_on]
        if not after:
            return None, "ahead"
        before = [day for day in self.dates if day <= expires_on][-1]
        if key not in self.known[before] or key not in self.known[after[0]]:
            return None, "unknown"
        left = self.listed[before].get((key, expires_on), NOTHING)
        return left, "expired" if left else "saved"

    def up_to(self, day: date) -> Past:
        return Past(row for row in self.history if row["taken_on"] <= day)

    def settled(self, dues: dict[Due, Decimal]) -> dict[Due, tuple[Decimal, Decimal]]:
        """The dues that have an outcome, with what was due and what of it expired."""
        found = {due: (amount, self.outcomes[due][0]) for due, amount in dues.items()}
        return {due: (amount, min(amount, left)) for due, (amount, left) in found.items() if left is not None}

    def lapsed(self, leads: Iterable[int]) -> dict[tuple[str, int], list[tuple[Decimal, Decimal]]]:
        """What was due and what of it expired, of each due, by unit and lead."""
        result: dict[tuple[str, int], list[tuple[Decimal, Decimal]]] = defaultdict(list)
        leads = list(leads)
        for key, expires_on in self.outcomes:
            for lead, longer in zip(leads, [*leads[1:], 10**9], strict=True):
                days = [day for day in self.dates if (expires_on - day).days >= lead]
                if days and (expires_on - days[-1]).days < longer and (key, expires_on) in self.listed[days[-1]]:
                    amounts = {(key, expires_on): self.listed[days[-1]][key, expires_on]}
                    result[key[3], lead] += self.settled(amounts).values()
        return {key: rows for key, rows in result.items() if rows}

    def expected(self, made_on: date, unit: str, dues: dict[Due, Decimal]) -> Decimal | None:
        """What is expected of some dues, by the snapshots up to a day."""
        shares = {0: Fraction(1)}
        for (of_unit, lead), rows in self.up_to(made_on).lapsed((7, 14, 30, 60, 90, 180, 365)).items():
            if of_unit == unit:
                shares[lead] = sum(Fraction(lapsed) for _, lapsed in rows) / sum(Fraction(due) for due, _ in rows)
        if len(shares) == 1:
            return None
        total = Fraction(0)
        for (_, expires_on), amount in dues.items():
            left = (expires_on - made_on).days
            low = max(lead for lead in shares if lead <= left)
            high = min((lead for lead in shares if lead >= left), default=low)
            part = Fraction(left - low, high - low) if high > low else Fraction(0)
            total += Fraction(amount) * (shares[low] * (1 - part) + shares[high] * part)
        return rounded(total)


def of_unit(dues: dict[Due, Any], unit: str) -> dict[Due, Any]:
    return {due: value for due, value in dues.items() if due[0][3] == unit}


def dues(past: Past) -> list[tuple[Any, ...]]:
    result = []
    for due, outcome in past.outcomes.items():
        days = [day for day in past.dates if due in past.listed[day]]
        first, last = past.listed[days[0]][due], past.listed[days[-1]][due]
        result.append((*due[0], due[1], days[0], days[-1], first, last, *outcome))
    return result


def lapse(past: Past, leads: Iterable[int]) -> list[tuple[Any, ...]]:
    result = []
    for key, rows in past.lapsed(leads).items():
        due, expired = (added(row[place] for row in rows) for place in (0, 1))
        share = float(Fraction(expired) / Fraction(due))
        result.append((*key, due, expired, added([due, expired.copy_negate()]), share, len(rows)))
    return result


def forecast(past: Past, as_of: date | None, every: str, until: date | None) -> list[tuple[Any, ...]]:
    dates = [day for day in past.dates if as_of is None or day <= as_of]
    made_on = dates[-1] if dates else date.min
    counted = {due: amount for due, amount in past.listed.get(made_on, {}).items() if until is None or due[1] <= until}
    if not counted:
        return []
    last = until or max(day for _, day in counted)
    span = [made_on + timedelta(days) for days in range((last - made_on).days + 1)]
    result = []
    for unit in {key[3] for key, _ in counted}:
        for period in {period_of(day, every) for day in span}:
            here = {due: value for due, value in of_unit(counted, unit).items() if period_of(due[1], every) == period}
            known = past.settled(here).values()
            observed = [added(row[place] for row in known) if known else None for place in (0, 1)]
            result.append((period, unit, added(here.values()), past.expected(made_on, unit, here), *observed))
    return result


def backtest(past: Past, every: str, horizon_days: int) -> list[tuple[Any, ...]]:
    firsts: dict[date, date] = {}
    for day in past.dates:
        firsts.setdefault(period_of(day, every), day)
    result = []
    for made_on in firsts.values():
        near = {due: value for due, value in past.listed[made_on].items() if (due[1] - made_on).days <= horizon_days}
        known = past.settled(near)
        for unit in {key[3] for key, _ in known}:
            here = {due: amount for due, (amount, _) in of_unit(known, unit).items()}
            observed = added(lapsed for _, lapsed in of_unit(known, unit).values())
            total = past.expected(made_on, unit, here)
            error = None if total is None else added([total, observed.copy_negate()])
            result.append((made_on, unit, added(here.values()), total, observed, error))
    return result
