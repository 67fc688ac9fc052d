"""A job as the fetch form follows it: its steps, the questions of the institution, and the answers on their way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from typing import TYPE_CHECKING

from rewards_analytics.client import AtriumClient, Challenge
from rewards_analytics.errors import RewardsError
from rewards_analytics.loading.load import load
from rewards_analytics.widgets.connect.background import Background
from rewards_analytics.widgets.connect.names import Named
from rewards_analytics.widgets.connect.words import is_refused, now, step_of

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.client.aggregation import MemberState


class StoppedError(RewardsError):
    """The user stopped waiting."""


class Job:
    """A job on one member. `run` is called in a thread of `background`, and the others by the form.

    An answer is in a queue until the API has it: no attribute holds it.

    Parameters
    ----------
    user, member
        Whose rewards are fetched.
    background
        The threads of the form.
    on_step, on_questions
        Called in the thread, with the lock held: for a new step, and once the institution has asked.

    Attributes
    ----------
    steps
        What the job did, and when.
    challenges
        The open questions.
    is_refused
        Whether the institution refused the last answer.
    """

    def __init__(
        self,
        user: Named,
        member: Named,
        background: Background,
        *,
        on_step: Callable[[], None],
        on_questions: Callable[[Job], None],
    ) -> None:
        self.user, self.member = user, member
        self.steps: list[tuple[str, str]] = []
        self.challenges: Sequence[Challenge] = ()
        self.is_refused = False
        self._background, self._on_step, self._on_questions = background, on_step, on_questions
        self._answers: SimpleQueue[Mapping[str, str]] = SimpleQueue()
        self._is_stopped = False

    def run(self, client: AtriumClient, timeout: float) -> tuple[pl.DataFrame, MemberState]:
        """Fetch the rewards, and return them with the last status of the member."""
        pair = self.user.guid, self.member.guid
        ended = client.fetch_rewards(*pair, self._ask, timeout, watch=self._watch)
        return load(list(client.list_rewards(*pair))), ended

    def resume(self, answers: Mapping[str, str]) -> None:
        """Let the job go on with the answers to its questions."""
        self._background.settled.clear()
        self.challenges = ()
        self._answers.put(answers)

    def stop(self) -> None:
        """Stop waiting, even for an answer."""
        self._is_stopped = True
        self.resume({})

    def _watch(self, status: Mapping[str, object]) -> None:
        with self._background.lock:
            self._raise_if_stopped()
            self.is_refused = is_refused(status)
            step = step_of(status, self.member.name)
            if step not in [words for words, _ in self.steps[-1:]]:
                self.steps.append((step, f"{now():%H:%M:%S}"))
                self._on_step()

    def _ask(self, challenges: list[Challenge]) -> Mapping[str, str]:
        with self._background.lock:
            self._raise_if_stopped()
            self._answers, self.challenges = SimpleQueue(), challenges
            self._on_questions(self)
            self._background.settled.set()
        answers = self._answers.get()
        self._raise_if_stopped()
        return answers

    def _raise_if_stopped(self) -> None:
        if self._is_stopped:
            raise StoppedError
