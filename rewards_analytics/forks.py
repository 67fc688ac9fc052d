"""Whether this process is a fork that lost the threads of Polars: there, every computation would wait forever."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path

from rewards_analytics.errors import RewardsError

_TASKS = Path("/proc/self/task")
_OF_POLARS = re.compile(r"polars-[0-9]")

_were_running = False
_are_lost = False


def refuse_lost_threads() -> None:
    """Raise an error where Polars could not compute.

    Raises
    ------
    RewardsError
        This process was forked after Polars had started its threads.
    """
    if _are_lost:
        raise RewardsError(
            "This process was forked from one in which Polars had started its threads. A fork has none of them, so it "
            'would wait forever. Start processes with multiprocessing.get_context("spawn"), or with "forkserver".'
        )


def _before_fork() -> None:
    global _were_running
    _were_running = "polars" in sys.modules and _has_threads_of_polars()


def _after_fork() -> None:
    global _are_lost
    _are_lost = _are_lost or _were_running


def _has_threads_of_polars() -> bool:
    """Whether there are any; assumed where the system does not name its threads."""
    if not _TASKS.is_dir():
        return True
    for name in _TASKS.glob("*/comm"):
        with suppress(OSError):  # a thread that has just ended
            if _OF_POLARS.match(name.read_text()):
                return True
    return False


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
