"""Rows that need a look at the other rows of their key, found by hashes: most rows of a large scan need none.

To find all rows of a key at one place, rows in any order have to be moved. Hashes of keys are much smaller, and say
enough: a row with no row of a lower rank under its hash has none under its key either. Different keys may have the same
hash, so the rows under a hash of several ranks are in doubt: their keys decide.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import xor
from typing import Final, NamedTuple

import polars as pl

from rewards_analytics.engines.kinds import DataFrame, LazyFrame, as_narwhals

_SLICE: Final = 1 << 23
"""How many hashes are grouped at once."""

_MARKS: Final = 1 << 26
"""How many marks there are: a bit each."""


class Lookup(NamedTuple):
    """What a query looks up for the rows it is about: whether their key has a row of a lower rank, which replaces them.

    Attributes
    ----------
    key
        The columns of the key.
    ranked
        Selects the rows that matter: their key, `__rank__`, a small whole number, and `__chosen__`, whether the query
        is about them.
    alone
        The query for rows that no other row replaces.
    """

    key: Sequence[str]
    ranked: Callable[[LazyFrame], LazyFrame]
    alone: Callable[[LazyFrame], LazyFrame]

    def hashes(self, frame: LazyFrame) -> LazyFrame:
        """The hash of each row's key, its rank, and whether it is chosen: of a Polars frame."""
        rows: pl.LazyFrame = self.ranked(frame).to_native()
        rank = pl.col("__rank__").cast(pl.UInt8).alias("rank")
        return as_narwhals(rows.select(rank, hash=self._hash(), chosen="__chosen__")).lazy()

    def in_doubt(self, rows: pl.LazyFrame, doubts: pl.Series) -> pl.LazyFrame:
        """The rows whose hash is marked."""
        return rows.filter(self._is_in_doubt(doubts))

    def without_doubt(self, frame: LazyFrame, doubts: pl.Series) -> LazyFrame:
        """The rows whose hash is not marked."""
        rows: pl.LazyFrame = frame.to_native()
        return as_narwhals(rows.filter(~self._is_in_doubt(doubts))).lazy()

    def _is_in_doubt(self, doubts: pl.Series) -> pl.Expr:
        return (self._hash() % len(doubts)).map_batches(doubts.gather, return_dtype=pl.Boolean, is_elementwise=True)

    def _hash(self) -> pl.Expr:
        return reduce(xor, (pl.col(name).cast(pl.String).hash(seed) for seed, name in enumerate(self.key)))


def doubts_of(hashes: DataFrame) -> tuple[pl.Series, int]:
    """Mark the hashes under which a chosen row and one of a lower rank are, and count the rows under them.

    A hash has its mark at its remainder. Others with the same one are then in doubt too, which costs a look, and no
    number. A join with the hashes themselves took a gigabyte for a million of them.
    """
    rows: pl.DataFrame = hashes.to_native()
    slices = 1 + len(rows) // _SLICE
    marks, count = pl.repeat(value=False, n=_MARKS, eager=True), 0
    for place in range(slices):
        ranks = (
            rows.lazy()
            .filter(pl.col("hash") % slices == place)
            .group_by("hash")
            .agg(pl.col("rank").min(), pl.when("chosen").then("rank").max().alias("chosen"), pl.len().alias("rows"))
            .filter(pl.col("rank") < pl.col("chosen"))
        )
        found = ranks.select(pl.col("hash") % _MARKS, "rows").collect(engine="streaming")
        marks.scatter(found["hash"], True)
        count += int(found["rows"].sum())
    return marks, count
