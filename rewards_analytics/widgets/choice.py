"""What a reader has chosen to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Choice:
    """The rewards that are looked at, and how.

    Attributes
    ----------
    users, members
        Guids; none stands for all.
    units, balance_types
        The values that are ticked, or None where all are.
    as_of, every, until
        First day, period and last day (or None) of what expires.
    """

    as_of: date
    users: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    units: tuple[str, ...] | None = None
    balance_types: tuple[str, ...] | None = None
    every: str = "month"
    until: date | None = None

    def filters(self) -> dict[str, Sequence[str]]:
        """Give the values that are left of each column that is filtered."""
        chosen = {
            "user_guid": self.users or None,
            "member_guid": self.members or None,
            "unit_type": self.units,
            "balance_type": self.balance_types,
        }
        return {column: values for column, values in chosen.items() if values is not None}

    def where(self) -> tuple[object, ...]:
        """Give what decides which rewards are looked at, as a key."""
        return self.users, self.members, self.units, self.balance_types
