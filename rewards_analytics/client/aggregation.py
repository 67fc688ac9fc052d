"""The aggregation job of one member: start or join it, poll, ask the end user, and tell how it ended.

The clock and the wait are passed in. What to do in each connection status is the table of `STOPPED`, `ASKING` and
`RUNNING`; a status that is in none of them is polled until the time is up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.client import challenges
from rewards_analytics.client.challenges import Challenge
from rewards_analytics.client.retry import TRANSIENT_STATUSES
from rewards_analytics.errors import (
    AggregationError,
    AggregationTimeout,
    AtriumError,
    ChallengeError,
    ConflictError,
    UnsupportedInstitutionError,
)

if TYPE_CHECKING:
    from rewards_analytics.client.transport import Answer, Transport

AnswerChallenges = Callable[[list[Challenge]], Mapping[str, str]]
Watch = Callable[[Mapping[str, Any]], None]

CONNECTED: Final = "CONNECTED"
CHALLENGED: Final = "CHALLENGED"
REJECTED: Final = "REJECTED"
NOT_CHALLENGED: Final = 422
STALE_POLLS: Final = 2
"""How many polls may still show the questions that were just answered before they count as asked again."""

_BY_THE_USER: Final = "The user must act at the institution or renew the credentials; then fetch again."
_BY_NOBODY: Final = "It is not the user's to mend: use the last rewards, show their age, and try again another day."
STOPPED: Final = {
    "PREVENTED": f"too many refused sign-ins. {_BY_THE_USER}",
    "DENIED": f"the credentials were refused. {_BY_THE_USER}",
    "LOCKED": f"the account at the institution is locked. {_BY_THE_USER}",
    "IMPEDED": f"the institution asks for the user's attention on its own site. {_BY_THE_USER}",
    "EXPIRED": f"a question was not answered in time. {_BY_THE_USER}",
    "IMPAIRED": f"credentials are missing. {_BY_THE_USER}",
    "DEGRADED": f"the institution's connection is poor. {_BY_NOBODY}",
    "DISCONNECTED": f"the institution is not connected. {_BY_NOBODY}",
    "DISCONTINUED": f"the institution is no longer supported. {_BY_NOBODY}",
    "CLOSED": f"the account is closed. {_BY_NOBODY}",
    "DELAYED": f"the job takes longer than usual. {_BY_NOBODY}",
    "FAILED": f"the job failed. {_BY_NOBODY}",
    "DISABLED": f"aggregation is disabled for this member. {_BY_NOBODY}",
    "IMPORTED": f"the member was imported and has no credentials. {_BY_NOBODY}",
}


class MemberState(dict[str, Any]):
    """A member's status as the API gave it when the job ended.

    Attributes
    ----------
    started
        Whether a job ran. False where the API kept to its throttle: the rewards are those of `aggregated_at`.
    """

    def __init__(self, status: Mapping[str, Any], *, started: bool) -> None:
        super().__init__(status)
        self.started = started


@dataclass
class Aggregation:
    """One run of the rewards job of a member.

    `answer` is asked for the answers to the institution's questions; the time it takes does not count towards
    `timeout`. `watch` is called with every status that was seen.
    """

    transport: Transport
    user_guid: str
    member_guid: str
    answer: AnswerChallenges | None
    timeout: float
    poll_interval: float
    retries: int
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    watch: Watch | None = None

    _deadline: float = 0.0
    _before: Mapping[str, Any] = field(default_factory=dict)
    _state: Mapping[str, Any] = field(default_factory=dict)
    _begun: bool = False
    _lost: int = 0
    _asked: list[Challenge] = field(default_factory=list)
    _answers: dict[str, str] | None = field(default=None, repr=False)
    _stale: int = 0
    _answer_was_lost: bool = False

    def run(self) -> MemberState:
        """Start or join the job and follow it to its end."""
        self._deadline = self.clock() + self.timeout
        self._start()
        idle_polls = 0
        while True:
            self._poll()
            if self._is_asking:
                self._ask()
            elif not self._is_running:
                idle_polls += 1
                if self._begun or idle_polls > 1:
                    ended = self._ended()
                    if ended is not None:
                        return ended
            if self.clock() >= self._deadline:
                raise self._timed_out()

    # --- Starting ---

    def _start(self) -> None:
        """Call fetch_rewards until a job runs, each time only once it is known that none was started."""
        self._before = self._status()
        self._begun = bool(self._before.get("is_being_aggregated"))
        while True:
            reply = self.transport.send("POST", *self._path, "fetch_rewards")
            if reply.is_success:
                self._see(reply.json.get("member") if reply.is_json and isinstance(reply.json, dict) else None)
                return
            if reply.status == 400:
                raise self.transport.error(reply, UnsupportedInstitutionError)
            if reply.status == 409:
                self._wait_for_the_other_job(reply)
            elif self._was_started_all_the_same(reply):
                return

    def _wait_for_the_other_job(self, reply: Answer) -> None:
        """Poll until the job that is in the way has ended, then take that as the state before ours."""
        while True:
            if self.clock() >= self._deadline:
                raise self.transport.error(reply, ConflictError)
            self._poll()
            if not self._is_running:
                self._before, self._begun = self._state, False
                return

    def _was_started_all_the_same(self, reply: Answer) -> bool:
        """After an answer that was lost or a refusal for the moment: whether a job has begun."""
        self._wait_after_a_loss(reply)
        if self.clock() >= self._deadline:
            raise self._timed_out()
        self._poll()
        return self._begun

    def _wait_after_a_loss(self, reply: Answer) -> None:
        """Wait for as long as a lost call asks for; raise its error where it is not to be tried again."""
        self._lost += 1
        wait = self.transport.wait_after(reply)
        is_too_long = wait > 0 and self.clock() + wait > self._deadline
        if not _may_be_tried_again(reply) or self._lost > self.retries or is_too_long:
            raise self.transport.error(reply)
        self.sleep(wait)

    # --- Polling ---

    @property
    def _path(self) -> tuple[str, ...]:
        return "users", self.user_guid, "members", self.member_guid

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

    def _status(self) -> Mapping[str, Any]:
        return member_of(self.transport.get(*self._path, "status"), f"status of member {self.member_guid}")

    def _see(self, state: Mapping[str, Any] | None) -> None:
        """Take note of a state, and of whether it shows that a job has begun since `_before`."""
        if not isinstance(state, Mapping):
            return
        self._state = state
        moved = state.get("aggregated_at") != self._before.get("aggregated_at")
        self._begun = self._begun or self._is_running or moved

    # --- Asking ---

    @property
    def _is_asking(self) -> bool:
        status = self._connection_status
        return status == CHALLENGED or (status == REJECTED and bool(self._state.get("challenges")))

    def _ask(self) -> None:
        """Answer the questions that are open: with the same answers if those were lost, by the user otherwise."""
        asked = self._open_challenges()
        if not asked:
            return
        if self._answers is not None and self._connection_status == CHALLENGED and set(self._answers) == _guids(asked):
            if self._answer_was_lost:
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
            body = self.transport.get(*self._path, "challenges")
            entries = body.get("challenges") if isinstance(body, Mapping) else None
        found = entries if isinstance(entries, list) else []
        return [challenges.from_json(entry) for entry in found if isinstance(entry, Mapping)]

    def _answers_of_the_user(self, asked: list[Challenge]) -> dict[str, str]:
        questions = "; ".join(repr(challenge.label) for challenge in asked)
        if self.answer is None:
            raise self._challenge_error(
                f"Member {self.member_guid} asks the end user {questions}, and nobody is there to answer. "
                "Pass answer=… to fetch_rewards, or resume() with the answers.",
                asked,
            )
        began = self.clock()
        given = self.answer(asked)
        self._deadline += self.clock() - began
        missing = [challenge for challenge in asked if not given or not given.get(challenge.guid)]
        if missing:
            raise self._challenge_error(
                f"Member {self.member_guid} asks the end user {questions}, and there is no answer to "
                f"{len(missing)} of {len(asked)}. Fetch again once the user can answer.",
                asked,
            )
        return {challenge.guid: str(given[challenge.guid]) for challenge in asked}

    def _resume(self, answers: Mapping[str, str]) -> None:
        reply = send_answers(self.transport, self._path, answers)
        self._stale = 0
        self._answer_was_lost = not reply.is_success
        if reply.is_success:
            return
        if reply.status != NOT_CHALLENGED:
            self._wait_after_a_loss(reply)
            return
        # The member is no longer CHALLENGED, or the answers make no sense: its status tells which.
        self._poll()
        if self._is_asking:
            raise self.transport.error(reply)

    # --- Ending ---

    def _ended(self) -> MemberState | None:
        """Result of a job that no longer runs, None where its status does not say that it has ended."""
        status = self._connection_status
        if status == CONNECTED:
            return MemberState(self._state, started=self._begun)
        if status == REJECTED:
            raise self._challenge_error(
                f"Member {self.member_guid} is REJECTED: the institution refused the answers. "
                "Fetch again to be asked again.",
                self._asked,
            )
        if status in STOPPED:
            raise AggregationError(
                f"Member {self.member_guid} is {status}: {STOPPED[status]}", connection_status=status
            )
        return None

    def _challenge_error(self, message: str, asked: list[Challenge]) -> ChallengeError:
        return ChallengeError(message, connection_status=self._connection_status, challenges=asked)

    def _timed_out(self) -> AggregationTimeout:
        return AggregationTimeout(
            f"Member {self.member_guid} was {self._connection_status} "
            f"({'still' if self._is_running else 'not'} being aggregated) when {self.timeout:g} s were up. "
            "The job goes on at MX: fetch again to join it, or pass a longer timeout.",
            connection_status=self._connection_status,
        )


def send_answers(transport: Transport, path: tuple[str, ...], answers: Mapping[str, str]) -> Answer:
    """Send one answer a challenge; the API takes them only while the member is CHALLENGED."""
    entries = [{"guid": guid, "value": value} for guid, value in answers.items()]
    return transport.send("PUT", *path, "resume", payload={"member": {"challenges": entries}})


def member_of(body: Any, what: str) -> dict[str, Any]:
    """The object `member` of a reply."""
    member = body.get("member") if isinstance(body, Mapping) else None
    if not isinstance(member, dict):
        raise AtriumError(
            f"The reply to the {what} has no object 'member'. Is the base URL that of the rewards API?", status=200
        )
    return member


def _may_be_tried_again(reply: Answer) -> bool:
    return not reply.is_hopeless and (reply.status is None or reply.status in TRANSIENT_STATUSES)


def _guids(asked: list[Challenge]) -> set[str]:
    return {challenge.guid for challenge in asked}
