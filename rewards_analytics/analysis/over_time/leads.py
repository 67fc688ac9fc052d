"""How many days ahead a due was listed, and the share that expired at each number of days."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final, SupportsIndex

from rewards_analytics.analysis.arguments import whole_number
from rewards_analytics.errors import ArgumentError

LEADS: Final = (7, 14, 30, 60, 90, 180, 365)
"""Days ahead at which `lapse` asks by default, and a forecast always does."""


def leads_of(leads: Iterable[SupportsIndex]) -> tuple[int, ...]:
    """Return leads that are whole numbers of days, at least 1 and ascending."""
    if isinstance(leads, str | bytes) or not isinstance(leads, Iterable):
        raise ArgumentError(
            f"leads={leads!r} is not a list of days. Pass whole numbers, for example leads=(7, 30, 90)."
        )
    found = tuple(whole_number(lead, name=f"leads[{place}]") for place, lead in enumerate(leads))
    if not found:
        raise ArgumentError("leads is empty. Pass at least one number of days, for example leads=(7, 30, 90).")
    for place, (before, lead) in enumerate(pairwise(found), start=1):
        if lead <= before:
            raise ArgumentError(f"leads must ascend, and leads[{place}]={lead} comes after {before}.")
    return found


def lead_of(days_left: int, gap: int, leads: Sequence[int]) -> int | None:
    """Return the lead at which a snapshot shows a due, None if another snapshot does or none.

    Parameters
    ----------
    days_left
        Days from the snapshot to the day of the due.
    gap
        Days from the snapshot to the next one.
    leads
        The leads, ascending.

    Examples
    --------
    The snapshot must be the last one at least 7 days before the day, and less than 14 days before it.

    >>> [lead_of(days_left, 3, (7, 14)) for days_left in (6, 7, 9, 10, 13, 14, 16, 17)]
    [None, 7, 7, None, None, 14, 14, None]
    """
    place = bisect_right(leads, days_left) - 1
    return leads[place] if place >= 0 and days_left - leads[place] < gap else None


@dataclass(frozen=True)
class Curve:
    """The share of the amounts due that expires, by days left: straight lines from 1 at 0 days through some points.

    Attributes
    ----------
    shares
        The share at each lead that has one, ascending by lead.

    Examples
    --------
    >>> curve = Curve({10: Fraction(1, 2), 30: Fraction(1, 4)})
    >>> [str(curve.share(days_left)) for days_left in (0, 5, 10, 20, 30, 400)]
    ['1', '3/4', '1/2', '3/8', '1/4', '1/4']
    """

    shares: Mapping[int, Fraction]

    def share(self, days_left: int) -> Fraction:
        """Return the share at a number of days left; beyond the longest lead it is that of the longest."""
        days, shares = [0, *self.shares], [Fraction(1), *self.shares.values()]
        place = bisect_left(days, days_left)
        if place == len(days):
            return shares[-1]
        if days[place] == days_left:
            return shares[place]
        passed = Fraction(days_left - days[place - 1], days[place] - days[place - 1])
        return shares[place - 1] + (shares[place] - shares[place - 1]) * passed
