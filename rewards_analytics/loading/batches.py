"""What decoding yields: valid rows in their final types, and the rejected ones with their places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

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


class Spot(NamedTuple):
    """Where a row stands: the file's name, the line, the path inside a JSON value (or `row 3`)."""

    name: str | None = None
    line: int | None = None
    path: str | None = None

    def place(self, field: str | None = None) -> str:
        """Say where the row stands, down to the field where a JSON path can tell.

        >>> Spot("export.ndjson", 17).place("balance")
        'export.ndjson:17'
        >>> Spot(None, None, "$.rewards[3]").place("balance")
        '$.rewards[3].balance'
        """
        line = None if self.line is None else str(self.line) if self.name else f"line {self.line}"
        inside = f"{self.path}.{field}" if field and self.path and self.path.startswith("$") else self.path
        return ":".join(part for part in (self.name, line, inside) if part)


class Rejection(NamedTuple):
    """One row that is not a valid reward, by its first problem in the order of the fields."""

    spot: Spot
    field: str | None
    problem: str
    value: object = None


@dataclass
class Batch:
    """Rows read together. `spot(ordinal)` places any row read, `kept` lists the ordinals of the valid ones."""

    table: pa.Table
    spot: Callable[[int], Spot]
    kept: np.ndarray | None = None
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows read, valid or not."""
        return int(self.table.num_rows) + len(self.rejected)

    def spot_of_valid(self, index: int) -> Spot:
        """Where the valid row number `index` stands."""
        return self.spot(index if self.kept is None else int(self.kept[index]))


Batches = Iterator[Batch]
