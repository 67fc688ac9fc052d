"""What a reader has chosen to see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rewards_analytics.analysis.aging import days_of
from rewards_analytics.analysis.calendar import last_day_of


@dataclass(frozen=True)
class Choice:
    """The rewards that are looked at, and how.

    Attributes
    ----------
    as_of, every, until
        First day, period and last day (or None) of what expires.
    users, members, units, balance_types
        Values of the rewards that are chosen; all if empty.
    period, bucket, check
        The holdings that are chosen, with all their rewards: those with a lot in a period of the timeline (its first
        day), with a lot in a bucket of the aging schedule, and with a finding of a quality check.
    """

    as_of: date
    users: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    balance_types: tuple[str, ...] = ()
    every: str = "month"
    until: date | None = None
    period: date | None = None
    bucket: str | None = None
    check: str | None = None

    @property
    def by_holding(self) -> bool:
        """Whether holdings are chosen by what they have."""
        return self.period is not None or self.bucket is not None or self.check is not None

    def filters(self) -> dict[str, Sequence[str]]:
        """Return the values that are left of each column that is filtered."""
        chosen = {
            "user_guid": self.users,
            "member_guid": self.members,
            "unit_type": self.units,
            "balance_type": self.balance_types,
        }
        return {column: values for column, values in chosen.items() if values}

    def period_days(self) -> tuple[date, date | None]:
        """Return the first and the last day (or None) of the chosen period; those of the timeline if none is chosen."""
        if self.period is None:
            return self.as_of, self.until
        return max(self.period, self.as_of), _earlier(last_day_of(self.period, self.every), self.until)

    def listed_days(self) -> tuple[date, date | None]:
        """Return the first and the last day (or None) of the expiries to list: in the chosen period and bucket."""
        of_bucket = None if self.bucket is None else days_of(self.bucket, self.as_of)
        if of_bucket is None:
            return self.period_days()
        if self.period is None:
            return of_bucket
        first, last = self.period_days()
        return max(first, of_bucket[0]), _earlier(last, of_bucket[1])

    def where(self) -> tuple[object, ...]:
        """Return what decides which rewards are looked at, as a key."""
        found = (self.period and self.period_days(), self.bucket, self.check)
        dated = self.as_of if self.bucket or self.check else None
        return self.users, self.members, self.units, self.balance_types, found, dated


def _earlier(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day is not None), default=None)
