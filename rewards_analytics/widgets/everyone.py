"""The results for the rewards of all users, asked of sums that are computed once, so that a change costs milliseconds.

Each result comes from the same functions as the analysis of its name. They read fewer rows: holdings already added up,
and rewards that no definition tells apart added up to one row with their `number`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cached_property, lru_cache
from itertools import chain, combinations
from typing import Final

import narwhals as nw

from rewards_analytics.analysis.aging import lots_by_bucket, schedule
from rewards_analytics.analysis.distance import goals_with_sums, with_progress
from rewards_analytics.analysis.expiring import lots_by_day, timeline
from rewards_analytics.analysis.holdings import JOIN_KEY, expiring_lots, holding_sums, with_join_key, without
from rewards_analytics.analysis.quality import checked, concerned, holding_checks, reward_checks
from rewards_analytics.analysis.totals import totals_of
from rewards_analytics.engines import DataFrame, LazyFrame
from rewards_analytics.results.goals import NearestGoals, nearest
from rewards_analytics.results.records import Record, in_order, records
from rewards_analytics.schema import BALANCE, BALANCE_TYPES, GOALS, HOLDER, KEY, LOT_TYPES, TOTAL_BALANCE
from rewards_analytics.widgets.choice import Choice

_NUMBER: Final = nw.col("number").sum()
_CODED: Final = nw.col("user_guid", "member_guid").cast(nw.Categorical())


class Everyone:
    """Answers for any units and balance types of all users' rewards, which are in memory and typed."""

    def __init__(self, rewards: DataFrame) -> None:
        self._rewards = rewards
        self._pairs: list[tuple[str, str]] = rewards.select("unit_type", "balance_type").unique().rows()
        sums = holding_sums(rewards.lazy()).collect()
        self._lot_rows = _lot_rows(rewards, sums)
        # As categories, guids are grouped and counted twice as fast. Holdings of goals alone are all alike.
        empty = (nw.col("totals") + nw.col("plains") + nw.col("lots")) == 0
        sums = nw.concat([sums.filter(~empty), sums.filter(empty).unique("unit_type")])
        self._sums = sums.drop("account_guid", "lot_on", "total_on", "plain_on").with_columns(_CODED)
        # Kept in this object: few balance types make few sets of them.
        self._totals = lru_cache(maxsize=8)(self._totals_without)
        self._lots = lru_cache(maxsize=8)(self._lots_without)
        self._nearest = lru_cache(maxsize=4)(self._nearest_without)
        self._failing = lru_cache(maxsize=32)(self._failing_without)

    def totals(self, choice: Choice) -> Sequence[Record]:
        """What `totals` gives."""
        left_out = self._left_out(choice)
        units = {unit for unit, kind in self._pairs if kind in BALANCE_TYPES and kind not in left_out}
        rows = self._totals(left_out & {*LOT_TYPES})
        return [row for row in rows if row["unit_type"] in units and row["unit_type"] in self._units(choice)]

    def expiring(self, choice: Choice) -> Sequence[Record]:
        """What `expiring` gives."""
        lots = self._chosen_lots(choice)
        by_day = lots_by_day(lots, [], choice.as_of, choice.until, _NUMBER).collect()
        return records(timeline(by_day, [], choice.as_of, choice.until, choice.every))

    def aging(self, choice: Choice) -> Sequence[Record]:
        """What `aging` gives."""
        return records(schedule(lots_by_bucket(self._chosen_lots(choice), choice.as_of, _NUMBER).collect()))

    def goals(self, choice: Choice) -> NearestGoals:
        """The first goals of `distance` that are not reached."""
        left_out = self._left_out(choice)
        kinds = [goal for balance_type, goal in GOALS.items() if balance_type not in left_out]
        goals, counts = self._nearest(left_out & {TOTAL_BALANCE, BALANCE})
        chosen = nw.col("goal").is_in(kinds) & self._of_units(choice)
        ahead, reached = (
            counts.filter(chosen, nw.col("reached") == is_reached)["number"].sum() for is_reached in (False, True)
        )
        return NearestGoals(records(nearest(goals.filter(chosen).lazy()).collect()), int(ahead), int(reached))

    def quality(self, choice: Choice) -> Sequence[Record]:
        """What `quality` gives."""
        left_out = self._left_out(choice)
        chosen = self._of_units(choice) & ~nw.col("balance_type").is_in(sorted(left_out))
        checks = reward_checks(choice.as_of)
        of_creation = {name: checks.pop(name) for name in ("created_in_future",) if name in checks}
        counts = [
            concerned(self._rewards_to_check.filter(chosen).lazy(), checks, nw.col("number")),
            concerned(self._failing(left_out).filter(self._of_units(choice)).lazy(), holding_checks()),
        ]
        if of_creation:
            counts.append(concerned(self._created.filter(chosen).lazy(), of_creation, nw.col("number")))
        return records(checked(*(each.collect() for each in counts)))

    def _units(self, choice: Choice) -> Collection[str]:
        return {unit for unit, _ in self._pairs} if choice.units is None else choice.units

    def _of_units(self, choice: Choice) -> nw.Expr:
        return nw.col("unit_type").is_in(sorted(self._units(choice)))

    def _left_out(self, choice: Choice) -> frozenset[str]:
        """The balance types that are not chosen."""
        if choice.balance_types is None:
            return frozenset()
        return frozenset(kind for _, kind in self._pairs).difference(choice.balance_types)

    def _chosen_lots(self, choice: Choice) -> LazyFrame:
        return self._lots(self._left_out(choice) & {*LOT_TYPES}).filter(self._of_units(choice)).lazy()

    # --- Without some balance types, kept ----------------------------------------------------------

    def _totals_without(self, left_out: frozenset[str]) -> Sequence[Record]:
        return in_order("totals", totals_of(without(self._sums.lazy(), left_out)).collect())

    def _lots_without(self, left_out: frozenset[str]) -> DataFrame:
        rows = self._lot_rows.lazy().filter(~nw.col("balance_type").is_in(sorted(left_out)))
        return expiring_lots(rows, "number").collect()

    def _nearest_without(self, left_out: frozenset[str]) -> tuple[DataFrame, DataFrame]:
        """The nearest goals of each unit and kind, which those of any choice are among; and the number of all."""
        goals = with_progress(without(self._goals.lazy(), left_out)).collect()
        counts = goals.group_by("unit_type", "goal", "reached").agg(number=nw.len())
        groups = counts.select("unit_type", "goal").unique().rows()
        first = [
            nearest(goals.lazy().filter(nw.col("unit_type") == unit_type, nw.col("goal") == goal)).collect()
            for unit_type, goal in groups
        ]
        return nw.concat(first) if first else goals, counts

    def _failing_without(self, left_out: frozenset[str]) -> DataFrame:
        """The holdings that fail a check."""
        rows = self._suspects.lazy().filter(~nw.col("balance_type").is_in(sorted(left_out)))
        return holding_sums(rows, "guid").filter(_fails()).collect()

    # --- Prepared when the one tab that asks for it is first chosen, so that the dashboard opens soon ---

    @cached_property
    def _goals(self) -> DataFrame:
        return goals_with_sums(self._rewards.lazy()).collect()

    @cached_property
    def _rewards_to_check(self) -> DataFrame:
        """Rewards of which every check says the same, but for the one on their creation."""
        balance = nw.col("balance")
        kinds = ("unit_type", "balance_type", "expires_on", "negative", "fraction")
        alike = self._rewards.lazy().with_columns(negative=balance < 0, fraction=balance.round(2) != balance)
        return alike.group_by(*kinds).agg(nw.col("balance", "guid").min(), number=nw.len()).collect()

    @cached_property
    def _created(self) -> DataFrame:
        """Rewards that were created on one day."""
        by_day = self._rewards.lazy().with_columns(created_on=nw.col("created_at").dt.date())
        kinds = ("unit_type", "balance_type", "created_on")
        return by_day.group_by(*kinds).agg(nw.col("created_at", "guid").min(), number=nw.len()).collect()

    @cached_property
    def _suspects(self) -> DataFrame:
        """The rewards of the holdings that fail a check with or without some balance types: few, in good data."""
        sums = holding_sums(self._rewards.lazy()).collect().lazy()
        variants = chain.from_iterable(combinations(LOT_TYPES, size) for size in range(len(LOT_TYPES)))
        failing = [without(sums, left_out).filter(_fails()).select(*KEY) for left_out in variants]
        keys = with_join_key(nw.concat(failing)).select(*JOIN_KEY).unique()
        rows = with_join_key(self._rewards.lazy()).join(keys, on=list(JOIN_KEY), how="semi")
        return rows.with_columns(_CODED).collect()


def _fails() -> nw.Expr:
    return nw.any_horizontal(*holding_checks().values(), ignore_nulls=True)


def _lot_rows(rewards: DataFrame, sums: DataFrame) -> DataFrame:
    """The rewards that lots are made of, added up per day over the holdings that have the same balance types.

    Which rows of a holding are lots depends on nothing but the balance types that it has. So the holdings that have
    the same ones, here called an account, may be added up before that is decided.
    """
    has = (nw.when(nw.col(name) > 0).then(nw.lit("1")).otherwise(nw.lit("0")) for name in ("totals", "plains", "lots"))
    types = with_join_key(sums.lazy()).select(*JOIN_KEY, types=nw.concat_str(*has))
    return (
        with_join_key(rewards.lazy().filter(nw.col("balance_type").is_in(LOT_TYPES)))
        .join(types, on=list(JOIN_KEY))
        .group_by("unit_type", "balance_type", "expires_on", "types")
        .agg(nw.col("balance").sum(), number=nw.len())
        .with_columns(user_guid=nw.lit(""), member_guid=nw.lit(""), account_guid=nw.col("types"))
        .select(*HOLDER, "unit_type", "balance_type", "balance", "expires_on", "number")
        .collect()
    )
