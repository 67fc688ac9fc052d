"""Checkpoints, which sum up the commits before them: a broken one is made again from the commits.

Without it nothing opens the table, although nothing is lost: neither Delta's own library nor Polars looks past it.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

import pyarrow.fs

from rewards_analytics.files import temporary_folder
from rewards_analytics.history.faults import reading, unreadable
from rewards_analytics.history.location import Location
from rewards_analytics.loading.delta import LOG

if TYPE_CHECKING:
    from deltalake import DeltaTable

_COMMIT: Final = re.compile(r"(\d{20})\.json")
_CHECKPOINT: Final = re.compile(r"(\d{20})\.checkpoint\..*")
_HINT: Final = "_last_checkpoint"
"""Names the version of the last checkpoint, as JSON."""


def repaired(location: Location, error: Exception) -> DeltaTable:
    """Remove the checkpoints of a table that does not open, make a new one, and open the table.

    Nothing is removed unless every commit is there and all of them make a table.

    Raises
    ------
    SourceError
        The table cannot be repaired.
    """
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    with reading(location.name):
        found = location.files.get_file_info(pyarrow.fs.FileSelector(LOG))
    names = [file.base_name for file in found]
    commits = sorted(name for name in names if _COMMIT.fullmatch(name))
    versions = {name: int(match[1]) for name in names if (match := _CHECKPOINT.fullmatch(name))}
    if _HINT in names:
        versions[_HINT] = _hinted(location)
    if not versions:
        raise unreadable(location.name, error, f"Restore its {LOG} from a backup.") from error
    expected = [f"{number:020}.json" for number in range(len(commits))]
    if commits != expected or len(commits) <= max(versions.values()):
        advice = f"A checkpoint is broken, and commits to make it again are missing. Restore {LOG} from a backup."
        raise unreadable(location.name, error, advice) from error
    with temporary_folder("rewards-history-") as copy:
        (copy / LOG).mkdir()
        for name in commits:
            with reading(location.name), location.files.open_input_file(f"{LOG}/{name}") as file:
                (copy / LOG / name).write_bytes(file.read())
        try:
            DeltaTable(str(copy))
        except DeltaError as damaged:
            advice = f"A commit of the table is damaged, not only a checkpoint. Restore its {LOG} from a backup."
            raise unreadable(location.name, damaged, advice) from damaged
    with reading(location.name):
        for name in versions:
            try:
                location.files.delete_file(f"{LOG}/{name}")
            except FileNotFoundError:
                continue  # another process repairs it, too
        table = DeltaTable(location.uri, storage_options=location.table_options)
        table.create_checkpoint()
    return table


def _hinted(location: Location) -> int:
    """Version that the hint names, 0 if it is damaged."""
    with reading(location.name), location.files.open_input_file(f"{LOG}/{_HINT}") as file:
        try:
            version = json.loads(file.read())["version"]
        except (ValueError, TypeError, KeyError):
            return 0
    return version if isinstance(version, int) else 0
