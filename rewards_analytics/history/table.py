"""The Delta table of a history: how it is made, opened and checked, and which files its current version has."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from rewards_analytics.errors import MissingDependencyError, SourceError
from rewards_analytics.history.location import Location
from rewards_analytics.loading.chunk import TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deltalake import DeltaTable

TAKEN_ON: Final = "taken_on"

SCHEMA: Final = TYPES.append(pa.field(TAKEN_ON, pa.date32()))
"""The columns of a history: a reward's, and the day of its snapshot."""

_CONFIGURATION: Final = {
    # Delta keeps the least and the greatest value of a column as floats, so that a reader which passes files over by
    # them loses rows of large amounts. It gets none of `balance`.
    "delta.dataSkippingStatsColumns": "user_guid,expires_on",
    # A broken checkpoint can be made again as long as every commit is there. A commit has some 2 kB.
    "delta.enableExpiredLogCleanup": "false",
    "delta.checkpointInterval": "10",
}


class Part(NamedTuple):
    """A file of the current version: rewards of one day."""

    taken_on: date
    path: str
    rewards: int
    size_bytes: int


class Version:
    """The table as it was when it was opened."""

    def __init__(self, table: DeltaTable, location: Location) -> None:
        self.table = table
        self.location = location
        found = pa.table(table.get_add_actions(flatten=True)).to_pylist()
        self.parts = sorted(
            Part(action[f"partition.{TAKEN_ON}"], action["path"], action["num_records"], action["size_bytes"])
            for action in found
        )

    @property
    def dates(self) -> list[date]:
        """The days that have a snapshot, ascending."""
        return sorted({part.taken_on for part in self.parts})

    def between(self, start: date | None, end: date | None) -> Iterator[Part]:
        """Files of the days from `start` to `end`."""
        for part in self.parts:
            if (start is None or start <= part.taken_on) and (end is None or part.taken_on <= end):
                yield part

    def uri_of(self, part: Part) -> str:
        """Absolute path or URL of a file."""
        return f"{self.location.uri}/{part.path}"


def require_deltalake() -> None:
    """Refuse to go on without the extra."""
    try:
        import deltalake  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra("deltalake", "delta") from error


def current(location: Location) -> Version | None:
    """Open the current version; None where there is no table yet."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError, TableNotFoundError

    location.refuse_other_content()
    try:
        table = DeltaTable(location.uri, storage_options=location.options)
    except TableNotFoundError:
        return None
    except (DeltaError, OSError, ValueError) as error:
        raise SourceError(f"The history {location.uri} cannot be read: {error}.") from error
    _refuse_other_schema(table, location)
    return Version(table, location)


def create(location: Location) -> None:
    """Make an empty table; one that is there already, or is being made, stays."""
    from deltalake import DeltaTable

    DeltaTable.create(
        location.uri,
        SCHEMA,
        mode="ignore",
        partition_by=[TAKEN_ON],
        configuration=_CONFIGURATION,
        storage_options=location.options,
    )


def _refuse_other_schema(table: DeltaTable, location: Location) -> None:
    found = pa.schema(table.schema().to_arrow())
    wanted = {field.name: field.type for field in SCHEMA}
    if {field.name: field.type for field in found} != wanted or table.metadata().partition_columns != [TAKEN_ON]:
        columns, partitions = (", ".join(names) for names in (found.names, table.metadata().partition_columns))
        raise SourceError(
            f"The Delta table {location.uri} is not a history: its columns are {columns}, partitioned by "
            f"[{partitions}]; a history has {', '.join(wanted)}, partitioned by [{TAKEN_ON}]. Name another folder."
        )
