"""How much is held and how much of it expires, one panel per unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rewards_analytics.plots.bars import label_widths
from rewards_analytics.plots.panels import draw_units, new_axes, set_alternative_text
from rewards_analytics.plots.style import Theme, scale_amounts, style_axes, write_title
from rewards_analytics.results.records import Record, Result, records
from rewards_analytics.wording import amount, amount_of, amounts, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No balances in this selection."


def plot_totals(rewards: Any, ax: Axes | None = None) -> Axes:
    """Draw the available balance and the expiring part of it, one panel and one scale per unit.

    The upper bar is the available balance of all holdings together: each is counted once, by its total balances if it
    has any, otherwise by its plain balances. The hatched bar is the sum of their expiring lots, at any date or without
    one. It is part of the upper bar, never an addition to it. Exact amounts are at the ends of the bars.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; see `totals` for what is read.
    ax
        Matplotlib axes to draw on; a new figure if None.

    Returns
    -------
    The axes. With several units its panels are `ax.child_axes`, in the order of the units. `ax.get_label()` is
    the alternative text: what the picture shows, in words.

    Examples
    --------
    >>> import rewards_analytics as ra
    >>> rewards = ra.load([{"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1",
    ...     "balance_type": "TOTAL_BALANCE", "unit_type": "MILES", "balance": 1200}])
    >>> ax = ra.plot_totals(rewards)
    >>> ax.get_title(loc="left"), [text.get_text() for text in ax.texts]
    ('Miles', ['1,200', '0'])
    """
    from rewards_analytics.analysis.totals import totals

    rows = records(totals(rewards))
    if ax is None:
        ax = new_axes(0.5 + 1.15 * max(len(rows), 1))
    return set_alternative_text(draw_totals(rows, ax), describe_totals(rows))


def draw_totals(result: Result, ax: Axes) -> Axes:
    """Draw a result of `totals` (without `by`) on axes, and return them."""
    return draw_units(ax, records(result), _draw_unit, gap=46, nothing=NOTHING)


def describe_totals(result: Result) -> str:
    """Return the alternative text of the picture."""
    parts = [
        f"{amount_of(row['available'], row['unit_type'])} available, of which {_expiring(row)} expiring"
        for row in records(result)
    ]
    return "Totals per unit: " + "; ".join(parts) + "." if parts else NOTHING


def _expiring(row: Record) -> str:
    return amount(row["expiring"], row["unit_type"])


def _draw_unit(panel: Axes, rows: Sequence[Record], theme: Theme) -> None:
    (row,) = rows
    unit_type = row["unit_type"]
    colour = theme.unit(unit_type)
    values = [row["available"], row["expiring"]]
    bars = panel.barh([0, 1], [float(value or 0) for value in values], height=0.62, color=[colour, colour])
    # Distinguishable without colour: the expiring part is hatched.
    bars[1].set(facecolor="none", edgecolor=colour, hatch="////", linewidth=1)
    panel.set_yticks([0, 1], ["Available", "Expiring"])
    panel.set_ylim(1.6, -0.6)
    style_axes(panel, theme, amounts="x")
    label_widths(panel, bars, amounts(values, unit_type), theme)
    scale_amounts(panel.xaxis, unit_type)
    write_title(panel, unit_name(unit_type), theme)
