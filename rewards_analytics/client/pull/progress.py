"""The progress bar of a pull."""

from __future__ import annotations

from typing import Any

from rewards_analytics.interactive import is_interactive


class ProgressBar:
    """Counts members, and shows the number of rewards and failures; `wanted` is that of `is_interactive` if None."""

    def __init__(self, wanted: bool | None) -> None:
        self._bar: Any = None
        if is_interactive() if wanted is None else wanted:
            from tqdm.auto import tqdm

            self._bar = tqdm(unit="member", desc="Pulling", dynamic_ncols=True)
        self._rewards = 0
        self._failures = 0

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def describe(self, text: str) -> None:
        """Show what is going on before the members are known."""
        if self._bar is not None:
            self._bar.set_postfix_str(text)

    def start(self, total: int, done: int) -> None:
        """Set the number of members, and how many an earlier pull has finished."""
        if self._bar is not None:
            self._bar.reset(total=total)
            self._bar.update(done)

    def step(self, *, rewards: int = 0, failures: int = 0) -> None:
        """Count one more member, with its rewards or its failure."""
        self._rewards += rewards
        self._failures += failures
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self._rewards:,} rewards, {self._failures:,} failures", refresh=False)
            self._bar.update(1)
