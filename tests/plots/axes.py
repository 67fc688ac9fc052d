"""Axes to draw on, and what is written on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


def axes(**options: Any) -> Axes:
    """Axes of a figure that is not registered with pyplot."""
    return Figure(figsize=(7, 6), layout="constrained", **options).add_subplot()


def texts(ax: Axes) -> list[str]:
    """The texts on the axes."""
    return [text.get_text() for text in ax.texts]


def labels(axis: Axis) -> list[str]:
    """The labels of the ticks."""
    return [label.get_text() for label in axis.get_ticklabels()]


def panels(ax: Axes) -> dict[str, Axes]:
    """The panel of each unit, by its title."""
    return {panel.get_title(loc="left"): panel for panel in ax.child_axes}
