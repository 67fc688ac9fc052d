"""Says what the dashboard is doing before its first view, where there are many rewards and someone is looking."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from rewards_analytics.interactive import is_interactive

FEW: Final = 200_000
"""Rewards in memory that are ready in a moment."""

_STEPS: Final = 6


@contextmanager
def steps(rewards: Any) -> Iterator[Callable[[str], object]]:
    """Yield a function that names each step on a bar, on a terminal and in a notebook; elsewhere it shows nothing."""
    if not is_interactive() or (hasattr(rewards, "__len__") and len(rewards) < FEW):
        yield lambda step: step
        return
    from tqdm.auto import tqdm

    in_memory = hasattr(rewards, "__len__")
    with tqdm(
        total=_STEPS, bar_format="{desc} {bar} {elapsed}", delay=0 if in_memory else 2, leave=False, file=sys.stderr
    ) as bar:

        def said(step: str) -> None:
            bar.set_description_str(f"Dashboard: {step}")
            bar.update()

        yield said
