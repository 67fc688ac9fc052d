"""The pictures of a report: light and dark SVG with the words that stand for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from rewards_analytics.plots.aging import describe_aging, draw_aging
from rewards_analytics.plots.distance import describe_distance, draw_distance
from rewards_analytics.plots.expiring import describe_expiring, draw_expiring
from rewards_analytics.plots.images import data_uri, in_dark, svg
from rewards_analytics.plots.panels import new_figure
from rewards_analytics.plots.results import Record
from rewards_analytics.plots.totals import describe_totals, draw_totals

Picture = dict[str, Any]

WIDTH: Final = 4.7
"""Inches of a picture: narrow enough that its text can be read on a phone, where it is scaled down a little."""

CARD_WIDTH: Final = 2.6
"""Inches of a picture in a card."""


def totals_picture(rows: Sequence[Record], name: str) -> Picture:
    """Picture one unit's totals."""

    def draw(ax: Any) -> None:
        draw_totals(rows, ax)
        # The card around it names the unit, and the amounts stand at the bars.
        ax.set_title("", loc="left")
        ax.set_xticks([])

    return _picture(name, 0.62, draw, describe_totals(rows), CARD_WIDTH)


def expiring_picture(rows: Sequence[Record], name: str, every: str) -> Picture:
    """Picture one unit's timeline."""
    words = describe_expiring(rows, every=every)
    return _picture(name, 2.3, lambda ax: draw_expiring(rows, ax, every=every), words)


def aging_picture(rows: Sequence[Record], name: str) -> Picture:
    """Picture one unit's aging schedule."""
    return _picture(name, 2.5, lambda ax: draw_aging(rows, ax), describe_aging(rows))


def distance_picture(rows: Sequence[Record], name: str) -> Picture:
    """Picture the progress towards the goals given."""
    height = 0.6 + 0.46 * max(len(rows), 1)
    return _picture(name, height, lambda ax: draw_distance(rows, ax), describe_distance(rows))


def _picture(name: str, height: float, draw: Callable[[Any], Any], alt: str, width: float = WIDTH) -> Picture:
    figure = new_figure(width, height, "none")
    draw(figure.add_subplot())
    light = svg(figure, name)
    return {
        "light": data_uri(light),
        "dark": data_uri(in_dark(light)),
        "alt": alt,
        "width": round(width * 96),
        "height": round(height * 96),
    }
