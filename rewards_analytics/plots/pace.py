"""How far each goal still is in days, and when it is expected: bars from the last snapshot on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.plots.distance import goal_name, label_goals, not_drawn
from rewards_analytics.plots.panels import new_axes, set_alternative_text, write_sentence
from rewards_analytics.plots.style import theme_of, write_note
from rewards_analytics.results.goals import MOST_GOALS
from rewards_analytics.results.records import Record, Result, in_order
from rewards_analytics.wording import NET_FLOWS, amount_of, count, short_day

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No goals in the last snapshot."

MOST_DAYS: Final = 730
"""Days ahead that a picture looks: a slow goal would make the bars of all others invisible."""


def plot_pace(history: Any, *, window: int = 90, ax: Axes | None = None) -> Axes:
    """Draw how many days away each goal is at its pace, the soonest first, with the amount to go and the expected day.

    A bar is `days_left` of `pace`: the remaining amount, divided by what the holding earned per day within the window,
    rounded up. Goals of all units share one scale of days; each has the colour of its unit. The picture looks two years
    ahead; a longer bar ends in an arrow. A note counts the goals that are reached, and those that do not fit. Earnings
    are net between two snapshots, so the pace is a lower bound; the picture says so.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame of any supported kind with a column `taken_on`; see `pace`.
    window
        Number of days up to the last snapshot over which the pace is measured.
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
    label_goals(ax, rows, theme, room=lambda _: 34, at_end=lambda row: [(_state(row), 0)])
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    write_note(ax, f"Days from the last snapshot. {note}".strip() + f"\n{NET_FLOWS}", theme)
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
    return not_drawn(max(len(ahead) - most, 0), len(goals) - len(ahead))


def _state(row: Record) -> str:
    to_go = f"{amount_of(row['remaining'], row['unit_type'])} to go"
    if row["expected_on"] is not None:
        return f"{to_go}, expected on {short_day(row['expected_on'])}"
    if row["earned_per_day"] is None:
        return f"{to_go}, pace not known"
    return f"{to_go}, {'too far to give a day' if row['earned_per_day'] else 'nothing earned'}"
