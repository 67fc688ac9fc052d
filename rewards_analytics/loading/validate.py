"""What is wrong across rows: repeats, one guid with two contents, values the API does not document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from rewards_analytics.errors import InvalidRewardsError, rejected_in_words
from rewards_analytics.loading.batches import TYPES, Batch, Rejection, Spot
from rewards_analytics.loading.values import Number
from rewards_analytics.schema import BALANCE_TYPES, UNIT_TYPES

CONFLICT: Final = "is given twice with different contents"

_SHOWN_ROWS: Final = 5
_SHOWN_CHARACTERS: Final = 100
_KNOWN: Final = {"balance_type": frozenset(BALANCE_TYPES), "unit_type": frozenset(UNIT_TYPES)}


@dataclass
class Reading:
    """Everything known once a source has been read."""

    table: pa.Table
    rows: int
    duplicates: int
    rejected: list[Rejection] = field(default_factory=list)
    all_known: bool = False
    """Whether it is certain that no value is unknown."""

    def unknown(self) -> dict[str, dict[str, int]]:
        """Values of the enumerated fields that the API does not document: field -> value -> rows."""
        found: dict[str, dict[str, int]] = {}
        if self.all_known:
            return found
        for name, known in _KNOWN.items():
            for entry in pc.value_counts(self.table[name]).to_pylist():
                if entry["values"] not in known:
                    found.setdefault(name, {})[entry["values"]] = entry["counts"]
        return {name: dict(sorted(values.items())) for name, values in found.items()}

    def reasons(self) -> dict[str, int]:
        """How many rows were rejected for what, the most frequent first."""
        kinds = Counter((row.field, row.problem) for row in self.rejected)
        return {
            f"{name} {problem}" if name else f"a row {problem}": rows for (name, problem), rows in kinds.most_common()
        }

    def words(self) -> tuple[int, dict[str, int], list[str]]:
        """Count, reasons and first rows, as the error and the warning say them."""
        return len(self.rejected), self.reasons(), [in_words(row) for row in self.rejected[:_SHOWN_ROWS]]

    def warning(self) -> str:
        """What was left out, in words."""
        return rejected_in_words(*self.words()) + "\nThey are left out."

    def error(self) -> InvalidRewardsError:
        """Describe the rejected rows, as an error."""
        return InvalidRewardsError.from_rejected(*self.words(), rejected=rejected_frame(self.rejected))


def across_rows(batches: Iterable[Batch]) -> Reading:
    """Put batches together, keep exact repeats once, and reject every row of a guid with two contents."""
    read: list[Batch] = []
    hashes = [pl.Series(dtype=pl.UInt64)]
    all_known = True
    for batch in batches:  # looked at as they come, while others are still decoded
        read.append(batch)
        hashes.append(_guids(batch.table).hash())
        all_known = all_known and _are_known(batch.table)
    table = pa.concat_tables([batch.table for batch in read]) if read else TYPES.empty_table()
    rows = sum(batch.rows for batch in read)
    rejected = [row for batch in read for row in batch.rejected]
    # As many hashes as rows prove that no guid comes twice, at a quarter of the cost of comparing texts.
    if pl.concat(hashes).n_unique() == table.num_rows:
        return Reading(table, rows, 0, rejected, all_known)
    guids = _guids(table)
    further, conflicts = _repeats(table, guids.is_duplicated())
    for index in conflicts.tolist():
        rejected.append(Rejection(_spot(read, index), "guid", CONFLICT, guids[index]))
    keep = np.ones(table.num_rows, dtype=bool)
    keep[further] = keep[conflicts] = False
    return Reading(table.filter(pa.array(keep)), rows, len(further), rejected, all_known)


def _are_known(table: pa.Table) -> bool:
    return all(known.issuperset(pc.unique(table[name]).to_pylist()) for name, known in _KNOWN.items())


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


def _spot(batches: Sequence[Batch], index: int) -> Spot:
    for batch in batches:
        if index < batch.table.num_rows:
            return batch.spot_of_valid(index)
        index -= batch.table.num_rows
    raise IndexError(index)


def in_words(row: Rejection) -> str:
    """A rejected row in a line: its place, the field, the value, the problem."""
    value = "" if row.value is None else f" {_shown(row.value)}"
    return f"{row.spot.place(row.field)}: {row.field or 'the row'}{value} {row.problem}"


def rejected_frame(rejected: Sequence[Rejection]) -> pl.DataFrame:
    """The rejected rows as a frame of texts: `place`, `field`, `problem`, `value`."""
    columns = {
        "place": [row.spot.place(row.field) for row in rejected],
        "field": [row.field for row in rejected],
        "problem": [row.problem for row in rejected],
        "value": [None if row.value is None else printable(row.value) for row in rejected],
    }
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def _shown(value: object) -> str:
    quoted = isinstance(value, str) and not isinstance(value, Number)
    return f'"{printable(value)}"' if quoted else printable(value)


def printable(value: Any) -> str:
    """A value as a short text that cannot upset a terminal."""
    text = value if isinstance(value, str) else str(value)
    text = text[: _SHOWN_CHARACTERS - 1] + "…" if len(text) > _SHOWN_CHARACTERS else text
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode("ascii") for mark in text)
