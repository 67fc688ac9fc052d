"""The progress bar of a pull."""

from __future__ import annotations

from rewards_analytics.interactive import is_interactive


class ProgressBar:
    """Counts members, and shows the number of rewards and failures; if `wanted` is None, only to a person."""

    def __init__(self, wanted: bool | None) -> None:
        from tqdm.auto import tqdm

        hidden = not (is_interactive() if wanted is None else wanted)
        self._bar = tqdm(unit="member", desc="Pulling", dynamic_ncols=True, disable=hidden)
        self._rewards = self._failures = 0

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()

    def describe(self, text: str) -> None:
        """Show what is going on before the members are known."""
        self._bar.set_postfix_str(text)

    def start(self, total: int, done: int) -> None:
        """Set the number of members, and how many an earlier pull has finished."""
        self._bar.reset(total=total)
        self._bar.update(done)

    def step(self, *, rewards: int = 0, failures: int = 0) -> None:
        """Count one more member, with its rewards or its failure."""
        self._rewards += rewards
        self._failures += failures
        self._bar.set_postfix_str(f"{self._rewards:,} rewards, {self._failures:,} failures", refresh=False)
        self._bar.update(1)
