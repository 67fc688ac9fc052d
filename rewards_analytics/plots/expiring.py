"""What expires when: a timeline of periods, one panel per unit."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.calendar import every_of, period_of
from rewards_analytics.analysis.sums import exact_sum
from rewards_analytics.plots.outside import outside_of_timeline
from rewards_analytics.plots.panels import new_axes, panels, set_alternative_text, width_in_points, write_sentence
from rewards_analytics.plots.style import (
    Theme,
    drawable,
    style_axes,
    theme_of,
    tick_amount,
    write_figures,
    write_legend,
    write_note,
    write_title,
)
from rewards_analytics.results.records import Record, Result, in_order, of_unit, records, units_of
from rewards_analytics.wording import amount_of, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "Nothing expires from this day on."

MOST_BARS: Final = 120
"""With more periods the bars are drawn as one outline, because thousands of rectangles take seconds."""

_TICKS: Final = 9

_STRIP, _BELOW_BARS = 0.22, 0.34
"""Height of the strip, and where the bars begin above it, as shares of a panel."""

_ABOVE_LEGEND: Final = 20
"""Points between a panel and its title."""

_YEARS: Final = {"day": 12, "week": 12, "month": 12, "quarter": 30, "year": 100}
"""Years that a picture looks ahead, by the length of its periods: a balance that never expires is often dated 9999."""


def plot_expiring(rewards: Any, *, as_of: date | None = None, every: str = "month", ax: Axes | None = None) -> Axes:
    """Draw the balance that expires in each period, and the cumulative amount, one panel per unit.

    A bar is the sum of the expiring lots (see `holdings`) of one calendar period from `as_of` on. The strip below the
    bars shows their cumulative amount, on its own scale. The picture looks 12 years ahead (30 by quarter, 100 by year),
    and says how much expires after that. A note names the lots that are not in the timeline, because they have no date
    or expired before `as_of`.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; see `expiring` for what is read.
    as_of
        First day of the timeline, today in UTC if None.
    every
        `day`, `week`, `month`, `quarter` or `year`.
    ax
        Matplotlib axes to draw on; a new figure if None.

    Returns
    -------
    The axes. With several units its panels are `ax.child_axes`, in the order of the units; the strip of a panel is its
    only child. `ax.get_label()` is the alternative text: what the picture shows, in words.

    Examples
    --------
    >>> from datetime import date
    >>> import rewards_analytics as ra
    >>> rewards = ra.load([{"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1",
    ...     "balance_type": "EXPIRING_BALANCE", "unit_type": "MILES", "balance": 300,
    ...     "expires_on": "2027-01-31"}])
    >>> ax = ra.plot_expiring(rewards, as_of=date(2026, 11, 23))
    >>> [float(bar.get_height()) for bar in ax.containers[0]]
    [0.0, 0.0, 300.0]
    """
    from rewards_analytics.analysis.aging import aging

    first = day(as_of)
    timeline = _timeline_ahead(rewards, first, every)
    outside = outside_of_timeline(in_order("aging", aging(rewards, as_of=first)), first)
    if ax is None:
        ax = new_axes(0.6 + 2.5 * max(len(units_of(timeline.rows)), 1))
    return set_alternative_text(_draw(timeline, ax, outside), f"{_describe(timeline)} {outside}".strip())


def draw_expiring(result: Result, ax: Axes, *, every: str = "month", outside: str = "") -> Axes:
    """Draw a result of `expiring` (without `by`) on axes, and return them.

    `outside` is what `outside_of_timeline` says of the same rewards.
    """
    return _draw(drawn_part(result, every), ax, outside)


def describe_expiring(result: Result, *, every: str = "month") -> str:
    """Return the alternative text of the picture: the total, its end, and the largest period of each unit."""
    return _describe(drawn_part(result, every))


class Timeline(NamedTuple):
    """The periods that a picture shows, in order, and what each unit loses after the last of them, `until`."""

    rows: Sequence[Record]
    every: str
    until: date | None = None
    later: Mapping[str, Decimal] = {}

    def left_out(self, unit_type: str) -> str:
        """Return what the picture of a unit leaves out, in words, empty if nothing."""
        amount = self.later.get(unit_type)
        if self.until is None or not amount:
            return ""
        verb = "expires" if amount == 1 else "expire"
        return f"{amount_of(amount, unit_type)} {verb} after {period_name(self.until, self.every)}"


def drawn_part(result: Result, every: str) -> Timeline:
    """Return what a picture shows of a result of `expiring`: all of it, or the years ahead and the sum of the rest."""
    rows = sorted(records(result), key=lambda row: row["period"])
    end = _end(rows[0]["period"], every) if rows else None
    near = [row for row in rows if end is None or row["period"] < end]
    return Timeline(near, every) if end is None or len(near) == len(rows) else _cut(near, rows[len(near) :], every, end)


def _timeline_ahead(rewards: Any, first: date, every: str) -> Timeline:
    """Ask for the years that are drawn and for the sum of the rest: by day until 9999, the whole would take seconds."""
    from rewards_analytics.analysis.expiring import expiring

    end = _end(period_of(first, every_of(every)), every)
    if end is None:
        return drawn_part(expiring(rewards, as_of=first, every=every), every)
    near = records(expiring(rewards, as_of=first, every=every, until=end - timedelta(days=1)))
    far = records(expiring(rewards, as_of=end, every="year"))
    near = _until_the_last_lot(sorted(near, key=lambda row: row["period"]))
    return _cut(near, far, every, end) if far else Timeline(near, every)


def _end(first: date, every: str) -> date | None:
    """Return the first period that is not drawn, or None where the calendar ends before it."""
    year = first.year + _YEARS[every]
    return None if year > date.max.year else period_of(date(year, first.month, min(first.day, 28)), every)


def _until_the_last_lot(rows: Sequence[Record]) -> list[Record]:
    last = max((row["period"] for row in rows if row["rewards"]), default=None)
    return [row for row in rows if last is not None and row["period"] <= last]


def _cut(near: Sequence[Record], far: Sequence[Record], every: str, end: date) -> Timeline:
    """Return the periods until the last one in which something expires, and the sums of all that follow."""
    rows = _until_the_last_lot(near)
    periods = list(dict.fromkeys(row["period"] for row in rows))
    later = {unit_type: exact_sum(row["expiring"] for row in of_unit(far, unit_type)) for unit_type in units_of(far)}
    for unit_type in later.keys() - set(units_of(rows)):
        nothing = {"unit_type": unit_type, "expiring": Decimal(0), "rewards": 0, "cumulative": Decimal(0)}
        rows += [{"period": period, **nothing} for period in periods]
    return Timeline(rows, every, periods[-1] if periods else end - timedelta(days=1), later)


def _describe(timeline: Timeline) -> str:
    parts = []
    for unit_type in units_of(timeline.rows):
        own = of_unit(timeline.rows, unit_type)
        first, last, most = (
            period_name(row["period"], timeline.every)
            for row in (own[0], own[-1], max(own, key=lambda row: row["expiring"]))
        )
        largest = amount_of(max(row["expiring"] for row in own), unit_type)
        words = f"{amount_of(own[-1]['cumulative'], unit_type)} from {first} to {last}, most in {most} ({largest})"
        parts += [words, left_out] if (left_out := timeline.left_out(unit_type)) else [words]
    return f"Expiring per {timeline.every}: " + "; ".join(parts) + "." if parts else _nothing(timeline)


def _nothing(timeline: Timeline) -> str:
    """Return what is said where no period has a lot."""
    later = [words for unit_type in timeline.later if (words := timeline.left_out(unit_type))]
    return f"Nothing expires soon: {', '.join(later)}." if later else NOTHING


def period_name(period: date, every: str) -> str:
    """Name a calendar period.

    >>> [period_name(date(2027, 4, 1), every) for every in ("day", "month", "quarter", "year")]
    ['1 Apr 2027', 'Apr 2027', 'Q2 2027', '2027']
    """
    first, second = tick_lines(period, every)
    return f"{first} {second}".strip()


def span_name(rows: Sequence[Record], every: str) -> str:
    """Name the time from the period of the first row to that of the last."""
    first, last = (period_name(row["period"], every) for row in (rows[0], rows[-1]))
    return first if first == last else f"{first} to {last}"


def tick_lines(period: date, every: str) -> tuple[str, str]:
    """Return the two lines of a tick: the period, and its year unless that is the period."""
    match every:
        case "year":
            return str(period.year), ""
        case "quarter":
            return f"Q{(period.month + 2) // 3}", str(period.year)
        case "month":
            return f"{period:%b}", str(period.year)
        case _:
            return f"{period.day} {period:%b}", str(period.year)


def _draw(timeline: Timeline, ax: Axes, outside: str = "") -> Axes:
    """Draw a timeline, with a note on what is in none."""
    if not timeline.rows:
        write_sentence(ax, f"{_nothing(timeline)} {outside}".strip())
        return ax
    theme, units = theme_of(ax), units_of(timeline.rows)
    drawn = panels(ax, units, gap=74)
    for unit_type, panel in drawn.items():
        _draw_unit(panel, timeline, unit_type, theme)
    if outside:
        widest = int(width_in_points(ax) / 4.2)
        note = "\n".join(drawable(line, widest) for line in wrap(outside, widest))
        write_note(drawn[units[-1]], note, theme)
    return ax


def _draw_unit(panel: Axes, timeline: Timeline, unit_type: str, theme: Theme) -> None:
    rows, every = of_unit(timeline.rows, unit_type), timeline.every
    colour = theme.unit(unit_type)
    periods = [row["period"] for row in rows]
    heights = [float(row["expiring"]) for row in rows]
    edges = _edges(periods)
    if len(rows) <= MOST_BARS:
        widths = [right - left for left, right in itertools.pairwise(edges)]
        middles = [left + width / 2 for left, width in zip(edges, widths, strict=False)]
        panel.bar(middles, heights, width=[0.74 * width for width in widths], color=colour)
    else:
        panel.stairs(heights, edges, fill=True, color=colour)
    low, high = limits(heights)
    panel.set_xlim(edges[0], edges[-1])
    panel.set_ylim(low - (high - low) * _BELOW_BARS / (1 - _BELOW_BARS), high)
    style_axes(panel, theme, amounts="y")
    _tick_amounts(panel, low, high, 4, unit_type)
    tick_periods(panel, periods, [sum(pair) / 2 for pair in itertools.pairwise(edges)], every)
    _draw_cumulative(panel, [float(row["cumulative"]) for row in rows], edges, unit_type, theme)
    _explain(panel, every, colour, theme)
    write_title(panel, unit_name(unit_type), theme, pad=_ABOVE_LEGEND)
    figures = f"{amount_of(rows[-1]['cumulative'], unit_type)} until {period_name(periods[-1], every)}"
    if timeline.left_out(unit_type):
        figures += f", {amount_of(timeline.later[unit_type], unit_type)} later"
    write_figures(panel, figures, theme, pad=_ABOVE_LEGEND)


def _draw_cumulative(
    panel: Axes, running: Sequence[float], edges: Sequence[float], unit_type: str, theme: Theme
) -> None:
    """Draw the cumulative amount in a strip below the bars: on their scale it would dwarf them."""
    strip = panel.inset_axes((0, 0, 1, _STRIP))
    colour = theme.unit(unit_type)
    strip.stairs(running, edges, fill=True, color=colour, alpha=0.18, linewidth=0)
    strip.stairs(running, edges, color=colour, linewidth=1.2, baseline=None)
    strip.set_xlim(edges[0], edges[-1])
    strip.set_xticks([])
    strip.set_ylim(*limits(running))
    style_axes(strip, theme, amounts="y")
    _tick_amounts(strip, *limits(running), 1, unit_type)


def _tick_amounts(panel: Axes, low: float, high: float, most: int, unit_type: str) -> None:
    ticks = round_amounts(low, high, most)
    panel.set_yticks(ticks, [tick_amount(value, unit_type) for value in ticks])


@lru_cache(maxsize=256)
def round_amounts(low: float, high: float, most: int) -> tuple[float, ...]:
    """Return a few round amounts from the lowest to the highest, as ticks."""
    from matplotlib.ticker import MaxNLocator

    values = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return tuple(float(value) for value in values if low <= value <= high)


def legend_of(every: str) -> tuple[str, str]:
    """Return what the bars and the strip are."""
    return f"Expires per {every}", "Cumulative, own scale"


def _explain(panel: Axes, every: str, colour: str, theme: Theme) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    marks = [Patch(color=colour, linewidth=0), Line2D([], [], color=colour, linewidth=1.2)]
    place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderpad": 0, "borderaxespad": 0.5}
    write_legend(panel, theme, marks, legend_of(every), ncols=2, handlelength=1.2, columnspacing=1.4, **place)


def limits(values: Sequence[float]) -> tuple[float, float]:
    """Return the limits of an axis: from 0, or the lowest amount if negative, with a margin above."""
    low, high = min(0.0, *values), max(0.0, *values)
    air = (high - low or 1.0) * 0.08
    return (low - air if low < 0 else 0.0, high + air)


def _edges(periods: Sequence[date]) -> list[float]:
    """Return the start of each period and the end of the last one, in matplotlib's days."""
    from matplotlib.dates import date2num

    starts = [float(date2num(period)) for period in periods]
    last = starts[-1] - starts[-2] if len(starts) > 1 else 30.0
    return [*starts, starts[-1] + last]


def tick_periods(panel: Axes, periods: Sequence[date], places: Sequence[float], every: str) -> None:
    """Label a few periods at their places, with the year below the first one and wherever it changes."""
    named = named_periods(periods, every)
    labels = [f"{first}\n{second}" if second else first for _, first, second in named]
    panel.set_xticks([places[index] for index, _, _ in named], labels)


def named_periods(periods: Sequence[date], every: str, *, most: int = _TICKS) -> list[tuple[int, str, str]]:
    """Return at most `most` periods to label: index, name, and the year at the first one and where it changes."""
    named, year = [], ""
    for index in range(0, len(periods), -(-len(periods) // most)):
        first, second = tick_lines(periods[index], every)
        named.append((index, first, second if second != year else ""))
        year = second
    return named
