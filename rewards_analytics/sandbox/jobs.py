"""The aggregation job of one member: it takes time, may ask the end user, and ends in a connection status.

The test institution `mxbank` follows MX's own: the password decides what happens. Any other institution connects.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from rewards_analytics import atrium
from rewards_analytics.atrium import JsonObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rewards_analytics.sandbox.world import Member

Kind = Literal["rewards", "standard"]

TEST_INSTITUTION = "mxbank"
THROTTLE = timedelta(hours=3)
PATIENCE = timedelta(minutes=5)
"""How long a question waits for an answer before the member becomes EXPIRED."""

ASKED_BY_PASSWORD = {
    "challenge": atrium.TEXT,
    "challenge_again": atrium.TEXT,
    "options": atrium.OPTIONS,
    "image": atrium.IMAGE_DATA,
    "image_options": atrium.IMAGE_OPTIONS,
}
"""`challenge_again` and `image_options` exist only in this sandbox: the first allows another try."""

ENDS_BY_PASSWORD = {"BAD_REQUEST": atrium.FAILED, "UNAUTHORIZED": atrium.DENIED, "INVALID": atrium.DENIED}
"""Any other password in capitals is itself the connection status in which the job ends."""

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
"""A PNG of one pixel, in base64."""


CHOICES = [{"label": "The right one", "value": "correct"}, {"label": "The wrong one", "value": "wrong"}]
PICTURES = [{**choice, "data_uri": f"data:image/png;base64,{PIXEL}"} for choice in CHOICES]
QUESTIONS: dict[str, JsonObject] = {
    atrium.TEXT: {"label": "What city were you born in?"},
    atrium.OPTIONS: {"label": "Where shall we send your code?", "options": CHOICES},
    atrium.IMAGE_DATA: {"label": "What does the picture say?", "image_data": PIXEL},
    atrium.IMAGE_OPTIONS: {"label": "Which picture did you choose?", "image_options": PICTURES},
}


@dataclass
class Job:
    """A running job. `phase` says what happens at `due`."""

    kind: Kind
    due: datetime
    phase: Literal["connecting", "asked", "refusing", "asking again", "gathering"] = "connecting"
    span: timedelta = timedelta(0)


def start(member: Member, kind: Kind, now: datetime, duration: timedelta) -> None:
    """Start a job of `duration`, not counting the user's time, unless one is running or the last is too recent."""
    last = member.successfully_aggregated_at
    if member.job is None and (last is None or now - last >= THROTTLE):
        member.job = Job(kind, due=now + duration / 2, span=duration / 2)
        member.aggregated_at = now
        member.is_authenticated = False


def settle(member: Member, now: datetime) -> bool:
    """Take every step of the member's job that is due by `now`; returns whether it has succeeded."""
    succeeded = False
    while member.job is not None and member.job.due <= now:
        succeeded = _step(member, member.job) or succeeded
    return succeeded


def resume(member: Member, answers: Mapping[str, str], now: datetime) -> None:
    """Continue the job with the end user's answers to the member's challenges."""
    job = member.job
    if job is None or job.phase != "asked":
        raise ValueError(f"member {member.guid} is not CHALLENGED")
    given = {answers[challenge["guid"]] for challenge in member.challenges}
    member.connection_status = atrium.RESUMED
    member.challenges = []
    job.due = now + job.span
    if given == {"correct"}:
        job.phase = "gathering"
        member.is_authenticated = True
    else:
        job.phase = "asking again" if given <= {"correct", "challenge"} else "refusing"


def _step(member: Member, job: Job) -> bool:
    """Take the step that is due; returns whether the job has succeeded."""
    password = member.password or ""
    if job.phase == "connecting" and password in ASKED_BY_PASSWORD:
        _ask(member, job, ASKED_BY_PASSWORD[password])
    elif job.phase == "connecting":
        job.phase, job.due = "gathering", job.due + job.span
        member.is_authenticated = True
    elif job.phase == "asking again":
        _ask(member, job, atrium.TEXT)
    elif job.phase == "asked":
        _end(member, atrium.EXPIRED)
    elif job.phase == "refusing" and password == "challenge_again":  # noqa: S105 - chosen by the sandbox's user
        _ask(member, job, atrium.TEXT)
        member.connection_status = atrium.REJECTED
    elif job.phase == "refusing":
        _end(member, atrium.REJECTED)
    else:
        _end(member, ENDS_BY_PASSWORD.get(password, password if password.isupper() else atrium.CONNECTED))
        if member.connection_status == atrium.CONNECTED:
            member.successfully_aggregated_at = job.due
            return True
    return False


def _ask(member: Member, job: Job, kind: str) -> None:
    member.challenges_made += 1
    guid = f"CRD-{member.guid.removeprefix('MBR-')}-{member.challenges_made}"
    member.challenges = [{"guid": guid, "type": kind, "field_name": None, **QUESTIONS[kind]}]
    member.connection_status = atrium.CHALLENGED
    job.phase, job.due = "asked", job.due + PATIENCE


def _end(member: Member, connection_status: str) -> None:
    member.job = None
    member.challenges = []
    member.connection_status = connection_status
