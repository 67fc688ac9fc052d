"""What became of the dues of one holding: a row for each day on which some expire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.plots.panels import new_axes, set_alternative_text, write_sentence
from rewards_analytics.plots.style import (
    Theme,
    drawable,
    style_axes,
    text_style,
    theme_of,
    tick_days,
    write_figures,
    write_note,
    write_title,
)
from rewards_analytics.results.records import Record
from rewards_analytics.wording import amount, amount_of, count, short_day, short_guid, unit_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rewards_analytics.analysis.over_time.holding import HoldingDues

NOTHING = "No due of this holding is listed."

MOST_ENDED, MOST_AHEAD = 8, 6
"""Dues that a picture has room for: the last ones whose day is past, and the next ones."""

_EXPLAINED: Final = (
    "Height: what is due at each snapshot, lighter after the last one. "
    "Arrow: what a day lost and a later day gained\nbetween two snapshots, moved or redeemed and earned."
)

_ROW: Final = 0.74
"""The highest of a row that is one high."""


def plot_due(history: Any, holding: Mapping[str, Any], *, ax: Axes | None = None) -> Axes:
    """Draw the dues of one holding over time: listed, moved, saved, expired.

    Each row is a day on which some of the balance expires. The height of a row is the amount due in each snapshot that
    lists it. The row ends at its day, with a cross if it expired and a circle if nothing was left. An arrow marks an
    amount that one day lost and a later day gained between two snapshots: it was moved, or redeemed and earned anew.
    The picture shows the last 8 past dues and the next 6, and counts the others.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame of any supported kind with a column `taken_on`; see `dues`.
    holding
        The holding: a mapping with its `user_guid`, `member_guid`, `account_guid` and `unit_type`, such as a row of
        `dues` or `holdings`; other fields are ignored.
    ax
        Matplotlib axes to draw on; a new figure if None.

    Returns
    -------
    The axes. `ax.get_label()` is the alternative text: what the picture shows, in words.

    Raises
    ------
    ArgumentError
        If `holding` lacks a field of the key, or one is not a text or None.

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
    >>> history = pl.concat([day(1, 300), day(20, 200), day(24, 0)])
    >>> ax = ra.plot_due(history, ra.dues(history).row(0, named=True))
    >>> ax.get_label()
    'Dues of a holding of miles: 300 miles due on 23 Nov 2026, listed from 1 Nov 2026, 200 expired.'
    """
    from rewards_analytics.analysis.over_time.holding import dues_of_holding

    found = dues_of_holding(history, holding, asked_by="plot_due")
    if ax is None:
        ax = new_axes(1.0 + 0.42 * max(len(_drawn(found)), 1))
    return set_alternative_text(draw_due(found, ax), describe_due(found))


def draw_due(found: HoldingDues, ax: Axes) -> Axes:
    """Draw the dues of a holding on axes, and return them."""
    dues = _drawn(found)
    if not dues:
        write_sentence(ax, NOTHING)
        return ax
    theme, colour = theme_of(ax), theme_of(ax).unit(found.key["unit_type"])
    rows = {due["expires_on"]: row for row, due in enumerate(dues)}
    most = max(of_day.get(day, 0) for of_day in found.listed.values() for day in rows)
    for due, row in zip(dues, rows.values(), strict=True):
        _draw_row(ax, found, due, row, float(most), colour, theme)
    for move in found.moves():
        if move.moved_from in rows and move.moved_to in rows:
            ax.annotate(
                "",
                (_place(move.taken_on), rows[move.moved_to]),
                xytext=(_place(move.taken_on), rows[move.moved_from]),
                arrowprops={"arrowstyle": "->", "color": theme.muted, "linewidth": 0.9},
            )
    style_axes(ax, theme, amounts="x")
    ax.set_ylim(len(dues) - 0.6, -1)
    ax.set_yticks(range(len(dues)), [short_day(due["expires_on"]) for due in dues])
    tick_days(ax.xaxis, theme, 6)
    first, last = ax.get_xlim()
    ax.set_xlim(first, last + 0.24 * (last - first))  # room for the outcomes
    write_note(ax, f"{_EXPLAINED}{_left_out(found)}", theme)
    write_title(ax, f"{unit_name(found.key['unit_type'])}, by the day on which they expire", theme)
    whose = short_guid(found.key["account_guid"] or found.key["member_guid"])
    write_figures(ax, whose, theme)
    return ax


def describe_due(found: HoldingDues) -> str:
    """Return the alternative text of the picture: each due and its outcome."""
    unit_type = found.key["unit_type"]
    dues = _drawn(found)
    parts = [
        f"{amount_of(due['first_due'], unit_type)} due on {short_day(due['expires_on'])}, listed from "
        f"{short_day(due['first_seen'])}, {_outcome(due, found)}"
        for due in dues
    ]
    if not parts:
        return NOTHING
    return f"Dues of a holding of {unit_name(unit_type).lower()}: {'; '.join(parts)}.{_left_out(found)}"


def _drawn(found: HoldingDues) -> list[Record]:
    ended = [due for due in found.dues if due["outcome"] != "ahead"]
    ahead = [due for due in found.dues if due["outcome"] == "ahead"]
    return [*ended[-MOST_ENDED:], *ahead[:MOST_AHEAD]]


def _left_out(found: HoldingDues) -> str:
    left_out = len(found.dues) - len(_drawn(found))
    return f" Not drawn: {count(left_out, 'other due')}." if left_out else ""


def _outcome(due: Record, found: HoldingDues) -> str:
    unit_type = due["unit_type"]
    match due["outcome"]:
        case "expired":
            return f"{amount(due['left'], unit_type)} expired"
        case "saved":
            return "saved"
        case "ahead":
            is_listed = due["last_seen"] == max(found.listed)
            return f"{amount(due['last_due'], unit_type)} ahead" if is_listed else "no longer listed"
        case _:
            return "not known"


def _draw_row(ax: Axes, found: HoldingDues, due: Record, row: int, most: float, colour: str, theme: Theme) -> None:
    on = due["expires_on"]
    days = [day for day in sorted(found.listed) if due["first_seen"] <= day <= on]
    halves = [_ROW / 2 * float(found.listed[day].get(on, 0)) / most for day in days]
    end = _place(on) + 1
    # What a snapshot lists stands until the next one; the last one until the end of the day.
    until = [*map(_place, days), min(end, max(_place(max(found.listed)), _place(days[-1]) + 1))]
    _fill(ax, until, [*halves, halves[-1]], row, colour, 0.8)
    _fill(ax, [until[-1], end], [halves[-1]] * 2, row, colour, 0.3)
    expired = due["outcome"] == "expired"
    if expired:
        ax.plot([end], [row], marker="x", color=theme.ink, markersize=6, markeredgewidth=1.6)
    elif due["outcome"] == "saved":
        ax.plot([end], [row], marker="o", color=theme.ink, markersize=6, markerfacecolor="none")
    said = drawable(_outcome(due, found), 40)
    style = text_style(theme.ink if expired else theme.muted, 8.5)
    ax.annotate(said, (end, row), xytext=(7, 0), textcoords="offset points", va="center", **style)


def _fill(ax: Axes, places: Sequence[float], halves: Sequence[float], row: int, colour: str, alpha: float) -> None:
    """Fill around the middle of a row, in steps."""
    low, high = [row + half for half in halves], [row - half for half in halves]
    listed = [half > 0 for half in halves]
    # With an edge, so that a small amount is seen too.
    ax.fill_between(places, low, high, where=listed, step="post", color=colour, alpha=alpha, linewidth=0.7)


def _place(day: date) -> float:
    from matplotlib.dates import date2num

    return float(date2num(day))
