"""Rewards in parts, each with all rows of some users: an analysis user by user needs one part in memory at a time.

A Polars frame knows nothing about files. So `scan`, which makes one, notes here how its rows come in parts, and an
analysis looks it up. A frame that was filtered or changed since then is another frame and has no parts.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

import polars as pl
from polars.exceptions import PolarsError

PART_ROWS: Final = 1 << 19
"""Approximate rewards per part."""


class Subset(NamedTuple):
    """Some of the rows: how they are selected, and about how many they are."""

    select: Callable[[pl.LazyFrame], pl.LazyFrame]
    rows: int


class Asked(NamedTuple):
    """What parts are asked for.

    Attributes
    ----------
    columns
        Only these are needed.
    balance_types
        Only rows of these are needed, if given; others may be there too.
    by
        Each part has all rows of some values of this column.
    ascending
        Whether the values of each part have to be below the next part's.
    subset
        Only these rows, if given.
    """

    columns: Sequence[str]
    balance_types: Collection[str] | None
    by: str = "user_guid"
    ascending: bool = False
    subset: Subset | None = None

    def rows(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """The rows and columns that are needed."""
        if self.subset is not None:
            rows = self.subset.select(rows)
        if self.balance_types is not None:
            kind = pl.col("balance_type")
            rows = rows.filter(kind.is_in(list(self.balance_types)) | kind.is_null())  # which fails when it is computed
        return rows.select(self.columns)


class Parts(Protocol):
    """How the rows of a frame come in parts."""

    def __call__(self, asked: Asked) -> AbstractContextManager[Iterator[pl.LazyFrame]]:
        """Open the parts, at least one."""

    def rows_to_move(self, by: str = "user_guid") -> int:
        """Count the rows that have to be moved to become parts; 0 if they are read in place, or slow to read twice."""


_PARTS: Final[dict[int, Parts]] = {}

_EVERY: Final = 1 << 10
"""One row in this many is sampled to find where spans end."""


def note_parts(frame: pl.LazyFrame, parts: Parts) -> pl.LazyFrame:
    """Note how the rows of a frame come in parts, as long as it lives; return the frame."""
    _PARTS[id(frame)] = parts
    weakref.finalize(frame, _PARTS.pop, id(frame), None)
    return frame


def parts_of(frame: object) -> Parts | None:
    """Return how the rows of exactly this frame come in parts, None if that was not noted."""
    return _PARTS.get(id(frame)) if isinstance(frame, pl.LazyFrame) else None


def ends_of_spans(frame: pl.LazyFrame, column: str, spans: int) -> list[str]:
    """Return the last value of each span of a column but the last, so that the spans have about as many rows each.

    Return none if the rows cannot be read: reading them next raises the error that says why.
    """
    try:
        values = frame.select(column).gather_every(_EVERY).collect(engine="streaming").to_series().sort()
    except (PolarsError, OSError):
        return []
    if not len(values):
        return []
    return values.gather([len(values) * place // spans for place in range(1, spans)]).unique().sort().to_list()


class Apart:
    """True if no two parts have a value in common, judged by hashes of their values.

    If no hash is in two parts, no value is. If one is, it may be by chance: then the analysis is only slower.
    """

    def __init__(self) -> None:
        self._hashes: list[pl.Series] = []

    def add(self, values: pl.Series) -> None:
        """Add the values of a part."""
        self._hashes.append(values.hash().unique())

    def __bool__(self) -> bool:
        if len(self._hashes) < 2:
            return True
        return pl.concat(self._hashes).n_unique() == sum(map(len, self._hashes))
