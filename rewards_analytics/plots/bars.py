"""Horizontal bars with their exact amounts at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rewards_analytics.plots.panels import width_in_points
from rewards_analytics.plots.style import Theme, drawable, text_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer


def label_widths(panel: Axes, bars: BarContainer, labels: Sequence[str], theme: Theme) -> None:
    """Write each bar's exact amount at its end, and widen the scale to make room for it."""
    widths = [bar.get_width() for bar in bars]
    low, high = min(0.0, *widths), max(0.0, *widths)
    share = _share_of_label(panel, max(map(len, labels)))
    room = (high - low or 1.0) * share / (1 - share)
    panel.set_xlim(low - (room if low < 0 else 0), high + room)
    for bar, width, label in zip(bars, widths, labels, strict=True):
        panel.annotate(
            drawable(label),
            (width, bar.get_y() + bar.get_height() / 2),
            xytext=(-5 if width < 0 else 5, 0),
            textcoords="offset points",
            ha="right" if width < 0 else "left",
            va="center",
            # The scale has made room already: a layout that made more would shrink the bars to nothing.
            in_layout=False,
            **text_style(theme.ink, 9),
        )


def _share_of_label(panel: Axes, characters: int) -> float:
    """Estimate the share of the panel's width that a label takes; measuring it would need a renderer."""
    return float(min(0.75, (10 + 5.6 * characters) / width_in_points(panel)))
