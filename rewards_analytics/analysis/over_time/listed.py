"""What each snapshot of a history lists as due, read day after day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, chain, pairwise
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
from rewards_analytics.analysis.over_time.snapshots import Snapshots
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
    """What the snapshots of a history list, day after day; of a stored history only two days are in memory.

    Holdings are numbered: a sweep keeps a number for each due, and not four texts.
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
        for day, sums in self._sums():
            yield self._listed(day, self._numbered(sums))

    def _sums(self) -> Iterator[tuple[date, DataFrame]]:
        """Yield the sums of each day per holding and `expires_on`."""
        snapshots, table = self._snapshots, self._snapshots.table
        if snapshots.is_stored:
            for day in snapshots.dates:
                yield day, snapshots.read(day, lambda rewards: with_join_key(_sums(rewards)))
            return
        # One query on the caller's engine, then slices of its rows.
        rows = table.collect(_sums(table.frame, TAKEN_ON))
        rows = with_join_key(rows.lazy()).sort(TAKEN_ON).collect()
        counts = dict(rows.group_by(TAKEN_ON).agg(nw.len().alias("rows")).iter_rows())
        ends = accumulate(counts.get(day, 0) for day in snapshots.dates)
        for day, (begin, end) in zip(snapshots.dates, pairwise(chain([0], ends)), strict=True):
            yield day, rows[begin:end].drop(TAKEN_ON)

    def _numbered(self, sums: DataFrame) -> DataFrame:
        """Replace the key by the number of the holding; one that was not seen before gets the next."""
        key = list(JOIN_KEY)

        def joined() -> DataFrame:
            numbers = self._holdings.lazy().select("holding", *key)
            # Lazy, so that the join does not copy the texts of the key.
            return sums.lazy().join(numbers, on=key, how="left").select(*DUE, *_SUMS).collect()

        numbered = joined()
        if not numbered["holding"].is_null().any():
            return numbered
        unseen = sums.select("account_guid", *key).join(self._holdings, on=key, how="anti").unique(key)
        new = unseen.with_row_index("holding")
        new = new.with_columns(holding=(nw.col("holding") + len(self._holdings)).cast(nw.UInt32))
        self._holdings = nw.concat([self._holdings, new])
        return joined()

    @staticmethod
    def _listed(day: date, sums: DataFrame) -> Listed:
        of_holdings = sums.group_by("holding").agg(nw.col(*COUNTS).sum()).filter(is_known())
        lots = sums.filter(nw.col("expires_on") >= nw.lit(day)).select(
            *DUE, "lot", total_lot="total", plain_lot="plain"
        )
        dues = lots.join(of_holdings, on="holding", how="inner").select(*DUE, due=expiring())
        return Listed(day, dues.filter(nw.col("due") > 0), of_holdings.select("holding"))


def _sums(rewards: LazyFrame, *carried: str) -> LazyFrame:
    """The sums behind the available balance and the lots, per holding and `expires_on`."""
    key = [*carried, *KEY, "expires_on"]
    return of_types(rewards, *LOT_TYPES).select(*key, **_PARTS).group_by(*key).agg(*sums_of(_PARTS))
