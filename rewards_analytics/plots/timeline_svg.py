"""The timeline as SVG markup, for a dashboard that redraws after each change: 1 ms instead of matplotlib's 50.

It has the same ticks, names and colours as `plot_expiring`: the bars of the periods, and below them the cumulative
amount on a scale of its own, which would dwarf them. The colours are variables of the page, so one drawing works in
light and dark themes. The marks and their attributes are listed in show/README.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from html import escape
from itertools import pairwise
from typing import Final, TypeAlias
from urllib.parse import quote

from rewards_analytics.analysis.sums import exact_sum
from rewards_analytics.plots.expiring import (
    MOST_BARS,
    describe_expiring,
    drawn_part,
    legend_of,
    limits,
    named_periods,
    period_name,
    round_amounts,
    tick_lines,
)
from rewards_analytics.plots.images import PAGE_FONTS, themed
from rewards_analytics.plots.style import LIGHT, tick_amount
from rewards_analytics.results.records import Record
from rewards_analytics.wording import amount_of, unit_name

Scale: TypeAlias = Callable[[float], float]

MOST_MARKS: Final = 60
"""Marks in one picture. With more periods than this, each mark covers several periods and is not a button."""

_WIDTH: Final = 400
_LEFT, _RIGHT = 56, 2
_PLOT: Final = _WIDTH - _LEFT - _RIGHT
_BARS: Final = (28.0, 140.0)
"""Top and bottom of the bars."""

_STRIP: Final = (156.0, 194.0)
"""Top and bottom of the cumulative amount."""

_NAMES, _YEARS, _NOTE = 209, 223, 241
"""Lines of text below."""

_LINE: Final = themed(LIGHT.line)
_INK: Final = themed(LIGHT.ink)
_MUTED: Final = themed(LIGHT.muted)


def timeline_svg(rows: Sequence[Record], every: str, *, chosen: date | None = None, marks: bool = True) -> str:
    """Draw the timeline of one unit: a bar for each period, and in a strip below them the cumulative amount.

    With `marks`, each period can be pointed at and brushed; up to `MOST_MARKS` of them are buttons that choose their
    period. The bar of the `chosen` period has a frame. Without `marks` it is an image.
    """
    words, timeline = escape(describe_expiring(rows, every=every)), drawn_part(rows, every)
    drawn = timeline.rows or rows[:1]
    picture = _Picture(drawn, every, timeline.left_out(rows[0]["unit_type"]))
    chosen_place = next((place for place, row in enumerate(drawn) if row["period"] == chosen), None)
    height = _NOTE + 6 if picture.note else _YEARS + 5
    parts = [
        f'<g aria-hidden="true">{"".join(picture.background())}</g>' if marks else "".join(picture.background()),
        picture.marked(chosen_place) if marks else picture.bars(),
        "" if chosen_place is None else picture.frame(chosen_place),
    ]
    role = "group" if marks else "img"
    return (
        f'<svg class="rewards-timeline" role="{role}" aria-label="{words}" font-family="{PAGE_FONTS}" '
        f'font-size="11.5" viewBox="0 0 {_WIDTH} {height}">{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class _Picture:
    """The drawing of one unit's periods, and a note on what it leaves out."""

    rows: Sequence[Record]
    every: str
    note: str

    @cached_property
    def unit_type(self) -> str:
        return str(self.rows[0]["unit_type"])

    @cached_property
    def own(self) -> str:
        return themed(LIGHT.unit(self.unit_type))

    @cached_property
    def edges(self) -> Sequence[float]:
        """Where each period begins, and where the last one ends."""
        return [round(_LEFT + index * _PLOT / len(self.rows), 1) for index in range(len(self.rows) + 1)]

    @cached_property
    def limits_of_bars(self) -> tuple[float, float]:
        return limits([float(row["expiring"]) for row in self.rows])

    def steps(self, column: str, choose: Callable[[Sequence[float]], float], y: Scale) -> str:
        """Return the path of a column's amounts; of periods narrower than two units of width, the chosen one."""
        size = -(-2 * len(self.rows) // _PLOT)
        starts = range(0, len(self.rows), size)
        amounts = [choose([float(row[column]) for row in self.rows[start : start + size]]) for start in starts]
        edges = [*(self.edges[start] for start in starts), self.edges[-1]]
        return "L".join(
            f"{left} {y(amount)}L{right} {y(amount)}"
            for amount, (left, right) in zip(amounts, pairwise(edges), strict=True)
        )

    def filled(self, name: str, steps: str, y: Scale, opacity: str = "") -> str:
        first, last = self.edges[0], self.edges[-1]
        return f'<path class="{name}" fill="{self.own}"{opacity} d="M{first} {y(0)}L{steps}L{last} {y(0)}Z"/>'

    def background(self) -> Iterator[str]:
        """Yield all that is not a bar: the legend, the grids, the strip, and the names of periods."""
        running = [float(row["cumulative"]) for row in self.rows]
        low, high = limits(running)
        y = _scale(low, high, *_STRIP)
        yield self._legend()
        yield from self._grid(*self.limits_of_bars, 4, _BARS)
        yield from self._grid(low, high, 1, _STRIP)
        steps = self.steps("cumulative", lambda amounts: amounts[-1], y)
        yield self.filled("rewards-area", steps, y, ' opacity="0.18"')
        yield f'<path class="rewards-line" fill="none" stroke="{self.own}" stroke-width="1.5" d="M{steps}"/>'
        yield from self._names()
        if self.note:
            yield _text(_LEFT, _NOTE, self.note, "start")

    def _legend(self) -> str:
        """Say what the bars and the strip are, and that the strip is not on their scale."""
        bars, running = legend_of(self.every)
        strip = _LEFT + 150
        return (
            f'<rect class="rewards-bar" fill="{self.own}" x="{_LEFT}" y="5" width="9" height="9"/>'
            f"{_text(_LEFT + 14, 13, bars, 'start')}"
            f'<rect class="rewards-area" fill="{self.own}" opacity="0.18" x="{strip}" y="7" width="16" height="7"/>'
            f'<path class="rewards-line" fill="none" stroke="{self.own}" stroke-width="1.5" '
            f'd="M{strip} 7h16"/>{_text(strip + 21, 13, running, "start")}'
        )

    def _grid(self, low: float, high: float, ticks: int, place: tuple[float, float]) -> Iterator[str]:
        y = _scale(low, high, *place)
        for value in round_amounts(low, high, ticks):
            # tick_amount() escapes dollar signs for matplotlib.
            name = tick_amount(value, self.unit_type).replace("\\$", "$")
            yield f'<path class="rewards-grid" fill="none" stroke="{_LINE}" d="M{_LEFT} {y(value)}H{_WIDTH - _RIGHT}"/>'
            yield _text(_LEFT - 6, y(value) + 4, name, "end")

    def _names(self) -> Iterator[str]:
        periods = [row["period"] for row in self.rows]
        widest = max(len(tick_lines(period, self.every)[0]) for period in periods)
        for index, first, second in named_periods(periods, self.every, most=int(_PLOT / (6.2 * widest + 8))):
            middle = round((self.edges[index] + self.edges[index + 1]) / 2, 1)
            yield _text(middle, _NAMES, first)
            if second:
                yield _text(middle, _YEARS, second)

    def bars(self) -> str:
        """Return the bars; of very many periods, their outline."""
        if len(self.rows) <= MOST_BARS:
            return "".join(map(self._bar, range(len(self.rows))))
        y = _scale(*self.limits_of_bars, *_BARS)
        return self.filled("rewards-bar", self.steps("expiring", max, y), y)

    def _bar(self, place: int) -> str:
        y, amount = _scale(*self.limits_of_bars, *_BARS), float(self.rows[place]["expiring"])
        if not amount:
            return ""
        left, width = self.edges[place], self.edges[place + 1] - self.edges[place]
        top, bottom = sorted((y(amount), y(0)))
        return (
            f'<rect class="rewards-bar" fill="{self.own}" x="{left + 0.13 * width:.1f}" width="{0.74 * width:.1f}" '
            f'y="{top}" height="{max(bottom - top, 1):.1f}"/>'
        )

    def marked(self, chosen: int | None) -> str:
        """Return the bars in marks as high as the picture: one mark per period, or per several if there are many."""
        periods = f"{self.every.capitalize()}s of {unit_name(self.unit_type).lower()}"
        size = -(-len(self.rows) // MOST_MARKS)
        group = f'<g data-marks="" role="group" aria-label="{escape(periods)}">'
        if size > 1:
            several = "".join(self._several(place, size) for place in range(0, len(self.rows), size))
            return f'<g aria-hidden="true">{self.bars()}</g>{group}{several}</g>'
        single = "".join(self._mark(place, chosen) for place in range(len(self.rows)))
        return f"{group}{single}</g>"

    def _mark(self, place: int, chosen: int | None) -> str:
        row = self.rows[place]
        words = escape(
            f"{period_name(row['period'], self.every)}: {amount_of(row['expiring'], self.unit_type)}, "
            f"cumulative {amount_of(row['cumulative'], self.unit_type)}"
        )
        reached, pressed = (0 if place == (chosen or 0) else -1), ("true" if place == chosen else "false")
        button = f'role="button" tabindex="{reached}" aria-pressed="{pressed}" aria-label="{words}"'
        of_unit = quote(self.unit_type, safe="")
        return (
            f'<g id="mark-{of_unit}-{row["period"]}" class="rewards-mark" {button} data-do="toggle" '
            f'data-with="{_with(row["period"])}" data-tip="{words}">'
            f"{self._bar(place)}{self._hit_area(place, place + 1)}</g>"
        )

    def _several(self, first: int, size: int) -> str:
        rows = self.rows[first : first + size]
        start, end = (period_name(row["period"], self.every) for row in (rows[0], rows[-1]))
        words = escape(
            f"{start} to {end}: {amount_of(exact_sum(row['expiring'] for row in rows), self.unit_type)}, "
            f"cumulative {amount_of(rows[-1]['cumulative'], self.unit_type)}"
        )
        return (
            f'<g class="rewards-mark" data-with="{_with(rows[0]["period"])}" data-last="{rows[-1]["period"]}" '
            f'data-tip="{words}">{self._hit_area(first, first + len(rows))}</g>'
        )

    def _hit_area(self, first: int, end: int) -> str:
        left, right = self.edges[first], self.edges[end]
        return (
            f'<rect class="rewards-point" fill="none" pointer-events="all" x="{left}" width="{right - left:.1f}" '
            f'y="{_BARS[0] - 6:g}" height="{_STRIP[1] - _BARS[0] + 6:g}"/>'
        )

    def frame(self, place: int) -> str:
        """Return the frame around the chosen period: a shape, because a colour alone is not seen by everyone."""
        left, right = self.edges[place], self.edges[place + 1]
        return (
            f'<rect class="rewards-chosen" fill="none" stroke="{_INK}" stroke-width="1.5" rx="2" pointer-events="none" '
            f'x="{left}" width="{right - left:.1f}" y="{_BARS[0] - 6:g}" height="{_STRIP[1] - _BARS[0] + 6:g}"/>'
        )


def _scale(low: float, high: float, top: float, bottom: float) -> Scale:
    return lambda amount: round(top + (high - amount) * (bottom - top) / (high - low), 1)


def _with(period: date) -> str:
    return escape(json.dumps(["period", period.isoformat()]))


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x}" y="{y:.1f}" fill="{_MUTED}" text-anchor="{anchor}">{escape(text)}</text>'
