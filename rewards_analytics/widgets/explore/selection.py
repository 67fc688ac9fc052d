"""The rewards behind a dashboard, and the results of its views for a choice of them."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import accumulate, chain
from typing import Any, Final, TypeVar

import narwhals as nw

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.engines import DataFrame, as_narwhals, columns_of, from_caller, is_frame, picked
from rewards_analytics.errors import FrameError, MissingColumnError
from rewards_analytics.results.goals import GoalCounts
from rewards_analytics.results.records import Record
from rewards_analytics.widgets.explore.answers import Answers
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.dues import Dues
from rewards_analytics.widgets.explore.findings import chosen_holdings, of_holdings
from rewards_analytics.widgets.explore.goals import Goals
from rewards_analytics.widgets.explore.holdings import NUMBER, ROW, Holdings, numbered
from rewards_analytics.widgets.explore.limbs import Numbers
from rewards_analytics.widgets.explore.listed import Listed, Order
from rewards_analytics.widgets.explore.part import Part
from rewards_analytics.widgets.explore.prepared import Prepared

FrameT = TypeVar("FrameT", nw.DataFrame[Any], nw.LazyFrame[Any])
ResultT = TypeVar("ResultT")

MOST_IN_MEMORY: Final = 2_000_000
"""Rows of a lazy frame that are brought into memory, for the speed."""

MOST_KEPT: Final = 64
"""Results kept for the case that the reader goes back to a view."""

MOST_ROWS_KEPT: Final = 4_000
"""Rows of all results kept: ten years by day are computed again, as dozens of them would fill the memory."""

MOST_PREPARED: Final = 4
"""Parts of the rewards whose sums are kept."""

OPTIONAL: Final = {"distance": ("description",), "quality": ("guid", "created_at")}
"""The columns that only one view reads: without them the others still work."""


class Selection:
    """Rewards, and the result of each analysis for a choice of them.

    Rewards in memory are typed, sorted by user, and merged, once; those of a lazy frame are too, unless they are too
    many. A large lazy frame is filtered and computed by its engine at each new choice.

    Attributes
    ----------
    users, members, units, balance_types
        The values that there are, in order of text.
    problem
        What is wrong with the rewards, empty where nothing is.
    missing
        What a single view lacks, by its name.
    """

    def __init__(self, rewards: Any, said: Callable[[str], object] = lambda step: step) -> None:
        self.problem = ""
        self.users: Sequence[str] = ()
        self.members: Sequence[str] = ()
        self.units: Sequence[str] = ()
        self.balance_types: Sequence[str] = ()
        self.missing: dict[str, str] = {}
        self._native = rewards
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._rows_kept = 0
        self._parts: OrderedDict[Hashable, Prepared] = OrderedDict()
        try:
            self._take_in(rewards, said)
        except (MissingColumnError, FrameError) as error:
            if not is_frame(rewards):
                raise
            self.problem = str(error)

    def _take_in(self, rewards: Any, said: Callable[[str], object]) -> None:
        found = columns_of(rewards, asked_by="explore")
        optional = [name for names in OPTIONAL.values() for name in names if name in found]
        said("checking the columns")
        self._table = from_caller(rewards, [*COLUMNS, *optional], asked_by="explore")
        for view, columns in OPTIONAL.items():
            if missing := [name for name in columns if name not in found]:
                self.missing[view] = str(
                    MissingColumnError.from_columns(missing, found, wanted_by=f"{view}() reads it")
                )
        self._of_caller = self._table
        if not self._table.eager and self._is_small():
            said("collecting the rewards")
            collected = self._table.collect(self._table.frame).to_native()
            self._table = from_caller(collected, [*COLUMNS, *optional], asked_by="explore")
        self._rewards: Any = self._table.frame
        if self._table.eager:
            said("sorting by user")
            self._rewards = numbered(self._table.collect(self._rewards))
            self._holdings = Holdings(self._rewards)
            self._dues, self._goals = Dues(self._holdings), Goals(self._rewards, self._holdings.in_all)
        said("finding users and members")
        self._index()
        self._answers = Answers(self.rewards_of)

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

    def origin(self, choice: Choice) -> Record:
        """How many rewards are chosen, whose, and when they were recorded."""
        return self._once(("origin", choice.where(), choice.as_of), lambda: self._asked(choice).origin(choice))

    def totals(self, choice: Choice) -> Sequence[Record]:
        """What `totals` gives for the chosen rewards."""
        return self._once(("totals", choice.where()), lambda: self._asked(choice).totals(choice))

    def expiring(self, choice: Choice) -> Sequence[Record]:
        """What `expiring` gives for the chosen rewards."""
        return self._once(("expiring", choice), lambda: self._asked(choice).expiring(choice))

    def aging(self, choice: Choice) -> Sequence[Record]:
        """What `aging` gives for the chosen rewards."""
        return self._once(("aging", choice.where(), choice.as_of), lambda: self._asked(choice).aging(choice))

    def last_days(self, choice: Choice) -> Mapping[str, date]:
        """The last day of each unit on which something of the chosen rewards expires soon."""
        return self._once(("last days", choice.where(), choice.as_of), lambda: self._asked(choice).last_days(choice))

    def goal_counts(self, choice: Choice) -> GoalCounts:
        """How many goals the chosen rewards have, and how many members are close to one."""
        return self._once(("goal counts", choice.where()), lambda: self._asked(choice).goal_counts(choice))

    def goals(self, choice: Choice, order: Order | None, most: int) -> Listed:
        """The first goals of `distance` that are not reached, for the chosen rewards."""
        key = ("goals", choice.where(), order, most)
        return self._once(key, lambda: self._asked(choice).goals(choice, order, most))

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives for the chosen rewards."""
        return self._once(("quality", choice.where(), choice.as_of), lambda: self._asked(choice).quality(choice))

    def upcoming(self, choice: Choice, order: Order | None, most: int) -> Listed:
        """The next expiries of the chosen rewards until the end of the timeline, or of the chosen period."""
        key = ("upcoming", choice.where(), choice.as_of, choice.listed_days(), order, most)
        return self._once(key, lambda: self._asked(choice).upcoming(choice, order, most))

    def distance(self, choice: Choice) -> nw.DataFrame[Any]:
        """All goals of the chosen rewards, for a download."""
        return self._answers.distance(choice)

    def _asked(self, choice: Choice) -> Answers | Prepared:
        """Return what answers for a choice: sums of the part of the rewards that it is of, or the engine."""
        if not self._table.eager:
            return self._answers
        part = choice.where() if choice.by_holding else (choice.users, choice.members)
        if part not in self._parts:
            self._parts[part] = Prepared(self._part(choice), self._dues, self._goals)
            if len(self._parts) > MOST_PREPARED:
                # That of all users took longest to prepare.
                del self._parts[next(key for key in self._parts if key != ((), ()))]
        self._parts.move_to_end(part)
        return self._parts[part]

    def _part(self, choice: Choice) -> Part:
        """Return the holdings that a choice is of."""
        if not (choice.users or choice.members or choice.by_holding):
            return Part(self._holdings)
        return Part(self._holdings, self._holdings.numbers(*self._numbers(choice)))

    def _numbers(self, choice: Choice) -> Iterator[Numbers]:
        """Yield for each part of a choice the holdings that it chooses."""
        if choice.users or choice.members:
            yield self._of_people(choice)[NUMBER].to_numpy()
        if choice.by_holding:
            left_out = frozenset(self.balance_types).difference(choice.balance_types or self.balance_types)
            yield from self._holdings.chosen(choice, left_out)

    def _once(self, key: Hashable, compute: Callable[[], ResultT]) -> ResultT:
        if key in self._kept:
            self._kept.move_to_end(key)
            kept: ResultT = self._kept[key]
            return kept
        result = compute()
        if (rows := _rows_in(result)) <= MOST_ROWS_KEPT:
            self._kept[key] = result
            self._rows_kept += rows
        while len(self._kept) > MOST_KEPT or self._rows_kept > MOST_ROWS_KEPT:
            self._rows_kept -= _rows_in(self._kept.popitem(last=False)[1])
        return result

    # --- Rewards -----------------------------------------------------------------------------------

    def rewards_of(self, choice: Choice) -> Any:
        """The chosen rewards with the columns that the views read, as a frame for the public functions."""
        if self._table.eager:
            return self._chosen(choice).drop(ROW, NUMBER).to_native()
        chosen = _filtered(self._rewards, choice)
        if choice.by_holding:
            chosen = of_holdings(chosen, chosen_holdings(chosen, choice))
        return chosen.to_native()

    def of_caller(self, choice: Choice) -> Any:
        """The chosen rewards as the caller passed them: the same kind of frame, with all its columns."""
        if self.problem or not (choice.filters() or choice.by_holding):
            return self._native
        if self._of_caller.eager:
            rows = sorted(self._chosen(choice)[ROW].to_list())
            return picked(self._native, rows)
        chosen = _filtered(as_narwhals(self._native).lazy(), choice)
        if choice.by_holding:
            chosen = of_holdings(chosen, chosen_holdings(_filtered(self._of_caller.frame, choice), choice))
        return chosen.to_native()

    def members_of(self, user: str) -> Sequence[str]:
        """The members of a user, in order of text."""
        if not self._table.eager:
            return [member for member, owner in zip(self._member_of, self._user_of, strict=True) if owner == user]
        rows = self._rows_of([user])
        return sorted(set(self._rewards[rows]["member_guid"].to_list()))

    def users_of(self, members: Sequence[str]) -> list[str]:
        """The users who have one of the members."""
        found: set[str] = set()
        for member in members:
            for place in range(bisect_left(self._member_of, member), len(self._member_of)):
                if self._member_of[place] != member:
                    break
                found.add(self._user_of[place])
        return sorted(found)

    def _chosen(self, choice: Choice) -> DataFrame:
        """The chosen rewards in memory, by user."""
        if not choice.by_holding:
            people = self._of_people(choice) if choice.users or choice.members else self._rewards
            return _filtered(people, replace(choice, users=(), members=()))
        return _filtered(self._part(choice).rewards, replace(choice, users=(), members=()))

    def _of_people(self, choice: Choice) -> DataFrame:
        """The rewards of the chosen users and members."""
        rewards: DataFrame = self._rewards[self._rows_of(choice.users or self.users_of(choice.members))]
        return rewards.filter(nw.col("member_guid").is_in(list(choice.members))) if choice.members else rewards

    def _rows_of(self, users: Sequence[str]) -> list[int]:
        places = (bisect_left(self.users, user) for user in users)
        known = [place for user, place in zip(users, places, strict=True) if self.users[place : place + 1] == [user]]
        return list(chain.from_iterable(range(self._starts[place], self._starts[place + 1]) for place in sorted(known)))


def _filtered(rewards: FrameT, choice: Choice) -> FrameT:
    """Keep the rewards with the chosen values."""
    tests = [nw.col(column).is_in(list(values)) for column, values in choice.filters().items()]
    return rewards.filter(*tests) if tests else rewards


def _rows_in(result: object) -> int:
    rows = result.rows if isinstance(result, Listed) else result
    return len(rows) if isinstance(rows, Sequence) else 1
