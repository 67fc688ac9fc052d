"""Faults of the sandbox: scheduled for the next calls, or random with a seed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection
from random import Random
from typing import Final

from rewards_analytics.errors import ArgumentError

RANDOM_KINDS: Final = ("429", "500", "502", "503", "504", "reset", "truncated", "html", "shift")
KINDS: Final = (*RANDOM_KINDS, "lost", "redirect", "silence")
"""Statuses; `reset`: the connection breaks before the call is handled; `lost`: after it; `truncated`: half of the
body; `html`: a 200 that is not JSON; `shift`: the list is returned shifted by one entry; `redirect`: to another path;
`silence`: no response until the caller gives up."""


class Faults:
    """Faults of a sandbox.

    Parameters
    ----------
    rate
        Share of calls that fail at random, 0 to 1. Whether the n-th call of a path fails depends on the seed alone,
        not on the order in which several clients call.
    kinds
        Kinds of random faults.
    seed
        Seed of the random faults.
    retry_after
        Value of the `Retry-After` header of a 429, None to send none.
    """

    def __init__(
        self,
        rate: float = 0.0,
        *,
        kinds: Collection[str] = RANDOM_KINDS,
        seed: int = 0,
        retry_after: str | None = "0",
    ) -> None:
        if not 0 <= rate <= 1:
            raise ArgumentError(f"rate must be a share from 0 (never) to 1 (always), got {rate}.")
        self.rate = rate
        self.kinds = [_known(kind) for kind in kinds]
        self.seed = seed
        self.retry_after = retry_after
        self._scheduled: list[tuple[str, str]] = []
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    def next(self, kind: str, *, times: int = 1, on: str = "") -> None:
        """Make the next `times` calls whose `METHOD path?query` contains `on` fail in this way."""
        with self._lock:
            self._scheduled += [(on, _known(kind))] * times

    def clear(self) -> None:
        """Stop all faults, scheduled and random."""
        with self._lock:
            self._scheduled.clear()
            self.rate = 0.0
            self.retry_after = "0"

    def pick(self, call: str) -> str | None:
        """Kind of fault for this call (`METHOD path?query`), None for a normal response."""
        with self._lock:
            for place, (on, kind) in enumerate(self._scheduled):
                if on in call:
                    del self._scheduled[place]
                    return kind
            self._calls[call] += 1
            rng = Random(f"{self.seed} {call} {self._calls[call]}")
            return rng.choice(self.kinds) if rng.random() < self.rate else None


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise ArgumentError.not_one_of("kind", kind, KINDS)
    return kind
