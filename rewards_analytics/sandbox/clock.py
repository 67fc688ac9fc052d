"""The sandbox's own time: it starts where it is told, and a test can push it ahead."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, time as time_of_day, timedelta

NOON = time_of_day(12, tzinfo=UTC)


class Clock:
    """A UTC clock that starts at a given instant and can be pushed ahead.

    Parameters
    ----------
    start
        First instant; now if None. A date means its noon.
    frozen
        Stand still but for `advance`, instead of running along with the machine's clock.
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
        """Present instant of the sandbox."""
        running = timedelta(0) if self._frozen else timedelta(seconds=time.monotonic() - self._began)
        return self._start + self._ahead + running

    def today(self) -> date:
        """Present day of the sandbox."""
        return self.now().date()

    def advance(self, span: timedelta) -> None:
        """Push the clock ahead by `span`."""
        self._ahead += span
