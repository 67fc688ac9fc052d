"""DESIGN's definitions once more, in plain Python on Decimals, row by row: what every engine must agree with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Any

Row = dict[str, Any]
GOALS = {"BALANCE_TO_LEVEL": "LEVEL", "BALANCE_TO_REWARD": "REWARD"}
KNOWN = {"BALANCE", "TOTAL_BALANCE", "EXPIRING_BALANCE", *GOALS}
KEY = ("user_guid", "member_guid", "account_guid", "unit_type")


def added(amounts: Iterable[Decimal]) -> Decimal:
    """An exact sum: Python's default of 28 digits would round one of large amounts."""
    with localcontext(prec=60):
        return sum(amounts, Decimal(0))


def key_of(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in KEY)


def by_holding(rewards: Iterable[Row]) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rewards:
        if row["balance_type"] in KNOWN:
            groups[key_of(row)].append(row)
    return groups


def of_type(rows: Iterable[Row], balance_type: str) -> list[Row]:
    return [row for row in rows if row["balance_type"] == balance_type]


def available_rows(rows: list[Row]) -> list[Row]:
    return of_type(rows, "TOTAL_BALANCE") or of_type(rows, "BALANCE")


def available(rows: list[Row]) -> Decimal | None:
    counted = available_rows(rows)
    return added(row["balance"] for row in counted) if counted else None


def lots(rows: list[Row]) -> list[Row]:
    return of_type(rows, "EXPIRING_BALANCE") or [row for row in available_rows(rows) if row["expires_on"]]


def all_lots(rewards: Iterable[Row]) -> list[Row]:
    return [lot for rows in by_holding(rewards).values() for lot in lots(rows)]


def holdings(rewards: list[Row]) -> set[tuple[Any, ...]]:
    result = set()
    for key, rows in by_holding(rewards).items():
        days = [lot["expires_on"] for lot in lots(rows) if lot["expires_on"]]
        expiring = added(lot["balance"] for lot in lots(rows))
        result.add((*key, available(rows), expiring, min(days, default=None)))
    return result


def totals(rewards: list[Row], by: Callable[[tuple[Any, ...]], tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    groups: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for holding in holdings(rewards):
        groups[(*by(holding), holding[3])].append(holding)
    result = set()
    for key, rows in groups.items():
        known = [row for row in rows if row[4] is not None]
        amount = added(row[4] for row in known) if known else None
        expiring = added(row[5] for row in rows)
        result.add((*key, amount, expiring, len(known), len({row[1] for row in known}), len({row[0] for row in known})))
    return result


def value(rewards: list[Row], rates: dict[tuple[str, str | None], Decimal]) -> list[tuple[Any, ...]]:
    rates = {("DOLLARS", None): Decimal(1)} | rates
    units: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for _, member, _, unit, held, expiring, _ in holdings(rewards):
        rate = rates.get((unit, member), rates.get((unit, None)))
        units[unit].append((held, rate, expiring))
    result = []
    with localcontext(prec=120):
        for unit, rows in sorted(units.items()):
            known = [held for held, _, _ in rows if held is not None]
            values = [held * rate for held, rate, _ in rows if None not in (held, rate)]
            lost = [expiring * rate for _, rate, expiring in rows if rate is not None]
            all_rates = {rate for _, rate, _ in rows}
            result.append(
                (
                    unit,
                    sum(known) if known else None,
                    all_rates.pop() if len(all_rates) == 1 else None,
                    sum(values).quantize(Decimal("1e-9")) if values else None,
                    sum(expiring for _, _, expiring in rows),
                    sum(lost).quantize(Decimal("1e-9")) if lost else None,
                )
            )
    return result


def period_of(day: date, every: str) -> date:
    while not begins_period(day, every):
        day -= timedelta(days=1)
    return day


def begins_period(day: date, every: str) -> bool:
    if every == "week":
        return day.weekday() == 0
    months = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,), "day": ()}
    return every == "day" or (day.day == 1 and day.month in months[every])


def expiring(rewards: list[Row], as_of: date, every: str, by: str | None) -> list[tuple[Any, ...]]:
    counted = [lot for lot in all_lots(rewards) if lot["expires_on"] and lot["expires_on"] >= as_of]
    if not counted:
        return []
    last = max(lot["expires_on"] for lot in counted)
    span = [as_of + timedelta(days=n) for n in range((last - as_of).days + 1)]
    periods = sorted({period_of(day, every) for day in span})
    result = []
    groups = {((lot[by],) if by else ()) + (lot["unit_type"],) for lot in counted}
    for group in sorted(groups, key=nulls_last):
        cumulative = Decimal(0)
        for period in periods:
            rows = [
                lot
                for lot in counted
                if ((lot[by],) if by else ()) + (lot["unit_type"],) == group
                and period_of(lot["expires_on"], every) == period
            ]
            amount = added(lot["balance"] for lot in rows)
            cumulative = added([cumulative, amount])
            result.append((period, *group, amount, len(rows), cumulative))
    return result


def aging(rewards: list[Row], as_of: date) -> dict[tuple[str, str], tuple[Decimal, int]]:
    edges = [(30, "0-30"), (60, "31-60"), (90, "61-90"), (180, "91-180"), (365, "181-365")]
    result: dict[tuple[str, str], tuple[Decimal, int]] = {}
    for lot in all_lots(rewards):
        if lot["expires_on"] is None:
            bucket = "undated"
        elif lot["expires_on"] < as_of:
            bucket = "expired"
        else:
            days = (lot["expires_on"] - as_of).days
            bucket = next((name for last, name in edges if days <= last), "over 365")
        amount, count = result.get((lot["unit_type"], bucket), (Decimal(0), 0))
        result[lot["unit_type"], bucket] = (added([amount, lot["balance"]]), count + 1)
    return result


def distance(rewards: list[Row]) -> list[tuple[Any, ...]]:
    groups = by_holding(rewards)
    result = []
    for row in rewards:
        if row["balance_type"] in GOALS:
            held = available(groups[key_of(row)])
            remaining = max(row["balance"], Decimal(0))
            reached = row["balance"] <= 0
            if reached:
                progress = 1.0
            elif held is None:
                progress = None
            else:
                progress = float(max(held, Decimal(0)) / (max(held, Decimal(0)) + remaining))
            goal = GOALS[row["balance_type"]]
            result.append((*key_of(row), goal, row["description"], remaining, held, progress, reached))
    return result


def upcoming(rewards: list[Row], as_of: date, until: date | None) -> list[tuple[Any, ...]]:
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for lot in all_lots(rewards):
        if lot["expires_on"] and as_of <= lot["expires_on"] <= (until or date.max):
            groups[(*key_of(lot), lot["expires_on"])].append(lot)
    holdings = by_holding(rewards)
    result = [
        (on, (on - as_of).days, *key, added(lot["balance"] for lot in rows), len(rows), available(holdings[tuple(key)]))
        for (*key, on), rows in groups.items()
    ]
    return sorted(result, key=lambda row: (row[0], row[5], -row[6], nulls_last(row[2:5])))


def bands(rewards: list[Row], edges: list[Decimal]) -> list[tuple[Any, ...]]:
    limits = [None, *edges, None]
    known = [holding for holding in holdings(rewards) if holding[4] is not None]
    result = []
    for unit in sorted({holding[3] for holding in known}):
        for low, high in pairwise(limits):
            rows = [
                row
                for row in known
                if row[3] == unit and (low is None or low <= row[4]) and (high is None or row[4] < high)
            ]
            result.append((unit, low, high, len(rows), len({row[1] for row in rows}), added(row[4] for row in rows)))
    return result


def nulls_last(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple((value is None, value or "") for value in values)
