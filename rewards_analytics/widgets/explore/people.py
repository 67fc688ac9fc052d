"""Finding users and members by a part of their guid, whatever its case."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import polars as pl

MOST_FOUND: Final = 8
"""Users, and members, that a search lists."""


class Found(NamedTuple):
    """The first matches, and how many there are in all."""

    users: Sequence[str]
    members: Sequence[str]
    users_in_all: int
    members_in_all: int


class People:
    """The users and members of some rewards, to search in."""

    def __init__(
        self, users: Sequence[str], members: Sequence[str], members_of: Callable[[str], Sequence[str]]
    ) -> None:
        self._users, self._members, self._members_of = users, members, members_of

    @cached_property
    def _folded(self) -> tuple[pl.Series, pl.Series]:
        """The guids without their case. Made at the first search: it takes a moment with 200,000 of them."""
        users, members = (
            pl.Series([guid.casefold() for guid in guids], dtype=pl.String) for guids in (self._users, self._members)
        )
        return users, members

    def find(self, text: str, users: Collection[str] = ()) -> Found:
        """Find the users and members whose guid contains a text; with users given, only members of these."""
        part = text.strip().casefold()
        if not part:
            return Found((), (), 0, 0)
        folded_users, folded_members = self._folded
        found = _containing(part, self._users, folded_users)
        if users:
            among = sorted({member for user in users for member in self._members_of(user)})
            members = [guid for guid in among if part in guid.casefold()]
        else:
            members = _containing(part, self._members, folded_members)
        return Found(found[:MOST_FOUND], members[:MOST_FOUND], len(found), len(members))


def _containing(part: str, guids: Sequence[str], folded: pl.Series) -> list[str]:
    return [guids[place] for place in folded.str.contains(part, literal=True).arg_true()]
