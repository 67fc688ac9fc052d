"""Rows that wait on disk in numbered piles, each a file with an Arrow stream for each time that rows were put there.

Polars' own sink for partitions writes Parquet, which takes half as long again, and more with many rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa

from rewards_analytics.engines.ahead import ahead
from rewards_analytics.engines.batches import from_batches

BATCH_ROWS: Final = 1 << 20
"""Rows that are best put there together: each pile gets some thousands."""

_SAMPLE: Final = 1 << 12
"""Rows that tell whether a column has few different texts."""

_FEW: Final = _SAMPLE >> 4


class Piles:
    """Numbered piles of rows in a folder. Put rows there once, then read them or take them away."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: Counter[int] = Counter()
        self._schema = pl.Schema()

    @property
    def numbers(self) -> list[int]:
        """The numbers of the piles that have rows, ascending."""
        return sorted(self._rows)

    def rows(self, number: int) -> int:
        """Count the rows of a pile."""
        return self._rows[number]

    def put(self, batches: Iterable[pl.DataFrame], number: Callable[[pl.DataFrame], pl.Series]) -> None:
        """Put each row of some batches on the pile of its number, from 0 on; rows of a pile keep their order."""

        def in_order() -> Generator[tuple[pa.Table, np.ndarray[Any, Any]]]:
            for rows in batches:
                if len(rows):
                    self._schema = rows.schema
                    yield _in_order(rows, number(rows).cast(pl.UInt32).to_numpy())

        for table, counts in ahead(in_order()):
            start = 0
            for pile in np.flatnonzero(counts).tolist():
                count = int(counts[pile])
                self._append(pile, table.slice(start, count))
                start += count

    def _append(self, number: int, rows: pa.Table) -> None:
        # Opened each time: there may be more piles than files that a process may have open.
        with self._file(number).open("ab", buffering=0) as file, pa.ipc.new_stream(file, rows.schema) as stream:
            stream.write_table(rows)
        self._rows[number] += len(rows)

    def read(self, number: int) -> Iterator[pl.DataFrame]:
        """Read a pile, in the batches in which its rows were put there."""
        return (pl.DataFrame(rows).cast(self._schema) for rows in self._streams(number))

    def values(self, number: int, column: str, every: int = 1) -> pl.Series:
        """Read the values of a column: all, or one of `every` in each batch."""
        return pl.concat([rows[column].gather_every(every) for rows in self.read(number)])

    def scan(self, number: int) -> pl.LazyFrame:
        """Return the rows of a pile in a frame that reads them while it is computed."""
        schema = nw.from_native(next(self.read(number))).schema
        return from_batches(schema, lambda _: map(nw.from_native, self.read(number)))

    def take(self, number: int) -> pl.DataFrame:
        """Read a pile and remove it."""
        tables = [*self._streams(number)]
        # Joined first, because many short chunks are slow to group. A text may be shortened in some streams only.
        if all(table.schema == tables[0].schema for table in tables):
            tables = [pa.concat_tables(tables).combine_chunks()]
        rows = pl.concat([pl.DataFrame(table).cast(self._schema) for table in tables])
        self.remove(number)
        return rows

    def _streams(self, number: int) -> Iterator[pa.Table]:
        with pa.OSFile(str(self._file(number))) as file:
            size = file.size()
            while file.tell() < size:
                yield pa.ipc.open_stream(file).read_all()

    def drain(self, number: int) -> Iterator[pl.DataFrame]:
        """Read a pile in its batches, and remove it at the end."""
        yield from self.read(number)
        self.remove(number)

    def remove(self, number: int) -> None:
        """Remove a pile."""
        self._file(number).unlink()
        del self._rows[number]

    def _file(self, number: int) -> Path:
        return self._folder / str(number)


def _in_order(rows: pl.DataFrame, numbers: np.ndarray[Any, Any]) -> tuple[pa.Table, np.ndarray[Any, Any]]:
    """Bring rows into the order of their numbers, and count those of each number."""
    counts = np.bincount(numbers)
    # Numbers of two bytes are sorted in linear time.
    order = numbers.astype(np.min_scalar_type(len(counts))).argsort(kind="stable")
    # In one chunk first, because picking rows out of several takes many times as long.
    ordered = rows.rechunk()[order]
    return _shortened(ordered.to_arrow(compat_level=pl.CompatLevel.oldest()), int(np.count_nonzero(counts))), counts


def _shortened(rows: pa.Table, piles: int) -> pa.Table:
    """Write a text that many rows share once for each pile, where that is shorter."""
    for place, name in enumerate(rows.column_names):
        values = rows.column(place)
        if not pa.types.is_large_string(values.type) or len(values[:_SAMPLE].unique()) > _FEW:
            continue
        encoded = values.dictionary_encode()
        if piles * encoded.chunk(0).dictionary.nbytes < values.nbytes // 2:
            rows = rows.set_column(place, name, encoded)
    return rows
