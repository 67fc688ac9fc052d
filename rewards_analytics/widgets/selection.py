"""The rewards behind a dashboard, and the results of its views for a choice of them."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate, chain
from typing import Any, Final, TypeVar

import narwhals as nw

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.engines import DataFrame, as_narwhals, columns_of, from_caller, is_frame
from rewards_analytics.errors import FrameError, MissingColumnError
from rewards_analytics.results.goals import NearestGoals
from rewards_analytics.results.records import Record, of_unit
from rewards_analytics.results.upcoming import MOST_UPCOMING, next_expiries
from rewards_analytics.schema import LOT_TYPES
from rewards_analytics.widgets.answers import Answers
from rewards_analytics.widgets.choice import Choice
from rewards_analytics.widgets.everyone import Everyone

ResultT = TypeVar("ResultT")

MOST_IN_MEMORY: Final = 2_000_000
"""Rows of a lazy frame that are brought into memory, for the speed."""

MOST_KEPT: Final = 64
"""Results kept for the case that the reader goes back to a view."""

MOST_ROWS_KEPT: Final = 2_000
"""Rows of a result that is kept: ten years by day are computed again, as dozens of them would fill the memory."""

OPTIONAL: Final = {"distance": ("description",), "quality": ("guid", "created_at")}
"""The columns that only one view reads: without them the others still work."""


class Selection:
    """Rewards, and the result of each analysis for a choice of them.

    Rewards in memory are typed, sorted by user, and merged, once; those of a lazy frame are too, unless they are too
    many. The rewards of some users are then a slice on which the public functions take milliseconds; all users' are
    asked of what was merged. A large lazy frame is filtered and computed by its engine at each new choice.

    Attributes
    ----------
    users, members, units, balance_types
        The values that there are, in order of text.
    problem
        What is wrong with the rewards, empty where nothing is.
    missing
        What a single view lacks, by its name.
    """

    def __init__(self, rewards: Any) -> None:
        self.problem = ""
        self.users: Sequence[str] = ()
        self.members: Sequence[str] = ()
        self.units: Sequence[str] = ()
        self.balance_types: Sequence[str] = ()
        self.missing: dict[str, str] = {}
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        try:
            self._take_in(rewards)
        except (MissingColumnError, FrameError) as error:
            if not is_frame(rewards):
                raise
            self.problem = str(error)

    def _take_in(self, rewards: Any) -> None:
        found = columns_of(rewards, asked_by="explore")
        optional = [name for names in OPTIONAL.values() for name in names if name in found]
        self._table = from_caller(rewards, [*COLUMNS, *optional], asked_by="explore")
        for view, columns in OPTIONAL.items():
            if missing := [name for name in columns if name not in found]:
                self.missing[view] = str(
                    MissingColumnError.from_columns(missing, found, wanted_by=f"{view}() reads it")
                )
        if not self._table.eager and self._is_small():
            collected = self._table.collect(self._table.frame).to_native()
            self._table = from_caller(collected, [*COLUMNS, *optional], asked_by="explore")
        self._rewards: Any = self._table.frame
        if self._table.eager:
            self._rewards = self._table.collect(self._rewards).sort("user_guid", nulls_last=True)
        self._index()
        self._answers = Answers(self.rewards_of)
        self._everyone = Everyone(self._rewards) if self._table.eager else None

    def _is_small(self) -> bool:
        rows = self._table.collect(self._table.frame.select(nw.len().alias("rows")))["rows"].to_list()[0]
        return bool(rows <= MOST_IN_MEMORY)

    def _index(self) -> None:
        """Find the users, where each one's rewards begin, their members, the units and the balance types."""
        collect, frame = self._table.collect, self._rewards.lazy()
        owned = collect(frame.group_by("user_guid", "member_guid").agg(rewards=nw.len()))
        pairs = collect(frame.select("unit_type", "balance_type").unique())
        users = owned.group_by("user_guid").agg(nw.col("rewards").sum()).sort("user_guid")
        self.users = users["user_guid"].to_list()
        self._starts = [0, *accumulate(users["rewards"].to_list())]
        owned = owned.sort("member_guid", "user_guid", nulls_last=True)
        self._member_of, self._user_of = owned["member_guid"].to_list(), owned["user_guid"].to_list()
        self.members = list(dict.fromkeys(self._member_of))
        self._pairs = pairs.select("unit_type", "balance_type").rows()
        self.units = sorted({unit_type for unit_type, _ in self._pairs})
        self.balance_types = sorted({balance_type for _, balance_type in self._pairs})

    # --- Results -----------------------------------------------------------------------------------

    def is_empty(self, choice: Choice) -> bool:
        """Whether no reward is chosen."""
        return self._once(("is empty", choice.where()), lambda: self._count(choice) == 0)

    def _count(self, choice: Choice) -> int:
        if self._asked(choice) is self._everyone:
            return sum(_is_in(unit, choice.units) and _is_in(kind, choice.balance_types) for unit, kind in self._pairs)
        chosen = as_narwhals(self.rewards_of(choice)).lazy().select(nw.len().alias("rows"))
        return int(self._table.collect(chosen)["rows"].to_list()[0])

    def totals(self, choice: Choice) -> Sequence[Record]:
        """What `totals` gives for the chosen rewards."""
        return self._once(("totals", choice.where()), lambda: self._asked(choice).totals(choice))

    def expiring(self, choice: Choice) -> Sequence[Record]:
        """What `expiring` gives for the chosen rewards."""
        return self._once(("expiring", choice), lambda: self._asked(choice).expiring(choice))

    def aging(self, choice: Choice) -> Sequence[Record]:
        """What `aging` gives for the chosen rewards."""
        return self._once(("aging", choice.where(), choice.as_of), lambda: self._asked(choice).aging(choice))

    def goals(self, choice: Choice) -> NearestGoals:
        """The nearest goals of `distance` that are not reached, for the chosen rewards."""
        return self._once(("goals", choice.where()), lambda: self._asked(choice).goals(choice))

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives for the chosen rewards."""
        return self._once(("quality", choice.where(), choice.as_of), lambda: self._asked(choice).quality(choice))

    def upcoming(self, choice: Choice) -> Sequence[Record]:
        """The next expiries of the chosen rewards until the end of the timeline."""
        compute, asked = self._upcoming_of_some, choice
        if self._asked(choice) is self._everyone:
            dated = self._dated_of(choice)
            if not dated:
                return []
            # The answer is the same on every day until the next one with an expiry, so it is computed once for all.
            asked = replace(choice, as_of=min(rows["expires_on"][0] for rows in dated.values()))
            compute = self._upcoming_of_all
        rows = self._once(("upcoming", asked.where(), asked.as_of, asked.until), lambda: compute(asked))
        return [{**row, "days_left": (row["expires_on"] - choice.as_of).days} for row in rows]

    def distance(self, choice: Choice) -> nw.DataFrame[Any]:
        """All goals of the chosen rewards, for the reader to take away."""
        return self._answers.distance(choice)

    def _asked(self, choice: Choice) -> Answers | Everyone:
        return self._answers if self._everyone is None or choice.users or choice.members else self._everyone

    def _upcoming_of_some(self, choice: Choice) -> Sequence[Record]:
        return next_expiries(self.rewards_of(choice), as_of=choice.as_of, until=choice.until).rows

    def _upcoming_of_all(self, choice: Choice) -> Sequence[Record]:
        # A lot ahead is a row with a date. So the next lots of a unit belong to the users who have its next rows with
        # a date, and those users are few. Which of their rows are lots, the definition decides.
        dated, number = self._dated_of(choice), 4 * MOST_UPCOMING
        while True:
            last_days = {unit: rows["expires_on"][min(number, len(rows)) - 1] for unit, rows in dated.items()}
            near = nw.concat([rows.filter(nw.col("expires_on") <= last_days[unit]) for unit, rows in dated.items()])
            chosen = self._slice(near["user_guid"].unique().to_list(), choice)
            found = next_expiries(chosen, as_of=choice.as_of, until=max(last_days.values())).rows
            # Later ones may be of users who are not among these.
            certain = [row for row in found if row["expires_on"] <= last_days[row["unit_type"]]]
            if all(len(of_unit(certain, u)) == MOST_UPCOMING or len(rows) <= number for u, rows in dated.items()):
                return certain
            number *= 4

    def _dated_of(self, choice: Choice) -> dict[str, DataFrame]:
        """The chosen rows that may be lots of the timeline, the soonest first, by unit."""
        expires_on = nw.col("expires_on")
        tests = [expires_on >= choice.as_of, *([] if choice.until is None else [expires_on <= choice.until])]
        if choice.balance_types is not None:
            tests.append(nw.col("balance_type").is_in(list(choice.balance_types)))
        units = self._dated if choice.units is None else [unit for unit in choice.units if unit in self._dated]
        chosen = {unit: self._dated[unit].filter(*tests) for unit in units}
        return {unit: rows for unit, rows in chosen.items() if len(rows)}

    @cached_property
    def _dated(self) -> dict[str, DataFrame]:
        """The rows that may be lots, the soonest first, by unit."""
        rows = self._rewards.filter(nw.col("balance_type").is_in(LOT_TYPES), ~nw.col("expires_on").is_null())
        rows = rows.select("expires_on", "unit_type", "balance_type", "user_guid").sort("expires_on")
        return {unit: rows.filter(nw.col("unit_type") == unit) for unit in self.units}

    def _once(self, key: Hashable, compute: Callable[[], ResultT]) -> ResultT:
        if key in self._kept:
            self._kept.move_to_end(key)
            kept: ResultT = self._kept[key]
            return kept
        result = compute()
        if not isinstance(result, Sequence) or len(result) <= MOST_ROWS_KEPT:
            self._kept[key] = result
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return result

    # --- Rewards -----------------------------------------------------------------------------------

    def rewards_of(self, choice: Choice) -> Any:
        """The chosen rewards, as a frame for the public functions."""
        if self._table.eager and (choice.users or choice.members):
            return self._slice(choice.users or self.users_of(choice.members), choice)
        tests = _tests(choice)
        chosen = self._rewards.filter(*tests) if tests else self._rewards
        return chosen.to_native()

    def users_of(self, members: Sequence[str]) -> list[str]:
        """The users who have one of the members."""
        found: set[str] = set()
        for member in members:
            for place in range(bisect_left(self._member_of, member), len(self._member_of)):
                if self._member_of[place] != member:
                    break
                found.add(self._user_of[place])
        return sorted(found)

    def _slice(self, users: Sequence[str], choice: Choice) -> Any:
        places = (bisect_left(self.users, user) for user in users)
        known = [place for user, place in zip(users, places, strict=True) if self.users[place : place + 1] == [user]]
        rows = list(chain.from_iterable(range(self._starts[place], self._starts[place + 1]) for place in known))
        tests = _tests(choice)
        chosen = self._rewards[rows].filter(*tests) if tests else self._rewards[rows]
        return chosen.to_native()


def _is_in(value: str, chosen: Sequence[str] | None) -> bool:
    return chosen is None or value in chosen


def _tests(choice: Choice) -> list[nw.Expr]:
    return [nw.col(column).is_in(list(values)) for column, values in choice.filters().items()]
