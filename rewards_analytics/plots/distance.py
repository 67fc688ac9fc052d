"""How far each goal is: bars of progress, the nearest goals first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.plots.panels import new_axes, set_alternative_text, width_in_points, write_sentence
from rewards_analytics.plots.style import Theme, drawable, style_axes, text_style, theme_of, write_note
from rewards_analytics.results.goals import MOST_GOALS, nearest_of
from rewards_analytics.results.records import Record, Result, collected, in_order
from rewards_analytics.wording import amount_of, count, one_line, percent, short_guid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTHING = "No goals in this selection."

_SHARE_WIDTH: Final = 30
"""Points of the column of percentages."""

ASSUMPTION: Final = "Assumes that a goal counts the balance held in its unit."


def plot_distance(rewards: Any, ax: Axes | None = None) -> Axes:
    """Draw the progress towards each goal, the nearest first.

    A goal is a balance to a level or to a reward. Its progress is the available balance of its holding, divided by the
    sum of that balance and the remaining amount; a goal is reached when nothing remains. Progress is a share, so goals
    of all units share one scale. Each has the colour of its unit, and the missing amount is written in that unit. If
    there are too many goals to draw, the picture shows goals not reached yet, and a note counts the others. It assumes
    that a goal counts the balance held in its unit.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; see `distance` for what is read.
    ax
        Matplotlib axes to draw on; a new figure if None.

    Returns
    -------
    The axes. `ax.get_label()` is the alternative text: what the picture shows, in words.

    Examples
    --------
    >>> import rewards_analytics as ra
    >>> held = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> rewards = ra.load([
    ...     held | {"guid": "RWD-1", "balance_type": "TOTAL_BALANCE", "balance": 7500},
    ...     held | {"guid": "RWD-2", "balance_type": "BALANCE_TO_LEVEL", "balance": 2500,
    ...             "description": "Gold status"},
    ... ])
    >>> ax = ra.plot_distance(rewards)
    >>> [text.get_text() for text in ax.texts]
    ['Gold status', '2,500 miles to go', '75%']
    """
    from rewards_analytics.analysis.distance import distance

    goals = goals_to_draw(distance(rewards))
    if ax is None:
        ax = new_axes(0.6 + 0.46 * max(len(goals.rows), 1))
    return set_alternative_text(_draw(goals, ax), _in_words(goals))


def draw_distance(result: Result, ax: Axes, *, most: int = MOST_GOALS) -> Axes:
    """Draw a result of `distance` on axes, and return them."""
    return _draw(goals_to_draw(result, most), ax)


def describe_distance(result: Result, *, most: int = MOST_GOALS) -> str:
    """Return the alternative text of the picture."""
    return _in_words(goals_to_draw(result, most))


def _in_words(goals: Goals) -> str:
    if not goals.rows:
        return NOTHING
    parts = [f"{goal_name(row)}, {_state(row)}" for row in goals.rows]
    return f"Progress towards {count(len(goals.rows), 'goal')}: " + "; ".join(parts) + "."


@dataclass(frozen=True)
class Goals:
    """The goals that a picture draws, and a note on those it leaves out."""

    rows: Sequence[Record]
    note: str


def goals_to_draw(result: Result, most: int = MOST_GOALS) -> Goals:
    """Return the goals to draw: all if they fit, else the nearest that are not reached yet."""
    goals = result if isinstance(result, Sequence) else collected(result)
    if len(goals) <= most:
        return Goals(in_order("distance", goals), "")
    rows, ahead, reached = nearest_of(goals, most)
    further = ahead - len(rows)
    return Goals(rows, not_drawn(further, reached))


def not_drawn(further: int, reached: int) -> str:
    """Return how many goals a picture leaves out, in words; empty if none."""
    left_out = [f"{further:,} further away"] if further else []
    left_out += [f"{reached:,} reached"] if reached else []
    return f"Not drawn: {' and '.join(left_out)}." if left_out else ""


def _draw(goals: Goals, ax: Axes) -> Axes:
    rows = goals.rows
    if not rows:
        write_sentence(ax, goals.note or NOTHING)
        return ax
    theme = theme_of(ax)
    places = range(len(rows))
    ax.barh(places, [1.0] * len(rows), height=0.3, color=theme.line)
    ax.barh(
        places,
        [row["progress"] or 0.0 for row in rows],
        height=0.3,
        color=[theme.unit(row["unit_type"]) for row in rows],
    )
    ax.set_xlim(0, 1)
    label_goals(ax, rows, theme, room=partial(_room_for_name, ax), at_end=_at_end)
    ax.grid(False)
    ax.set_xticks([0, 0.5, 1.0], ["0%", "50%", "100%"])
    write_note(ax, f"{ASSUMPTION} {goals.note}".strip(), theme)
    return ax


def label_goals(
    ax: Axes,
    rows: Sequence[Record],
    theme: Theme,
    *,
    room: Callable[[bool], int],
    at_end: Callable[[Record], Sequence[tuple[str, int]]],
) -> None:
    """Write above each bar the goal, its user if there are several, and texts at the right.

    `room` is how many characters of a name fit, without or with a user; `at_end` has the texts, each with the points
    that it keeps from the edge.
    """
    style_axes(ax, theme, amounts="x")
    ax.set_ylim(len(rows) - 0.7, -0.75)
    ax.set_yticks([])
    above = partial(ax.annotate, textcoords="offset points", va="bottom")
    with_user = len({row["user_guid"] for row in rows}) > 1
    for place, row in enumerate(rows):
        goal = drawable(goal_name(row), room(with_user))
        name = above(goal, (0, place - 0.15), xytext=(0, 3), **text_style(theme.ink, 9))
        if with_user:
            user = drawable(short_guid(row["user_guid"]))
            above(user, (1, 0), xycoords=name, xytext=(6, 0), **text_style(theme.muted, 8))
        for text, points in at_end(row):
            edge = (ax.get_xlim()[1], place - 0.15)
            above(drawable(text, 80), edge, xytext=(-points, 3), ha="right", **text_style(theme.ink, 9))


def _at_end(row: Record) -> list[tuple[str, int]]:
    to_go, share = _to_go(row)
    return [(to_go, _SHARE_WIDTH), (share, 0)] if share else [(to_go, 0)]


def _room_for_name(ax: Axes, with_user: bool) -> int:
    """Estimate how many characters of a name fit before the user and the amount to go."""
    points = width_in_points(ax)
    return int(min(60, max(26, (points - (270 if with_user else 180)) / 5.6)))


def goal_name(row: Record) -> str:
    """Return what a goal is called."""
    return one_line(row["description"], 80) or f"A {row['goal'].lower()} without a name"


def _state(row: Record) -> str:
    to_go, share = _to_go(row)
    return f"{share}, {to_go}" if share else to_go


def _to_go(row: Record) -> tuple[str, str]:
    """Return what is missing, and the share of the way as percent, empty where there is none."""
    if row["reached"]:
        return "reached", ""
    to_go = f"{amount_of(row['remaining'], row['unit_type'])} to go"
    if row["progress"] is None:
        return f"{to_go}, balance not known", ""
    return to_go, percent(row["progress"])
