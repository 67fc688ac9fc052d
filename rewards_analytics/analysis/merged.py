"""Large rewards merged to few rows that give the same answers: for a page that asks again at each change.

Which amounts of a holding count is decided by which balance types it has, and by nothing else (see `holdings`). So
holdings with the same balance types may be added up beforehand, with a number that says how many they are, and the
definitions then choose among the sums. Leaving a balance type out changes all of them alike.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from itertools import chain, combinations
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.holdings import (
    COUNTS,
    JOIN_KEY,
    KEY,
    available,
    expiring,
    holding_sums,
    known,
    with_join_key,
    without,
)
from rewards_analytics.analysis.quality import checked, concerned, holding_checks, reward_checks
from rewards_analytics.schema import BALANCE, BALANCE_TYPES, EXPIRING_BALANCE, TOTAL_BALANCE

AMOUNTS: Final = ("total", "plain", "lot", "total_lot", "plain_lot")
_SUMMED: Final = (TOTAL_BALANCE, BALANCE, EXPIRING_BALANCE)
_HAS: Final = tuple(f"has_{name}" for name in COUNTS)


@dataclass(frozen=True)
class Merged:
    """Rewards of everyone, merged.

    Attributes
    ----------
    holdings, members, users
        Rows of `holding_sums` per unit and set of balance types, with the `number` that have it.
    rewards
        Rewards that have the same expiring lots, each with the `number` that it stands for.
    kinds
        The pairs of unit and known balance type that there are.
    """

    holdings: nw.DataFrame[Any]
    members: nw.DataFrame[Any]
    users: nw.DataFrame[Any]
    rewards: nw.DataFrame[Any]
    kinds: frozenset[tuple[str, str]]


def merged(rewards: nw.DataFrame[Any], sums: nw.DataFrame[Any]) -> Merged:
    """Merge rewards that are in memory and typed, with their `holding_sums`."""
    pairs = rewards.select("unit_type", "balance_type").unique().rows()
    held = sums.lazy()
    return Merged(
        holdings=_alike(held).collect(),
        members=_alike(_per(held, "member_guid")).collect(),
        users=_alike(_per(held, "user_guid")).collect(),
        rewards=_rewards_alike(rewards.lazy(), held).collect(),
        kinds=frozenset((unit, kind) for unit, kind in pairs if kind in BALANCE_TYPES),
    )


def totals_of(everyone: Merged, left_out: Collection[str] = ()) -> nw.DataFrame[Any]:
    """What `totals` gives for the rewards without some balance types."""
    is_known = known()
    number = nw.when(is_known).then(nw.col("number")).otherwise(nw.lit(0))
    holdings = (
        without(everyone.holdings.lazy(), left_out)
        .select("unit_type", available=available(), expiring=expiring(), holdings=number)
        .group_by("unit_type")
        .agg(nw.col("available", "expiring", "holdings").sum())
    )
    members, users = (
        without(level.lazy(), left_out)
        .select("unit_type", number.alias(name))
        .group_by("unit_type")
        .agg(nw.col(name).sum())
        for name, level in (("members", everyone.members), ("users", everyone.users))
    )
    units = sorted({unit for unit, kind in everyone.kinds if kind not in left_out})
    return (
        holdings.join(members, on="unit_type")
        .join(users, on="unit_type")
        .filter(nw.col("unit_type").is_in(units))
        .select(
            "unit_type",
            nw.when(nw.col("holdings") > 0).then(nw.col("available")).alias("available"),
            "expiring",
            nw.col("holdings", "members", "users").cast(nw.Int64),
        )
        .sort("unit_type")
        .collect()
    )


def _per(sums: nw.LazyFrame[Any], owner: str) -> nw.LazyFrame[Any]:
    """The holdings of one owner in one unit as one."""
    return sums.group_by(owner, "unit_type").agg(nw.col(*COUNTS).sum())


def _alike(sums: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """One row per unit and set of balance types, with the number of those that have it."""
    there = set(sums.collect_schema().names())
    has = {has: nw.col(name) > 0 for has, name in zip(_HAS, COUNTS, strict=True)}
    return (
        sums.with_columns(**has)
        .group_by("unit_type", *_HAS)
        .agg(nw.col(*(name for name in (*COUNTS, *AMOUNTS) if name in there)).sum(), number=nw.len())
    )


def _rewards_alike(rewards: nw.LazyFrame[Any], sums: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """The rewards that lots are made of, added up per day over holdings that have the same balance types."""
    account = nw.concat_str([nw.when(nw.col(has)).then(nw.lit("1")).otherwise(nw.lit("0")) for has in _HAS])
    kinds = with_join_key(sums.with_columns(**{has: nw.col(n) > 0 for has, n in zip(_HAS, COUNTS, strict=True)}))
    return (
        with_join_key(rewards.filter(nw.col("balance_type").is_in(_SUMMED)))
        .join(kinds.select(*JOIN_KEY, kind=account), on=list(JOIN_KEY))
        .group_by("unit_type", "balance_type", "expires_on", "kind")
        .agg(nw.col("balance").sum(), number=nw.len())
        .with_columns(user_guid=nw.lit(""), member_guid=nw.lit(""), account_guid=nw.col("kind"))
        .select(*KEY, "balance_type", "balance", "expires_on", "number")
    )


# --- Checks ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MergedChecks:
    """Rewards merged where every check of `quality` says the same of them: by day of expiry, and of creation."""

    dated: nw.DataFrame[Any]
    created: nw.DataFrame[Any]


def merged_checks(rewards: nw.DataFrame[Any]) -> MergedChecks:
    """Merge rewards that are in memory and typed."""
    balance, kinds = nw.col("balance"), ["unit_type", "balance_type"]
    alike = rewards.lazy().with_columns(negative=balance < 0, fraction=balance.round(2) != balance)
    by_creation = rewards.lazy().with_columns(created_on=nw.col("created_at").dt.date())
    return MergedChecks(
        dated=alike.group_by(*kinds, "expires_on", "negative", "fraction")
        .agg(nw.col("balance", "guid").min(), number=nw.len())
        .collect(),
        created=by_creation.group_by(*kinds, "created_on")
        .agg(nw.col("created_at", "guid").min(), number=nw.len())
        .collect(),
    )


def suspect_holdings(rewards: nw.DataFrame[Any], sums: nw.DataFrame[Any]) -> nw.DataFrame[Any]:
    """Give the `holding_sums` of the holdings that fail a check with or without some balance types: few, in good data.

    Each has the first guid of its rewards of each balance type.
    """
    held = sums.lazy()
    variants = chain.from_iterable(combinations(_SUMMED, size) for size in range(len(_SUMMED)))
    failing = [without(held, left_out).filter(_fails()).select(*KEY) for left_out in variants]
    keys = with_join_key(nw.concat(failing)).select(*JOIN_KEY).unique()
    guids = {_guid_of(kind): nw.when(nw.col("balance_type") == kind).then(nw.col("guid")) for kind in BALANCE_TYPES}
    rows = with_join_key(rewards.lazy()).join(keys, on=list(JOIN_KEY), how="semi").with_columns(**guids)
    return holding_sums(rows, *guids).collect()


def failing_holdings(suspects: nw.DataFrame[Any], left_out: Collection[str]) -> nw.DataFrame[Any]:
    """Merge the holdings that fail a check without some balance types: one row per unit and set of failed checks."""
    guids = [_guid_of(kind) for kind in BALANCE_TYPES if kind not in left_out] or [_guid_of(BALANCE)]
    checks = holding_checks()
    left = without(suspects.lazy(), left_out).filter(_fails())
    failing = left.select("unit_type", guid=nw.min_horizontal(*guids), **checks)
    return failing.group_by("unit_type", *checks).agg(nw.col("guid").min(), number=nw.len()).collect()


def _fails() -> nw.Expr:
    return nw.any_horizontal(*holding_checks().values(), ignore_nulls=True)


def _guid_of(balance_type: str) -> str:
    return f"guid_of_{balance_type}"


def quality_of(
    checks: MergedChecks,
    failing: nw.DataFrame[Any],
    today: date,
    units: Collection[str],
    balance_types: Collection[str],
) -> nw.DataFrame[Any]:
    """What `quality` gives for the rewards of some units and balance types.

    `failing` is what `failing_holdings` gives for these balance types.
    """
    of_rewards, number = reward_checks(today), nw.col("number")
    of_creation = {name: of_rewards.pop(name) for name in ("created_in_future",) if name in of_rewards}
    in_units = nw.col("unit_type").is_in(list(units))
    chosen = in_units & nw.col("balance_type").is_in(list(balance_types))
    counts = [
        concerned(checks.dated.filter(chosen).lazy(), of_rewards, number),
        concerned(failing.filter(in_units).lazy(), {name: nw.col(name) for name in holding_checks()}, number),
    ]
    if of_creation:
        counts.append(concerned(checks.created.filter(chosen).lazy(), of_creation, number))
    return checked(*(count.collect() for count in counts))
