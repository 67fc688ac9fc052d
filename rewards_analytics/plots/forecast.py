"""How much is due, how much of it is expected to expire, and how much did: bars per period, one panel per unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.analysis.sums import exact_sum, sum_of_known
from rewards_analytics.plots.expiring import limits, span_name, tick_periods
from rewards_analytics.plots.panels import draw_units, new_axes, set_alternative_text
from rewards_analytics.plots.style import Theme, scale_amounts, style_axes, write_figures, write_legend, write_title
from rewards_analytics.results.records import Record, Result, in_order, of_unit, units_of
from rewards_analytics.wording import about, amount, amount_of, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "Nothing is due in the snapshot."

MOST_PERIODS: Final = 24
"""Periods that a picture has room for: the first ones."""


def plot_forecast(
    history: Any,
    *,
    as_of: date | None = None,
    every: str = "month",
    until: date | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what is due in each period, how much is expected to expire, and how much did, one panel per unit.

    The outlined bar is `due` of `forecast`. The filled bar within it is `expected`: each due x the share of its unit at
    its days left. For a day in the past, a diamond shows `observed`, the amount that did expire; it is hollow if some
    dues of the period have no outcome. The picture shows the first 24 periods, and says how much is due later.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame of any supported kind with a column `taken_on`; see `forecast`.
    as_of
        The forecast is made from the last snapshot on or before this day, or from the last of all if None.
    every
        `day`, `week`, `month`, `quarter` or `year`.
    until
        Last day that counts; the day of the last due if None.
    ax
        Matplotlib axes to draw on; a new figure if None.

    Returns
    -------
    The axes. With several units its panels are `ax.child_axes`, in the order of the units. `ax.get_label()` is
    the alternative text: what the picture shows, in words.

    Examples
    --------
    >>> import polars as pl
    >>> import rewards_analytics as ra
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> def day(number, due, on):
    ...     return ra.load([
    ...         reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200},
    ...         reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": due, "expires_on": on},
    ...     ]).with_columns(taken_on=pl.date(2026, 11, number))
    >>> history = pl.concat([
    ...     day(1, 300, "2026-11-15"), day(14, 60, "2026-11-15"), day(17, 500, "2026-12-01"),
    ... ])
    >>> ax = ra.plot_forecast(history)
    >>> [float(bar.get_height()) for bar in ax.containers[0]], [float(bar.get_height()) for bar in ax.containers[1]]
    ([0.0, 500.0], [0.0, 100.0])
    """
    from rewards_analytics.analysis.over_time.forecast import forecast

    rows = in_order("forecast", forecast(history, as_of=as_of, every=every, until=until))
    if ax is None:
        ax = new_axes(0.5 + 2.0 * max(len(units_of(rows)), 1))
    return set_alternative_text(draw_forecast(rows, ax, every=every), describe_forecast(rows, every=every))


def draw_forecast(result: Result, ax: Axes, *, every: str = "month") -> Axes:
    """Draw a result of `forecast` on axes, and return them."""
    return draw_units(ax, in_order("forecast", result), partial(_draw_unit, every), gap=58, nothing=NOTHING)


def describe_forecast(result: Result, *, every: str = "month") -> str:
    """Return the alternative text of the picture: what is due, expected and observed of each unit."""
    rows = in_order("forecast", result)
    parts = []
    for unit_type in units_of(rows):
        own, later = _drawn(of_unit(rows, unit_type))
        words = f"{span_name(own, every)}: {_figures(own)}"
        parts.append(f"{words}, {amount_of(later, unit_type)} due later" if later else words)
    return f"Forecast per {every}: " + "; ".join(parts) + "." if parts else NOTHING


def _drawn(rows: Sequence[Record]) -> tuple[Sequence[Record], Decimal]:
    """Return the periods of a unit that are drawn, and what is due after them."""
    return rows[:MOST_PERIODS], exact_sum(row["due"] for row in rows[MOST_PERIODS:])


def _figures(rows: Sequence[Record]) -> str:
    """Return the sums of what is due, expected and observed, in words."""
    unit_type = rows[0]["unit_type"]
    words = [f"{amount_of(exact_sum(row['due'] for row in rows), unit_type)} due"]
    expected = sum_of_known(row["expected"] for row in rows)
    observed = sum_of_known(row["observed"] for row in rows)
    if expected is None:
        words.append("no earlier dues to go by")
    else:
        number = about(expected, unit_type)
        words.append(f"{'' if number.startswith('less') else 'about '}{number} expected to expire")
    if observed is not None:
        words.append(f"{amount(observed, unit_type)} expired")
    return ", ".join(words)


def _draw_unit(every: str, panel: Axes, rows: Sequence[Record], theme: Theme) -> None:
    unit_type, colour = rows[0]["unit_type"], theme.unit(rows[0]["unit_type"])
    rows, later = _drawn(rows)
    places = range(len(rows))
    due = [float(row["due"]) for row in rows]
    panel.bar(places, due, width=0.74, facecolor="none", edgecolor=colour, linewidth=1, label="Due")
    expected = [float(row["expected"] or 0) for row in rows]
    panel.bar(places, expected, width=0.74, color=colour, alpha=0.75, linewidth=0, label="Expected to expire")
    for is_whole, label in ((True, "Expired"), (False, "Expired, not all known")):
        seen = [
            (place, float(row["observed"]))
            for place, row in enumerate(rows)
            if row["observed"] is not None and (row["observed_due"] == row["due"]) is is_whole
        ]
        if seen:
            panel.plot(
                *zip(*seen, strict=True),
                linestyle="",
                marker="D",
                markersize=5.5,
                markeredgewidth=1.2,
                markeredgecolor=theme.ink,
                markerfacecolor=theme.ink if is_whole else theme.page,
                label=label,
            )
    style_axes(panel, theme, amounts="y")
    scale_amounts(panel.yaxis, unit_type)
    low, high = limits([*due, *expected])
    panel.set_ylim(low, high * 1.14)  # room for the legend
    panel.set_xlim(-0.6, len(rows) - 0.4)
    tick_periods(panel, [row["period"] for row in rows], places, every)
    write_legend(panel, theme, loc="upper right", ncols=4, borderaxespad=0.2, handlelength=1.2, columnspacing=1.0)
    write_title(panel, unit_name(unit_type), theme)
    write_figures(panel, _figures(rows) + (f", {amount_of(later, unit_type)} due later" if later else ""), theme)
