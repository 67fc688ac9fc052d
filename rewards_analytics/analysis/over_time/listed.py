"""What each snapshot of a history lists as due, read day after day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.holdings import (
    COUNTS,
    JOIN_KEY,
    available_parts,
    expiring,
    is_known,
    lot_parts,
    of_types,
    sums_of,
    with_join_key,
)
from rewards_analytics.analysis.over_time.snapshots import Snapshots, runs
from rewards_analytics.engines import DataFrame, LazyFrame
from rewards_analytics.schema import KEY, LOT_TYPES, TAKEN_ON

DUE: Final = ("holding", "expires_on")
"""What one due is: all that a holding loses on one day. `holding` is its number in `Listings`."""

# Per `expires_on`, the sums of available balances are also those of their dated rows: `total_lot` and `plain_lot`.
_PARTS: Final = available_parts() | {"lot": lot_parts()["lot"]}
_SUMS: Final = (*_PARTS, *COUNTS)


@dataclass(frozen=True)
class Listed:
    """What one snapshot lists.

    Attributes
    ----------
    taken_on
        The day of the snapshot.
    dues
        One row per due on that day or later, of the holdings in `known`: `holding`, `expires_on`, `due` (above 0).
    known
        The holdings whose available balance is known: `holding`.
    """

    taken_on: date
    dues: DataFrame
    known: DataFrame


class Listings:
    """What the snapshots of a history list, day after day. Only a few days of a stored history are in memory.

    Holdings are numbered: a sweep keeps a number for each due instead of four texts.
    """

    def __init__(self, snapshots: Snapshots[Any]) -> None:
        self._snapshots = snapshots
        columns = {"holding": nw.UInt32(), "account_guid": nw.String(), **dict.fromkeys(JOIN_KEY, nw.String())}
        columns |= {"__no_account__": nw.Int32()}
        self._holdings = nw.from_dict({name: [] for name in columns}, schema=columns, backend="polars")

    def followed(self) -> Iterator[tuple[Listed, Listed | None]]:
        """Yield what each snapshot lists, along with the next one; the last has None."""
        at: Listed | None = None
        for after in self._each():
            if at is not None:
                yield at, after
            at = after
        if at is not None:
            yield at, None

    def with_key(self, rows: DataFrame, *columns: str) -> DataFrame:
        """Add the columns of the key, or some of them, to rows that have a `holding`."""
        return rows.join(self._holdings.select("holding", *(columns or KEY)), on="holding", how="left")

    def _each(self) -> Iterator[Listed]:
        for days, sums in self._sums():
            yield from self._listed(days, self._numbered(sums))

    def _sums(self) -> Iterator[tuple[Sequence[date], DataFrame]]:
        """Yield the sums per holding and `expires_on`: of a day with many rewards, or of several with few, by day.

        Each step has a cost of its own, which days with few rewards share.
        """
        snapshots, table = self._snapshots, self._snapshots.table
        if not snapshots.dates:
            return
        if snapshots.is_stored:
            for days in runs(snapshots.dates, snapshots.count_by_day(snapshots.dates[0], snapshots.dates[-1])):
                by = () if len(days) == 1 else (TAKEN_ON,)
                yield days, snapshots.read(days[0], partial(_keyed_sums, by=by), days[-1])
            return
        # One query on the caller's engine, then slices of its rows.
        rows = with_join_key(table.collect(_sums(table.frame, TAKEN_ON)).lazy()).sort(TAKEN_ON).collect()
        counts = _count_by_day(rows)
        end = 0
        for days in runs(snapshots.dates, {day: counts.get(day, 0) for day in snapshots.dates}):
            begin, end = end, end + sum(counts.get(day, 0) for day in days)
            yield days, rows[begin:end].drop(TAKEN_ON) if len(days) == 1 else rows[begin:end]

    def _numbered(self, sums: DataFrame) -> DataFrame:
        """Replace the key by the number of the holding; one that was not seen before gets the next."""
        key = list(JOIN_KEY)

        def joined() -> DataFrame:
            numbers = self._holdings.lazy().select("holding", *key)
            # Lazy, so that the join does not copy the texts of the key.
            columns = [name for name in (TAKEN_ON, *DUE, *_SUMS) if name in (*sums.columns, "holding")]
            return sums.lazy().join(numbers, on=key, how="left").select(*columns).collect()

        numbered = joined()
        if not numbered["holding"].is_null().any():
            return numbered
        unseen = sums.select("account_guid", *key).join(self._holdings, on=key, how="anti").unique(key)
        new = unseen.with_row_index("holding")
        new = new.with_columns(holding=(nw.col("holding") + len(self._holdings)).cast(nw.UInt32))
        self._holdings = nw.concat([self._holdings, new])
        return joined()

    @staticmethod
    def _listed(days: Sequence[date], sums: DataFrame) -> Iterator[Listed]:
        by = [TAKEN_ON] if TAKEN_ON in sums.columns else []
        day = nw.col(TAKEN_ON) if by else nw.lit(days[0])
        known = sums.group_by(*by, "holding").agg(nw.col(*COUNTS).sum()).filter(is_known())
        lots = sums.filter(nw.col("expires_on") >= day).select(*by, *DUE, "lot", total_lot="total", plain_lot="plain")
        dues = lots.join(known, on=[*by, "holding"], how="inner").select(*by, *DUE, due=expiring())
        dues = dues.filter(nw.col("due") > 0)
        return map(Listed, days, _of_each(days, dues), _of_each(days, known.select(*by, "holding")))


def _of_each(days: Sequence[date], rows: DataFrame) -> Iterator[DataFrame]:
    """Split rows by their day."""
    if TAKEN_ON not in rows.columns:
        yield rows
        return
    rows, counts, end = rows.sort(TAKEN_ON), _count_by_day(rows), 0
    for day in days:
        begin, end = end, end + counts.get(day, 0)
        yield rows[begin:end].drop(TAKEN_ON)


def _count_by_day(rows: DataFrame) -> dict[date, int]:
    return dict(rows.group_by(TAKEN_ON).agg(nw.len().alias("rows")).iter_rows())


def _keyed_sums(rewards: LazyFrame, *, by: Sequence[str]) -> LazyFrame:
    return with_join_key(_sums(rewards, *by))


def _sums(rewards: LazyFrame, *by: str) -> LazyFrame:
    """The sums behind the available balance and the lots, per holding and `expires_on`."""
    key = [*by, *KEY, "expires_on"]
    return of_types(rewards, *LOT_TYPES).select(*key, **_PARTS).group_by(*key).agg(*sums_of(_PARTS))
