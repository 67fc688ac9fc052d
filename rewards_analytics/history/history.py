"""`History`: the public class."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal

from rewards_analytics.analysis.arguments import day
from rewards_analytics.errors import ArgumentError, InvalidRewardsError, RewardsError, SourceError
from rewards_analytics.history import frames, table
from rewards_analytics.history.location import Location
from rewards_analytics.loading.load import load
from rewards_analytics.schema import KEY

_ENGINES: Final = {"polars": frames.polars_frame}


class History:
    """Snapshots of rewards, one a day, in a Delta table.

    Parameters
    ----------
    path
        A local folder, or the URL of an object store (`s3://`, `gs://`, `abfs://`). The first `append` makes it.
    storage_options
        Settings of the object store, as deltalake takes them; those of the environment if None.
    """

    def __init__(self, path: str | os.PathLike[str], *, storage_options: Mapping[str, str] | None = None) -> None:
        table.require_deltalake()
        self._location = Location.of(path, storage_options)

    def dates(self) -> list[date]:
        """Days that have a snapshot, ascending."""
        version = table.current(self._location)
        return [] if version is None else version.dates

    def append(self, rewards: object, on: date) -> None:
        """Write the snapshot of one day, in place of the one that the day has."""
        import polars as pl
        from deltalake import WriterProperties, write_deltalake
        from deltalake.exceptions import CommitFailedError
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        if on is None or day(on, name="on") > day(None):
            raise ArgumentError(f"on={on!r} is not a day up to today in UTC, {day(None)}.")
        snapshot = load(rewards).sort(*KEY, "guid", nulls_last=True).with_columns(pl.lit(on).alias(table.TAKEN_ON))
        if not len(snapshot):
            raise InvalidRewardsError(f"The snapshot of {on} holds no rewards. Nothing was written: look at the pull.")
        if table.current(self._location) is None:
            table.create(self._location)
        try:
            for attempt in Retrying(
                retry=retry_if_exception_type(CommitFailedError),
                stop=stop_after_attempt(20),
                wait=wait_random_exponential(multiplier=0.05, max=2),
                reraise=True,
            ):
                with attempt:
                    write_deltalake(
                        self._location.uri,
                        snapshot,
                        mode="overwrite",
                        predicate=f"{table.TAKEN_ON} = '{on}'",
                        writer_properties=WriterProperties(compression="ZSTD", compression_level=1),
                        storage_options=self._location.options,
                    )
        except CommitFailedError as error:
            raise RewardsError(f"The snapshot of {on} was not written: other writers were faster ({error}).") from error

    def scan(
        self,
        start: date | None = None,
        end: date | None = None,
        engine: Literal["polars"] = "polars",
        *,
        session: object = None,
    ) -> Any:
        """Rewards of the snapshots from `start` to `end`, both included, as a lazy frame: one row a reward and day."""
        if engine not in _ENGINES:
            raise ArgumentError.not_one_of("engine", engine, _ENGINES)
        version = self._with_days()
        return _ENGINES[engine](version, [*version.between(start, end)], session)

    def _with_days(self) -> table.Version:
        version = table.current(self._location)
        if version is None or not version.parts:
            raise SourceError(f"The history {self._location.uri} has no snapshot yet. append() writes one.")
        return version
