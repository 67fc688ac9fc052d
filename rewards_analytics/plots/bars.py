"""Lying bars with their exact amounts written at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rewards_analytics.plots.style import Theme, plain, words


def label_widths(panel: Any, bars: Any, labels: Sequence[str], theme: Theme) -> None:
    """Write each bar's exact amount at its end, and leave room for it on the scale."""
    widths = [bar.get_width() for bar in bars]
    low, high = min(0.0, *widths), max(0.0, *widths)
    span = (high - low) or 1.0
    # Room for the longest label beside the longest bar: about 1% of the scale a character.
    room = span * min(0.9, 0.06 + 0.016 * max(map(len, labels)))
    panel.set_xlim(low - (room if low < 0 else 0), high + room)
    for bar, width, label in zip(bars, widths, labels, strict=True):
        panel.annotate(
            plain(label),
            (width, bar.get_y() + bar.get_height() / 2),
            xytext=(-5 if width < 0 else 5, 0),
            textcoords="offset points",
            ha="right" if width < 0 else "left",
            va="center",
            **words(theme.ink, 9),
        )
