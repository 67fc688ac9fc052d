"""A chunk: the rows decoded from one block, the valid ones typed, the rejected ones with their places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from rewards_analytics.errors import SourceError
from rewards_analytics.schema import PRECISION, SCALE

TYPES: Final = pa.schema(
    [
        ("guid", pa.string()),
        ("user_guid", pa.string()),
        ("member_guid", pa.string()),
        ("account_guid", pa.string()),
        ("balance_type", pa.string()),
        ("unit_type", pa.string()),
        ("balance", pa.decimal128(PRECISION, SCALE)),
        ("expires_on", pa.date32()),
        ("created_at", pa.timestamp("us", "UTC")),
        ("description", pa.string()),
    ]
)
"""The ten columns and their types, whatever the source."""


class Place(NamedTuple):
    """Where a row is: the file's name, the line, the path inside a JSON value (or `row 3`)."""

    name: str | None = None
    line: int | None = None
    path: str | None = None

    def text(self, field: str | None = None) -> str:
        """The place in words, down to the field if there is a JSON path.

        >>> Place("export.ndjson", 17).text("balance")
        'export.ndjson:17'
        >>> Place(None, None, "$.rewards[3]").text("balance")
        '$.rewards[3].balance'
        """
        line = None if self.line is None else str(self.line) if self.name else f"line {self.line}"
        inside = f"{self.path}.{field}" if field and self.path and self.path.startswith("$") else self.path
        return ":".join(part for part in (self.name, line, inside) if part)


class Rejection(NamedTuple):
    """A row that is not a valid reward, with its first problem in the order of the fields."""

    place: Place
    field: str | None
    problem: str
    value: object = None
    note: str = ""
    """What messages say of the problem, where that differs from row to row."""


@dataclass
class Chunk:
    """Rows decoded together.

    Attributes
    ----------
    table
        The valid rows.
    place_of
        The place of any row read, by its ordinal in the block.
    kept
        The ordinals of the valid rows; None if all are valid.
    rejected
        The other rows.
    """

    table: pa.Table
    place_of: Callable[[int], Place]
    kept: np.ndarray | None = None
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows read, valid or not."""
        return int(self.table.num_rows) + len(self.rejected)

    def place_of_valid(self, index: int) -> Place:
        """The place of the valid row number `index`."""
        return self.place_of(index if self.kept is None else int(self.kept[index]))


def disagreement(place: Place, field: str, own: object, given: object) -> SourceError:
    """The error for a row that contradicts the place of its file."""
    return SourceError(
        f"{place.text(field)}: {field} is {str(own)!r}, and the place of the file says {given!r}. Correct the row, or "
        "move the file."
    )
