"""Whether this process is a fork that lost the threads of Polars: there, every computation would wait forever."""

from __future__ import annotations

# Importing the package imports this file: it imports nothing that Python has not imported already.
import os
import sys

_TASKS = "/proc/self/task"

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
        from rewards_analytics.errors import RewardsError

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
    try:
        threads = os.listdir(_TASKS)  # noqa: PTH208
    except OSError:
        return True
    names = map(_name_of, threads)
    return any(name.startswith("polars-") and name[len("polars-")].isdigit() for name in names)


def _name_of(thread: str) -> str:
    try:
        with open(f"{_TASKS}/{thread}/comm", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return file.read()
    except OSError:  # it has just ended
        return ""


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
