"""The balance day after day, with the expiring part shaded, one panel per unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import isnan, nan
from typing import TYPE_CHECKING, Any

from rewards_analytics.plots.expiring import limits
from rewards_analytics.plots.panels import new_axes, panels, set_alternative_text, write_sentence
from rewards_analytics.plots.style import (
    Theme,
    scale_amounts,
    style_axes,
    theme_of,
    tick_days,
    write_figures,
    write_note,
    write_title,
)
from rewards_analytics.results.records import Record, of_unit, units_of
from rewards_analytics.schema import TAKEN_ON
from rewards_analytics.wording import NET_FLOWS, amount, amount_of, short_day, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No balance was known on any day."


def plot_balance(history: Any, ax: Axes | None = None) -> Axes:
    """Draw the available balance of each snapshot, with the lots to expire shaded, one panel per unit.

    The line shows `available` of `totals` for each snapshot. The shaded area is the sum of the lots that expire on the
    day of the snapshot or later; it leaves out lots without a date. The picture says that movements are net between two
    snapshots. A unit's line has a gap on days on which none of its balances is known.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame of any supported kind with a column `taken_on`; see `changes`.
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
    >>> day = ra.load([
    ...     reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200},
    ...     reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": 300,
    ...               "expires_on": "2026-11-23"},
    ... ])
    >>> history = pl.concat([day.with_columns(taken_on=pl.date(2026, 11, number)) for number in (22, 24)])
    >>> ax = ra.plot_balance(history)
    >>> [float(held) for held in ax.lines[0].get_ydata()], [float(due) for due in ax.lines[1].get_ydata()]
    ([1200.0, 1200.0], [300.0, 0.0])
    """
    from rewards_analytics.analysis.over_time.balance import balance_by_day

    rows = balance_by_day(history)
    if ax is None:
        ax = new_axes(0.7 + 1.9 * max(len(units_of(rows)), 1))
    return set_alternative_text(draw_balance(rows, ax), describe_balance(rows))


def draw_balance(rows: Sequence[Record], ax: Axes, *, compact: bool = False) -> Axes:
    """Draw rows of `balance_by_day` on axes, and return them.

    `compact` is for a small picture on a page that says itself that flows are net.
    """
    days = sorted({row[TAKEN_ON] for row in rows})
    units = units_of([row for row in rows if row["available"] is not None])
    if not units:
        write_sentence(ax, NOTHING)
        return ax
    theme = theme_of(ax)
    drawn = panels(ax, units, gap=58)
    for unit_type, panel in drawn.items():
        by_day = {row[TAKEN_ON]: row for row in of_unit(rows, unit_type)}
        _draw_unit(panel, unit_type, [(day, by_day.get(day, {})) for day in days], theme, compact=compact)
    if not compact:
        write_note(drawn[units[-1]], NET_FLOWS, theme)
    return ax


def describe_balance(rows: Sequence[Record]) -> str:
    """Return the alternative text of the picture: the first and the last balance of each unit, and its lots."""
    parts = []
    for unit_type in units_of(rows):
        known = [row for row in of_unit(rows, unit_type) if row["available"] is not None]
        if known:
            first, last = known[0], known[-1]
            parts.append(
                f"{amount_of(first['available'], unit_type)} on {short_day(first[TAKEN_ON])}, "
                f"{amount_of(last['available'], unit_type)} on {short_day(last[TAKEN_ON])}, "
                f"of which {amount_of(last['expiring'], unit_type)} to expire"
            )
    return "Balance day after day: " + "; ".join(parts) + f". {NET_FLOWS}" if parts else NOTHING


def _draw_unit(
    panel: Axes, unit_type: str, days: Sequence[tuple[date, Record]], theme: Theme, *, compact: bool
) -> None:
    from matplotlib.dates import date2num

    colour = theme.unit(unit_type)
    places = [float(date2num(day)) for day, _ in days]
    known = [row.get("available") is not None for _, row in days]
    held = [float(row["available"]) if is_known else nan for (_, row), is_known in zip(days, known, strict=True)]
    lots = [float(row["expiring"]) if is_known else nan for (_, row), is_known in zip(days, known, strict=True)]
    panel.plot(places, held, color=colour, linewidth=1.6, marker="o" if len(days) == 1 else "")
    panel.plot(places, lots, color=colour, linewidth=0.8, alpha=0.7)
    panel.fill_between(places, lots, facecolor="none", edgecolor=colour, hatch="////", linewidth=0, alpha=0.7)
    style_axes(panel, theme, amounts="y")
    scale_amounts(panel.yaxis, unit_type)
    panel.set_ylim(*limits([value for value in (*held, *lots) if not isnan(value)]))
    tick_days(panel.xaxis, theme, 7)
    write_title(panel, unit_name(unit_type), theme)
    last = next(row for (_, row), is_known in reversed(list(zip(days, known, strict=True))) if is_known)
    say = amount if compact else amount_of  # the title has the unit already
    due = say(last["expiring"], unit_type)
    figures = f"{say(last['available'], unit_type)}, of which {due} to expire (shaded)"
    write_figures(panel, figures, theme)
