"""API calls in the background, so that the kernel stays free to handle buttons."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from threading import Event, RLock, Thread
from typing import TypeAlias

from rewards_analytics.errors import RewardsError

Finish: TypeAlias = Callable[[], None]
Task: TypeAlias = Callable[[], Finish]
"""Runs in a thread and returns what to do with its result."""


class Background:
    """Runs tasks in threads. Only the task that was started last may finish.

    Attributes
    ----------
    lock
        Held while a task finishes.
    settled
        Set while nothing runs, and by a task that waits for the user.
    """

    def __init__(self) -> None:
        self.lock, self.settled = RLock(), Event()
        self._latest = 0

    def start(self, task: Task, fail: Callable[[RewardsError | None], None]) -> None:
        """Run a task. `fail` gets its error, or None if the error is not one of ours."""
        with self.lock:
            self._latest += 1
            self.settled.clear()
            # In this thread's context, from which the kernel knows the cell that messages belong to.
            run = partial(copy_context().run, self._run, self._latest, task, fail)
        Thread(target=run, name="rewards-connect", daemon=True).start()

    def cancel(self) -> None:
        """Ignore the result of the running task."""
        with self.lock:
            self._latest += 1
            self.settled.set()

    def _run(self, number: int, task: Task, fail: Callable[[RewardsError | None], None]) -> None:
        finish: Finish = partial(fail, None)
        try:
            finish = task()
        except RewardsError as error:
            finish = partial(fail, error)
        finally:
            with self.lock:
                if number == self._latest:
                    finish()
                    self.settled.set()
