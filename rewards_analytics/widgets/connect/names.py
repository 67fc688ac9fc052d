"""Names of users and members as the fetch form lists them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from rewards_analytics.wording import one_line, short_guid


class UserNames:
    """Guids of users by their names. A name that several users share is followed by the guid."""

    def __init__(self, users: Iterable[Mapping[str, object]] = ()) -> None:
        named = [(_user_name(user), str(user["guid"])) for user in users]
        times = Counter(name for name, _ in named)
        self._guids = {name if times[name] == 1 else f"{name} ({guid})": guid for name, guid in named}

    def __len__(self) -> int:
        return len(self._guids)

    def matching(self, typed: str) -> list[str]:
        """Names that contain the typed letters."""
        return [name for name in self._guids if typed.lower() in name.lower()]

    def guid(self, typed: str) -> str | None:
        """Guid of the user whose name or guid is typed in full."""
        return self._guids.get(typed) or (typed if typed in self._guids.values() else None)


def _user_name(user: Mapping[str, object]) -> str:
    """The client's own identifier of a user, or the guid."""
    return one_line(str(user.get("identifier") or user.get("id") or "")) or str(user["guid"])


def member_name(member: Mapping[str, object]) -> str:
    """The institution's name, with a short guid because a user may have several members at one institution."""
    name = one_line(str(member.get("name") or member.get("institution_code") or "")) or "Unnamed institution"
    return f"{name} ({short_guid(str(member['guid']))})"
