"""How soon balances expire: the aging schedule, one panel per unit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.analysis.aging import BUCKETS
from rewards_analytics.plots.bars import label_widths
from rewards_analytics.plots.panels import draw_units, new_axes, set_alternative_text
from rewards_analytics.plots.style import Theme, scale_amounts, style_axes, write_title
from rewards_analytics.results.records import Record, Result, records, units_of
from rewards_analytics.wording import amount, amounts, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No balance has an expiry to sort by."

OUTSIDE_TIME: Final = ("expired", "undated")
"""The buckets that do not lie ahead, drawn in grey."""


def plot_aging(rewards: Any, *, as_of: date | None = None, ax: Axes | None = None) -> Axes:
    """Draw the balance that expires within each span of days, one panel and one scale per unit.

    A bar is the sum of the expiring lots (see `holdings`) of one bucket of `aging`, by days from `as_of`. A lot that
    expires on `as_of` has not expired yet. Grey bars are not ahead: expired lots, and lots without a date. So the bars
    of a unit add up to the expiring bar of `plot_totals`. Exact amounts are at the ends of the bars.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; see `aging` for what is read.
    as_of
        Day the count starts from, today in UTC if None.
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
    ...     "balance_type": "EXPIRING_BALANCE", "unit_type": "DOLLARS", "balance": "12.5",
    ...     "expires_on": "2027-01-31"}])
    >>> ax = ra.plot_aging(rewards, as_of=date(2026, 11, 23))
    >>> [label.get_text() for label in ax.get_yticklabels()][:3]
    ['Expired', '0 to 30 days', '31 to 60 days']
    >>> [float(bar.get_width()) for bar in ax.patches][:4]
    [0.0, 0.0, 0.0, 12.5]
    """
    from rewards_analytics.analysis.aging import aging

    rows = records(aging(rewards, as_of=as_of))
    if ax is None:
        ax = new_axes(0.5 + 2.4 * max(len(units_of(rows)), 1))
    return set_alternative_text(draw_aging(rows, ax), describe_aging(rows))


def draw_aging(result: Result, ax: Axes) -> Axes:
    """Draw a result of `aging` on axes, and return them."""
    rows = sorted(records(result), key=lambda row: BUCKETS.index(row["bucket"]))
    return draw_units(ax, rows, _draw_unit, gap=46, nothing=NOTHING)


def describe_aging(result: Result) -> str:
    """Return the alternative text of the picture."""
    rows = records(result)
    parts = []
    for unit_type in units_of(rows):
        spans = [
            f"{bucket_name(row['bucket']).lower()} {amount(row['expiring'], unit_type)}"
            for row in rows
            if row["unit_type"] == unit_type and row["rewards"]
        ]
        parts.append(f"{unit_name(unit_type)}: " + ", ".join(spans))
    return "Aging schedule. " + "; ".join(parts) + "." if parts else NOTHING


def bucket_name(bucket: str) -> str:
    """Return the name of a bucket.

    >>> [bucket_name(bucket) for bucket in ("expired", "0-30", "over 365", "undated")]
    ['Expired', '0 to 30 days', 'Over 365 days', 'No date']
    """
    match bucket:
        case "expired":
            return "Expired"
        case "undated":
            return "No date"
        case _:
            return f"{bucket.replace('-', ' to ').capitalize()} days"


def _draw_unit(panel: Axes, rows: Sequence[Record], theme: Theme) -> None:
    unit_type = rows[0]["unit_type"]
    colours = [theme.quiet if row["bucket"] in OUTSIDE_TIME else theme.unit(unit_type) for row in rows]
    places = range(len(rows))
    bars = panel.barh(places, [float(row["expiring"]) for row in rows], height=0.66, color=colours)
    panel.set_yticks(places, [bucket_name(row["bucket"]) for row in rows])
    panel.set_ylim(len(rows) - 0.4, -0.6)
    style_axes(panel, theme, amounts="x")
    label_widths(panel, bars, amounts([row["expiring"] for row in rows], unit_type), theme)
    scale_amounts(panel.xaxis, unit_type)
    write_title(panel, unit_name(unit_type), theme)
