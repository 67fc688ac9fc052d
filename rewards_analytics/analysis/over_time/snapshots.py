"""A history as an input of an analysis: its days, and access to the rewards of each day."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any, Final, Generic, Protocol, TypeAlias, runtime_checkable

import narwhals as nw
from narwhals.dtypes import DType
from narwhals.exceptions import NarwhalsError

from rewards_analytics.analysis.order import order_of
from rewards_analytics.engines import (
    CallerFrame,
    DataFrame,
    IntoFrameT,
    LazyFrame,
    Order,
    PolarsLazyFrame,
    Wanted,
    ends_of_spans,
    from_batches,
    from_caller,
    in_order,
    is_frame,
    rereadable,
)
from rewards_analytics.errors import FrameError, RewardsWarning, SourceError
from rewards_analytics.schema import TAKEN_ON

MOST_REWARDS: Final = 200_000
"""Rewards of several days that are taken together."""

MOST_OF_A_DAY: Final = 2_000_000
"""Rewards of a day that are taken together; of a larger day, those of some users."""

Users: TypeAlias = tuple[str | None, str | None]
"""A span of users: after the first, and up to the last; None for no bound."""


@runtime_checkable
class StoredHistory(Protocol):
    """The interface of a history that is not a frame, such as `rewards_analytics.History`."""

    def dates(self) -> list[date]:
        """Days that have a snapshot, ascending."""

    def scan(self, start: date | None = None, end: date | None = None) -> Any:
        """Rewards of the days from `start` to `end`, both included, with `taken_on`: a lazy Polars frame."""


@dataclass(frozen=True)
class Snapshots(Generic[IntoFrameT]):
    """A history as the analyses over time compute on it.

    Attributes
    ----------
    table
        The rewards of all days in one frame, with `taken_on`.
    dates
        The days that have a snapshot, ascending.
    is_stored
        Whether the history is a `StoredHistory`. Then an analysis reads it day by day (`read`), one or two in memory,
        and returns a Polars LazyFrame. If the days are large, it does so for some users after others (`by_users`).
        Otherwise one query on `table` computes all days.
    columns
        The columns of `table` without `taken_on`.
    asked_by
        The function that the caller called, for the error messages.
    users, spans
        The users whose rewards are read, and how many such spans the history is taken in.
    """

    table: CallerFrame[IntoFrameT]
    dates: Sequence[date]
    is_stored: bool
    columns: Sequence[str]
    asked_by: str
    users: Users = (None, None)
    spans: int = 1
    _counts: dict[tuple[date, date], dict[date, int]] = field(default_factory=dict, repr=False, compare=False)

    def by_users(self) -> list[Snapshots[IntoFrameT]]:
        """A stored history in spans of users, ascending, none of which has many rewards on any day."""
        if not (self.is_stored and self.dates and self.spans == 1):
            return [self]
        rewards = self.count_by_day(self.dates[0], self.dates[-1])
        most = max(rewards.values(), default=0)
        if most <= MOST_OF_A_DAY:
            return [self]
        largest = nw.col(TAKEN_ON) == nw.lit(max(rewards, key=rewards.__getitem__))
        of_day = nw.from_native(self._native).filter(largest).to_native()
        ends = ends_of_spans(of_day, "user_guid", -(-most // MOST_OF_A_DAY))
        return [replace(self, users=users, spans=len(ends) + 1) for users in pairwise([None, *ends, None])]

    @property
    def pairs(self) -> list[tuple[date, date]]:
        """Each day with the one after it."""
        return list(pairwise(self.dates))

    @property
    def last(self) -> date | None:
        """The day of the last snapshot, None if there is none."""
        return self.dates[-1] if self.dates else None

    def of_day(self, day: date, query: Callable[[LazyFrame], LazyFrame]) -> LazyFrame:
        """The answer of a query on the rewards of one day."""
        if self.is_stored:
            return self.read(day, query).lazy()
        return query(self.table.frame.filter(nw.col(TAKEN_ON) == nw.lit(day)))

    def of_all_days(self, query: Callable[[LazyFrame], LazyFrame]) -> DataFrame:
        """The answer of a query that leaves few rewards of the whole history."""
        if self.is_stored and self.dates:
            return self.read(self.dates[0], query, self.dates[-1])
        return self.table.collect(query(self.table.frame))

    def read(self, day: date, query: Callable[[LazyFrame], LazyFrame], until: date | None = None) -> DataFrame:
        """Read one day of a stored history, or all until another one, and answer a query on their rewards."""
        # Filtered before the columns are checked, so that only the files of the days are read.
        after, last = self.users
        wanted = nw.col(TAKEN_ON).is_between(nw.lit(day), nw.lit(until or day))
        if after is not None:
            wanted &= nw.col("user_guid") > nw.lit(after)
        if last is not None:
            of_users = nw.col("user_guid") <= nw.lit(last)
            # The first users are read with rewards of none, which are refused.
            wanted &= of_users if after is not None else of_users | nw.col("user_guid").is_null()
        rewards = nw.from_native(self._native).filter(wanted).to_native()
        days = from_caller(rewards, [*self.columns, TAKEN_ON], asked_by=self.asked_by)
        try:
            return days.collect(query(days.frame))
        except (NarwhalsError, OSError) as error:  # a file is damaged, or not there any more
            raise SourceError.for_snapshot(day, until or day, error) from error

    def count_by_day(self, first: date, last: date) -> dict[date, int]:
        """The number of rewards of each day of a stored history, which its files know without being read.

        For a span of users it is an estimate.
        """
        if (first, last) not in self._counts:
            days = nw.from_native(self._native).filter(nw.col(TAKEN_ON).is_between(nw.lit(first), nw.lit(last)))
            try:
                counted = dict(self.table.collect(days.group_by(TAKEN_ON).agg(rewards=nw.len())).iter_rows())
            except (NarwhalsError, OSError):
                return {}  # reading the days will raise the error that names the day
            self._counts[first, last] = counted
        return {day: rewards // self.spans for day, rewards in self._counts[first, last].items()}

    @property
    def _native(self) -> Any:
        return self.table.native

    def to_caller(
        self, result: str, schema: Mapping[str, DType], compute: Callable[[], LazyFrame | DataFrame]
    ) -> PolarsLazyFrame | IntoFrameT:
        """Return a result in its order (`order_of`) as the caller's kind of frame; a stored history's is lazy."""
        columns, descending = order_of(result)
        if not self.is_stored:
            return self.table.to_caller(compute(), columns, descending)

        def batches(_: Wanted) -> Iterator[DataFrame]:
            rows = self.table.collect(compute().lazy())
            yield rows.sort(*columns, descending=descending, nulls_last=True)

        return from_batches(schema, batches)

    def to_caller_by_users(
        self, result: str, schema: Mapping[str, DType], compute: Callable[[Snapshots[Any]], LazyFrame | DataFrame]
    ) -> PolarsLazyFrame | IntoFrameT:
        """As `to_caller`, for a result that looks at each user by itself: of a stored history, some at a time."""
        if not self.is_stored:
            return self.to_caller(result, schema, lambda: compute(self))

        def batches(_: Wanted) -> Iterator[DataFrame]:
            rows = (self.table.collect(compute(span).lazy()) for span in self.by_users())
            return sorted_batches(rows, Order(*order_of(result), ascending="user_guid"))

        return from_batches(schema, batches)


def sorted_batches(rows: Iterator[DataFrame], order: Order) -> Iterator[DataFrame]:
    """Yield rows in order, also if they do not fit in memory."""
    return map(nw.from_native, in_order((batch.to_native() for batch in rows), order))


def runs(days: Iterable[date], rewards: Mapping[date, int]) -> Iterator[list[date]]:
    """Split days into runs that have `MOST_REWARDS` together at most; a day whose number is not known stands alone."""
    run: list[date] = []
    size = 0
    for day in days:
        more = rewards.get(day, MOST_REWARDS)
        if run and size + more > MOST_REWARDS:
            yield run
            run, size = [], 0
        run.append(day)
        size += more
    if run:
        yield run


def from_history(
    history: StoredHistory | IntoFrameT, columns: Sequence[str], *, asked_by: str, compares: bool = False
) -> Snapshots[IntoFrameT]:
    """Take a history in: a `StoredHistory`, or a frame of any supported kind with a column `taken_on`.

    The days are read at once, also of a lazy frame.

    Parameters
    ----------
    history
        What the caller passed.
    columns
        The columns that are read; `taken_on` always is.
    asked_by
        The function that the caller called, for the error messages.
    compares
        Whether the function compares snapshots: then a `RewardsWarning` says that a history of one day has no other.
    """
    snapshots = _snapshots(history, columns, asked_by)
    if compares and len(snapshots.dates) == 1:
        warnings.warn(
            f"{asked_by}() compares one snapshot with the next, and the history has only that of {snapshots.last}: "
            "it shows no movement. Take a snapshot on another day.",
            RewardsWarning,
            stacklevel=3,
        )
    return snapshots


def _snapshots(history: Any, columns: Sequence[str], asked_by: str) -> Snapshots[Any]:
    if is_frame(history):
        history = rereadable(history, asked_by=asked_by)
        table = from_caller(history, [*columns, TAKEN_ON], asked_by=asked_by)
        # Checked here, and not in `table`: there a check would keep an engine from reading only some days.
        days = from_caller(history, [TAKEN_ON], asked_by=asked_by, required=[TAKEN_ON])
        # Grouped, because PySpark sorts all rows to find the different ones.
        dates = sorted(days.collect(days.frame.group_by(TAKEN_ON).agg(nw.len()))[TAKEN_ON].to_list())
        return Snapshots(table, dates, False, columns, asked_by)
    if isinstance(history, StoredHistory):
        dates = history.dates()
        # One scan, so that every day is of the same version. Without a day it says what to do.
        scan = history.scan(*((dates[0], dates[-1]) if dates else ()))
        table = from_caller(scan, [*columns, TAKEN_ON], asked_by=asked_by)
        return Snapshots(table, dates, True, columns, asked_by)
    raise FrameError(
        f"{asked_by}() takes a History, or a frame of rewards with a column {TAKEN_ON!r}, not "
        f"{type(history).__name__}. History(path) opens the folder of one."
    )
