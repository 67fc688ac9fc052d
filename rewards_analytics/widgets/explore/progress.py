"""Says what a dashboard is doing before its first view, where that takes more than a moment and someone is looking."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

from rewards_analytics.interactive import is_interactive

FEW: Final = 200_000
"""Rewards in memory that are ready in a moment."""

MOMENT_S: Final = 0.5
"""Seconds until a step is named, and after which its time is counted on."""


@contextmanager
def steps(rewards: Any, history: Any = None) -> Iterator[Callable[[str], object]]:
    """Yield a function that names each step, in a line on a terminal and in a notebook; elsewhere it shows nothing.

    No bar of tqdm: in a notebook it leaves an output that a later reader sees as an error, and that is not there at
    every run. The line is gone at the end, and whether it was shown makes no difference to the notebook.
    """
    is_quick = history is None and hasattr(rewards, "__len__") and len(rewards) < FEW
    if is_quick or not is_interactive():
        yield lambda step: step
        return
    reached, is_ready = ["beginning"], Event()
    show = _on_terminal if sys.stderr is not None and sys.stderr.isatty() else _in_notebook()
    # A thread of its own, because a step is one long call.
    watch = Thread(target=_watch, args=(reached, is_ready, show), name="dashboard-progress", daemon=True)
    watch.start()
    try:
        yield reached.append
    finally:
        is_ready.set()
        watch.join()


def _watch(reached: Sequence[str], is_ready: Event, show: Callable[[str], object]) -> None:
    begun, is_shown = monotonic(), False
    while not is_ready.wait(MOMENT_S):
        show(f"Dashboard: {reached[-1]}, {monotonic() - begun:.0f} s")
        is_shown = True
    if is_shown:
        show("")


def _on_terminal(line: str) -> None:
    """Write over the last line, or clear it."""
    sys.stderr.write(f"\r{line:<60}" if line else f"\r{'':60}\r")
    sys.stderr.flush()


def _in_notebook() -> Callable[[str], object]:
    """Return what shows a line in one output, which is empty at first."""
    from IPython.display import display

    show: Callable[..., Any] = display
    output = show({"text/html": ""}, raw=True, display_id=True)

    def update(line: str) -> None:
        output.update({"text/plain": line} if line else {"text/html": ""}, raw=True)

    return update
