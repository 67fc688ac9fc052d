"""Names of users and members as the fetch form lists them. A guid is shown only where nothing else tells two apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rewards_analytics.atrium import JsonObject
from rewards_analytics.wording import one_line, short_guid

_LONGEST: Final = 120
"""Characters of a name that are compared with what is typed and shown."""


class Named(NamedTuple):
    """A user or a member: its name, its guid, and the label that tells it from others of the same name."""

    name: str
    guid: str
    label: str


class Users:
    """The users of a client by their names. A name that several users share is followed by the guid."""

    def __init__(self, users: Iterable[JsonObject] = ()) -> None:
        named = [(_user_name(user), str(user["guid"])) for user in users]
        self._all = _labelled(named, short=False)
        self._folded = [f"{user.label}\n{user.guid}".casefold() for user in self._all]
        self._by_guid = {user.guid: user for user in self._all}

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Named]:
        return iter(self._all)

    def matching(self, typed: str) -> list[Named]:
        """Users whose name or guid contains the typed letters, in any case."""
        letters = " ".join(typed.split()).casefold()
        return [user for user, folded in zip(self._all, self._folded, strict=True) if letters in folded]

    def find(self, text: str) -> Named | None:
        """User with this guid or, in full, this name."""
        return self._by_guid.get(text) or next((user for user in self._all if user.label == text), None)


def members_of(members: Iterable[JsonObject]) -> list[tuple[Named, JsonObject]]:
    """Members by their institutions' names, each with what the API says of it.

    Of two members at one institution the names are followed by the guids, cut short.
    """
    listed = list(members)
    named = _labelled([(_institution(member), str(member["guid"])) for member in listed], short=True)
    return list(zip(named, listed, strict=True))


def _labelled(named: Sequence[tuple[str, str]], *, short: bool) -> list[Named]:
    """Names and guids with labels: a name that is there twice is followed by the guid, which may be cut short."""
    times = Counter(name for name, _ in named)
    return [
        Named(name, guid, name if times[name] == 1 else f"{name} ({short_guid(guid) if short else guid})")
        for name, guid in named
    ]


def _user_name(user: JsonObject) -> str:
    """The client's own identifier of a user, or the guid."""
    given = (one_line(str(user.get(field) or ""), _LONGEST) for field in ("identifier", "id", "email"))
    return next(filter(None, given), str(user["guid"]))


def _institution(member: JsonObject) -> str:
    given = (one_line(str(member.get(field) or "")) for field in ("name", "institution_code"))
    return next(filter(None, given), "Unnamed institution")
