"""Where a picture is drawn: on the caller's axes or a new figure, one panel per unit.

Units never share a scale. A result of one unit is drawn on the axes itself; of several, the axes gives up
its own frame and becomes the host of one inset panel per unit (`ax.child_axes`), each with its own scale.
That works for any axes, keeps `ax` in, `ax` out, and lets the caller title the whole.

Who shows a figure made here: pyplot, where pyplot shows anything at all (a notebook's inline or widget
backend, or a backend with windows), because a notebook displays pyplot's figures at the end of the cell, and
of an `Axes` alone only its repr. Everywhere else (scripts, tests, servers, threads) the figure is a plain
`matplotlib.figure.Figure` that pyplot never hears of, so that nothing is kept alive and no state changes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rewards_analytics.plots.style import plain, theme_of, words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

PICTURE_WIDTH: Final = 7.6
"""Inches; as wide as a notebook's cell."""


def new_axes(height: float, width: float = PICTURE_WIDTH) -> Axes:
    """Make axes of a new figure, in inches, that a notebook will show."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    if _pyplot_shows():
        from matplotlib import pyplot as plt

        figure: Figure = plt.figure(figsize=(width, height), layout=layout)
    else:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(width, height), layout=layout)
    return figure.add_subplot()


def width_in_points(ax: Axes) -> float:
    """Return how wide axes are before a layout moves them."""
    return ax.get_position().width * ax.figure.bbox.width / ax.figure.dpi * 72


def _pyplot_shows() -> bool:
    """Whether pyplot displays figures here. An undecided backend stays so unless pyplot is in use already."""
    import matplotlib
    from matplotlib.backends.registry import BackendFilter, backend_registry

    in_use = "matplotlib.pyplot" in sys.modules
    backend = matplotlib.get_backend() if in_use else matplotlib.get_backend(auto_select=False)
    return backend is not None and backend.lower() not in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE)


class _Row:
    """Place of one of several panels, from the top; the space between them is in points at any size."""

    def __init__(self, host: Axes, index: int, of: int, gap: float) -> None:
        self.host, self.index, self.of, self.gap = host, index, of, gap

    def __call__(self, panel: object, renderer: object) -> Bbox:  # noqa: ARG002
        from matplotlib.transforms import Bbox

        box = self.host.get_position()
        figure_points = self.host.figure.bbox.height / self.host.figure.dpi * 72
        gap = min(self.gap / figure_points, box.height / self.of * 0.7)
        height = (box.height - gap * (self.of - 1)) / self.of
        top = box.y1 - self.index * (height + gap)
        return Bbox.from_extents(box.x0, top - height, box.x1, top)


def panels(ax: Axes, units: Sequence[str], *, gap: float) -> dict[str, Axes]:
    """Give each unit the axes to draw on: `ax` itself for a single unit, else panels inside it, top to bottom.

    `gap` is the space in points that tick labels and the next title need between two panels.
    """
    if len(units) == 1:
        return {units[0]: ax}
    ax.set_axis_off()
    made: dict[str, Axes] = {}
    for index, unit_type in enumerate(units):
        panel = ax.inset_axes((0, 0, 1, 1))
        panel.set_axes_locator(_Row(ax, index, len(units), gap))
        made[unit_type] = panel
    return made


def say(ax: Axes, sentence: str) -> None:
    """Write a sentence in place of a picture: why there is nothing to draw."""
    ax.set_axis_off()
    style = words(theme_of(ax).muted, 10.5, ha="center", va="center")
    ax.text(0.5, 0.5, plain(sentence, 120), transform=ax.transAxes, **style)


def describe(ax: Axes, words: str) -> Axes:
    """Keep a picture's alternative text as the label of its axes, unless the caller has labelled them."""
    if not ax.get_label():
        ax.set_label(words)
    return ax
