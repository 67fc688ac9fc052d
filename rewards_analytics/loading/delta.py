"""Delta tables: the files that are part of the current version, and what their log says about each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import pyarrow as pa

from rewards_analytics.errors import MissingDependencyError, SourceError
from rewards_analytics.schema import FIELDS

if TYPE_CHECKING:
    from deltalake import DeltaTable

LOG: Final = "_delta_log"

_READ: Final = {"timestampNtz", "v2Checkpoint", "vacuumProtocolCheck", "typeWidening", "typeWidening-preview"}
"""Features of a table that change nothing in how its files are read."""


def current_files(
    table: str, options: Mapping[str, str] = MappingProxyType({})
) -> Iterator[tuple[str, dict[str, str | None]]]:
    """The path in the table of each of its files (or an address of another store), and the columns that are not in it.

    `table` is a folder or an address; `options` say how to reach its store.

    A column of a partition is in the log alone. One that was added to the table later is null in the older files.
    """
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
    except ModuleNotFoundError as error:
        raise MissingDependencyError(
            f"{table} is a Delta table. {MissingDependencyError.for_extra('deltalake', 'delta')}"
        ) from error
    try:
        opened = DeltaTable(table, storage_options=dict(options))
        features = features_not_read(opened)
        columns = {field.name for field in opened.schema().fields}
        actions = pa.table(opened.get_add_actions(flatten=False)).to_pylist()
    except (DeltaError, OSError, ValueError) as error:
        raise SourceError(f"{table} is not a Delta table that can be read ({error}){_access(table)}.") from error
    refuse(features, table)
    absent: dict[str, str | None] = dict.fromkeys(name for name in FIELDS if name in columns)
    for action in sorted(actions, key=lambda action: str(action["path"])):
        path = unquote(action["path"])
        partition = {name: _text(value) for name, value in (action.get("partition") or {}).items() if name in FIELDS}
        yield path, absent | partition


def features_not_read(opened: DeltaTable) -> set[str]:
    """The features of a table by which its rows are not simply those of its files."""
    features = set(opened.protocol().reader_features or ()) - _READ
    if "deletionVectors" in features and not pa.table(opened.deletion_vectors()).num_rows:
        features.discard("deletionVectors")  # it may have them, and does not
    if opened.metadata().configuration.get("delta.columnMapping.mode", "none") == "none":
        features.discard("columnMapping")
    else:
        features.add("columnMapping")
    return features


def refuse(features: set[str], table: str) -> None:
    """Refuse a table that uses features which are not read."""
    if features:
        raise SourceError(
            f"The Delta table {table} uses {', '.join(sorted(features))}, which is not read here. Read it with an "
            "engine that does (such as Spark) and pass the frame, or rewrite the table without."
        )


def _access(table: str) -> str:
    """Where the access to a store comes from."""
    if "://" not in table:
        return ""
    return ". Set the credentials in the environment, or read it with deltalake and load the frame"


def _text(value: object) -> str | None:
    return None if value is None else str(value)
