"""The rewards job of one member: start or join it, poll, ask the end user, and say how it ended.

The job has ended when the member is `CONNECTED` or in a status of `STOPPED`; in any other status it is polled until the
time is up. The clock and the wait are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rewards_analytics.atrium import CHALLENGED, CONNECTED, DENIED, EXPIRED, FAILED, REJECTED, JsonObject
from rewards_analytics.client import challenges
from rewards_analytics.client.challenges import Challenge
from rewards_analytics.client.retry import requested_wait
from rewards_analytics.errors import (
    AggregationError,
    AggregationTimeout,
    ArgumentError,
    ChallengeError,
    ConflictError,
    UnsupportedInstitutionError,
)

if TYPE_CHECKING:
    from rewards_analytics.client.response import Response
    from rewards_analytics.client.transport import Transport

AnswerChallenges = Callable[[list[Challenge]], Mapping[str, str] | None]
Watch = Callable[[JsonObject], None]

STALE_POLLS: Final = 2
"""Polls that may still show the questions just answered before these count as asked again."""

_USER_MUST_ACT: Final = "The user must act at the institution or renew the credentials; then fetch again."
_USER_CANNOT_ACT: Final = "The user cannot fix this: use the last rewards, show their age, and try again another day."
STOPPED: Final = {
    "PREVENTED": f"too many refused sign-ins. {_USER_MUST_ACT}",
    DENIED: f"the credentials were refused. {_USER_MUST_ACT}",
    "LOCKED": f"the account at the institution is locked. {_USER_MUST_ACT}",
    "IMPEDED": f"the institution asks for the user's attention on its own site. {_USER_MUST_ACT}",
    EXPIRED: f"a question was not answered in time. {_USER_MUST_ACT}",
    "IMPAIRED": f"credentials are missing. {_USER_MUST_ACT}",
    "DEGRADED": f"the institution's connection is poor. {_USER_CANNOT_ACT}",
    "DISCONNECTED": f"the institution is not connected. {_USER_CANNOT_ACT}",
    "DISCONTINUED": f"the institution is no longer supported. {_USER_CANNOT_ACT}",
    "CLOSED": f"the account is closed. {_USER_CANNOT_ACT}",
    "DELAYED": f"the job takes longer than usual. {_USER_CANNOT_ACT}",
    FAILED: f"the job failed. {_USER_CANNOT_ACT}",
    "DISABLED": f"aggregation is disabled for this member. {_USER_CANNOT_ACT}",
    "IMPORTED": f"the member was imported and has no credentials. {_USER_CANNOT_ACT}",
}


class MemberState(JsonObject):
    """A member's status as the API returned it when the job ended.

    Attributes
    ----------
    started
        Whether a job ran. False if the API's throttle prevented it: the rewards are those of `aggregated_at`.
    """

    def __init__(self, status: JsonObject, *, started: bool) -> None:
        super().__init__(status)
        self.started = started


@dataclass
class Aggregation:
    """One run of a member's rewards job.

    `answer` answers the institution's questions; the time it takes does not count towards `timeout`. `watch` is called
    with every status.
    """

    transport: Transport
    path: tuple[str, ...]
    member_guid: str
    answer: AnswerChallenges | None
    timeout: float
    poll_interval: float
    retries: int
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    watch: Watch | None = None

    _deadline: float = 0.0
    _before: JsonObject = field(default_factory=dict)
    _state: JsonObject = field(default_factory=dict)
    _started: bool = False
    _failed_calls: int = 0
    _asked: list[Challenge] = field(default_factory=list)
    _answers: dict[str, str] | None = field(default=None, repr=False)
    _stale: int = 0
    _answers_were_lost: bool = False

    def run(self) -> MemberState:
        """Start or join the job, and poll it until it has ended."""
        self._deadline = self.clock() + self.timeout
        self._start()
        idle_polls = 0
        while True:
            self._poll()
            if self._is_asking:
                self._ask()
            elif not self._is_running:
                idle_polls += 1
                if self._started or idle_polls > 1:
                    result = self._result()
                    if result is not None:
                        return result
            self._check_time()

    # --- Starting ---

    def _start(self) -> None:
        """Call fetch_rewards until a job runs; repeat the call only once it is known that none has started."""
        self._before = self._status()
        self._started = bool(self._before.get("is_being_aggregated"))
        while True:
            response = self.transport.send("POST", *self.path, "fetch_rewards")
            if response.is_success:
                self._see(response.json.get("member") if response.is_json and isinstance(response.json, dict) else None)
                return
            if response.status == 400:
                raise self.transport.error(response, UnsupportedInstitutionError)
            if response.status == 409:
                self._wait_for_the_other_job(response)
                continue
            self._wait_after_failure(response)
            self._check_time()
            self._poll()
            if self._started:  # although the response was lost or a temporary refusal
                return

    def _wait_for_the_other_job(self, response: Response) -> None:
        """Poll until the conflicting job has ended, and take its end as the state before ours."""
        while True:
            if self.clock() >= self._deadline:
                raise self.transport.error(response, ConflictError)
            self._poll()
            if not self._is_running:
                self._before, self._started = self._state, False
                return

    def _wait_after_failure(self, response: Response) -> None:
        """Wait for as long as a failed call asks; raise its error if it must not be retried."""
        self._failed_calls += 1
        wait = requested_wait(response)
        is_too_long = wait > 0 and self.clock() + wait > self._deadline
        if not response.is_transient or self._failed_calls > self.retries or is_too_long:
            raise self.transport.error(response)
        self.sleep(wait)

    # --- Polling ---

    @property
    def _is_running(self) -> bool:
        return bool(self._state.get("is_being_aggregated"))

    @property
    def _connection_status(self) -> str | None:
        status = self._state.get("connection_status")
        return status if isinstance(status, str) else None

    def _poll(self) -> None:
        self.sleep(self.poll_interval)
        self._see(self._status())
        if self.watch is not None:
            self.watch(self._state)

    def _status(self) -> JsonObject:
        return self.transport.get_object("member", *self.path, "status")

    def _see(self, state: object) -> None:
        """Record a state, and whether it shows that a job has started since `_before`."""
        if not isinstance(state, dict):
            return
        self._state = state
        moved = state.get("aggregated_at") != self._before.get("aggregated_at")
        self._started = self._started or self._is_running or moved

    # --- Asking ---

    @property
    def _is_asking(self) -> bool:
        status = self._connection_status
        return status == CHALLENGED or (status == REJECTED and bool(self._state.get("challenges")))

    def _ask(self) -> None:
        """Answer the open questions: with the same answers if these were lost, otherwise by asking the user."""
        asked = self._open_challenges()
        if not asked:
            return
        guids = {challenge.guid for challenge in asked}
        if self._answers is not None and self._connection_status == CHALLENGED and set(self._answers) == guids:
            if self._answers_were_lost:
                self._resume(self._answers)
                return
            self._stale += 1
            if self._stale <= STALE_POLLS:
                return
        self._asked = asked
        self._answers = self._answers_of_the_user(asked)
        self._resume(self._answers)

    def _open_challenges(self) -> list[Challenge]:
        entries = self._state.get("challenges")
        if not entries:
            body = self.transport.get(*self.path, "challenges")
            entries = body.get("challenges") if isinstance(body, Mapping) else None
        found = entries if isinstance(entries, list) else []
        return [challenges.from_json(entry) for entry in found if isinstance(entry, Mapping)]

    def _answers_of_the_user(self, asked: list[Challenge]) -> dict[str, str]:
        questions = "; ".join(repr(challenge.label) for challenge in asked)
        if self.answer is None:
            raise self._challenge_error(
                f"Member {self.member_guid} asks the end user {questions}, and no answer function was given. "
                "Pass answer=… to fetch_rewards, or resume() with the answers.",
                asked,
            )
        asked_at = self.clock()
        given = self.answer(asked)
        self._deadline += self.clock() - asked_at
        answers = checked_answers({} if given is None else given, "answer() returned")
        missing = [challenge for challenge in asked if not answers.get(challenge.guid)]
        if missing:
            raise self._challenge_error(
                f"Member {self.member_guid} asks the end user {questions}, and {len(missing)} of {len(asked)} were not "
                "answered. Fetch again once the user can answer.",
                asked,
            )
        return {challenge.guid: answers[challenge.guid] for challenge in asked}

    def _resume(self, answers: Mapping[str, str]) -> None:
        response = send_answers(self.transport, self.path, answers)
        self._stale = 0
        self._answers_were_lost = not response.is_success
        if response.is_success:
            return
        if response.status != 422:
            self._wait_after_failure(response)
            return
        # 422: the member is no longer CHALLENGED, or the answers are invalid; its status tells which.
        self._poll()
        if self._is_asking:
            raise self.transport.error(response)

    # --- Ending ---

    def _result(self) -> MemberState | None:
        """Result of a job that no longer runs, None if its status does not say that it has ended."""
        status = self._connection_status
        if status == CONNECTED:
            return MemberState(self._state, started=self._started)
        if status == REJECTED:
            raise self._challenge_error(
                f"Member {self.member_guid} is REJECTED: the institution refused the answers. "
                "Fetch again to try once more.",
                self._asked,
            )
        if status in STOPPED:
            message = f"Member {self.member_guid} is {status}: {STOPPED[status]}"
            raise AggregationError(message, connection_status=status)
        return None

    def _challenge_error(self, message: str, asked: list[Challenge]) -> ChallengeError:
        return ChallengeError(message, connection_status=self._connection_status, challenges=asked)

    def _check_time(self) -> None:
        if self.clock() >= self._deadline:
            raise AggregationTimeout.after(
                self.timeout, self.member_guid, self._connection_status, is_running=self._is_running
            )


def checked_answers(answers: object, source: str) -> dict[str, str]:
    """Refuse what is not a mapping of texts, before anything is sent; an answer of None counts as not given.

    The message names types, never the answers: they are secrets of the end user.
    """
    due = "Return a mapping of challenge guid to answer, both texts, such as {'CRD-…': 'blue'}."
    if not isinstance(answers, Mapping):
        raise ArgumentError(f"{source} {_a(answers)}, which is not a mapping. {due}")
    for guid, value in answers.items():
        if not isinstance(guid, str):
            raise ArgumentError(f"{source} a mapping in which a key is {_a(guid)}, not a challenge guid. {due}")
        if not isinstance(value, str | None):
            raise ArgumentError(f"{source} a mapping in which the answer to {guid} is {_a(value)}, not a text. {due}")
    return {guid: value for guid, value in answers.items() if value is not None}


def _a(value: object) -> str:
    """The type of a value, with its article."""
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def send_answers(transport: Transport, path: tuple[str, ...], answers: Mapping[str, str]) -> Response:
    """Send one answer per challenge; the API takes them only while the member is CHALLENGED."""
    entries = [{"guid": guid, "value": value} for guid, value in answers.items()]
    return transport.send("PUT", *path, "resume", payload={"member": {"challenges": entries}})
