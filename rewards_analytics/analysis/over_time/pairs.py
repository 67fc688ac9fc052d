"""What happened to each holding between a snapshot and the next: the definitions of the flows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.holdings import available, available_parts, expiring, lot_parts, of_types, sums_of
from rewards_analytics.analysis.over_time.snapshots import MOST_REWARDS, Snapshots
from rewards_analytics.engines import AMOUNT, CallerFrame, DataFrame, LazyFrame
from rewards_analytics.schema import KEY, LOT_TYPES, TAKEN_ON

HELD: Final = "held"
NEW: Final = "new"
GONE: Final = "gone"

Pair = tuple[date, date]

DAYS: Final = ("from_date", "to_date")
FLOWS: Final = ("expired", "earned", "redeemed")
COLUMNS: Final = (*DAYS, *KEY, "status", "opening", "closing", *FLOWS)


def changes_of(
    table: CallerFrame[Any], rewards: LazyFrame, pairs: Sequence[Pair], **carried: Mapping[Pair, int]
) -> LazyFrame:
    """One row per holding and pair of days: the columns of `changes`, and a number of each pair, in one query.

    A small calendar has two rows for each day: it opens one pair and closes another. So one scan of the rewards and one
    `group_by` are enough; a union of the sums of opening and closing days would compute them twice.
    """
    calendar = {
        TAKEN_ON: [day for pair in pairs for day in pair],
        "from_date": [opens for opens, _ in pairs for _ in DAYS],
        "to_date": [closes for _, closes in pairs for _ in DAYS],
        "__side__": [side for _ in pairs for side in (0, 1)],
        **{name: [of_pair[pair] for pair in pairs for _ in DAYS] for name, of_pair in carried.items()},
    }
    dates = dict.fromkeys((TAKEN_ON, *DAYS), nw.Date())
    schema = dict.fromkeys(calendar, nw.Int64()) | dates
    days = table.upload(nw.from_dict(calendar, schema=schema, backend="polars"))
    rewards = of_types(rewards, *LOT_TYPES).join(days, on=TAKEN_ON, how="inner")
    opens, closes = nw.col("__side__") == 0, nw.col("__side__") == 1
    due = (nw.col("expires_on") >= nw.col("from_date")) & (nw.col("expires_on") < nw.col("to_date"))
    parts = available_parts(opens) | lot_parts(opens, due) | available_parts(closes, "closing_")
    key = [*DAYS, *carried, *KEY]
    sums = rewards.select(*key, **parts).group_by(*key).agg(*sums_of(parts))
    sums = sums.select(*key, opening=available(), closing=available("closing_"), due=expiring())
    return with_flows(table, sums).select(*COLUMNS, *carried)


def with_flows(table: CallerFrame[Any], pairs: LazyFrame) -> LazyFrame:
    """Work out the status and the flows of holdings from `opening`, `closing` and what was `due` in between."""
    opening, closing, due = nw.col("opening"), nw.col("closing"), nw.col("due")
    known = pairs.filter(~(opening.is_null() & closing.is_null()))
    held = ~(opening.is_null() | closing.is_null())
    positive = nw.when(opening > 0).then(opening).otherwise(nw.lit(0))
    expired = nw.when(due > positive).then(positive).otherwise(due)
    expired = nw.when(held).then(nw.when(due > 0).then(expired).otherwise(nw.lit(0)))
    status = (
        nw.when(held).then(nw.lit(HELD)).otherwise(nw.when(opening.is_null()).then(nw.lit(NEW)).otherwise(nw.lit(GONE)))
    )
    flows = table.narrow(known, "opening", "closing", "due").with_columns(status=status, expired=expired)
    flows = table.narrow(flows, "expired").with_columns(flow=closing - opening + nw.col("expired"))
    flow = nw.col("flow")
    flows = flows.with_columns(
        earned=nw.when(held).then(nw.when(flow > 0).then(flow).otherwise(nw.lit(0))),
        redeemed=nw.when(held).then(nw.when(flow < 0).then(-flow).otherwise(nw.lit(0))),
    )
    return table.widen(flows, "opening", "closing", *FLOWS)


def in_parts(snapshots: Snapshots[Any], pairs: Sequence[Pair], **carried: Mapping[Pair, int]) -> Iterator[LazyFrame]:
    """Yield the rows of `changes_of` for a stored history, by users if its days are large, then some pairs at a time.

    The pairs of some users are in their order. Days with many rewards are read one by one: each is added up once, and
    only the sums of two are in memory. Days with few rewards are read together, because each query has a cost of its
    own.
    """
    if not pairs:
        return
    if len(spans := snapshots.by_users()) > 1:
        for span in spans:
            yield from in_parts(span, pairs, **carried)
        return
    table, following = snapshots.table, dict(pairs)
    before: DataFrame | None = None
    for part in _parts(pairs, snapshots.count_by_day(pairs[0][0], pairs[-1][1])):
        (opens, closes), last = part[0], part[-1][1]
        if len(part) > 1:
            before = None
            query = partial(_changes_between, table, pairs=part, carried=carried)
            yield snapshots.read(opens, query, last).lazy()
            continue
        if before is None:
            before = _day_sums(snapshots, opens, closes)
        until = following.get(closes)
        after = _day_sums(snapshots, closes, until or closes)
        numbers = {name: nw.lit(of_pair[opens, closes], nw.Int64()) for name, of_pair in carried.items()}
        dates = {"from_date": nw.lit(opens), "to_date": nw.lit(closes)}
        rows = _between(before, after).lazy().with_columns(**dates, **numbers)
        yield with_flows(table, rows).select(*COLUMNS, *carried)
        before = after if until else None


def _changes_between(
    table: CallerFrame[Any], rewards: LazyFrame, *, pairs: Sequence[Pair], carried: Mapping[str, Mapping[Pair, int]]
) -> LazyFrame:
    return changes_of(table, rewards, pairs, **carried)


def _parts(pairs: Sequence[Pair], rewards: Mapping[date, int]) -> Iterator[list[Pair]]:
    """Split pairs into runs of consecutive days with few rewards together."""
    part: list[Pair] = []
    size = 0
    for opens, closes in pairs:
        first, second = (rewards.get(day, MOST_REWARDS) for day in (opens, closes))
        if part and (part[-1][1] != opens or size + second > MOST_REWARDS):
            yield part
            part = []
        size = size + second if part else first + second
        part.append((opens, closes))
    if part:
        yield part


def _day_sums(snapshots: Snapshots[Any], day: date, until: date) -> DataFrame:
    """Per holding with a known balance on a day: the available balance, and how much expires before another day."""
    due = (nw.col("expires_on") >= nw.lit(day)) & (nw.col("expires_on") < nw.lit(until))
    parts = available_parts() | lot_parts(due=due)

    def sums(rewards: LazyFrame) -> LazyFrame:
        of_holding = of_types(rewards, *LOT_TYPES).select(*KEY, **parts).group_by(*KEY).agg(*sums_of(parts))
        held = of_holding.select(*KEY, available=available(), due=expiring())
        return held.filter(~nw.col("available").is_null())

    return snapshots.read(day, sums)


def _between(before: DataFrame, after: DataFrame) -> DataFrame:
    """Bring the sums of two days together: a join takes twice the time, and never matches a null account."""
    unknown = nw.lit(None).cast(AMOUNT)
    opening = before.select(*KEY, "due", opening="available", closing=unknown)
    closing = after.select(*KEY, due=unknown, opening=unknown, closing="available")
    # A holding is at most once in each: the greatest is the only one.
    return nw.concat([opening, closing]).group_by(*KEY).agg(nw.col("due", "opening", "closing").max())
