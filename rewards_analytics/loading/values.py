"""What one value of a reward may be, in every kind of source.

`columns` converts whole columns at once, and passes each value that it is not sure of to this module, the authority on
what is valid and what it means. Amounts have a module of their own, `rewards_analytics.amounts`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from rewards_analytics.amounts import InvalidValueError, amount

MISSING: Final = "is missing"
NOT_TEXT: Final = "is not text"
NOT_UNICODE: Final = "is not valid Unicode"
NOT_A_DATE: Final = "is not a date"
NOT_A_TIME: Final = "is not a time"

_INSTANT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[T ]([0-9]{2})(?::([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?)?"
    r"(?P<offset>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)


class Unquoted(str):
    """A value that its source has without quotes, as text: a JSON number, since a float would lose digits."""

    __slots__ = ()


def day(value: object) -> date:
    """The day of an ISO 8601 text or of a date; of a time only where it is midnight in its own zone.

    >>> day("2026-11-23"), day("2026-11-23T00:00:00-06:00")
    (datetime.date(2026, 11, 23), datetime.date(2026, 11, 23))
    """
    try:
        if isinstance(value, str) and not isinstance(value, Unquoted) and (match := _INSTANT.fullmatch(value)):
            return _midnight(match)
        if isinstance(value, datetime):
            nanosecond = getattr(value, "nanosecond", 0)  # of pandas
            if (value.hour, value.minute, value.second, value.microsecond, nanosecond) == (0, 0, 0, 0, 0):
                return value.date()
        elif isinstance(value, date):
            return value
    except ValueError:
        pass
    raise InvalidValueError(NOT_A_DATE)


def instant(value: object) -> datetime:
    """The UTC time of an ISO 8601 text or of a datetime; without an offset it is UTC already.

    Digits beyond the microsecond are cut off.

    >>> instant("2020-01-28T21:09:01-06:00")
    datetime.datetime(2020, 1, 29, 3, 9, 1, tzinfo=datetime.timezone.utc)
    """
    try:
        if isinstance(value, datetime):
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, str) and not isinstance(value, Unquoted) and (match := _INSTANT.fullmatch(value)):
            return _utc(match)
    except (ValueError, OverflowError):
        pass
    raise InvalidValueError(NOT_A_TIME)


def text(value: object) -> str:
    """A text that can be written as UTF-8."""
    if not isinstance(value, str) or isinstance(value, Unquoted):
        raise InvalidValueError(NOT_TEXT)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise InvalidValueError(NOT_UNICODE) from None
    return value


def _midnight(match: re.Match[str]) -> date:
    year, month, day_, *clock, fraction, offset = match.groups(default="0")
    if any(map(int, (*clock, fraction))):
        raise ValueError(match.string)
    if match["offset"]:
        _zone(offset)
    return date(int(year), int(month), int(day_))


def _utc(match: re.Match[str]) -> datetime:
    *fields, fraction, offset = match.groups()
    year, *others = (int(field or 0) for field in fields)
    micros = int((fraction or "")[:6].ljust(6, "0"))
    # The year 0 can be a time of the year 1 in UTC; Python knows neither, so count it 400 years on and back.
    local = datetime(year or 400, *others, micros, tzinfo=_zone(offset))  # type: ignore[arg-type, misc]
    return local.astimezone(UTC) - timedelta(days=0 if year else 146_097)


def _zone(offset: str | None) -> timezone:
    if offset is None or offset == "Z":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise ValueError(offset)
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if offset[0] == "-" else span)


READ: Final[dict[str, Callable[[object], object]]] = {
    "guid": text,
    "user_guid": text,
    "member_guid": text,
    "account_guid": text,
    "balance_type": text,
    "unit_type": text,
    "balance": amount,
    "expires_on": day,
    "created_at": instant,
    "description": text,
}
"""How each field reads one value that is not null."""
