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

_LOTS: Final = tuple(name for name in lot_parts() if name not in COUNTS)


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
        self._holdings: DataFrame | None = None

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
        if self._holdings is None:
            raise AssertionError("rows of holdings before any snapshot was read")
        return rows.join(self._holdings.select("holding", *(columns or KEY)), on="holding", how="left")

    def _each(self) -> Iterator[Listed]:
        for day, sums in self._sums():
            yield self._listed(day, self._numbered(sums))

    def _sums(self) -> Iterator[tuple[date, DataFrame]]:
        """Yield the sums of each day per holding and `expires_on`."""
        snapshots, table = self._snapshots, self._snapshots.table
        if snapshots.is_stored:
            for day in snapshots.dates:
                yield day, snapshots.read(day, _sums)
            return
        # One query on the caller's engine, then slices of its rows.
        rows = table.collect(_sums(table.frame, TAKEN_ON)).sort(TAKEN_ON)
        counts = dict(rows.group_by(TAKEN_ON).agg(nw.len().alias("rows")).iter_rows())
        ends = accumulate(counts.get(day, 0) for day in snapshots.dates)
        for day, (begin, end) in zip(snapshots.dates, pairwise(chain([0], ends)), strict=True):
            yield day, rows[begin:end].drop(TAKEN_ON)

    def _numbered(self, sums: DataFrame) -> DataFrame:
        """Replace the key by the number of the holding; one that was not seen before gets the next."""
        keyed = with_join_key(sums.lazy()).collect()
        if self._holdings is None:
            self._holdings = _first_numbers(keyed, 0)
        else:
            unseen = keyed.join(self._holdings, on=list(JOIN_KEY), how="anti")
            if len(unseen):
                new = _first_numbers(unseen, len(self._holdings))
                self._holdings = nw.concat([self._holdings, new])
        numbers = self._holdings.select("holding", *JOIN_KEY)
        return keyed.join(numbers, on=list(JOIN_KEY), how="inner").drop(*KEY, "__account__", "__no_account__")

    @staticmethod
    def _listed(day: date, sums: DataFrame) -> Listed:
        of_holdings = sums.group_by("holding").agg(nw.col(*COUNTS).sum()).filter(is_known())
        lots = sums.filter(nw.col("expires_on") >= nw.lit(day)).select(*DUE, *_LOTS)
        dues = lots.join(of_holdings, on="holding", how="inner").select(*DUE, due=expiring())
        return Listed(day, dues.filter(nw.col("due") > 0), of_holdings.select("holding"))


def _sums(rewards: LazyFrame, *carried: str) -> LazyFrame:
    """The sums behind the available balance and the lots, per holding and `expires_on`."""
    key = [*carried, *KEY, "expires_on"]
    parts = available_parts() | lot_parts()
    return of_types(rewards, *LOT_TYPES).select(*key, **parts).group_by(*key).agg(*sums_of(parts))


def _first_numbers(rows: DataFrame, begin: int) -> DataFrame:
    """Number holdings that have none yet."""
    holdings = rows.select("account_guid", *JOIN_KEY).unique(list(JOIN_KEY)).with_row_index("holding")
    return holdings.with_columns(holding=(nw.col("holding") + begin).cast(nw.UInt32))
