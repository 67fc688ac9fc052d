"""The share of the amounts due that lapses, by days left: one line per unit, with the number of dues below."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.analysis.over_time.leads import LEADS
from rewards_analytics.plots.panels import new_axes, set_alternative_text, write_sentence
from rewards_analytics.plots.style import (
    Theme,
    drawable,
    style_axes,
    text_style,
    theme_of,
    write_legend,
    write_note,
    write_title,
)
from rewards_analytics.results.records import Record, Result, in_order, of_unit, units_of
from rewards_analytics.wording import count, percent, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No due has an outcome yet."

NOT_BREAKAGE: Final = "The rest was redeemed, or moved to another day."
"""Said below the picture, because the share is not a breakage rate."""

_MARKERS: Final = "osD^vPX"
"""One for each unit in turn: the lines look different without colour too."""

_LINE_POINTS = 12


def plot_lapse(history: Any, *, leads: Sequence[int] = LEADS, ax: Axes | None = None) -> Axes:
    """Draw the share of the amounts due some days ahead that expired, one line per unit.

    A point is `share_expired` of `lapse`: the share of the amounts due that many days ahead that was still due on the
    day. The numbers below the days count the dues behind each point: a point of few dues says little. The days are
    evenly spaced, however far apart they are.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame of any supported kind with a column `taken_on`; see `lapse`.
    leads
        Numbers of days ahead, as in `lapse`.
    ax
        Matplotlib axes to draw on; a new figure if None.

    Returns
    -------
    The axes. `ax.get_label()` is the alternative text: what the picture shows, in words.

    Examples
    --------
    >>> import polars as pl
    >>> import rewards_analytics as ra
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> def day(number, due):
    ...     return ra.load([
    ...         reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200},
    ...         reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": due,
    ...                   "expires_on": "2026-11-23"},
    ...     ]).with_columns(taken_on=pl.date(2026, 11, number))
    >>> ax = ra.plot_lapse(pl.concat([day(1, 300), day(12, 240), day(20, 75), day(24, 0)]))
    >>> [label.get_text() for label in ax.get_xticklabels()], [float(share) for share in ax.lines[0].get_ydata()]
    (['7', '14'], [0.3125, 0.25])
    """
    from rewards_analytics.analysis.over_time.lapse import lapse

    rows = in_order("lapse", lapse(history, leads=leads))
    if ax is None:
        ax = new_axes(3.2 + _LINE_POINTS / 72 * len(units_of(rows)))
    return set_alternative_text(draw_lapse(rows, ax), describe_lapse(rows))


def draw_lapse(result: Result, ax: Axes) -> Axes:
    """Draw a result of `lapse` on axes, and return them."""
    from matplotlib.ticker import PercentFormatter

    rows = in_order("lapse", result)
    if not rows:
        write_sentence(ax, NOTHING)
        return ax
    theme, units = theme_of(ax), units_of(rows)
    leads = sorted({row["lead_days"] for row in rows})
    for number, unit_type in enumerate(units):
        own = of_unit(rows, unit_type)
        ax.plot(
            [leads.index(row["lead_days"]) for row in own],
            [row["share_expired"] for row in own],
            color=theme.unit(unit_type),
            marker=_MARKERS[number % len(_MARKERS)],
            markersize=5,
            linewidth=1.6,
            label=drawable(unit_name(unit_type)),
            clip_on=False,
        )
    style_axes(ax, theme, amounts="y")
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_xlim(-0.4, len(leads) - 0.6)
    ax.set_xticks(range(len(leads)), [f"{lead:,}" for lead in leads])
    _write_dues(ax, rows, units, leads, theme)
    write_title(ax, "Still due on its day, by days left", theme)
    place = {"loc": "upper right", "bbox_to_anchor": (1, 1.13), "borderaxespad": 0}
    write_legend(ax, theme, size=8.5, ncols=min(len(units), 4), handlelength=1.6, columnspacing=1.2, **place)
    return ax


def describe_lapse(result: Result) -> str:
    """Return the alternative text of the picture."""
    rows = in_order("lapse", result)
    parts = []
    for unit_type in units_of(rows):
        points = [
            f"{percent(row['share_expired'])} with {count(row['lead_days'], 'day')} left ({count(row['dues'], 'due')})"
            for row in of_unit(rows, unit_type)
        ]
        parts.append(f"{unit_name(unit_type)}: {', '.join(points)}")
    return f"Share of what was due that expired. {'; '.join(parts)}. {NOT_BREAKAGE}" if parts else NOTHING


def _write_dues(ax: Axes, rows: Sequence[Record], units: Sequence[str], leads: Sequence[int], theme: Theme) -> None:
    """Write the numbers of dues below the days, a line for each unit, as below a survival curve."""
    for number, unit_type in enumerate(units):
        below = -20 - _LINE_POINTS * number
        style = text_style(theme.unit(unit_type), 8)
        write = partial(ax.annotate, textcoords="offset points", va="top")
        name = drawable(f"{unit_name(unit_type)}, dues", 20)
        write(name, (0, 0), xytext=(-4, below), xycoords="axes fraction", ha="right", **style)
        for row in of_unit(rows, unit_type):
            place = (leads.index(row["lead_days"]), 0)
            write(
                f"{row['dues']:,}", place, xytext=(0, below), xycoords=("data", "axes fraction"), ha="center", **style
            )
    write_note(ax, NOT_BREAKAGE, theme, pad=8 + _LINE_POINTS * len(units))
