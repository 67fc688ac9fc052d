"""How far each goal still is in days, and when it is expected: bars from the last snapshot on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.plots.distance import goal_name
from rewards_analytics.plots.panels import new_axes, set_alternative_text, write_sentence
from rewards_analytics.plots.style import Theme, drawable, style_axes, text_style, theme_of
from rewards_analytics.results.goals import MOST_GOALS
from rewards_analytics.results.records import Record, Result, in_order
from rewards_analytics.wording import NET_FLOWS, amount_of, count, short_day, short_guid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No goals in the last snapshot."

MOST_DAYS: Final = 730
"""Days ahead that a picture looks: a slow goal would make the bars of all others invisible."""


def plot_pace(history: Any, *, window: int = 90, ax: Axes | None = None) -> Axes:
    """Draw how many days each goal is away at its pace, the soonest first, with the amount to go and the expected day.

    A bar is `days_left` of `pace`: what remains, divided by what the holding has earned a day within the window,
    rounded up. Goals of all units stand on one scale of days; each keeps its unit's colour. The picture looks two years
    ahead, and a bar that goes on ends in an arrow. Goals that are reached are counted in a note, as are those for which
    there is no room. What is earned is net between two snapshots, so the pace is a lower bound; the picture says so.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame of any supported kind with a column `taken_on`; see `pace`.
    window
        Number of days up to the last snapshot whose pace counts.
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
    >>> goal = reward | {"guid": "RWD-2", "balance_type": "BALANCE_TO_LEVEL", "balance": 900, "description": "Gold"}
    >>> history = pl.concat([
    ...     ra.load([goal, reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": held}])
    ...         .with_columns(taken_on=pl.date(2026, 11, day)) for day, held in ((1, 100), (11, 400))
    ... ])
    >>> ax = ra.plot_pace(history)
    >>> [text.get_text() for text in ax.texts]
    ['Gold', '900 miles to go, expected on 11 Dec 2026']
    """
    from rewards_analytics.analysis.over_time.pace import pace

    rows = in_order("pace", pace(history, window=window))
    if ax is None:
        ax = new_axes(0.8 + 0.46 * max(len(_ahead(rows)[:MOST_GOALS]), 1))
    return set_alternative_text(draw_pace(rows, ax), describe_pace(rows))


def draw_pace(result: Result, ax: Axes, *, most: int = MOST_GOALS) -> Axes:
    """Draw a result of `pace` on axes, and return them."""
    from matplotlib.ticker import MaxNLocator

    goals = in_order("pace", result)
    rows, note = _ahead(goals)[:most], _note(goals, most)
    if not rows:
        write_sentence(ax, note or NOTHING)
        return ax
    theme = theme_of(ax)
    days = [min(row["days_left"] or 0, MOST_DAYS) for row in rows]
    colours = [theme.unit(row["unit_type"]) for row in rows]
    ax.barh(range(len(rows)), days, height=0.3, color=colours)
    end = max(*days, 1) * 1.02
    for place, row in enumerate(rows):
        if (row["days_left"] or 0) > MOST_DAYS:
            ax.plot([end], [place], marker=">", color=colours[place], clip_on=False)
    ax.set_xlim(0, end)
    ax.set_ylim(len(rows) - 0.7, -0.75)
    style_axes(ax, theme, amounts="x")
    ax.set_yticks([])
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    several = len({row["user_guid"] for row in rows}) > 1
    for place, row in enumerate(rows):
        _label(ax, place, row, theme, with_user=several)
    words = f"Days from the last snapshot. {note}".strip() + f"\n{NET_FLOWS}"
    ax.set_xlabel(words, loc="left", labelpad=6, **text_style(theme.muted, 8))
    return ax


def describe_pace(result: Result, *, most: int = MOST_GOALS) -> str:
    """Return the alternative text of the picture."""
    goals = in_order("pace", result)
    rows, note = _ahead(goals)[:most], _note(goals, most)
    if not rows:
        return note or NOTHING
    parts = [f"{goal_name(row)}, {_state(row)}" for row in rows]
    return f"Pace of {count(len(rows), 'goal')}: " + "; ".join(parts) + f". {NET_FLOWS} {note}".rstrip()


def _ahead(goals: Sequence[Record]) -> list[Record]:
    """The goals that are not reached, those without an expected day last."""
    return [row for row in goals if row["remaining"]]


def _note(goals: Sequence[Record], most: int) -> str:
    ahead = _ahead(goals)
    left_out = [f"{len(ahead) - most:,} further away"] if len(ahead) > most else []
    left_out += [f"{reached:,} reached"] if (reached := len(goals) - len(ahead)) else []
    return f"Not drawn: {' and '.join(left_out)}." if left_out else ""


def _label(ax: Axes, place: int, row: Record, theme: Theme, *, with_user: bool) -> None:
    """Write above a bar the goal, its user if there are several, the amount to go and the expected day."""
    above = partial(ax.annotate, textcoords="offset points", va="bottom")
    name = above(drawable(goal_name(row), 34), (0, place - 0.15), xytext=(0, 3), **text_style(theme.ink, 9))
    if with_user:
        user = drawable(short_guid(row["user_guid"]))
        above(user, (1, 0), xycoords=name, xytext=(6, 0), **text_style(theme.muted, 8))
    end = ax.get_xlim()[1]
    above(drawable(_state(row), 80), (end, place - 0.15), xytext=(0, 3), ha="right", **text_style(theme.ink, 9))


def _state(row: Record) -> str:
    to_go = f"{amount_of(row['remaining'], row['unit_type'])} to go"
    if row["expected_on"] is not None:
        return f"{to_go}, expected on {short_day(row['expected_on'])}"
    if row["earned_per_day"] is None:
        return f"{to_go}, pace not known"
    return f"{to_go}, {'too far to give a day' if row['earned_per_day'] else 'nothing earned'}"
