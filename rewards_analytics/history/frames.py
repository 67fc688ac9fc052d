"""Files of some days as a lazy frame, one function per engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rewards_analytics.errors import ArgumentError
from rewards_analytics.history.table import SCHEMA, TAKEN_ON, Part, Version

if TYPE_CHECKING:
    import polars as pl


def polars_frame(version: Version, parts: Sequence[Part], session: object) -> pl.LazyFrame:  # noqa: ARG001
    """Scan the files; a condition on `taken_on` passes over those of other days."""
    import polars as pl

    if not parts:
        return pl.DataFrame(pl.from_arrow(SCHEMA.empty_table())).lazy()
    # Polars takes every folder of the path that is named like `x=y` for a column.
    above = [name for name, equals, _ in (step.partition("=") for step in version.location.uri.split("/")) if equals]
    if taken := [name for name in above if name in SCHEMA.names]:
        raise ArgumentError(
            f"{version.location.uri} lies in a folder that is named like a column: {taken[0]}=…. Move the history."
        )
    return pl.scan_parquet(
        [version.uri_of(part) for part in parts],
        glob=False,
        hive_partitioning=True,
        hive_schema={**dict.fromkeys(above, pl.String), TAKEN_ON: pl.Date},
        storage_options=version.location.options or None,
    ).select(SCHEMA.names)
