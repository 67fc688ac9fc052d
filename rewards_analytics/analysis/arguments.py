"""The arguments that several analyses share: checked in one place, with errors that say what to pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from operator import index
from typing import SupportsIndex

from rewards_analytics.errors import ArgumentError


def day(value: date | None, *, name: str = "as_of") -> date:
    """Return a day; None is today's date in UTC, read here and nowhere else."""
    if value is None:
        return datetime.now(UTC).date()
    if isinstance(value, datetime):
        raise ArgumentError(f"{name}={value!r} has a time of day. Pass the date alone: {name}=value.date()")
    if not isinstance(value, date):
        raise ArgumentError(
            f"{name}={value!r} is not a date. Pass a datetime.date, for example date.fromisoformat('2026-11-23')."
        )
    return value


def whole_number(value: SupportsIndex, *, name: str, least: int = 1) -> int:
    """Return a whole number that is not below the least one."""
    try:
        number = least - 1 if isinstance(value, bool) else index(value)  # a number of NumPy is one too
    except TypeError:
        number = least - 1
    if number < least:
        raise ArgumentError.below(name, value, least, kind="an integer")
    return number


def span(as_of: date | None, until: date | None) -> tuple[date, date | None]:
    """Return the first and the last day that count, the last None without a bound."""
    first = day(as_of)
    last = None if until is None else day(until, name="until")
    if last is not None and last < first:
        raise ArgumentError(f"until={last.isoformat()} is before as_of={first.isoformat()}.")
    return first, last


def grouping(
    by: str | Iterable[str] | None, *, result: Sequence[str], allowed: Sequence[str] | None = None
) -> list[str]:
    """Return the columns to group by, in the caller's order.

    Parameters
    ----------
    by
        One name, several, or None for no group.
    result
        The result's other columns, which a group cannot be named like.
    allowed
        The columns that can be named, if not any.
    """
    if by is None:
        return []
    names = [by] if isinstance(by, str) else list(by)
    for name in names:
        if not isinstance(name, str):
            raise ArgumentError(f"by={name!r} is not the name of a column.")
        if allowed is not None and name not in allowed:
            raise ArgumentError.not_one_of("by", name, allowed)
        if name in result:
            raise ArgumentError(f"by={name!r} is already a column of the result: {', '.join(result)}.")
    if len(set(names)) < len(names):
        raise ArgumentError(f"by={names!r} names a column twice.")
    return names
