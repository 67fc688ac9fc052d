"""The timeline as SVG markup, for a dashboard that redraws after each change: 1 ms instead of matplotlib's 50.

It has the same ticks, names and colours as `plot_expiring`. The colours are variables of the page, so one drawing works
in light and dark themes. Hovering over a period shows its exact amounts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape
from itertools import pairwise
from typing import Final, TypeAlias

from rewards_analytics.plots.expiring import (
    MOST_BARS,
    describe_expiring,
    drawn_part,
    limits,
    named_periods,
    period_name,
)
from rewards_analytics.plots.images import PAGE_FONTS, themed
from rewards_analytics.plots.style import LIGHT, tick_amount
from rewards_analytics.results.records import Record
from rewards_analytics.wording import amount_of

Scale: TypeAlias = Callable[[float], float]

_WIDTH: Final = 560
_HEIGHT: Final = 216
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 6, 12, 38
_LINE: Final = themed(LIGHT.line)
_MUTED: Final = themed(LIGHT.muted)
_PLOT: Final = (_WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM)


def timeline_svg(rows: Sequence[Record], every: str) -> str:
    """Draw the timeline of one unit: a bar for each period, and a line of the cumulative amount."""
    words, unit_type = describe_expiring(rows, every=every), rows[0]["unit_type"]
    timeline = drawn_part(rows, every)
    rows = _thinned(timeline.rows or rows[:1])
    heights = [float(row["expiring"]) for row in rows]
    running = [float(row["cumulative"]) for row in rows]
    low, high = limits([*heights, *running])

    def y(value: float) -> float:
        return round(_TOP + (high - value) * _PLOT[1] / (high - low), 1)

    edges = [round(_LEFT + index * _PLOT[0] / len(rows), 1) for index in range(len(rows) + 1)]
    own = themed(LIGHT.unit(unit_type))
    single = len(rows) <= MOST_BARS
    parts = [
        _grid(low, high, unit_type, y),
        _running(running, edges, own, y),
        _bars(rows, heights, edges, every, own, y) if single else _outline(heights, edges, own, y),
    ]
    for index, first, second in named_periods([row["period"] for row in rows], every):
        middle = round((edges[index] + edges[index + 1]) / 2, 1)
        parts += [_text(middle, _HEIGHT - _BOTTOM + 16, first), _text(middle, _HEIGHT - _BOTTOM + 31, second)]
    if left_out := timeline.left_out(unit_type):
        parts.append(_text(_WIDTH - _RIGHT, _TOP - 2, left_out, "end"))
    return (
        f'<svg class="rewards-timeline" role="img" aria-label="{escape(words)}" font-family="{PAGE_FONTS}" '
        f'font-size="12" viewBox="0 0 {_WIDTH} {_HEIGHT}">{"".join(parts)}</svg>'
    )


def _thinned(rows: Sequence[Record]) -> Sequence[Record]:
    """Merge periods narrower than two units of width: the largest amount, and the last cumulative amount."""
    size = -(-2 * len(rows) // _PLOT[0])
    if size == 1:
        return rows
    groups = (rows[start : start + size] for start in range(0, len(rows), size))
    return [
        {**group[-1], "period": group[0]["period"], "expiring": max(row["expiring"] for row in group)}
        for group in groups
    ]


@lru_cache(maxsize=256)
def _ticks(low: float, high: float) -> tuple[float, ...]:
    from matplotlib.ticker import MaxNLocator

    values = MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return tuple(float(value) for value in values if low <= value <= high)


def _grid(low: float, high: float, unit_type: str, y: Scale) -> str:
    lines = []
    for value in _ticks(low, high):
        # tick_amount() escapes dollar signs for matplotlib.
        name = tick_amount(value, unit_type).replace("\\$", "$")
        lines.append(
            f'<path class="rewards-grid" fill="none" stroke="{_LINE}" d="M{_LEFT} {y(value)}H{_WIDTH - _RIGHT}"/>'
        )
        lines.append(_text(_LEFT - 6, y(value) + 4, name, "end"))
    return "".join(lines)


def _running(running: Sequence[float], edges: Sequence[float], own: str, y: Scale) -> str:
    """A line of the cumulative amount, over a light area."""
    steps = _steps(running, edges, y)
    return (
        f'<path class="rewards-area" fill="{own}" opacity="0.13" d="M{edges[0]} {y(0)}L{steps}L{edges[-1]} {y(0)}Z"/>'
        f'<path class="rewards-line" fill="none" stroke="{own}" opacity="0.6" d="M{steps}"/>'
    )


def _outline(heights: Sequence[float], edges: Sequence[float], own: str, y: Scale) -> str:
    steps = _steps(heights, edges, y)
    return f'<path class="rewards-bar" fill="{own}" d="M{edges[0]} {y(0)}L{steps}L{edges[-1]} {y(0)}Z"/>'


def _steps(values: Sequence[float], edges: Sequence[float], y: Scale) -> str:
    return "L".join(
        f"{left} {y(value)}L{right} {y(value)}" for value, (left, right) in zip(values, pairwise(edges), strict=True)
    )


def _bars(
    rows: Sequence[Record], heights: Sequence[float], edges: Sequence[float], every: str, own: str, y: Scale
) -> str:
    """A bar for each period, and an invisible one of full height with its exact amounts as a tooltip."""
    drawn = []
    for row, height, (left, right) in zip(rows, heights, pairwise(edges), strict=True):
        width = right - left
        top, bottom = sorted((y(height), y(0)))
        if height:
            drawn.append(
                f'<rect class="rewards-bar" fill="{own}" x="{left + 0.13 * width:.1f}" width="{0.74 * width:.1f}" '
                f'y="{top}" height="{max(bottom - top, 1):.1f}"/>'
            )
        unit_type = row["unit_type"]
        tooltip = (
            f"{period_name(row['period'], every)}: {amount_of(row['expiring'], unit_type)}; "
            f"cumulative {amount_of(row['cumulative'], unit_type)}"
        )
        drawn.append(
            f'<rect class="rewards-point" fill="none" pointer-events="all" x="{left}" width="{width:.1f}" '
            f'y="{_TOP}" height="{_PLOT[1]}">'
            f"<title>{escape(tooltip)}</title></rect>"
        )
    return "".join(drawn)


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x}" y="{y:.1f}" fill="{_MUTED}" text-anchor="{anchor}">{escape(text)}</text>'
