"""What became of dues: the definition of an outcome, and dues followed from a given day to their own day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, TypeVar

import narwhals as nw

from rewards_analytics.analysis.over_time.leads import LEADS, Curve, lead_of
from rewards_analytics.analysis.over_time.listed import DUE, Listed, Listings
from rewards_analytics.analysis.over_time.snapshots import Snapshots
from rewards_analytics.analysis.sums import exact
from rewards_analytics.engines import DataFrame

_SUMS: Final = (nw.col("due").sum(), nw.col("expired").sum(), nw.len().alias("dues"))


def with_left(dues: DataFrame, at: Listed, after: Listed) -> DataFrame:
    """Keep the dues that have an outcome, and add `left`: what is due at the last snapshot on or before their day.

    Parameters
    ----------
    dues
        Dues on days from `at` on and before `after`: `holding`, `expires_on` and other columns.
    at, after
        That last snapshot, and the first one after it. A due has an outcome where both know its holding's balance.
    """
    for snapshot in (at, after):
        dues = dues.join(snapshot.known, on="holding", how="semi")
    left = nw.col("left")
    found = dues.join(at.dues.select(*DUE, left="due"), on=list(DUE), how="left")
    return found.with_columns(left=nw.when(left.is_null()).then(nw.lit(0)).otherwise(left))


@dataclass
class Sums:
    """Sums over dues that have an outcome: the amount due, how much of it expired, and the number of dues."""

    due: Decimal = Decimal(0)
    expired: Decimal = Decimal(0)
    dues: int = 0

    def add(self, due: Decimal, expired: Decimal, dues: int) -> None:
        """Add the sums of further dues."""
        with exact():
            self.due += due
            self.expired += expired
        self.dues += dues

    @property
    def share(self) -> Fraction:
        """The share that expired."""
        return Fraction(self.expired) / Fraction(self.due)


Lapsed = dict[tuple[str, int], Sums]
"""What became of dues, by unit and lead."""

Key = TypeVar("Key")


def _add(sums: dict[Key, Sums], others: Mapping[Key, Sums]) -> None:
    for key, other in others.items():
        sums[key].add(other.due, other.expired, other.dues)


@dataclass
class Followed:
    """What one snapshot lists as due, and what became of it.

    Attributes
    ----------
    as_of
        The day of the snapshot.
    lapsed
        What became of dues in the snapshots up to that day.
    due
        What is due, by unit and day.
    settled
        What became of the dues that have an outcome in the whole history, by unit and day.
    """

    as_of: date
    lapsed: Lapsed = field(default_factory=lambda: defaultdict(Sums))
    due: dict[tuple[str, date], Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    settled: dict[tuple[str, date], Sums] = field(default_factory=lambda: defaultdict(Sums))

    def add(self, other: Followed) -> None:
        """Add what the same snapshot lists of other users."""
        _add(self.lapsed, other.lapsed)
        _add(self.settled, other.settled)
        with exact():
            for key, due in other.due.items():
                self.due[key] += due

    @cached_property
    def curves(self) -> Mapping[str, Curve]:
        """The lapse curve of each unit that has one."""
        shares: dict[str, dict[int, Fraction]] = defaultdict(dict)
        for (unit_type, lead), sums in sorted(self.lapsed.items()):
            shares[unit_type][lead] = sums.share
        return {unit_type: Curve(of_unit) for unit_type, of_unit in shares.items()}

    def expected(self, unit_type: str, due: Mapping[date, Decimal]) -> Fraction | None:
        """Return how much of some dues of a unit is expected to expire; None in a unit without a share."""
        curve = self.curves.get(unit_type)
        if curve is None:
            return None
        shares = (Fraction(amount) * curve.share((day - self.as_of).days) for day, amount in due.items())
        return sum(shares, Fraction(0))


def lapsed(snapshots: Snapshots[Any], leads: Sequence[int]) -> Lapsed:
    """Sum up what became of the dues of a history, by unit and lead."""
    found: Lapsed = defaultdict(Sums)
    for span in snapshots.by_users():
        sweep = _Sweep(span, leads)
        sweep.run({})
        _add(found, sweep.lapsed)
    return found


def followed(snapshots: Snapshots[Any], until: Mapping[date, date]) -> list[Followed]:
    """Follow what some snapshots list as due, and sum up what became of it.

    Parameters
    ----------
    snapshots
        The history.
    until
        The days of the snapshots, ascending, each with the last day of dues that are followed.
    """
    found = {taken_on: Followed(taken_on) for taken_on in until}
    for span in snapshots.by_users():
        sweep = _Sweep(span, LEADS)
        sweep.run(until)
        for taken_on, of_span in sweep.followed.items():
            found[taken_on].add(of_span)
    return list(found.values())


class _Sweep:
    """Passes over the snapshots once, and holds only the dues that wait for the end of their day."""

    def __init__(self, snapshots: Snapshots[Any], leads: Sequence[int]) -> None:
        self._listings, self._leads = Listings(snapshots), leads
        self.lapsed: Lapsed = defaultdict(Sums)
        self.followed: dict[date, Followed] = {}
        self._at_lead = _Waiting()
        self._of_day = _Waiting()

    def run(self, until: Mapping[date, date]) -> None:
        last = max(until, default=None)
        for at, after in self._listings.followed():
            if at.taken_on in until:
                self._follow(at, until[at.taken_on])
            if after is None:
                return
            if last is None or at.taken_on < last:
                self._at_lead.add(self._sampled(at, after))
                for row in self._settled(self._at_lead, at, after, "lead_days"):
                    self.lapsed[row["unit_type"], row["lead_days"]].add(row["due"], row["expired"], row["dues"])
            for row in self._settled(self._of_day, at, after, "as_of", "expires_on"):
                settled = self.followed[row["as_of"]].settled[row["unit_type"], row["expires_on"]]
                settled.add(row["due"], row["expired"], row["dues"])
            if last is not None and last <= at.taken_on and self._of_day.is_empty:
                return  # later snapshots add nothing

    def _follow(self, at: Listed, until: date) -> None:
        dues = at.dues.filter(nw.col("expires_on") <= nw.lit(until))
        of_days = self._listings.with_key(dues, "unit_type").group_by("unit_type", "expires_on")
        self.followed[at.taken_on] = Followed(
            at.taken_on,
            {key: replace(sums) for key, sums in self.lapsed.items()},
            {(unit_type, day): due for unit_type, day, due in of_days.agg(nw.col("due").sum()).iter_rows()},
        )
        self._of_day.add(dues.with_columns(as_of=nw.lit(at.taken_on)))

    def _sampled(self, at: Listed, after: Listed) -> DataFrame:
        """The dues that count at a lead with what this snapshot lists, with that lead."""
        gap = (after.taken_on - at.taken_on).days
        days: list[date] = at.dues["expires_on"].unique().to_list()
        leads = {day: lead_of((day - at.taken_on).days, gap, self._leads) for day in days}
        found = {day: lead for day, lead in leads.items() if lead is not None}
        of_day = nw.from_dict(
            {"expires_on": list(found), "lead_days": list(found.values())},
            schema={"expires_on": nw.Date(), "lead_days": nw.Int64()},
            backend="polars",
        )
        return at.dues.join(of_day, on="expires_on", how="inner")

    def _settled(self, waiting: _Waiting, at: Listed, after: Listed, *by: str) -> list[dict[str, Any]]:
        """Sum up the dues that have an outcome now, by unit and other columns."""
        past = waiting.past(after.taken_on)
        if past is None:
            return []
        left, due = nw.col("left"), nw.col("due")
        settled = with_left(past, at, after).with_columns(expired=nw.when(left < due).then(left).otherwise(due))
        sums = self._listings.with_key(settled, "unit_type").group_by("unit_type", *by).agg(*_SUMS)
        return list(sums.iter_rows(named=True))


class _Waiting:
    """Dues whose day is not past."""

    def __init__(self) -> None:
        self._dues: DataFrame | None = None

    @property
    def is_empty(self) -> bool:
        return self._dues is None

    def add(self, dues: DataFrame) -> None:
        """Add dues."""
        if len(dues):
            self._dues = dues if self._dues is None else nw.concat([self._dues, dues])

    def past(self, day: date) -> DataFrame | None:
        """Take out the dues on days before another one; None if there is none."""
        if self._dues is None:
            return None
        is_past = self._dues["expires_on"] < day
        if not is_past.any():
            return None
        past, rest = self._dues.filter(is_past), self._dues.filter(~is_past)
        self._dues = rest if len(rest) else None
        return past
