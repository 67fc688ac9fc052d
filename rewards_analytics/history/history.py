"""`History`: the public class."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from rewards_analytics.analysis.arguments import day, whole_number
from rewards_analytics.errors import (
    ArgumentError,
    InvalidRewardsError,
    MissingDependencyError,
    RewardsError,
    SourceError,
)
from rewards_analytics.forks import refuse_lost_threads
from rewards_analytics.history.location import Location
from rewards_analytics.history.table import Version, commit, create, current, require_deltalake
from rewards_analytics.history.vacuum import RETENTION_HOURS
from rewards_analytics.loading.load import load
from rewards_analytics.loading.scan import EXTRAS
from rewards_analytics.schema import KEY
from rewards_analytics.wording import count

if TYPE_CHECKING:
    import dask.dataframe as dd
    import duckdb
    import polars as pl
    import pyspark.sql

_ATTEMPTS: Final = 20
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 2.0


class History:
    """Snapshots of rewards, one a day, kept in a Delta table.

    Each day is one partition (`taken_on`) and is written in one atomic commit: a reader sees a whole day or nothing,
    even after a writer was killed. Other readers of Delta tables can read it. Rows are sorted by the key of a holding.

    Parameters
    ----------
    path
        A local folder, or the URL of an object store (`s3://`, `gs://`, `abfs://`). The first `append` creates the
        table.
    storage_options
        Settings of the object store, as deltalake takes them; they are added to those of the environment. They are
        never shown.

    Raises
    ------
    MissingDependencyError
        deltalake is not installed (extra `delta`).

    Examples
    --------
    >>> import tempfile
    >>> reward = {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "balance_type": "BALANCE",
    ...           "unit_type": "MILES", "balance": "1200"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     history = History(folder)
    ...     history.append([reward], date(2026, 11, 23))
    ...     history.append([reward | {"balance": "1250.5"}], date(2026, 11, 24))
    ...     history.dates()
    ...     history.scan(start=date(2026, 11, 24)).select("taken_on", "guid", "balance").collect().rows()
    [datetime.date(2026, 11, 23), datetime.date(2026, 11, 24)]
    [(datetime.date(2026, 11, 24), 'RWD-1', Decimal('1250.500000000'))]
    """

    def __init__(self, path: str | os.PathLike[str], *, storage_options: Mapping[str, str] | None = None) -> None:
        require_deltalake()
        self._location = Location.of(path, storage_options)

    def append(self, rewards: object, on: date, members: object = None) -> None:
        """Write the snapshot of one day. It replaces that day's snapshot if there is one.

        The day changes in one commit, rewards and members together: after an error or a kill it is either unchanged or
        completely replaced. If two writers write the same day, the last one replaces the whole day. Days may be written
        in any order.

        Parameters
        ----------
        rewards
            Anything that `load` takes. An invalid row is an error.
        on
            The day of the snapshot, up to today in UTC.
        members
            A frame like `pull(…).freshness`: `user_guid, member_guid, connection_status, aggregated_at, rewards`. If
            None, the day has no members.

        Raises
        ------
        InvalidRewardsError
            Invalid rows, or no rows: an empty snapshot is a failed pull.
        ArgumentError
            `on` is not a date, has a time of day, or lies in the future.
        SourceError
            The path is not a history, or cannot be read.
        RewardsError
            The snapshot cannot be written, or other writers kept changing the day.
        """
        from rewards_analytics.history.members import typed

        refuse_lost_threads()
        if on is None:
            raise ArgumentError("on=None is not a date. Pass the day of the snapshot.")
        if day(on, name="on") > (today := day(None)):
            raise ArgumentError(f"on={on} is in the future: today is {today} in UTC. Pass the day of the snapshot.")
        snapshot = load(rewards).sort(*KEY, "guid", nulls_last=True)
        if snapshot.is_empty():
            raise InvalidRewardsError(
                f"The snapshot of {on} has no rewards, as after a failed pull. Nothing was written. Pull again."
            )
        self._commit(on, snapshot, None if members is None else typed(members))

    def _commit(self, on: date, rewards: pl.DataFrame, members: pl.DataFrame | None) -> None:
        from deltalake.exceptions import CommitFailedError
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

        from rewards_analytics.history.faults import in_words, writing
        from rewards_analytics.history.members import write

        number: int | None = None
        attempts = Retrying(
            retry=retry_if_exception_type(CommitFailedError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=_FIRST_PAUSE_S, max=_LONGEST_PAUSE_S),
            reraise=True,
        )
        with writing(self._location.name, f"The snapshot of {on} was not written to"):
            try:
                for attempt in attempts:
                    with attempt:
                        version = current(self._location) or create(self._location)
                        if number is None:
                            number = write(self._location, on, members)
                        commit(version, on, rewards, number)
            except CommitFailedError as error:
                raise RewardsError(
                    f"The snapshot of {on} was not written to {self._location.name}: other writers changed the day "
                    f"{_ATTEMPTS} times meanwhile ({in_words(error)}). Let one process write a day."
                ) from error

    def dates(self) -> list[date]:
        """Days that have a snapshot, ascending; an empty list before the first `append`."""
        version = current(self._location)
        return [] if version is None else version.dates

    @overload
    def scan(
        self,
        start: date | None = None,
        end: date | None = None,
        engine: Literal["polars"] = "polars",
        *,
        session: None = None,
    ) -> pl.LazyFrame: ...
    @overload
    def scan(
        self,
        start: date | None = None,
        end: date | None = None,
        *,
        engine: Literal["duckdb"],
        session: duckdb.DuckDBPyConnection | None = None,
    ) -> duckdb.DuckDBPyRelation: ...
    @overload
    def scan(
        self, start: date | None = None, end: date | None = None, *, engine: Literal["dask"], session: None = None
    ) -> dd.DataFrame: ...
    @overload
    def scan(
        self,
        start: date | None = None,
        end: date | None = None,
        *,
        engine: Literal["pyspark"],
        session: pyspark.sql.SparkSession | None = None,
    ) -> pyspark.sql.DataFrame: ...
    def scan(
        self,
        start: date | None = None,
        end: date | None = None,
        engine: Literal["polars", "duckdb", "dask", "pyspark"] = "polars",
        *,
        session: Any = None,
    ) -> Any:
        """Rewards of some snapshots as a lazy frame, one row per reward and day, every amount exact.

        The frame reads the version that the table has at the call, so it does not see days that are written later. Only
        the files of the days from `start` to `end` are read.

        Parameters
        ----------
        start, end
            First and last day, both included. None leaves that end open.
        engine
            `"polars"` (LazyFrame), `"duckdb"` (relation), `"dask"` (DataFrame, a partition a day), `"pyspark"`
            (DataFrame).
        session
            A SparkSession (the active one if None), or a DuckDB connection (one of its own if None).

        Returns
        -------
        The ten columns of `load` and `taken_on` (date), with its types. Days without a snapshot have no rows.

        Raises
        ------
        SourceError
            The path is not a history, has no snapshot yet, or cannot be read.
        """
        if engine not in ("polars", *EXTRAS):
            raise ArgumentError.not_one_of("engine", engine, ("polars", *EXTRAS))
        refuse_lost_threads()
        version = self._between(start, end)
        from rewards_analytics.history.frames import ENGINES

        try:
            return ENGINES[engine](version, [*version.between(start, end)], session)
        except ModuleNotFoundError as error:
            raise MissingDependencyError.for_extra(engine, EXTRAS[engine]) from error

    def members(self, start: date | None = None, end: date | None = None) -> pl.DataFrame:
        """Members of some snapshots, one row per member and day, by `taken_on`, `user_guid`, `member_guid`.

        Parameters
        ----------
        start, end
            First and last day, both included. None leaves that end open.

        Returns
        -------
        A Polars frame of `user_guid`, `member_guid`, `connection_status` (text), `aggregated_at` (timestamp, UTC),
        `rewards` (int) and `taken_on` (date). Days that were appended without members have no rows.

        Raises
        ------
        SourceError
            The path is not a history, has no snapshot yet, or cannot be read.
        """
        from rewards_analytics.history.faults import reading
        from rewards_analytics.history.members import read

        refuse_lost_threads()
        version = self._between(start, end)
        with reading(self._location.name):
            return read(version, start, end)

    def vacuum(self, *, retention_hours: int = RETENTION_HOURS) -> None:
        """Delete files that the table no longer needs, and write a checkpoint.

        These are the files of replaced days, and those that killed writers left behind.

        Parameters
        ----------
        retention_hours
            Files that were in use within this many hours stay: another process may still read or write them.

        Raises
        ------
        SourceError
            The path is not a history, has no snapshot yet, or cannot be read.
        RewardsError
            Files cannot be removed.
        """
        from rewards_analytics.history.faults import writing
        from rewards_analytics.history.vacuum import vacuum

        hours = whole_number(retention_hours, name="retention_hours", least=0)
        version = self._between(None, None)
        with writing(self._location.name, "Old files were not all removed from"):
            vacuum(version, hours)

    def _between(self, start: date | None, end: date | None) -> Version:
        for name, bound in (("start", start), ("end", end)):
            if bound is not None:
                day(bound, name=name)
        if start is not None and end is not None and start > end:
            raise ArgumentError(f"start={start} is after end={end}. Swap them.")
        version = current(self._location)
        if version is None or not version.parts:
            raise SourceError(
                f"The history {self._location.name} has no snapshot yet. Check the path, or write one with append()."
            )
        return version

    def __repr__(self) -> str:
        return f"History({self._location.name!r}): {self._content()}"

    def _repr_html_(self) -> str:
        name, content = escape(self._location.name), escape(self._content())
        return f'<p class="mathjax_ignore tex2jax_ignore"><strong>History</strong> <code>{name}</code><br>{content}</p>'

    def _content(self) -> str:
        """What the history holds, in a sentence."""
        try:
            version = current(self._location)
        except RewardsError as error:
            return str(error)
        if version is None or not version.parts:
            return "no snapshot yet."
        days = version.dates
        missing = (days[-1] - days[0]) // timedelta(days=1) + 1 - len(days)
        return (
            f"{count(len(days), 'snapshot')}, "
            + (f"{days[0]} to {days[-1]}" if len(days) > 1 else str(days[0]))
            + (f" ({count(missing, 'day')} between without one)" if missing else "")
            + f", {count(sum(part.rewards for part in version.parts), 'reward')}, "
            f"{_size(sum(part.size_bytes for part in version.parts))}."
        )


def _size(size_bytes: int) -> str:
    """Bytes in the largest fitting unit.

    >>> _size(999), _size(3_040_000_000)
    ('999 bytes', '3.0 GB')
    """
    for power, unit in ((4, "TB"), (3, "GB"), (2, "MB"), (1, "kB")):
        if size_bytes >= 1000**power:
            return f"{size_bytes / 1000**power:.1f} {unit}"
    return count(size_bytes, "byte")
