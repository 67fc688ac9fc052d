"""How balances are spread: holdings by the size of their available balance, one panel per unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rewards_analytics.analysis.bands import EDGES, Edge
from rewards_analytics.plots.bars import label_widths
from rewards_analytics.plots.panels import draw_units, new_axes, set_alternative_text
from rewards_analytics.plots.style import Theme, style_axes, write_title
from rewards_analytics.results.records import Record, Result, in_order, of_unit, units_of
from rewards_analytics.wording import amount, amount_of, count, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No balance is known."

_HEIGHT_OF_BAND = 0.24


def plot_bands(rewards: Any, edges: Iterable[Edge] = EDGES, ax: Axes | None = None) -> Axes:
    """Draw how many holdings fall into each band of the available balance, one panel per unit.

    A bar is the number of holdings whose available balance lies in the band: at least the amount that names the band,
    and below that of the next one. Holdings with an unknown balance are in no band. At the end of the bar are the
    number and, in brackets, the sum of these holdings.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; see `bands` for what is read.
    edges
        Where one band ends and the next begins, as in `bands`.
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
    >>> ax = ra.plot_bands(rewards, (500, 1000))
    >>> [label.get_text() for label in ax.get_yticklabels()], [text.get_text() for text in ax.texts]
    (['Below 500', 'From 500', 'From 1,000'], ['0', '0', '1 (1,200)'])
    """
    from rewards_analytics.analysis.bands import bands

    rows = in_order("bands", bands(rewards, edges))
    if ax is None:
        bands_of_unit = len(of_unit(rows, rows[0]["unit_type"])) if rows else 4
        ax = new_axes(0.5 + (0.6 + _HEIGHT_OF_BAND * bands_of_unit) * max(len(units_of(rows)), 1))
    return set_alternative_text(draw_bands(rows, ax), describe_bands(rows))


def draw_bands(result: Result, ax: Axes) -> Axes:
    """Draw a result of `bands` on axes, and return them."""
    return draw_units(ax, in_order("bands", result), _draw_unit, gap=46, nothing=NOTHING)


def describe_bands(result: Result) -> str:
    """Return the alternative text of the picture."""
    rows = in_order("bands", result)
    parts = []
    for unit_type in units_of(rows):
        spans = [
            f"{count(row['holdings'], 'holding')} {band_name(row['at_least'], row['below']).lower()} "
            f"({amount_of(row['available'], unit_type)})"
            for row in of_unit(rows, unit_type)
            if row["holdings"]
        ]
        parts.append(f"{unit_name(unit_type)}: " + ", ".join(spans))
    return "Holdings by available balance. " + "; ".join(parts) + "." if parts else NOTHING


def band_name(at_least: Decimal | None, below: Decimal | None) -> str:
    """Return the name of a band, which ends where the next one begins.

    >>> band_name(None, Decimal(1)), band_name(Decimal(1000), Decimal("5000.5"))
    ('Below 1', 'From 1,000')
    """
    return f"Below {amount(below, '')}" if at_least is None else f"From {amount(at_least, '')}"


def _draw_unit(panel: Axes, rows: Sequence[Record], theme: Theme) -> None:
    from matplotlib.ticker import MaxNLocator

    unit_type = rows[0]["unit_type"]
    places = range(len(rows))
    bars = panel.barh(places, [row["holdings"] for row in rows], height=0.66, color=theme.unit(unit_type))
    panel.set_yticks(places, [band_name(row["at_least"], row["below"]) for row in rows])
    panel.set_ylim(len(rows) - 0.4, -0.6)
    style_axes(panel, theme, amounts="x")
    label_widths(panel, bars, [_label(row) for row in rows], theme)
    panel.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    write_title(panel, f"{unit_name(unit_type)}, holdings by available balance", theme)


def _label(row: Record) -> str:
    number = f"{row['holdings']:,}"
    return f"{number} ({amount(row['available'], row['unit_type'])})" if row["holdings"] else number
