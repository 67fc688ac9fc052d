"""The sandbox's own time: it starts at a given instant, and a test can advance it."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, time as time_of_day, timedelta

NOON = time_of_day(12, tzinfo=UTC)


class Clock:
    """A UTC clock that starts at a given instant and can be advanced.

    Parameters
    ----------
    start
        First instant; now if None. A date means its noon.
    frozen
        Whether only `advance` moves it, instead of the machine's clock.
    """

    def __init__(self, start: datetime | date | None = None, *, frozen: bool = False) -> None:
        if start is None:
            start = datetime.now(UTC)
        elif not isinstance(start, datetime):
            start = datetime.combine(start, NOON)
        self._start = start.astimezone(UTC)
        self._ahead = timedelta(0)
        self._frozen = frozen
        self._began = time.monotonic()

    def now(self) -> datetime:
        """Current instant of the sandbox."""
        running = timedelta(0) if self._frozen else timedelta(seconds=time.monotonic() - self._began)
        return self._start + self._ahead + running

    def today(self) -> date:
        """Current day of the sandbox."""
        return self.now().date()

    def advance(self, span: timedelta) -> None:
        """Advance the clock by `span`."""
        self._ahead += span
