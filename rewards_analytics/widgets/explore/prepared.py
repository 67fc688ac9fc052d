"""Results for rewards in memory, from counts and sums that are made once, so that a change costs milliseconds.

Each result comes from the same functions as the analysis of its name. They read fewer rows: those of a cell added up
to one row with their `number`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import narwhals as nw

from rewards_analytics.analysis.aging import lots_by_bucket, schedule
from rewards_analytics.analysis.calendar import days_after
from rewards_analytics.analysis.expiring import lots_by_day, timeline
from rewards_analytics.analysis.quality import CHECKS
from rewards_analytics.engines import DataFrame
from rewards_analytics.results.goals import GoalCounts
from rewards_analytics.results.records import Record, records
from rewards_analytics.results.upcoming import SOON_DAYS
from rewards_analytics.schema import BALANCE_TYPES, LOT_TYPES
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.dues import Dues
from rewards_analytics.widgets.explore.goals import Goals
from rewards_analytics.widgets.explore.holdings import between
from rewards_analytics.widgets.explore.listed import Listed, Order, first_rows
from rewards_analytics.widgets.explore.part import Part

_NUMBER: Final = nw.col("number").sum()


class Prepared:
    """Answers for any units and balance types of some rewards in memory."""

    def __init__(self, part: Part, dues: Dues, goals: Goals) -> None:
        self._part, self._dues, self._goals = part, dues, goals
        self._lots: dict[frozenset[str], DataFrame] = {}

    def totals(self, choice: Choice) -> Sequence[Record]:
        """What `totals` gives."""
        left_out = self._left_out(choice)
        chosen = [unit for unit, kind in self._part.pairs if kind in BALANCE_TYPES and kind not in left_out]
        units = {unit for unit in chosen if not choice.units or unit in choice.units}
        return [row for row in self._part.totals(left_out) if row["unit_type"] in units]

    def expiring(self, choice: Choice) -> Sequence[Record]:
        """What `expiring` gives."""
        lots = self._chosen_lots(choice).lazy()
        by_day = lots_by_day(lots, [], choice.as_of, choice.until, _NUMBER).collect()
        return records(timeline(by_day, [], choice.as_of, choice.until, choice.every))

    def aging(self, choice: Choice) -> Sequence[Record]:
        """What `aging` gives."""
        lots = self._chosen_lots(choice).lazy()
        return records(schedule(lots_by_bucket(lots, choice.as_of, _NUMBER).collect()))

    def last_days(self, choice: Choice) -> Mapping[str, date]:
        """The last day within `SOON_DAYS` on which anything of a unit expires."""
        soon = between(choice.as_of, days_after(choice.as_of, SOON_DAYS))
        rows = self._chosen_lots(choice).filter(soon).select("unit_type", "expires_on").sort("expires_on").rows()
        return dict(rows)

    def goal_counts(self, choice: Choice) -> GoalCounts:
        """How many goals there are, and how many members are close to one."""
        return self._goals.counts(self._part.numbers, choice.units, self._left_out(choice))

    def origin(self, choice: Choice) -> Record:
        """How many rewards there are, whose, and when they were recorded."""
        row = self._part.origin(choice.units, self._left_out(choice))
        oldest, newest = (row[name] and row[name].date() for name in ("oldest", "newest"))
        return {
            **row,
            "oldest": oldest,
            "newest": newest,
            "age": None if newest is None else (choice.as_of - newest).days,
        }

    def upcoming(self, choice: Choice, order: Order | None, most: int) -> Listed:
        """The rows of `upcoming`: the first of each unit, or by another order the first of all."""
        cells, left_out = self._part.whole.cells, self._left_out(choice)
        chosen = cells.lots(left_out) & cells.of(choice.units, left_out) & cells.where(between(*choice.listed_days()))
        dues, in_all = self._dues.first(self._part, chosen, left_out, order, most)
        left = [(day - choice.as_of).days for day in dues["expires_on"].to_list()]
        dues = dues.with_columns(nw.new_series("days_left", left, nw.Int64, backend=dues.implementation))
        listed = first_rows("upcoming", dues, order, most, of_each_unit=True)
        return Listed(self._part.whole.named(listed.rows), in_all)

    def goals(self, choice: Choice, order: Order | None, most: int) -> Listed:
        """The first rows of `distance` that are not reached."""
        listed = self._goals.first(self._part.numbers, choice.units, self._left_out(choice), order, most)
        return Listed(self._part.whole.named(listed.rows), listed.in_all)

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives."""
        found = self._part.findings(choice.as_of, choice.units, self._left_out(choice))
        findings = {each.check: each for each in found}
        return [
            {
                "check": check,
                "severity": severity,
                "rewards": findings[check].rewards,
                "example_guid": findings[check].example,
            }
            for check, severity in CHECKS.items()
        ]

    def _left_out(self, choice: Choice) -> frozenset[str]:
        """The balance types that are not chosen."""
        if not choice.balance_types:
            return frozenset()
        return frozenset(kind for _, kind in self._part.whole.cells.pairs).difference(choice.balance_types)

    def _chosen_lots(self, choice: Choice) -> DataFrame:
        """The lots of one day and unit added up, with their `number`."""
        left_out = self._left_out(choice)
        key = left_out & {*LOT_TYPES}
        if key not in self._lots:
            self._lots[key] = self._part.lots(key)
        lots = self._lots[key]
        return lots.filter(nw.col("unit_type").is_in(list(choice.units))) if choice.units else lots
