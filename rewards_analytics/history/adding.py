"""Adding a day whose Parquet files were written before: for more rewards than a frame can hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from rewards_analytics.history.faults import writing
from rewards_analytics.history.location import Location
from rewards_analytics.history.table import SCHEMA
from rewards_analytics.schema import TAKEN_ON

_WITH_STATISTICS: Final = ("user_guid", "expires_on")
"""The columns of which a history keeps the least and the greatest value of each file."""


def day_folder(table: Path, on: date) -> Path:
    """Folder of the files of a day."""
    return table / f"{TAKEN_ON}={on}"


def add(table: Path, on: date, files: Sequence[Path]) -> None:
    """Commit a day that the table does not have.

    Parameters
    ----------
    table
        Folder of a table that `create` made.
    on
        The day.
    files
        Files in `day_folder` with the ten columns: valid rewards, in the order of the holdings' keys.

    Raises
    ------
    RewardsError
        The day cannot be committed.
    """
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

    location = Location.of(table, None)
    with writing(location.name, f"The snapshot of {on} was not written to"):
        actions = [
            AddAction(
                path=file.relative_to(table).as_posix(),
                size=file.stat().st_size,
                partition_values={TAKEN_ON: str(on)},
                modification_time=int(file.stat().st_mtime * 1000),
                data_change=True,
                stats=json.dumps(_statistics(file)),
            )
            for file in files
        ]
        DeltaTable(location.uri).create_write_transaction(actions, "append", SCHEMA, [TAKEN_ON])


def _statistics(file: Path) -> dict[str, Any]:
    metadata = pq.read_metadata(file)
    found: dict[str, Any] = {"numRecords": metadata.num_rows, "minValues": {}, "maxValues": {}, "nullCount": {}}
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    for name in _WITH_STATISTICS:
        columns = [group.column(metadata.schema.names.index(name)).statistics for group in groups]
        found["nullCount"][name] = sum(column.null_count for column in columns)
        bounds = [(column.min, column.max) for column in columns if column.has_min_max]
        if bounds:
            found["minValues"][name] = str(min(least for least, _ in bounds))
            found["maxValues"][name] = str(max(greatest for _, greatest in bounds))
    return found
