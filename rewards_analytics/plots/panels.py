"""Where a picture is drawn: on the caller's axes or a new figure, one panel per unit.

Units never share a scale. A result of one unit is drawn on the axes itself. For several, the axes hide their own frame
and host one inset panel per unit (`ax.child_axes`), each with its own scale. So a plot takes and returns one `ax`
whatever the number of units, and the caller can set its title.

A new figure belongs to pyplot if pyplot's backend displays figures (inline, widget, or with windows), because a
notebook displays pyplot's figures at the end of a cell, but only the repr of an `Axes`. Everywhere else (scripts,
tests, servers, threads) the figure is not registered with pyplot, so that pyplot does not keep it alive.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.plots.style import Theme, drawable, text_style, theme_of
from rewards_analytics.results.records import Record, of_unit, units_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

PICTURE_WIDTH: Final = 7.6
"""Inches; as wide as a notebook's cell."""


def new_axes(height: float, width: float = PICTURE_WIDTH) -> Axes:
    """Return axes of a new figure, in inches, that a notebook displays."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from rewards_analytics.plots.figure import Figure

    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    if _pyplot_shows():
        from matplotlib import pyplot as plt

        figure: Any = plt.figure(figsize=(width, height), layout=layout, FigureClass=Figure)
    else:
        figure = Figure(figsize=(width, height), layout=layout)
    ax: Axes = figure.add_subplot()
    return ax


def width_in_points(ax: Axes) -> float:
    """Return how wide axes are before a layout moves them."""
    return ax.get_position().width * ax.figure.bbox.width / ax.figure.dpi * 72


def _pyplot_shows() -> bool:
    """Return whether pyplot displays figures here, without making an undecided backend choose."""
    import matplotlib
    from matplotlib.backends.registry import BackendFilter, backend_registry

    in_use = "matplotlib.pyplot" in sys.modules
    backend = matplotlib.get_backend() if in_use else matplotlib.get_backend(auto_select=False)
    return backend is not None and backend.lower() not in backend_registry.list_builtin(BackendFilter.NON_INTERACTIVE)


class _Row:
    """Locates one of several panels, from the top, with a gap in points at any figure size."""

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
    """Return the axes to draw each unit on: `ax` itself for a single unit, else panels inside it, top to bottom.

    `gap` is the space in points for tick labels and the next title between two panels.
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


def draw_units(
    ax: Axes, rows: Sequence[Record], draw: Callable[[Axes, Sequence[Record], Theme], None], *, gap: float, nothing: str
) -> Axes:
    """Draw the rows of each unit on its panel, or the sentence `nothing` if there are none; return the axes."""
    if not rows:
        write_sentence(ax, nothing)
        return ax
    theme = theme_of(ax)
    for unit_type, panel in panels(ax, units_of(rows), gap=gap).items():
        draw(panel, of_unit(rows, unit_type), theme)
    return ax


def write_sentence(ax: Axes, sentence: str) -> None:
    """Write a sentence in place of a picture."""
    ax.set_axis_off()
    style = text_style(theme_of(ax).muted, 10.5, ha="center", va="center")
    lines = "\n".join(drawable(line, 120) for line in wrap(sentence, 96))
    ax.text(0.5, 0.5, lines, transform=ax.transAxes, **style)


def set_alternative_text(ax: Axes, words: str) -> Axes:
    """Set a picture's alternative text as the label of its axes, unless the caller has set one."""
    if not ax.get_label():
        ax.set_label(words)
    return ax
