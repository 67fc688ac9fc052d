"""The REWARD webhook: MX posts it to a team's own endpoint after a completed fetch of a member's rewards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final, NoReturn

from rewards_analytics.errors import ArgumentError

REWARD: Final = "REWARD"

MAX_BODY_BYTES: Final = 64 << 10
"""Size that a body may have. MX's have a few hundred bytes."""

_QUOTED_CHARACTERS: Final = 80


@dataclass(frozen=True)
class RewardEvent:
    """A completed fetch of one member's rewards, as a REWARD webhook reports it.

    Attributes
    ----------
    user_guid, member_guid
        Whose rewards were fetched.
    action
        What happened, such as `member_data_updated`.
    completed_at
        When the fetch was completed, in UTC.
    completed_on
        The day on which it was completed.
    rewards_created_count, rewards_updated_count
        How many rewards are new, and how many have changed.

    All but the guids are None where the body does not have them.
    """

    user_guid: str
    member_guid: str
    action: str | None = None
    completed_at: datetime | None = None
    completed_on: date | None = None
    rewards_created_count: int | None = None
    rewards_updated_count: int | None = None

    @property
    def member(self) -> tuple[str, str]:
        """The pair that `pull` takes: `pull(client, [event.member])`."""
        return self.user_guid, self.member_guid


def reward_event(body: Mapping[str, object] | bytes | bytearray | str) -> RewardEvent:
    """The event that the body of a REWARD webhook reports, once it is checked.

    It cannot know who sent the body: authenticate the caller in your endpoint. An event contains no rewards, so a
    forged one only makes you read a member again.

    Parameters
    ----------
    body
        The body of the request, as it came (JSON in UTF-8, at most 64 KiB) or parsed. Fields that are not documented
        are ignored, because MX may add some.

    Returns
    -------
    A `RewardEvent`: `user_guid`, `member_guid`, their pair as `member`, `action`, `completed_at` (UTC), `completed_on`,
    `rewards_created_count`, `rewards_updated_count`.

    Raises
    ------
    ArgumentError
        The body is not a JSON object, is too large, has a field twice, is a webhook of another type, or lacks a guid;
        or a documented field has another type. The message names the field.

    Examples
    --------
    >>> event = reward_event(b'{"type": "REWARD", "action": "member_data_updated", "user_guid": "USR-1",'
    ...                      b' "member_guid": "MBR-1", "completed_at": 1531947410, "rewards_created_count": 3}')
    >>> event.member, event.completed_at.isoformat(), event.rewards_created_count
    (('USR-1', 'MBR-1'), '2018-07-18T20:56:50+00:00', 3)
    """
    fields = body if isinstance(body, Mapping) else _parsed(body)
    if "type" not in fields:
        raise ArgumentError("The webhook's body has no field 'type'. A webhook about rewards has the type 'REWARD'.")
    if fields["type"] != REWARD:
        raise ArgumentError(
            f"The webhook's body has the type {_quoted(fields['type'])}, not 'REWARD': it is not about rewards. "
            "Look at 'type' before you call reward_event()."
        )
    return RewardEvent(
        user_guid=_guid(fields, "user_guid"),
        member_guid=_guid(fields, "member_guid"),
        action=_text(fields, "action"),
        completed_at=_instant(fields, "completed_at"),
        completed_on=_day(fields, "completed_on"),
        rewards_created_count=_count(fields, "rewards_created_count"),
        rewards_updated_count=_count(fields, "rewards_updated_count"),
    )


def _parsed(body: object) -> Mapping[str, object]:
    """The fields of a body that has not been parsed."""
    if not isinstance(body, bytes | bytearray | str):
        raise ArgumentError(
            f"The body of a webhook is bytes, text or a parsed dict, not of type {type(body).__name__!r}."
        )
    if len(body) > MAX_BODY_BYTES:
        raise ArgumentError(
            f"The webhook's body has {len(body):,} {'characters' if isinstance(body, str) else 'bytes'}, more than "
            f"{MAX_BODY_BYTES:,}. MX's have a few hundred: this is not one of them."
        )
    try:
        text = body if isinstance(body, str) else body.decode("utf-8-sig")
        fields = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except ArgumentError:
        raise
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ArgumentError(f"The webhook's body is not JSON in UTF-8: {why}.") from None
    if not isinstance(fields, dict):
        raise ArgumentError(f"The webhook's body is JSON, but not an object: {_quoted(fields)}.")
    return fields


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; refuses a field that comes twice, which programs read in different ways."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in fields if names.count(name) > 1)
        raise ArgumentError(f"The webhook's body has the field {_quoted(twice)} twice.")
    return fields


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _guid(fields: Mapping[str, object], name: str) -> str:
    """A required identifier: text with something else than dots, without blanks or invisible characters."""
    value = fields.get(name)
    if isinstance(value, str) and value.strip(".") and value.isprintable() and not any(map(str.isspace, value)):
        return value
    if name not in fields:
        raise ArgumentError(f"The webhook's body has no field {name!r}.")
    raise _wrong(name, value, "a guid, such as USR-… or MBR-…")


def _text(fields: Mapping[str, object], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise _wrong(name, value, "text")


def _instant(fields: Mapping[str, object], name: str) -> datetime | None:
    value = _count(fields, name, "a time in Unix seconds")
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):  # which of them depends on the platform
        raise _wrong(name, value, "a time in Unix seconds") from None


def _day(fields: Mapping[str, object], name: str) -> date | None:
    value = _text(fields, name)
    if value is None:
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise _wrong(name, value, "a date, such as 2018-07-18") from None
    if day.isoformat() != value:  # Python takes other forms too
        raise _wrong(name, value, "a date, such as 2018-07-18")
    return day


def _count(fields: Mapping[str, object], name: str, expected: str = "an integer from 0") -> int | None:
    value = fields.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 0):
        return value
    raise _wrong(name, value, expected)


def _wrong(name: str, value: object, expected: str) -> ArgumentError:
    return ArgumentError(f"The field {name!r} of the webhook's body is {_quoted(value)}, not {expected}.")


def _quoted(value: object) -> str:
    """The start of a value as Python writes it."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        text = f"a {type(value).__name__} too long to show"
    return text if len(text) <= _QUOTED_CHARACTERS else f"{text[:_QUOTED_CHARACTERS]}…"
