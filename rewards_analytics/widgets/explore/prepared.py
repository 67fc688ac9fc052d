"""Results for rewards in memory, asked of sums that are computed once, so that a change costs milliseconds.

Each result comes from the same functions as the analysis of its name. They read fewer rows: holdings already added up,
and rewards that no definition tells apart added up to one row with their `number`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cached_property, lru_cache
from typing import Final

import narwhals as nw

from rewards_analytics.analysis.aging import lots_by_bucket, schedule
from rewards_analytics.analysis.calendar import days_after
from rewards_analytics.analysis.distance import with_progress
from rewards_analytics.analysis.expiring import lots_by_day, timeline
from rewards_analytics.analysis.holdings import without
from rewards_analytics.analysis.quality import checked, concerned, holding_checks, reward_checks
from rewards_analytics.analysis.totals import totals_of
from rewards_analytics.engines import DataFrame, LazyFrame
from rewards_analytics.results.goals import CLOSE, GoalCounts
from rewards_analytics.results.records import Record, in_order, records
from rewards_analytics.results.upcoming import SOON_DAYS
from rewards_analytics.schema import BALANCE, BALANCE_TYPES, GOALS, LOT_TYPES, TOTAL_BALANCE
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.holdings import Part
from rewards_analytics.widgets.explore.listed import Listed, Order, first_rows

_NUMBER: Final = nw.col("number").sum()


class Prepared:
    """Answers for any units and balance types of some rewards, which are in memory, with numbered holdings."""

    def __init__(self, holdings: Part) -> None:
        self._holdings = holdings
        # Kept in this object: few balance types make few sets of them.
        self._totals = lru_cache(maxsize=8)(self._totals_without)
        self._lots = lru_cache(maxsize=8)(self._lots_without)
        self._goals = lru_cache(maxsize=1)(self._goals_without)
        self._goal_counts = lru_cache(maxsize=4)(self._goal_counts_without)
        self._origin = lru_cache(maxsize=16)(holdings.origin)

    def totals(self, choice: Choice) -> Sequence[Record]:
        """What `totals` gives."""
        left_out = self._left_out(choice)
        units = {unit for unit, kind in self._pairs if kind in BALANCE_TYPES and kind not in left_out}
        rows = self._totals(left_out & {*LOT_TYPES})
        return [row for row in rows if row["unit_type"] in units and row["unit_type"] in self._units(choice)]

    def expiring(self, choice: Choice) -> Sequence[Record]:
        """What `expiring` gives."""
        by_day = lots_by_day(self._chosen_lots(choice), [], choice.as_of, choice.until, _NUMBER).collect()
        return records(timeline(by_day, [], choice.as_of, choice.until, choice.every))

    def aging(self, choice: Choice) -> Sequence[Record]:
        """What `aging` gives."""
        return records(schedule(lots_by_bucket(self._chosen_lots(choice), choice.as_of, _NUMBER).collect()))

    def last_days(self, choice: Choice) -> Mapping[str, date]:
        """The last day within `SOON_DAYS` on which anything of a unit expires."""
        soon = days_after(choice.as_of, SOON_DAYS)
        days = lots_by_day(self._chosen_lots(choice), [], choice.as_of, soon, _NUMBER).collect()
        return {unit: day for unit, day in days.select("unit_type", "__day__").sort("__day__").rows()}  # noqa: C416

    def goal_counts(self, choice: Choice) -> GoalCounts:
        """How many goals there are, and how many members are close to one."""
        if not self._goal_kinds(choice):
            return GoalCounts(0, 0, 0, dict.fromkeys(GOALS.values(), 0))
        counts, close = self._goal_counts(self._goal_types_left_out(choice))
        chosen = self._of_goals(choice)
        counted = records(counts.filter(chosen))
        members = close.filter(chosen).group_by("goal").agg(nw.col("member_guid").n_unique())
        return GoalCounts(
            sum(row["number"] for row in counted),
            sum(row["number"] for row in counted if row["reached"]),
            sum(row["number"] for row in counted if row["close"] and not row["reached"]),
            dict.fromkeys(GOALS.values(), 0) | dict(members.select("goal", "member_guid").rows()),
        )

    def origin(self, choice: Choice) -> Record:
        """How many rewards there are, whose, and when they were recorded."""
        units, left_out = self._units(choice), self._left_out(choice)
        row = self._origin(frozenset(pair for pair in self._pairs if pair[0] in units and pair[1] not in left_out))
        oldest, newest = (row[name] and row[name].date() for name in ("oldest", "newest"))
        return {
            **row,
            "oldest": oldest,
            "newest": newest,
            "age": None if newest is None else (choice.as_of - newest).days,
        }

    def upcoming(self, choice: Choice, order: Order | None, most: int) -> Listed:
        """The rows of `upcoming`: the first of each unit, or by another order the first of all."""
        first, last = choice.listed_days()
        in_range = nw.col("expires_on") >= first
        if last is not None:
            in_range &= nw.col("expires_on") <= last
        left_out = self._left_out(choice) & {*LOT_TYPES}
        dues, in_all = self._holdings.dues(left_out, in_range & self._of_units(choice), order, most)
        left = [(day - choice.as_of).days for day in dues["expires_on"].to_list()]
        dues = dues.with_columns(nw.new_series("days_left", left, nw.Int64, backend=dues.implementation))
        listed = first_rows("upcoming", dues, order, most, of_each_unit=True)
        return Listed(self._holdings.named(listed.rows), in_all)

    def goals(self, choice: Choice, order: Order | None, most: int) -> Listed:
        """The first rows of `distance` that are not reached."""
        goals = self._goals(self._goal_types_left_out(choice))
        ahead = goals.filter(self._of_goals(choice), ~nw.col("reached"))
        listed = first_rows("distance", ahead, order, most)
        return Listed(self._holdings.named(listed.rows), listed.in_all)

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives."""
        left_out = self._left_out(choice)
        chosen = self._of_units(choice) & ~nw.col("balance_type").is_in(sorted(left_out))
        checks = reward_checks(choice.as_of)
        of_creation = {name: checks.pop(name) for name in ("created_in_future",) if name in checks}
        counts = [
            concerned(self._rewards_to_check.filter(chosen).lazy(), checks, nw.col("number")),
            concerned(self._holdings.failing(left_out).filter(self._of_units(choice)).lazy(), holding_checks()),
        ]
        if of_creation:
            counts.append(concerned(self._created.filter(chosen).lazy(), of_creation, nw.col("number")))
        return records(checked(*(each.collect() for each in counts)))

    # --- What is chosen ------------------------------------------------------------------------------

    def _units(self, choice: Choice) -> Collection[str]:
        return choice.units or {unit for unit, _ in self._pairs}

    def _of_units(self, choice: Choice) -> nw.Expr:
        return nw.col("unit_type").is_in(sorted(self._units(choice)))

    def _left_out(self, choice: Choice) -> frozenset[str]:
        """The balance types that are not chosen."""
        if not choice.balance_types:
            return frozenset()
        return frozenset(kind for _, kind in self._pairs).difference(choice.balance_types)

    def _goal_types_left_out(self, choice: Choice) -> frozenset[str]:
        """The balance types that are not chosen, of those that the available balance of a goal is made of."""
        return self._left_out(choice) & {TOTAL_BALANCE, BALANCE}

    def _of_goals(self, choice: Choice) -> nw.Expr:
        # Compared as text: an Enum refuses what it does not have.
        is_kind = nw.col("goal").cast(nw.String).is_in(self._goal_kinds(choice))
        return is_kind & nw.col("unit_type").cast(nw.String).is_in(sorted(self._units(choice)))

    def _goal_kinds(self, choice: Choice) -> Sequence[str]:
        """The kinds of goals that are chosen."""
        left_out = self._left_out(choice)
        return [goal for balance_type, goal in GOALS.items() if balance_type not in left_out]

    def _chosen_lots(self, choice: Choice) -> LazyFrame:
        return self._lots(self._left_out(choice) & {*LOT_TYPES}).filter(self._of_units(choice)).lazy()

    # --- Without some balance types, kept ----------------------------------------------------------

    def _totals_without(self, left_out: frozenset[str]) -> Sequence[Record]:
        return in_order("totals", totals_of(without(self._sums.lazy(), left_out)).collect())

    def _lots_without(self, left_out: frozenset[str]) -> DataFrame:
        """The lots of one day and unit added up, with their `number`."""
        return self._holdings.lots(left_out)

    def _goals_without(self, left_out: frozenset[str]) -> DataFrame:
        """All goals."""
        return with_progress(without(self._holdings.goals.lazy(), left_out)).collect()

    def _goal_counts_without(self, left_out: frozenset[str]) -> tuple[DataFrame, DataFrame]:
        """How many goals of each unit and kind are reached and close; and the members of those that are close."""
        goals = self._goals(left_out)
        close = nw.col("progress") >= CLOSE
        counts = goals.with_columns(close=close).group_by("unit_type", "goal", "reached", "close").agg(number=nw.len())
        return counts, goals.filter(~nw.col("reached"), close).select("unit_type", "goal", "member_guid").unique()

    # --- Prepared when the first view that asks for it is shown ---------------------------------------

    @cached_property
    def _pairs(self) -> list[tuple[str, str]]:
        """The units and balance types that go together in a reward."""
        return self._holdings.pairs

    @cached_property
    def _sums(self) -> DataFrame:
        """The sums of the holdings; of those of goals alone, which are all alike, one for each unit."""
        sums = self._holdings.sums
        empty = (nw.col("totals") + nw.col("plains") + nw.col("lots")) == 0
        return nw.concat([sums.filter(~empty), sums.filter(empty).unique("unit_type")])

    @cached_property
    def _rewards_to_check(self) -> DataFrame:
        """Rewards with the same answers to every check but that of their creation, added up to one row."""
        balance = nw.col("balance")
        kinds = ("unit_type", "balance_type", "expires_on", "negative", "fraction")
        alike = self._holdings.rewards.lazy().with_columns(negative=balance < 0, fraction=balance.round(2) != balance)
        return alike.group_by(*kinds).agg(nw.col("balance", "guid").min(), number=nw.len()).collect()

    @cached_property
    def _created(self) -> DataFrame:
        """Rewards that were created on one day."""
        by_day = self._holdings.rewards.lazy().with_columns(created_on=nw.col("created_at").dt.date())
        kinds = ("unit_type", "balance_type", "created_on")
        return by_day.group_by(*kinds).agg(nw.col("created_at", "guid").min(), number=nw.len()).collect()
