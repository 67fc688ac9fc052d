"""A caller's frame on its way through an analysis, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import narwhals as nw
from narwhals import Implementation
from narwhals.typing import IntoFrameT

from rewards_analytics.engines.arrow import cast_in_dask, from_polars, to_polars, typed_dask, typed_nulls
from rewards_analytics.engines.columns import typed
from rewards_analytics.engines.faults import as_our_error, failing, faults_of, refuse
from rewards_analytics.engines.kinds import (
    SPARK,
    SQL,
    UNORDERED,
    DataFrame,
    LazyFrame,
    as_narwhals,
    narrowed,
    recognise,
)
from rewards_analytics.errors import FrameError, MissingColumnError
from rewards_analytics.forks import refuse_lost_threads
from rewards_analytics.schema import PRECISION, REQUIRED, SCALE


@dataclass(frozen=True)
class CallerFrame(Generic[IntoFrameT]):
    """Rewards as an analysis computes on them, and the way back to the caller's kind of frame.

    Attributes
    ----------
    frame
        The columns that were asked for, typed: text as strings, `balance` decimal(38, 9), days as dates.
    native
        What the caller passed, never changed.
    kind
        The library of `native`.
    eager
        Whether `native` holds its rows in memory; the result then does too.
    """

    frame: LazyFrame
    native: IntoFrameT
    kind: Implementation
    eager: bool

    @property
    def _in_polars(self) -> bool:
        return self.eager or self.kind is Implementation.POLARS

    def collect(self, result: LazyFrame) -> DataFrame:
        """Compute a result where the rewards are, and bring it here."""
        refuse_lost_threads()
        options = {"engine": "streaming"} if self._in_polars else {}
        with as_our_error():
            return result.collect(backend="polars", **options)

    def upload(self, small: DataFrame) -> LazyFrame:
        """Bring a small frame of text and numbers to where the rewards are computed, to be joined with them."""
        return small.lazy() if self._in_polars else as_narwhals(self._native(small)).lazy()

    def single_partition(self, frame: LazyFrame) -> LazyFrame:
        """Bring the rows whose different values are counted to one place.

        Dask adds up the counts of its partitions, and so counts a value again in each that has it. A grouped frame may
        have several partitions as soon as the frame before it had some hundred.
        """
        if self.kind is not Implementation.DASK:
            return frame
        one = frame.to_native().repartition(npartitions=1)
        # Through a function of ours: joining a grouped frame fails in Dask's search for a way around moving its rows.
        return as_narwhals(one.map_partitions(_unchanged, meta=one._meta)).lazy()

    def narrow(self, frame: LazyFrame, *amounts: str) -> LazyFrame:
        """Leave room for two more digits in amounts that are added or subtracted next.

        PySpark gives a sum of two decimal(38, 9) precision 39 and cuts a decimal to keep it at 38, and Arrow refuses.
        An amount of 10^27 or more does not fit, and fails: it would take a hundred million rewards in one holding.
        """
        return self._cast(frame, amounts, PRECISION - 2)

    def widen(self, frame: LazyFrame, *amounts: str) -> LazyFrame:
        """Return amounts that were narrowed to decimal(38, 9)."""
        return self._cast(frame, amounts, PRECISION)

    def _cast(self, frame: LazyFrame, amounts: Sequence[str], precision: int) -> LazyFrame:
        if self.kind in SPARK:
            return frame.with_columns(nw.col(*amounts).cast(nw.Decimal(precision, SCALE)))
        if self.kind is Implementation.DASK:
            return as_narwhals(cast_in_dask(frame.to_native(), amounts, precision)).lazy()
        return frame

    def to_caller(
        self, result: LazyFrame | DataFrame, columns: Sequence[str] = (), descending: Sequence[bool] = ()
    ) -> IntoFrameT:
        """Return a result as the caller's kind of frame.

        A lazy result is sorted by `columns`, nulls last, where frames of that kind have an order; one that was
        collected is in its order already.
        """
        if isinstance(result, nw.LazyFrame):
            if self.kind not in UNORDERED:
                result = result.sort(*columns, descending=descending, nulls_last=True)
            if not self.eager:
                lazy: IntoFrameT = result.to_native()
                return lazy
            result = self.collect(result)
        return self._native(result)

    def _native(self, result: DataFrame) -> IntoFrameT:
        native: IntoFrameT = from_polars(result.to_native(), self.kind, self.native, eager=self.eager)
        return native


def _unchanged(partition: Any) -> Any:
    return partition


def from_caller(
    rewards: IntoFrameT, columns: Sequence[str], *, asked_by: str, required: Collection[str] = REQUIRED
) -> CallerFrame[IntoFrameT]:
    """Take a caller's frame in: find its kind, check the columns, and type them.

    Parameters
    ----------
    rewards
        A frame of one of the supported kinds.
    columns
        The columns to keep; all others are left behind.
    asked_by
        The function that the caller called, for the error messages.
    required
        The columns in which a null is refused.
    """
    found = recognise(rewards, asked_by)
    native, kind, eager, names = found
    if eager or kind is Implementation.POLARS:
        refuse_lost_threads()
    missing = [name for name in columns if name not in names]
    if missing:
        raise MissingColumnError.from_columns(missing, names, wanted_by=f"{asked_by}() reads them")
    counts = Counter(name.lower() if kind in SQL else name for name in names)  # which ignores upper and lower case
    for name in columns:
        if (count := counts[name.lower() if kind in SQL else name]) > 1:
            raise FrameError(
                f"{asked_by}() reads {name!r}, and the frame has {count} columns of that name. Keep one of them."
            )
    frame = as_narwhals(to_polars(native, kind, columns, asked_by)) if eager else narrowed(found, columns)
    if kind is Implementation.DASK:
        frame = as_narwhals(typed_dask(frame.to_native()))
    elif eager or kind is Implementation.POLARS:
        frame = as_narwhals(typed_nulls(frame.to_native()))
    schema, engine = frame.collect_schema(), frame.implementation
    expressions, faults = typed(schema, engine, asked_by), faults_of(schema, required, engine)
    if isinstance(frame, nw.LazyFrame):
        return CallerFrame(failing(frame, expressions, faults, asked_by), native, kind, eager)
    refuse(frame, faults, asked_by)
    return CallerFrame(frame.lazy().select(*expressions), native, kind, eager)
