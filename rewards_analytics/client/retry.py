"""Which responses are retried, and when: exponential backoff with jitter, and `Retry-After`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil, inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from rewards_analytics.client.response import Response

TRANSIENT_STATUSES: Final = frozenset({429, 500, 502, 503, 504})
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 20.0
LONGEST_RETRY_AFTER_S: Final = 300.0
"""A longer `Retry-After` is not waited for: the call fails and says how long it is."""


def retrying(*, retries: int, sleep: Callable[[float], None]) -> Callable[[Callable[[], Response]], Response]:
    """Function that repeats an attempt while its response is transient, with at most `retries` retries.

    It returns the response of the last attempt, and can be called from several threads at once.
    """
    from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

    backoff = wait_random_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S)

    def wait(state: RetryCallState) -> float:
        # Retry-After: 0 does not mean at once, or all retries would be used up within a moment.
        return max(backoff(state), requested_wait(_response(state)))

    def should_retry(response: Response) -> bool:
        return response.is_transient and requested_wait(response) <= LONGEST_RETRY_AFTER_S

    return Retrying(
        sleep=sleep,
        stop=stop_after_attempt(retries + 1),
        wait=wait,
        retry=retry_if_result(should_retry),
        retry_error_callback=_response,
    )


def requested_wait(response: Response) -> float:
    """Seconds that a response asks to wait from now, 0 if it does not ask."""
    return retry_after(response, datetime.now(UTC)) or 0.0


def retry_after(response: Response, now: datetime) -> float | None:
    """Whole seconds to wait by the response's `Retry-After` (seconds or a date), None without a valid one.

    A fraction is rounded up, so that the next attempt never comes sooner than was asked. A date in the past is 0.
    """
    text = response.headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
        return ceil(seconds) if seconds < inf else inf
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(ceil((at - now).total_seconds()), 0)


_SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]*)?")


def _response(state: RetryCallState) -> Response:
    assert state.outcome is not None  # noqa: S101 - only called after an attempt
    response: Response = state.outcome.result()
    return response
