"""Delta tables: the files that are part of the current version, and what their log says about each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import pyarrow as pa

from rewards_analytics.errors import MissingDependencyError, SourceError
from rewards_analytics.schema import FIELDS

LOG: Final = "_delta_log"

_READ: Final = {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", "typeWidening", "typeWidening-preview"}
"""Features of a table that change nothing in how its files are read."""


def current_files(folder: Path) -> Iterator[tuple[str, dict[str, str | None]]]:
    """The path of each file of the table, and the columns that are not in it.

    A column of a partition is in the log alone. One that was added to the table later is null in the older files.
    """
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{folder} is a Delta table. {MissingDependencyError.for_extra('deltalake', 'delta')}"
        ) from error
    try:
        table = DeltaTable(folder)
        features = set(table.protocol().reader_features or ())
        features -= _READ
        if "deletionVectors" in features and not pa.table(table.deletion_vectors()).num_rows:
            features.discard("deletionVectors")  # it may have them, and does not
        if table.metadata().configuration.get("delta.columnMapping.mode", "none") == "none":
            features.discard("columnMapping")
        else:
            features.add("columnMapping")
        columns = {field.name for field in table.schema().fields}
        actions = pa.table(table.get_add_actions(flatten=False)).to_pylist()
    except (DeltaError, OSError, ValueError) as error:
        raise SourceError(f"{folder} is not a Delta table that can be read ({error}).") from error
    if features:
        raise SourceError(
            f"The Delta table {folder} uses {', '.join(sorted(features))}, which is not read here. Read it with an "
            "engine that does (such as Spark) and pass the frame, or rewrite the table without."
        )
    absent: dict[str, str | None] = dict.fromkeys(name for name in FIELDS if name in columns)
    for action in sorted(actions, key=lambda action: str(action["path"])):
        path = unquote(action["path"])
        partition = {name: _text(value) for name, value in (action.get("partition") or {}).items() if name in FIELDS}
        yield path if "://" in path else str(folder / path), absent | partition


def _text(value: object) -> str | None:
    return None if value is None else str(value)
