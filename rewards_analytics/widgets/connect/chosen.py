"""Whose rewards are fetched: the user and the member that are chosen from the lists of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rewards_analytics.atrium import JsonObject
from rewards_analytics.errors import ArgumentError
from rewards_analytics.widgets.connect.names import Named, Users
from rewards_analytics.widgets.connect.words import now, time_of
from rewards_analytics.wording import count

MOST_SUGGESTED: Final = 50
"""Users listed while one is typed: a list of thousands would make the page slow."""


class Chosen:
    """The user and the member that are chosen, and those to choose from.

    Attributes
    ----------
    users, typed
        The users of the client, and the text that is searched for in their names.
    user, member
        The chosen ones, None before.
    members
        The members of the user, each with what the API says of it.
    """

    def __init__(self) -> None:
        self.users = Users()
        self.typed = ""
        self.user: Named | None = None
        self.members: Sequence[tuple[Named, JsonObject]] = ()
        self.member: Named | None = None

    @property
    def matches(self) -> list[Named]:
        """Users that match what is typed; all if nothing is."""
        return self.users.matching(self.typed)

    @property
    def suggested(self) -> Sequence[Named]:
        """The first of the matches."""
        return self.matches[:MOST_SUGGESTED]

    @property
    def found(self) -> str:
        """How many users match, in words."""
        matches = len(self.matches)
        if not self.typed.strip():
            return f"{count(len(self.users), 'user')}."
        if not matches:
            return "No user matches."
        is_long = matches > MOST_SUGGESTED
        more = f", of which the first {MOST_SUGGESTED} are listed: type more letters" if is_long else ""
        return f"{count(matches, 'user matches', 'users match')}{more}."

    @property
    def listed_members(self) -> list[tuple[Named, str]]:
        """The members, each with the time when its rewards were fetched last."""
        return [(member, _fetched_at(about)) for member, about in self.members]

    def choose_user(self, user: Named | None) -> None:
        """Choose a user, or none. Its members are not known yet."""
        self.user, self.members, self.member = user, (), None

    def offer_members(self, members: Sequence[tuple[Named, JsonObject]]) -> None:
        """Take the members of the user, and choose the first."""
        self.members, self.member = members, members[0][0] if members else None

    def choose_member(self, member: str) -> None:
        """Choose a member by name or guid."""
        found = next((each for each, _ in self.members if member in each), None)
        if found is None:
            known = [each.label for each, _ in self.members]
            raise ArgumentError(f"No member of the chosen user is {member!r}: there are {known}.")
        self.member = found

    def update_member(self, about: JsonObject) -> None:
        """Add what the API says of the chosen member now."""
        self.members = [(each, known if each != self.member else known | about) for each, known in self.members]


def _fetched_at(member: JsonObject) -> str:
    at = member.get("aggregated_at")
    return f"last fetched {time_of(at, now())}" if at else "never fetched"
