"""How much of the next dues is likely to lapse, and how much of the past year's dues did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from rewards_analytics.analysis.calendar import days_after, period_of
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.over_time.between import between
from rewards_analytics.analysis.over_time.outcomes import Followed, Sums, followed
from rewards_analytics.analysis.over_time.snapshots import from_history
from rewards_analytics.analysis.sums import exact, rounded

MOST_AGE_DAYS: Final = 7
"""Days by which the last snapshot may be older than the day that is asked for."""

FEWEST_DUES: Final = 30
"""A unit with fewer past dues has no row."""

YEAR_DAYS: Final = 365


def outlook(history: Any, *, as_of: date, horizon_days: int, asked_by: str) -> list[dict[str, Any]]:
    """One row per unit with enough of a past, by `unit_type`.

    Snapshots after `as_of` do not count. `due` adds up the dues that the last snapshot lists from `as_of` to
    `horizon_days` later, and `expected` is how much of them `forecast` expects to expire. The past covers the year
    before `as_of`: as in `backtest`, the first snapshot of each month and the dues that it lists with at most
    `horizon_days` left, once that horizon is over. `past_due`, `past_expired` and `dues` are their amounts and their
    number; a due that several months list counts in each. `since` is the first of these snapshots.

    A unit without a share or with fewer than `FEWEST_DUES` has no row. The result is empty if the last snapshot is more
    than `MOST_AGE_DAYS` older than `as_of`.
    """
    part, days = between(history, date.min, as_of, asked_by=asked_by)
    if not days or (as_of - days[-1]).days > MOST_AGE_DAYS:
        return []
    firsts = _firsts(days, as_of, horizon_days)
    if not firsts:
        return []
    until = {day: days_after(day, horizon_days) for day in firsts} | {days[-1]: days_after(as_of, horizon_days)}
    *past, now = followed(from_history(part, COLUMNS, asked_by=asked_by), until)
    return _rows(past, now, as_of)


def _firsts(days: Sequence[date], as_of: date, horizon_days: int) -> list[date]:
    """The first snapshot of each month of the past year whose horizon a later snapshot is past."""
    firsts: dict[date, date] = {}
    for day in days:
        if (as_of - day).days < YEAR_DAYS and (days[-1] - day).days > horizon_days:
            firsts.setdefault(period_of(day, "month"), day)
    return list(firsts.values())


def _rows(past: Sequence[Followed], now: Followed, as_of: date) -> list[dict[str, Any]]:
    ended: dict[str, Sums] = defaultdict(Sums)
    for found in past:
        for (unit_type, _), sums in found.settled.items():
            ended[unit_type].add(sums.due, sums.expired, sums.dues)
    ahead: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for (unit_type, day), due in now.due.items():
        if day >= as_of:
            ahead[unit_type][day] = due
    rows = []
    for unit_type, sums in sorted(ended.items()):
        expected = now.expected(unit_type, ahead[unit_type])
        if expected is None or not ahead[unit_type] or sums.dues < FEWEST_DUES:
            continue
        with exact():
            due = sum(ahead[unit_type].values(), Decimal(0))
        rows.append(
            {
                "unit_type": unit_type,
                "due": due,
                "expected": rounded(expected),
                "past_due": sums.due,
                "past_expired": sums.expired,
                "dues": sums.dues,
                "since": past[0].as_of,
            }
        )
    return rows
