"""What the fetch form says: how a job goes, when it last ran, and what went wrong, with names instead of guids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from rewards_analytics.amounts import InvalidValueError
from rewards_analytics.atrium import CHALLENGED, CONNECTED, REJECTED
from rewards_analytics.client.aggregation import STOPPED, MemberState
from rewards_analytics.errors import (
    AggregationError,
    AggregationTimeout,
    AtriumError,
    AuthenticationError,
    ConflictError,
    ForbiddenError,
    RateLimitError,
    RewardsError,
    UnsupportedInstitutionError,
)
from rewards_analytics.loading.values import instant
from rewards_analytics.wording import count, moment, one_line

REFUSED: Final = "That answer was refused. Try again."
UNEXPECTED: Final = (
    "An unexpected error occurred. The traceback is in the notebook's log (View, Show Log Console). You can use the "
    "form again."
)


class Problem(NamedTuple):
    """What went wrong and what to do next; `details` is the error's own message, empty where it says no more."""

    words: str
    details: str = ""


def duration(seconds: float) -> str:
    """Return a number of seconds in words.

    >>> duration(5), duration(60), duration(300), duration(90)
    ('5 seconds', '1 minute', '5 minutes', '90 seconds')
    """
    number, unit = (seconds / 60, "minute") if seconds % 60 == 0 and seconds else (seconds, "second")
    return f"{number:g} {unit}{'' if number == 1 else 's'}"


def now() -> datetime:
    """Return the time in the zone of this machine."""
    return datetime.now().astimezone()


def time_of(at: object, now: datetime) -> str:
    """Return a time of the API as people say it, "at an unknown time" if there is none.

    >>> from datetime import UTC
    >>> time_of("2026-11-23T14:33:00+0000", datetime(2026, 11, 23, 15, 0, tzinfo=UTC)), time_of(None, datetime.now(UTC))
    ('today 14:33', 'at an unknown time')
    """
    try:
        return moment(instant(at), now)
    except InvalidValueError:
        return one_line(str(at)) if at else "at an unknown time"


def is_refused(status: Mapping[str, object]) -> bool:
    """Return whether the institution has refused the last answer; a job that has just begun shows the last one's."""
    is_new = status.get("is_being_aggregated") and not status.get("challenges")
    return status.get("connection_status") == REJECTED and not is_new


def step_of(status: Mapping[str, object], institution: str) -> str:
    """Return what a job is doing, by the status of its member.

    >>> step_of({"connection_status": "CREATED", "is_being_aggregated": True}, "MX Bank")
    'Signing in at MX Bank'
    """
    code = status.get("connection_status")
    if code == CHALLENGED:
        return f"{institution} asks a question"
    if is_refused(status):
        return f"{institution} refused the answer"
    if status.get("is_being_aggregated"):
        return "Signed in, collecting the rewards" if status.get("is_authenticated") else f"Signing in at {institution}"
    if code == CONNECTED:
        return "Reading the rewards"
    if code in STOPPED:
        return f"{institution} ended the job"
    return f"MX reports the status {one_line(str(code))}" if code else "MX reports no status yet"


def result_of(rewards: int, user: str, institution: str, ended: MemberState) -> str:
    """Return what a job has fetched, and when."""
    at = time_of(ended.get("aggregated_at"), now())
    number = f"{count(rewards, 'reward')} of {user} at {institution}"
    if ended.started:
        return f"Fetched {number}, {at}."
    return (
        "MX started no new job, because the last one is too recent (it starts one every three hours). "
        f"These are the {number}, fetched {at}."
    )


def problem_of(error: RewardsError | None, institution: str, timeout: float) -> Problem:
    """Return what to say about an error of the member's job, or of the lists; None is an error that is not ours."""
    if error is None:
        return Problem(UNEXPECTED)
    message = str(error)
    match error:
        case AggregationTimeout():
            waited = duration(timeout)
            words = f"{institution} has not finished after {waited}. The job continues at MX: fetch again to join it"
            return Problem(f"{words}, or choose a longer wait first.", message)
        case AggregationError(connection_status="REJECTED"):
            return Problem(REFUSED, message)
        case AggregationError(connection_status=code) if code in STOPPED:
            return Problem(f"{institution}: {STOPPED[code]}", message)
        case UnsupportedInstitutionError():
            return Problem(f"{institution} does not support rewards. Choose another member.", message)
        case AuthenticationError():
            return Problem(f"The API refused the keys. {error.advice} Then reconnect.", message)
        case ForbiddenError():
            return Problem(f"The API does not allow this. {error.advice}", message)
        case ConflictError():
            words = f"Another kind of job is still running for {institution}. Try again once it has ended."
            return Problem(words, message)
        case RateLimitError():
            return Problem("The API received too many requests. Wait a minute, then try again.", message)
        case AtriumError(status=None):
            return Problem("The API did not answer. Check the network and the address, then reconnect.", message)
        case AtriumError(status=int(status)) if status < 400:
            return Problem("The API answered something that it does not document. Is the address right?", message)
        case AtriumError(status=status):
            return Problem(f"The API failed (status {status}). Try again in a moment.", message)
        case _:
            return Problem(message)
