"""Checks across rows: repeats, one guid with two contents, values that the API does not document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from rewards_analytics.errors import InvalidRewardsError, rejected_in_words
from rewards_analytics.loading.chunk import TYPES, Chunk, Place, Rejection
from rewards_analytics.loading.values import Unquoted
from rewards_analytics.schema import BALANCE_TYPES, UNIT_TYPES

CONFLICT: Final = "is given twice with different contents"

_SHOWN_ROWS: Final = 5
_SHOWN_CHARACTERS: Final = 100
_KNOWN: Final = {"balance_type": frozenset(BALANCE_TYPES), "unit_type": frozenset(UNIT_TYPES)}


@dataclass
class Loaded:
    """Everything known once a source has been read."""

    table: pa.Table
    rows: int
    duplicates: int
    rejected: list[Rejection] = field(default_factory=list)
    all_known: bool = False

    def unknown(self) -> dict[str, dict[str, int]]:
        """Values of the enumerated fields that the API does not document: field -> value -> rows."""
        found: dict[str, dict[str, int]] = {}
        for name, known in () if self.all_known else _KNOWN.items():
            for entry in pc.value_counts(self.table[name]).to_pylist():
                if entry["values"] not in known:
                    found.setdefault(name, {})[entry["values"]] = entry["counts"]
        return {name: dict(sorted(values.items())) for name, values in found.items()}


def across_rows(chunks: Iterable[Chunk]) -> Loaded:
    """Join chunks, keep exact repeats once, and reject every row of a guid with two contents."""
    read: list[Chunk] = []
    hashes = [pl.Series(dtype=pl.UInt64)]
    all_known = True
    for chunk in chunks:  # as they come, while others are still decoded
        read.append(chunk)
        hashes.append(_guids(chunk.table).hash())
        all_known = all_known and _is_known(chunk.table)
    table = pa.concat_tables([chunk.table for chunk in read]) if read else TYPES.empty_table()
    rows = sum(chunk.rows for chunk in read)
    rejected = [row for chunk in read for row in chunk.rejected]
    # As many hashes as rows prove that no guid comes twice, at a quarter of the cost of comparing texts.
    if pl.concat(hashes).n_unique() == table.num_rows:
        return Loaded(table, rows, 0, rejected, all_known)
    guids = _guids(table)
    further, conflicts = _repeats(table, guids.is_duplicated())
    for index in conflicts.tolist():
        rejected.append(Rejection(_place_of(read, index), "guid", CONFLICT, guids[index]))
    keep = np.ones(table.num_rows, dtype=bool)
    keep[further] = keep[conflicts] = False
    return Loaded(table.filter(pa.array(keep)), rows, len(further), rejected, all_known)


def _is_known(table: pa.Table) -> bool:
    """Whether the API documents every value of the enumerated fields."""
    return all(known.issuperset(table[name].unique().to_pylist()) for name, known in _KNOWN.items())


def _guids(table: pa.Table) -> pl.Series:
    return pl.Series(pl.from_arrow(table["guid"]))


def _repeats(table: pa.Table, repeated: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of the further copies, and of the rows whose guid has two contents."""
    rows = pl.DataFrame(pl.from_arrow(table.filter(repeated.to_arrow())))
    rows = rows.with_columns(row=pl.Series(np.flatnonzero(repeated.to_numpy())))
    contents = rows.unique(TYPES.names, keep="first")
    several = contents.filter(pl.col("guid").is_duplicated()).select("guid").unique()
    conflicts = rows.join(several, on="guid", how="semi")
    copies = rows.join(contents, on="row", how="anti").join(several, on="guid", how="anti")
    return copies["row"].sort().to_numpy(), conflicts["row"].sort().to_numpy()


def _place_of(chunks: Sequence[Chunk], index: int) -> Place:
    for chunk in chunks:
        if index < chunk.table.num_rows:
            return chunk.place_of_valid(index)
        index -= chunk.table.num_rows
    raise IndexError(index)


def reasons(rejected: Sequence[Rejection]) -> dict[str, int]:
    """How many rows were rejected for each reason, the most frequent first."""
    counts = Counter((row.field, row.problem) for row in rejected)
    return {f"{name} {problem}" if name else f"a row {problem}": rows for (name, problem), rows in counts.most_common()}


def invalid_rows(rejected: Sequence[Rejection]) -> InvalidRewardsError:
    """The error about rejected rows."""
    return InvalidRewardsError.from_rejected(*_facts(rejected), rejected=rejected_frame(rejected))


def dropped_rows(rejected: Sequence[Rejection]) -> str:
    """The warning about rejected rows that are left out."""
    return rejected_in_words(*_facts(rejected)) + "\nThey are left out."


def _facts(rejected: Sequence[Rejection]) -> tuple[int, dict[str, int], list[str]]:
    """Count, reasons and first rows, which the error and the warning have in common."""
    return len(rejected), reasons(rejected), [in_words(row) for row in rejected[:_SHOWN_ROWS]]


def in_words(row: Rejection) -> str:
    """A rejected row in a line: its place, the field, the value, the problem."""
    value = "" if row.value is None else f" {_shown(row.value)}"
    note = f" ({row.note})" if row.note else ""
    return f"{row.place.text(row.field)}: {row.field or 'the row'}{value} {row.problem}{note}"


def rejected_frame(rejected: Sequence[Rejection]) -> pl.DataFrame:
    """The rejected rows as a frame of texts: `place`, `field`, `problem`, `value`."""
    columns = {
        "place": [row.place.text(row.field) for row in rejected],
        "field": [row.field for row in rejected],
        "problem": [row.problem for row in rejected],
        "value": [None if row.value is None else printable(row.value) for row in rejected],
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _shown(value: object) -> str:
    quoted = isinstance(value, str) and not isinstance(value, Unquoted)
    return f'"{printable(value)}"' if quoted else printable(value)


def printable(value: object) -> str:
    """A value as a short text without control characters; a day or a time in ISO form."""
    try:
        text = value.isoformat() if isinstance(value, date) else str(value)
    except ValueError:  # an integer of thousands of digits
        text = f"of type {type(value).__name__}, too long to show"
    text = text[: _SHOWN_CHARACTERS - 1] + "…" if len(text) > _SHOWN_CHARACTERS else text
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode("ascii") for mark in text)
