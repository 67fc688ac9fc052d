"""The definitions that all analyses share: the holding, its available balance, and its expiring lots."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import reduce
from operator import or_
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import (
    AMOUNT,
    CallerFrame,
    IntoFrameT,
    LazyFrame,
    Lookup,
    Query,
    from_caller,
    reads_again,
)
from rewards_analytics.schema import BALANCE, BALANCE_TYPES, EXPIRING_BALANCE, KEY, LOT_TYPES, TOTAL_BALANCE

JOIN_KEY: Final = ("user_guid", "member_guid", "unit_type", "__account__", "__no_account__")
"""The key of a holding in columns that a join can match: see `with_join_key`."""

COLUMNS: Final = (*KEY, "balance_type", "balance", "expires_on")
"""The columns that the definitions read."""

COUNTS: Final = ("totals", "plains", "lots")
"""How many rewards of each balance type are in a row of `holding_sums`."""

_AVAILABLE_SUMS: Final = ("totals", "plains", "total", "plain")

_SUMS_OF: Final = {
    TOTAL_BALANCE: ("totals", "total", "total_lot"),
    BALANCE: ("plains", "plain", "plain_lot"),
    EXPIRING_BALANCE: ("lots", "lot"),
}


def holdings(rewards: IntoFrameT) -> IntoFrameT:
    """What each member holds, one row per holding (user, member, account and unit).

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind. Reads `user_guid`,
        `member_guid`, `account_guid`, `unit_type`, `balance_type`, `balance` and `expires_on`.

    Returns
    -------
    The same kind of frame, by the key (nulls last): `user_guid`, `member_guid`, `account_guid`, `unit_type` (str),
    `available` and `expiring` (decimal(38, 9), in the row's own unit), `next_expiry` (date).

    `available` is never counted twice: the sum of the holding's `TOTAL_BALANCE` rows if it has any, otherwise
    of its `BALANCE` rows, otherwise null (unknown). `expiring` is the sum of its expiring lots, 0 where it
    has none: its `EXPIRING_BALANCE` rows, or, without any, the rows of its available balance that carry an
    `expires_on`. `next_expiry` is the earliest day among them, even a past one; null without a date.
    A null `account_guid` is a separate account. A row of an unknown balance type does not make a holding.

    Raises
    ------
    MissingColumnError
        If a column is missing.
    FrameError
        If `rewards` is not a frame of a supported kind, or a column that is read has nulls where none may be, floats,
        amounts out of range or times of day. A lazy frame may fail when it is computed instead.

    Examples
    --------
    >>> from rewards_analytics import load
    >>> rewards = load([
    ...     {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "account_guid": None,
    ...      "balance_type": "BALANCE", "unit_type": "MILES", "balance": 1200},
    ...     {"guid": "RWD-2", "user_guid": "USR-1", "member_guid": "MBR-1", "account_guid": None,
    ...      "balance_type": "EXPIRING_BALANCE", "unit_type": "MILES", "balance": 300,
    ...      "expires_on": "2026-12-31"},
    ... ])
    >>> holdings(rewards).select("unit_type", "available", "expiring", "next_expiry").rows()
    [('MILES', Decimal('1200.000000000'), Decimal('300.000000000'), datetime.date(2026, 12, 31))]
    """
    table = from_caller(rewards, COLUMNS, asked_by="holdings")
    return table.sorted_by_key(by_holding, KEY, *order_of("holdings"))


def by_holding(frame: LazyFrame, *example: str, key: Sequence[str] = KEY) -> LazyFrame:
    """One row per holding, in no order: its key, the least value of each example column, and results of `holdings`."""
    results = {"available": available(), "expiring": expiring(), "next_expiry": _next_expiry()}
    return holding_sums(frame, *example, key=key).select(*key, *example, **results)


def holding_sums(frame: LazyFrame, *example: str, key: Sequence[str] = KEY) -> LazyFrame:
    """One row per holding: its key, the sums behind its results, and the least value of each example column."""
    parts = available_parts() | lot_parts()
    expires_on = nw.col("expires_on")
    days = {
        "lot_on": nw.when(_is(EXPIRING_BALANCE)).then(expires_on),
        "total_on": nw.when(_is(TOTAL_BALANCE)).then(expires_on),
        "plain_on": nw.when(_is(BALANCE)).then(expires_on),
    }
    rewards = of_types(frame, *BALANCE_TYPES).select(*key, *example, **parts, **days)
    return rewards.group_by(*key).agg(*sums_of(parts), nw.col(*days, *example).min())


# Conditional columns first, then plain aggregates: some engines silently ignore a condition inside `agg`.


def available_parts(of: nw.Expr | None = None, prefix: str = "") -> dict[str, nw.Expr]:
    """The columns whose sums are behind `available(prefix)`: of all rewards, or of those that a condition selects."""
    return {f"{prefix}total": _amounts(_is(TOTAL_BALANCE), of), f"{prefix}plain": _amounts(_is(BALANCE), of)}


def lot_parts(of: nw.Expr | None = None, due: nw.Expr | None = None) -> dict[str, nw.Expr]:
    """The columns whose sums are, with those of `available_parts`, behind `expiring()`.

    With `due`, a condition on `expires_on`, `expiring()` is the sum of the lots that are due; a row without a day is
    never due.
    """
    dated = _is_dated() if due is None else due
    parts = {
        "lot": _amounts(_is(EXPIRING_BALANCE), of),
        "total_lot": _amounts(_is(TOTAL_BALANCE) & dated, of),
        "plain_lot": _amounts(_is(BALANCE) & dated, of),
    }
    # A holding with an EXPIRING_BALANCE has no other lots, whether that is due or not.
    return parts if due is None else parts | {"listed": parts["lot"], "lot": _amounts(_is(EXPIRING_BALANCE) & due, of)}


def sums_of(parts: Collection[str]) -> list[nw.Expr]:
    """Aggregates of the columns of `available_parts` and `lot_parts`."""
    # A group of nulls sums to 0, so the known amounts are counted too.
    counts = {name: f"{name}s" for name in parts if name.endswith(("total", "plain"))}
    if "lot" in parts:
        counts["listed" if "listed" in parts else "lot"] = "lots"
    sums = [nw.col(name).sum() for name in parts if name != "listed"]
    return sums + [nw.col(name).count().alias(count) for name, count in counts.items()]


def without(sums: LazyFrame, balance_types: Collection[str]) -> LazyFrame:
    """The amounts and counts of `holding_sums` for the same rewards without some balance types.

    A holding without any reward left stays, empty.
    """
    gone = [name for balance_type in balance_types for name in _SUMS_OF.get(balance_type, ())]
    there = set(sums.collect_schema().names())
    nothing = {name: nw.lit(0).cast(nw.Int64 if name in COUNTS else AMOUNT) for name in gone if name in there}
    return sums.with_columns(**nothing) if nothing else sums


def held(sums: LazyFrame, *carried: str) -> LazyFrame:
    """Per row of `holding_sums`: the carried columns, `available`, `expiring`, and `known`: 1 if `available` is, or 0.

    `known` is a number because it is added up along with the amounts: see `known_available`.
    """
    known = nw.when(is_known()).then(nw.lit(1)).otherwise(nw.lit(0))
    return sums.select(*carried, available=available(), expiring=expiring(), known=known)


def is_known() -> nw.Expr:
    """Whether the available balance of a row of `holding_sums` is known."""
    return (nw.col("totals") > 0) | (nw.col("plains") > 0)


def known_available() -> nw.Expr:
    """The sum of the known available balances in added-up rows of `held`, null where none is known."""
    # A sum of nulls is 0.
    return nw.when(nw.col("known") > 0).then(nw.col("available"))


def available(prefix: str = "") -> nw.Expr:
    """The available balance of a row of `holding_sums`, or of sums of `available_parts` with a prefix."""
    return _of_available("total", "plain", prefix)


def expiring() -> nw.Expr:
    """The sum of the expiring lots of a row of `holding_sums`, 0 where it has none."""
    of_available = nw.when(nw.col("totals") > 0).then(nw.col("total_lot")).otherwise(nw.col("plain_lot"))
    return nw.when(nw.col("lots") > 0).then(nw.col("lot")).otherwise(of_available)


def _next_expiry() -> nw.Expr:
    return nw.when(nw.col("lots") > 0).then(nw.col("lot_on")).otherwise(_of_available("total_on", "plain_on"))


def about_lots(rewards: CallerFrame[Any], query: Query, *carried: str) -> LazyFrame:
    """Answer a query that looks at each of the `expiring_lots` by itself."""
    columns = _of_lot(carried)

    def looked_up(frame: LazyFrame) -> LazyFrame:
        return query(expiring_lots(frame, *carried))

    def alone(frame: LazyFrame) -> LazyFrame:
        return query(of_types(frame, *LOT_TYPES).filter(_is_lot()).select(*columns))

    return rewards.by_user(looked_up, LOT_TYPES, reads_again=True, lookup=Lookup(KEY, _ranked_lots, alone))


def _ranked_lots(frame: LazyFrame) -> LazyFrame:
    last = _is(LOT_TYPES[-1])
    matter = of_types(frame, *LOT_TYPES).filter(_is_lot() | ~last | last.is_null())
    return matter.select(*KEY, __rank__=_rank(LOT_TYPES), __chosen__=_is_lot())


def expiring_lots(frame: LazyFrame, *carried: str) -> LazyFrame:
    """One row per expiring lot: `unit_type`, `balance`, `expires_on` and the carried columns.

    They are the lots of the first of `LOT_TYPES` that their holding has, whether it has lots of that type or not.
    """
    columns = _of_lot(carried)
    if reads_again(frame):
        ranked = of_types(frame, *LOT_TYPES).filter(_is_lot() | (nw.col("balance_type") != LOT_TYPES[-1]))
        ranked = ranked.with_columns(__rank__=_rank(LOT_TYPES))
        of_first = ranked.filter(nw.col("__rank__") == nw.col("__rank__").min().over(*KEY))
        return of_first.filter(_is_lot()).select(*columns)
    # Lots of the first type are lots as they are, and only the others are looked up: they are few.
    others = of_types(frame, *LOT_TYPES[1:]).filter(_is_dated())
    others = with_join_key(others).with_columns(__rank__=_rank(LOT_TYPES))
    earlier = of_types(frame, *LOT_TYPES[:-1]).select(*KEY, __first__=_rank(LOT_TYPES))
    firsts = with_join_key(earlier.group_by(*KEY).agg(nw.col("__first__").min())).select(*JOIN_KEY, "__first__")
    ranked = others.join(firsts, on=list(JOIN_KEY), how="left")
    of_first = ranked.filter(nw.col("__first__").is_null() | (nw.col("__first__") >= nw.col("__rank__")))
    return nw.concat([rows.select(*columns) for rows in (of_types(frame, LOT_TYPES[0]), of_first)])


def _is_lot() -> nw.Expr:
    """Whether a reward is an expiring lot, if its type is the first of `LOT_TYPES` that its holding has."""
    return _is(EXPIRING_BALANCE) | _is_dated()


def _is_dated() -> nw.Expr:
    return ~nw.col("expires_on").is_null()


def _of_lot(carried: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(("unit_type", "balance", "expires_on", *carried)))


def _rank(balance_types: Sequence[str]) -> nw.Expr:
    rank = nw.lit(len(balance_types))
    for place, balance_type in enumerate(balance_types):
        rank = nw.when(_is(balance_type)).then(nw.lit(place)).otherwise(rank)
    return rank


def of_types(frame: LazyFrame, *balance_types: str) -> LazyFrame:
    """The rows of some balance types, and those without one, which fail when they are computed."""
    # Compared one by one: a condition that Spark hands on to its reader of Parquet, as it does not for `is_in`.
    return frame.filter(reduce(or_, map(_is, balance_types)) | nw.col("balance_type").is_null())


def with_join_key(frame: LazyFrame) -> LazyFrame:
    """Add `JOIN_KEY` to the rows: a join never matches null with null, so a flag represents a missing account."""
    account = nw.col("account_guid")
    missing = account.is_null()
    return frame.with_columns(
        __account__=nw.when(missing).then(nw.lit("")).otherwise(account),
        __no_account__=nw.when(missing).then(nw.lit(1)).otherwise(nw.lit(0)),
    )


def carrying_sums(frame: LazyFrame, *balance_types: str) -> tuple[LazyFrame, Sequence[str]]:
    """Add the sums behind `available` of their holding to rewards, where `with_sums` would read the rewards again.

    Returns the frame and the names of the columns; elsewhere the frame as it is and no name. `balance_types` are those
    that are read for something else.
    """
    if not reads_again(frame):
        return frame, ()
    parts = available_parts()
    rewards = of_types(frame, *dict.fromkeys((TOTAL_BALANCE, BALANCE, *balance_types))).with_columns(**parts)
    return rewards.with_columns(each.over(*KEY) for each in sums_of(parts)), _AVAILABLE_SUMS


def with_sums(rows: LazyFrame, frame: LazyFrame) -> LazyFrame:
    """Add to rows with a key the sums behind `available` of their holding among the rewards of `frame`.

    Rows that carry them already (`carrying_sums`) stay as they are.
    """
    if reads_again(rows):
        return rows
    held = holding_sums(of_types(frame, TOTAL_BALANCE, BALANCE))
    sums = with_join_key(held).select(*JOIN_KEY, *_AVAILABLE_SUMS)
    return with_join_key(rows).join(sums, on=list(JOIN_KEY), how="left")


def _is(balance_type: str) -> nw.Expr:
    return nw.col("balance_type") == balance_type


def _amounts(rows: nw.Expr, of: nw.Expr | None) -> nw.Expr:
    return nw.when(rows if of is None else rows & of).then(nw.col("balance"))


def _of_available(total: str, plain: str, prefix: str = "") -> nw.Expr:
    """Of a holding's `TOTAL_BALANCE` rows if it has any, otherwise of its `BALANCE` rows, otherwise null."""
    of_plain = nw.when(nw.col(f"{prefix}plains") > 0).then(nw.col(f"{prefix}{plain}"))
    return nw.when(nw.col(f"{prefix}totals") > 0).then(nw.col(f"{prefix}{total}")).otherwise(of_plain)
