"""The fetch form as HTML, drawn from what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from rewards_analytics.show import cells
from rewards_analytics.show.cells import Cell
from rewards_analytics.show.environment import environment
from rewards_analytics.show.shown import NO_MATHEMATICS
from rewards_analytics.show.tables import Table
from rewards_analytics.widgets.connect.names import Named
from rewards_analytics.widgets.connect.questions import Question
from rewards_analytics.widgets.connect.words import Problem, duration
from rewards_analytics.wording import count, unit_name

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS: Final = 100
"""Rewards shown of a member; a table of more would be slow, and all are in the frame."""

WAITS_S: Final = (60.0, 300.0, 600.0, 1800.0)
"""How long a job may take at most, as the form offers it."""


@dataclass(frozen=True)
class View:
    """What the form shows. It holds no answer.

    Attributes
    ----------
    state
        As `Connect.state`.
    said, problem
        The message, and what went wrong last.
    has_client, sandbox, is_disconnected
        Whether there is a client; the host of a sandbox on this machine, empty if the client talks to another; whether
        the API refused the keys or did not answer.
    users, found, matches
        Whether there are users; how many match what is typed, in words, and the first of them.
    user, members, member
        The chosen user, its members with the time of their rewards, and the chosen one.
    timeout, timeouts
        Seconds that a job may take, and the choices with their words.
    questions, round, enlarged
        The open questions, how often questions were asked, and whether the picture of one is enlarged.
    steps
        What the job did, and when.
    rewards
        Rewards fetched, None before.
    """

    state: str
    said: str = ""
    problem: Problem | None = None
    has_client: bool = False
    sandbox: str = ""
    is_disconnected: bool = False
    users: bool = False
    found: str = ""
    matches: Sequence[Named] = ()
    user: Named | None = None
    members: Sequence[tuple[Named, str]] = ()
    member: Named | None = None
    timeout: float = 0.0
    questions: Sequence[Question] = ()
    round: int = 0
    enlarged: bool = False
    steps: Sequence[tuple[str, str]] = ()
    rewards: pl.DataFrame | None = None

    @property
    def timeouts(self) -> list[tuple[float, str]]:
        """Choices of how long to wait at most, in seconds and in words."""
        return [(seconds, duration(seconds)) for seconds in sorted({*WAITS_S, self.timeout})]

    @property
    def at_once(self) -> bool:
        """Whether a press on a picture answers: it is the only question."""
        return len(self.questions) == 1 and self.questions[0].kind == "pictures"

    def html(self) -> str:
        """Return the form as HTML."""
        template = environment("widgets/connect").get_template("connect.html")
        return template.render(view=self, no_mathematics=NO_MATHEMATICS, table=_table(self.rewards)).strip()


def _table(rewards: pl.DataFrame | None) -> Markup:
    """The first rewards of a member as a table."""
    if rewards is None:
        return Markup()
    body = [
        [
            cells.words(row["description"]),
            Cell(unit_name(row["balance_type"])),
            cells.amount(row["balance"], row["unit_type"]),
            cells.unit(row["unit_type"]),
            cells.day(row["expires_on"]) if row["expires_on"] else Cell(""),
        ]
        for row in rewards.head(MOST_ROWS).iter_rows(named=True)
    ]
    number = len(rewards)
    rest = f", of which the first {MOST_ROWS} are shown" if number > MOST_ROWS else ""
    headers = ["Description", "Balance type", "Balance", "Unit", "Expires"]
    caption = f"{count(number, 'reward')}{rest}"
    return Markup(Table(caption, headers, body, long=True).html()) if body else Markup()  # noqa: S704 - escaped there
