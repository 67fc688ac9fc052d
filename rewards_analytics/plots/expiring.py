"""What expires when: a timeline of periods, one panel per unit."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.plots.panels import new_axes, panels, set_alternative_text, write_sentence
from rewards_analytics.plots.style import Theme, drawable, scale_amounts, style_axes, text_style, theme_of, write_title
from rewards_analytics.results.records import Record, Result, of_unit, records, units_of
from rewards_analytics.wording import amount_of, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "Nothing expires from this day on."

MOST_BARS: Final = 120
"""With more periods the bars are drawn as one outline, because thousands of rectangles take seconds."""

_TICKS: Final = 9


def plot_expiring(rewards: Any, *, as_of: date | None = None, every: str = "month", ax: Axes | None = None) -> Axes:
    """Draw the balance that expires in each period, and what has expired by its end, one panel per unit.

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
    The axes. With several units its panels are `ax.child_axes`, in the order of the units. `ax.get_label()` is
    the alternative text: what the picture shows, in words.

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
    from rewards_analytics.analysis.expiring import expiring

    rows = records(expiring(rewards, as_of=as_of, every=every))
    if ax is None:
        ax = new_axes(0.5 + 1.9 * max(len(units_of(rows)), 1))
    return set_alternative_text(draw_expiring(rows, ax, every=every), describe_expiring(rows, every=every))


def draw_expiring(result: Result, ax: Axes, *, every: str = "month", cumulative: bool = True) -> Axes:
    """Draw a result of `expiring` (without `by`) on axes, and return them.

    Without the cumulative amounts the scale is that of the periods: where many are alike, it shows more of each.
    """
    rows = sorted(records(result), key=lambda row: row["period"])
    if not rows:
        write_sentence(ax, NOTHING)
        return ax
    theme = theme_of(ax)
    for unit_type, panel in panels(ax, units_of(rows), gap=58).items():
        _draw_unit(panel, of_unit(rows, unit_type), every, theme, cumulative=cumulative)
    return ax


def describe_expiring(result: Result, *, every: str = "month") -> str:
    """Return the alternative text of the picture: the total, its end, and the largest period of each unit."""
    rows = sorted(records(result), key=lambda row: row["period"])
    parts = []
    for unit_type in units_of(rows):
        own = of_unit(rows, unit_type)
        most = max(own, key=lambda row: row["expiring"])
        parts.append(
            f"{amount_of(own[-1]['cumulative'], unit_type)} from {period_name(own[0]['period'], every)} to "
            f"{period_name(own[-1]['period'], every)}, most in {period_name(most['period'], every)} "
            f"({amount_of(most['expiring'], unit_type)})"
        )
    return f"Expiring per {every}: " + "; ".join(parts) + "." if parts else NOTHING


def period_name(period: date, every: str) -> str:
    """Name a calendar period.

    >>> [period_name(date(2027, 4, 1), every) for every in ("day", "month", "quarter", "year")]
    ['1 Apr 2027', 'Apr 2027', 'Q2 2027', '2027']
    """
    first, second = tick_lines(period, every)
    return f"{first} {second}".strip()


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


def _draw_unit(panel: Axes, rows: Sequence[Record], every: str, theme: Theme, *, cumulative: bool) -> None:
    unit_type = rows[0]["unit_type"]
    colour = theme.unit(unit_type)
    periods = [row["period"] for row in rows]
    heights = [float(row["expiring"]) for row in rows]
    running = [float(row["cumulative"]) for row in rows] if cumulative else []
    edges = _edges(periods)
    widths = [right - left for left, right in itertools.pairwise(edges)]
    if running:
        panel.stairs(running, edges, fill=True, color=colour, alpha=0.13, linewidth=0)
        panel.stairs(running, edges, color=colour, alpha=0.55, linewidth=1, baseline=None)
    if len(rows) <= MOST_BARS:
        middles = [left + width / 2 for left, width in zip(edges, widths, strict=False)]
        panel.bar(middles, heights, width=[0.74 * width for width in widths], color=colour)
    else:
        panel.stairs(heights, edges, fill=True, color=colour)
    panel.set_xlim(edges[0], edges[-1])
    style_axes(panel, theme, amounts="y")
    scale_amounts(panel.yaxis, unit_type)
    panel.set_ylim(*limits([*running, *heights]))
    _tick_periods(panel, periods, edges, every)
    write_title(panel, unit_name(unit_type), theme)
    panel.set_title(
        drawable(f"{amount_of(rows[-1]['cumulative'], unit_type)} until {period_name(periods[-1], every)}", 90),
        loc="right",
        **text_style(theme.muted, 9),
    )


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


def _tick_periods(panel: Axes, periods: Sequence[date], edges: Sequence[float], every: str) -> None:
    """Label a few periods in their middle, with the year below the first one and wherever it changes."""
    named = named_periods(periods, every)
    labels = [f"{first}\n{second}" if second else first for _, first, second in named]
    panel.set_xticks([(edges[index] + edges[index + 1]) / 2 for index, _, _ in named], labels)


def named_periods(periods: Sequence[date], every: str) -> list[tuple[int, str, str]]:
    """Return a few periods to label: their index, the name, and the year at the first one and where it changes."""
    named, year = [], ""
    for index in range(0, len(periods), -(-len(periods) // _TICKS)):
        first, second = tick_lines(periods[index], every)
        named.append((index, first, second if second != year else ""))
        year = second
    return named
