"""Sorts more rows than fit in memory: moves them to piles, each of a span of the order, then sorts span by span."""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

import polars as pl

from rewards_analytics.engines.piles import Piles
from rewards_analytics.engines.spill import room_to_spill
from rewards_analytics.files import temporary_folder

MOST_ROWS: Final = 1 << 20
"""Rows that are sorted in memory."""

_SPANS: Final = 64
"""Spans of rows whose number is not known yet."""

_SAMPLE: Final = 1 << 16
"""Rows that tell where spans begin."""

_SPAN_ROWS: Final = 1 << 19
"""Rows of a span, about, where the number is known; and rows that are written together."""


@dataclass(frozen=True)
class Order:
    """The columns to sort by, and whether each descends; nulls come last.

    `ascending` is a column that ascends from each batch of rows to the next, with no value in two batches.
    """

    columns: Sequence[str]
    descending: Sequence[bool]
    ascending: str | None = None

    def sort(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Sort rows in memory."""
        if not self.columns:
            return rows
        # In one thread: spans have so few rows that several take longer, and the next step needs the other cores.
        return rows.sort(*self.columns, descending=list(self.descending), nulls_last=True, multithreaded=False)

    @property
    def is_of_batches(self) -> bool:
        """Whether the batches are in this order, so that only the rows of each are to be sorted."""
        return not self.columns or (self.columns[0] == self.ascending and not self.descending[0])

    def further(self) -> Order:
        """The order of rows that are equal in the first column."""
        return replace(self, columns=self.columns[1:], descending=self.descending[1:])


def in_order(batches: Iterator[pl.DataFrame], order: Order) -> Generator[pl.DataFrame]:
    """Yield the rows of all batches in order; if they are many, only few are in memory at a time."""
    if order.is_of_batches:
        yield from map(order.sort, batches)
        return
    kept: list[pl.DataFrame] = []
    rows = 0
    for batch in batches:
        kept.append(batch)
        rows += len(batch)
        if rows > MOST_ROWS:
            break
    else:
        if kept:
            yield order.sort(pl.concat(kept))
        return
    # Some of the first rows tell where spans begin. If they are not like the others, some spans become large.
    sample = pl.concat([batch[order.columns[0]] for batch in kept]).gather_every(max(rows // _SAMPLE, 1))
    cuts = _Cuts(sample, max(len(sample) // _SPANS, 1))
    with temporary_folder("rewards-analytics-") as folder, room_to_spill(folder):
        yield from _spans(chain(_drained(kept), batches), cuts, order, folder)


def _drained(kept: list[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    while kept:
        yield kept.pop(0)


class _Cuts:
    """Where the spans of a column begin; each has about the same number of values.

    A value that is more frequent is a span of its own, and nulls are one.
    """

    def __init__(self, values: pl.Series, every: int) -> None:
        known = values.drop_nulls().sort()
        cuts = known.gather_every(every, offset=min(every // 2, max(len(known) - 1, 0)))
        counts = pl.DataFrame({"value": cuts}).group_by("value").len().sort("value")
        self._starts, self._frequent = counts["value"], counts.filter(pl.col("len") > 1)["value"]
        self.nulls = len(self._starts) + len(self._frequent) + 1
        self.single = {self.nulls, *self._numbers(self._frequent)}

    def numbers(self, values: pl.Series) -> pl.Series:
        """The number of the span that each value falls into, ascending."""
        return pl.select(
            pl.when(values.is_null()).then(self.nulls).otherwise(self._numbers(values)).cast(pl.Int64)
        ).to_series()

    def _numbers(self, values: pl.Series) -> pl.Series:
        return self._starts.search_sorted(values, side="right") + self._frequent.search_sorted(values, side="left")


def _spans(batches: Iterator[pl.DataFrame], cuts: _Cuts, order: Order, folder: Path) -> Iterator[pl.DataFrame]:
    """Move the rows to a pile for each span, and yield the spans, sorted."""
    piles = Piles(Path(tempfile.mkdtemp(dir=folder)))
    piles.put(_gathered(batches), lambda rows: cuts.numbers(rows[order.columns[0]]))
    descending = order.descending[0]
    for number in sorted(piles.numbers, key=lambda number: (number == cuts.nulls, -number if descending else number)):
        yield from _span(piles, number, order.further() if number in cuts.single else order, folder)


def _span(piles: Piles, number: int, order: Order, folder: Path) -> Iterator[pl.DataFrame]:
    """The rows of a span, sorted; in spans again, if it became large."""
    if order.is_of_batches:
        yield from map(order.sort, piles.drain(number))
        return
    if piles.rows(number) <= MOST_ROWS:
        yield order.sort(piles.take(number))
        return
    values = piles.values(number, order.columns[0])
    if values.n_unique() == 1:
        yield from _span(piles, number, order.further(), folder)
        return
    yield from _spans(piles.drain(number), _Cuts(values, _SPAN_ROWS), order, folder)


def _gathered(batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Small batches together, because each is written to a file of every span."""
    kept: list[pl.DataFrame] = []
    for batch in batches:
        kept.append(batch)
        if sum(map(len, kept)) >= _SPAN_ROWS:
            yield pl.concat(kept)
            kept.clear()
    if kept:
        yield pl.concat(kept)
