"""Pictures of one unit as reports and dashboards show them: SVG with a fixed layout and alternative text.

The margins are fixed for each kind of picture, because measuring every label, as `layout="constrained"` does, takes
twice as long as drawing, and the longest form of a label is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any, Final

from rewards_analytics.plots.aging import describe_aging, draw_aging
from rewards_analytics.plots.balance import describe_balance, draw_balance
from rewards_analytics.plots.bands import describe_bands, draw_bands
from rewards_analytics.plots.distance import describe_distance, draw_distance
from rewards_analytics.plots.expiring import describe_expiring, draw_expiring
from rewards_analytics.plots.forecast import describe_forecast, draw_forecast
from rewards_analytics.plots.images import svg
from rewards_analytics.plots.lapse import describe_lapse, draw_lapse
from rewards_analytics.plots.roll_forward import describe_roll_forward, draw_roll_forward
from rewards_analytics.plots.totals import describe_totals, draw_totals
from rewards_analytics.results.records import Record

WIDTH: Final = 4.7
"""Inches: narrow enough that the text is legible on a phone, which scales the picture down a little."""


@dataclass(frozen=True)
class Picture:
    """A drawn picture: its SVG in the light theme, its alternative text, and its size in inches."""

    svg: str
    words: str
    width: float
    height: float


@dataclass(frozen=True)
class _Kind:
    """How to draw one kind of picture. Margins in points: left, bottom, right, top."""

    draw: Callable[..., Any]
    describe: Callable[..., str]
    height: float
    margins: tuple[float, float, float, float]
    height_of_row: float = 0.0


KINDS: Final = {
    "totals": _Kind(draw_totals, describe_totals, 1.2, (54, 22, 8, 24)),
    "expiring": _Kind(draw_expiring, describe_expiring, 2.5, (58, 34, 8, 40)),
    "aging": _Kind(draw_aging, describe_aging, 2.4, (84, 22, 8, 24)),
    "bands": _Kind(draw_bands, describe_bands, 0.64, (84, 22, 8, 24), height_of_row=0.22),
    "balance": _Kind(partial(draw_balance, compact=True), describe_balance, 2.0, (58, 34, 8, 24)),
    "roll-forward": _Kind(partial(draw_roll_forward, compact=True), describe_roll_forward, 2.0, (58, 34, 8, 24)),
    "lapse": _Kind(draw_lapse, describe_lapse, 2.4, (84, 58, 8, 24)),
    "forecast": _Kind(draw_forecast, describe_forecast, 2.3, (58, 34, 8, 24)),
    "distance": _Kind(draw_distance, describe_distance, 0.6, (8, 38, 8, 2), height_of_row=0.46),
}


_one_at_a_time: Final = Lock()
"""Matplotlib's settings belong to the process: of two threads that reset them, each would restore the other's."""


def picture(kind: str, rows: Sequence[Record], name: str, **options: Any) -> Picture:
    """Draw records of one unit (goals: of any unit) as a picture of a kind.

    `name` makes the ids inside the SVG unique on a page; `options` go to the functions that draw and describe it.
    """
    how = KINDS[kind]
    width, height = WIDTH, how.height + how.height_of_row * len(rows)
    with own_settings():
        ax = _axes(width, height, how.margins)
        how.draw(rows, ax, **options)
        drawn = svg(ax.figure, name)
    return Picture(drawn, how.describe(rows, **options), width, height)


def _axes(width: float, height: float, margins: tuple[float, float, float, float]) -> Any:
    """Return axes of a new figure in inches, with margins in points."""
    from matplotlib.figure import Figure

    left, bottom, right, top = (margin / (72 * side) for margin, side in zip(margins, (width, height) * 2, strict=True))
    return Figure(figsize=(width, height), facecolor="none").add_axes(
        (left, bottom, 1 - left - right, 1 - bottom - top)
    )


@contextmanager
def own_settings() -> Iterator[None]:
    """Draw with matplotlib's defaults, one thread at a time.

    The reader's own settings, such as a dark style in a notebook, must not reach a file that is sent to others.
    """
    import matplotlib as mpl

    with _one_at_a_time, mpl.rc_context():
        mpl.rcdefaults()
        yield
