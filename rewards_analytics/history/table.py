"""The Delta table of a history: how it is made, opened and written, and which files a version has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

import pyarrow as pa

from rewards_analytics.errors import MissingDependencyError, RewardsError, SourceError
from rewards_analytics.history import checkpoints
from rewards_analytics.history.faults import unreadable
from rewards_analytics.history.location import Location
from rewards_analytics.loading.by_user import ROW_GROUP
from rewards_analytics.loading.chunk import TYPES
from rewards_analytics.loading.delta import features_not_read, refuse
from rewards_analytics.schema import TAKEN_ON

if TYPE_CHECKING:
    import polars as pl
    from deltalake import DeltaTable

SCHEMA: Final = TYPES.append(pa.field(TAKEN_ON, pa.date32()))
"""The columns of a history: those of a reward, and the day of its snapshot."""

_CONFIGURATION: Final = {
    # Delta keeps the least and the greatest value of each column as floats, and a reader that leaves files out by them
    # loses rows of large amounts. It gets none of `balance`.
    "delta.dataSkippingStatsColumns": "user_guid,expires_on",
    # A broken checkpoint can be made again as long as every commit is there. A commit has 2 kB.
    "delta.enableExpiredLogCleanup": "false",
    "delta.checkpointInterval": "10",
}

_ROWS: Final = 1 << 18

_used_in: int | None = None
"""The process that has used deltalake."""


class Part(NamedTuple):
    """A file of a version: rewards of one day."""

    taken_on: date
    path: str
    rewards: int
    size_bytes: int


class Version:
    """The table as it was when it was opened."""

    def __init__(self, table: DeltaTable, location: Location) -> None:
        self.table = table
        self.location = location
        self.parts = sorted(
            Part(file[f"partition.{TAKEN_ON}"], file["path"], file["num_records"] or 0, file["size_bytes"])
            for file in pa.table(table.get_add_actions(flatten=True)).to_pylist()
        )

    @property
    def dates(self) -> list[date]:
        """Days that have a snapshot, ascending."""
        return sorted({part.taken_on for part in self.parts})

    def between(self, start: date | None, end: date | None) -> Iterator[Part]:
        """Files of the days from `start` to `end`, both included."""
        for part in self.parts:
            if (start is None or start <= part.taken_on) and (end is None or part.taken_on <= end):
                yield part

    def uri_of(self, part: Part) -> str:
        """Absolute path or URL of a file."""
        return f"{self.location.uri}/{part.path}"

    def members_of(self, on: date) -> int:
        """Number of the file with the members of a day, 0 if it has none."""
        return self.table.transaction_version(_members_key(on)) or 0


def require_deltalake() -> None:
    """Refuse to go on without the extra."""
    try:
        import deltalake  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra("deltalake", "delta") from error


def current(location: Location) -> Version | None:
    """Open the current version; None if the table does not exist yet."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError, TableNotFoundError

    _refuse_fork()
    location.refuse_other_content()
    try:
        table = DeltaTable(location.uri, storage_options=location.table_options)
    except TableNotFoundError as error:
        if "Unknown scheme" in str(error):
            raise unreadable(location.name, error, "Name a folder, or the URL of an object store.") from error
        return None
    except DeltaError as error:
        table = checkpoints.repaired(location, error)
    except OSError as error:
        raise unreadable(location.name, error) from error
    refuse(features_not_read(table), location.name)
    _refuse_other_schema(table, location)
    return Version(table, location)


def _refuse_fork() -> None:
    """Refuse to use deltalake where it would panic: after a fork, without the threads that it had started."""
    global _used_in
    _used_in = _used_in or os.getpid()
    if _used_in != os.getpid():
        raise RewardsError(
            "This process was forked from one that had used deltalake, whose threads a fork does not have. Start "
            'processes with multiprocessing.get_context("spawn"), or with "forkserver".'
        )


def create(location: Location) -> Version:
    """Make an empty table, and open it; one that another writer has made meanwhile stays."""
    from deltalake import DeltaTable

    table = DeltaTable.create(
        location.uri,
        SCHEMA,
        mode="ignore",
        partition_by=[TAKEN_ON],
        configuration=_CONFIGURATION,
        storage_options=location.table_options,
    )
    return Version(table, location)


def commit(version: Version, on: date, rewards: pl.DataFrame, members: int) -> None:
    """Replace a day in one commit, which also names the file with the members of that day.

    Raises
    ------
    CommitFailedError
        Another writer has changed the same day since `version` was opened.
    """
    import polars as pl
    from deltalake import CommitProperties, Transaction, WriterProperties, write_deltalake

    write_deltalake(
        version.table,
        _arrow(rewards.with_columns(pl.lit(on).alias(TAKEN_ON))),
        mode="overwrite",
        predicate=f"{TAKEN_ON} = '{on}'",
        writer_properties=WriterProperties(compression="ZSTD", compression_level=1, max_row_group_size=ROW_GROUP),
        commit_properties=CommitProperties(app_transactions=[Transaction(_members_key(on), members)]),
    )


def _arrow(rewards: pl.DataFrame) -> pa.RecordBatchReader:
    """Stream rows as Arrow's plain strings: files keep the type, and not every reader takes Polars' views."""
    import polars as pl

    tables = (part.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(SCHEMA) for part in rewards.iter_slices(_ROWS))
    return pa.RecordBatchReader.from_batches(SCHEMA, (batch for table in tables for batch in table.to_batches()))


def _members_key(on: date) -> str:
    return f"rewards_analytics.members/{on}"


def _refuse_other_schema(table: DeltaTable, location: Location) -> None:
    found = pa.schema(table.schema().to_arrow())
    wanted = {field.name: field.type for field in SCHEMA}
    partitions = table.metadata().partition_columns
    if {field.name: field.type for field in found} == wanted and partitions == [TAKEN_ON]:
        return
    raise SourceError(
        f"The Delta table {location.name} is not a history. Its columns: {_listed(found)}; partitioned by: "
        f"{', '.join(partitions) or 'nothing'}. Those of a history: {_listed(SCHEMA)}; partitioned by: {TAKEN_ON}. "
        "Name another folder."
    )


def _listed(schema: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in schema)
