"""From opening to closing: a waterfall of the periods, one panel per unit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.analysis.calendar import every_of
from rewards_analytics.analysis.sums import exact, exact_sum
from rewards_analytics.plots.expiring import limits, period_name, span_name, tick_periods
from rewards_analytics.plots.panels import new_axes, panels, set_alternative_text, write_sentence
from rewards_analytics.plots.style import (
    Theme,
    scale_amounts,
    style_axes,
    theme_of,
    write_figures,
    write_legend,
    write_note,
    write_title,
)
from rewards_analytics.results.records import Record, Result, in_order, of_unit, units_of
from rewards_analytics.wording import NET_FLOWS, amount_of, count, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No two snapshots to compare."

MOST_PERIODS: Final = 12
"""Periods that a picture has room for: the last ones."""

_STEPS: Final = {"joined": 1, "earned": 1, "redeemed": -1, "expired": -1, "left": -1}
"""What moves a balance, in the order of the picture: up or down."""

_HATCHES: Final = {"joined": "----", "earned": "", "redeemed": "", "expired": "////", "left": "xxxx"}
"""The steps look different without colour too. In colour, what goes up is in the unit's colour, what goes down grey.

Lines only: a hatch of dots makes an SVG thirty times as large.
"""


def plot_roll_forward(history: Any, *, every: str = "month", ax: Axes | None = None) -> Axes:
    """Draw how balances moved from opening to closing, as a waterfall of the periods, one panel per unit.

    The picture begins with the opening balance, and each period ends with its closing balance. In between are the
    columns `joined`, `earned`, `redeemed`, `expired` and `left` of `roll_forward`. Each bar starts where the one before
    it ended, so they lead exactly from opening to closing. The picture shows the last 12 periods, and says how many
    come before them. Earned and redeemed are net between two snapshots, so lower bounds; the picture says so.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame of any supported kind with a column `taken_on`; see `roll_forward`.
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
    >>> import polars as pl
    >>> import rewards_analytics as ra
    >>> reward = {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES",
    ...           "balance_type": "BALANCE"}
    >>> history = pl.concat([
    ...     ra.load([reward | {"balance": 1200}]).with_columns(taken_on=pl.date(2026, 11, 1)),
    ...     ra.load([reward | {"balance": 1500}]).with_columns(taken_on=pl.date(2026, 11, 30)),
    ... ])
    >>> ax = ra.plot_roll_forward(history)
    >>> [float(bar.get_height()) for bar in ax.patches]
    [1200.0, 0.0, 300.0, 0.0, 0.0, 0.0, 1500.0]
    """
    from rewards_analytics.analysis.over_time.roll_forward import roll_forward

    rows = in_order("roll_forward", roll_forward(history, every=every_of(every)))
    if ax is None:
        ax = new_axes(0.9 + 2.1 * max(len(units_of(rows)), 1))
    return set_alternative_text(draw_roll_forward(rows, ax, every=every), describe_roll_forward(rows, every=every))


def draw_roll_forward(result: Result, ax: Axes, *, every: str = "month", compact: bool = False) -> Axes:
    """Draw a result of `roll_forward` on axes, and return them.

    `compact` is for a small picture on a page that says itself that flows are net.
    """
    rows, _ = _shown(result)
    if not rows:
        write_sentence(ax, NOTHING)
        return ax
    theme, units = theme_of(ax), units_of(rows)
    drawn = panels(ax, units, gap=58)
    for unit_type, panel in drawn.items():
        _draw_unit(panel, of_unit(rows, unit_type), every, theme, compact=compact)
    if not compact:
        write_note(drawn[units[-1]], _note(result), theme)
    return ax


def describe_roll_forward(result: Result, *, every: str = "month") -> str:
    """Return the alternative text of the picture: what moved each unit over its periods."""
    rows, _ = _shown(result)
    parts = []
    for unit_type in units_of(rows):
        own = of_unit(rows, unit_type)
        moves = [
            f"{amount_of(moved, unit_type)} {step}" for step in _STEPS if (moved := exact_sum(row[step] for row in own))
        ]
        words = [f"{amount_of(own[0]['opening'], unit_type)} at the opening", *moves]
        parts.append(
            f"{span_name(own, every)}: {', '.join(words)}, {amount_of(own[-1]['closing'], unit_type)} at the closing"
        )
    return "Roll-forward. " + "; ".join(parts) + f". {_note(result)}" if parts else NOTHING


def _shown(result: Result) -> tuple[list[Record], int]:
    """Return the rows of the last periods, and the number of the periods before them."""
    rows = in_order("roll_forward", result)
    periods = sorted({row["period"] for row in rows})
    shown = set(periods[-MOST_PERIODS:])
    return [row for row in rows if row["period"] in shown], len(periods) - len(shown)


def _note(result: Result) -> str:
    _, left_out = _shown(result)
    return f"{NET_FLOWS} Not drawn: {count(left_out, 'earlier period')}." if left_out else NET_FLOWS


def _draw_unit(panel: Axes, rows: Sequence[Record], every: str, theme: Theme, *, compact: bool) -> None:
    unit_type = rows[0]["unit_type"]
    colour = theme.unit(unit_type)
    levels, middles = [rows[0]["opening"]], []
    _draw_balance(panel, 0, rows[0]["opening"], colour)
    for row in rows:
        level = row["opening"]
        middles.append(len(levels) + (len(_STEPS) - 1) / 2)
        for step, sign in _STEPS.items():
            with exact():
                after = level + sign * row[step]
            bottom, height = float(min(level, after)), float(row[step])
            own = colour if sign > 0 else theme.quiet
            hatch = _HATCHES[step]
            fill: dict[str, Any] = {"facecolor": "none" if hatch else own, "edgecolor": own, "hatch": hatch}
            panel.bar([len(levels)], [height], bottom=bottom, width=0.8, linewidth=0.8, label=step, **fill)
            levels.append(level := after)
        _draw_balance(panel, len(levels), row["closing"], colour)
        levels.append(row["closing"])
    style_axes(panel, theme, amounts="y")
    scale_amounts(panel.yaxis, unit_type)
    panel.set_xlim(-0.8, len(levels) - 0.2)
    low, high = limits([float(level) for level in levels])
    panel.set_ylim(low, high if len(rows) == 1 else high + 0.15 * (high - low))  # room for the legend
    if len(rows) == 1:
        steps = ["Opening", *(step.capitalize() for step in _STEPS), "Closing"]
        staggered = [f"\n{name}" if compact and place % 2 else name for place, name in enumerate(steps)]
        panel.set_xticks(range(len(levels)), staggered)
    else:
        tick_periods(panel, [row["period"] for row in rows], middles, every)
        _explain(panel, theme)
    write_title(panel, unit_name(unit_type), theme)
    figures = f"{amount_of(rows[-1]['closing'], unit_type)} at the end of {period_name(rows[-1]['period'], every)}"
    write_figures(panel, figures, theme)


def _draw_balance(panel: Axes, place: int, balance: Decimal, colour: str) -> None:
    panel.bar([place], [float(balance)], width=0.8, color=colour)


def _explain(panel: Axes, theme: Theme) -> None:
    """Name the steps, which are too many for a label each."""
    bars = {container.get_label(): container for container in panel.containers}
    entries = [bars[step] for step in _STEPS], [step.capitalize() for step in _STEPS]
    write_legend(panel, theme, *entries, loc="upper left", ncols=len(_STEPS), handlelength=1.2, columnspacing=1.0)
