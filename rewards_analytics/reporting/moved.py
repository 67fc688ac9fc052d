"""What moved in a history, for a report: the last 12 months and the last full month, with pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from rewards_analytics.analysis.calendar import end_of_month
from rewards_analytics.analysis.over_time.balance import balance_by_day
from rewards_analytics.analysis.over_time.between import between
from rewards_analytics.analysis.over_time.outlook import outlook
from rewards_analytics.analysis.over_time.roll_forward import roll_forward
from rewards_analytics.engines import is_frame, rereadable
from rewards_analytics.reporting.pictures import embedded
from rewards_analytics.results.records import Record, in_order, of_unit, units_of
from rewards_analytics.results.upcoming import SOON_DAYS
from rewards_analytics.schema import UNIT_TYPES
from rewards_analytics.wording import LATE_REPORTS, NET_FLOWS, count, day

MONTHS: Final = 12
"""Most months of the roll-forward, that of `as_of` included."""

MOST_PICTURES: Final = 4
"""Units with pictures, documented ones first: each has two."""


class Movement:
    """Reads a history for a report: only snapshots up to `as_of`, of the months that the report shows.

    Raises
    ------
    RewardsError
        If `history` is not a history.
    """

    def __init__(self, history: Any, as_of: date, *, asked_by: str = "report") -> None:
        self.as_of = as_of
        self._history = rereadable(history, asked_by=asked_by) if is_frame(history) else history
        since = end_of_month(as_of, -MONTHS) + timedelta(days=1)
        self._part, self.days = between(self._history, since, as_of, asked_by=asked_by)

    def outlook(self) -> list[Record]:
        """Return the rows of `outlook`, with `past_share`: how much of what was due lapsed."""
        rows = outlook(self._history, as_of=self.as_of, horizon_days=SOON_DAYS, asked_by="report")
        return [row | {"past_share": float(row["past_expired"] / row["past_due"])} for row in rows]

    def moved(self) -> Moved:
        """Return what moved, without the outlook."""
        rows = in_order("roll_forward", roll_forward(self._part)) if len(self.days) > 1 else []
        return Moved(self.as_of, self.days, rows, balance_by_day(self._part) if rows else [])

    def numbers(self) -> dict[str, Any]:
        """Return the numbers of what moved."""
        return self.moved().numbers()

    def read(self) -> Moved:
        """Return what moved, and the outlook."""
        return replace(self.moved(), outlook=self.outlook())


@dataclass(frozen=True)
class Moved:
    """What a history says up to a day.

    Attributes
    ----------
    as_of
        That day.
    days
        The snapshots.
    rows
        The roll-forward per month.
    balances
        What was held day after day, as `balance_by_day` returns it.
    outlook
        How much of what is due is likely to lapse: rows of `Movement.outlook`.
    """

    as_of: date
    days: Sequence[date]
    rows: Sequence[Record]
    balances: Sequence[Record]
    outlook: Sequence[Record] = ()

    def facts(self) -> dict[str, Any]:
        """Return the numbers of the section with its pictures."""
        numbers = self.numbers()
        drawn, not_drawn = drawn_units(numbers["rows"])
        pictures = [each for unit in drawn for each in _pictures(unit, numbers["of_month"], numbers["balances"])]
        return numbers | {"pictures": pictures, "not_drawn": not_drawn}

    def numbers(self) -> dict[str, Any]:
        """Return the rows, the last full month, what was held day after day, and sentences."""
        month = self._last_full_month()
        return {
            "rows": self.rows,
            "month": month,
            "of_month": [row for row in self.rows if row["period"] == month],
            "balances": self.balances,
            "months": MONTHS,
            "first": self.days[0] if self.days else None,
            "last": self.days[-1] if self.days else None,
            "net": f"{NET_FLOWS} {LATE_REPORTS}",
            "lacks": self._lacks(month),
        }

    def _last_full_month(self) -> date | None:
        """Return the last month with a snapshot before it or on its first day, and one on its last day or later."""
        full = [
            row["period"]
            for row in self.rows
            if self.days[0] <= row["period"] and end_of_month(row["period"]) <= self.days[-1]
        ]
        return max(full, default=None)

    def _lacks(self, month: date | None) -> list[str]:
        """Return sentences about what the history does not show."""
        if not self.days:
            return [f"The history has no snapshot up to {day(self.as_of)}."]
        if len(self.days) == 1:
            return [
                f"The history has one snapshot, that of {day(self.days[0])}. It takes a second one to show what moved."
            ]
        sentences = []
        if not self.rows:
            sentences.append("No balance is known in the snapshots.")
        elif month is None:
            sentences.append("The snapshots do not cover a full month yet.")
        if missing := (self.days[-1] - self.days[0]).days + 1 - len(self.days):
            verb = "has" if missing == 1 else "have"
            sentences.append(
                f"{count(missing, 'day')} in between {verb} no snapshot: movements on such a day count on the next day "
                "that has one."
            )
        if late := (self.as_of - self.days[-1]).days:
            sentences.append(f"The last snapshot is {count(late, 'day')} older than this report.")
        return sentences


def drawn_units(rows: Sequence[Record]) -> tuple[Sequence[str], int]:
    """Return the units to draw, documented ones first, and the number of the others."""
    units = sorted(units_of(rows), key=lambda unit_type: (unit_type not in UNIT_TYPES, unit_type))
    return units[:MOST_PICTURES], len(units[MOST_PICTURES:])


def _pictures(unit_type: str, of_month: Sequence[Record], balances: Sequence[Record]) -> list[dict[str, Any]]:
    """Return the balance of a unit day after day, and the steps of the last full month."""
    steps, held = of_unit(of_month, unit_type), of_unit(balances, unit_type)
    drawn = [embedded("balance", held, f"balance-{unit_type}")] if held else []
    return drawn + ([embedded("roll-forward", steps, f"roll-forward-{unit_type}", every="month")] if steps else [])
