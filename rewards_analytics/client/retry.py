"""What is tried again, and when: transient answers of calls that may be repeated, with growing, jittered waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from rewards_analytics.client.transport import Answer

TRANSIENT_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 20.0
LONGEST_RETRY_AFTER_S: Final = 300.0
"""A server that asks for more than this is not waited for: the call fails and says how long it asked for."""


def retrying(
    *,
    retries: int,
    sleep: Callable[[float], None],
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Callable[[Callable[[], Answer]], Answer]:
    """Function that makes an attempt until its answer is not transient, `retries` times again at most.

    It gives the answer of the last attempt, and may be called by several threads at once.
    """
    from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

    backoff = wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S)

    def wait(state: RetryCallState) -> float:
        # A server that says 0 is not asked again at once, or all repeats are used up within a moment.
        return max(backoff(state), retry_after(_answer(state), now()) or 0.0)

    def is_worth_another(answer: Answer) -> bool:
        return answer.is_transient and (retry_after(answer, now()) or 0.0) <= LONGEST_RETRY_AFTER_S

    return Retrying(
        sleep=sleep,
        stop=stop_after_attempt(retries + 1),
        wait=wait,
        retry=retry_if_result(is_worth_another),
        retry_error_callback=_answer,
    )


def retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds that the answer's `Retry-After` asks for, None where it has none that can be read.

    The header is a number of seconds or a date.
    """
    text = answer.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max((at - now).total_seconds(), 0.0)


def _answer(state: RetryCallState) -> Answer:
    assert state.outcome is not None  # noqa: S101 - asked only after an attempt
    answer: Answer = state.outcome.result()
    return answer
