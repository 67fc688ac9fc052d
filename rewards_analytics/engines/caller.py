"""A caller's frame on its way through an analysis, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeAlias

import narwhals as nw
import polars as pl
from narwhals import Implementation
from narwhals.typing import IntoFrameT

from rewards_analytics.engines.ahead import ahead
from rewards_analytics.engines.arrow import cast_in_dask, declared_dask, from_polars, to_polars, typed_dask, typed_nulls
from rewards_analytics.engines.batches import Wanted, from_batches
from rewards_analytics.engines.codes import in_coded_parts
from rewards_analytics.engines.columns import AMOUNT, typed
from rewards_analytics.engines.faults import as_our_error, failing, failing_groups, faults_of, refuse
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
from rewards_analytics.engines.lookup import Lookup, doubts_of
from rewards_analytics.engines.parts import Apart, Asked, Parts, Subset, parts_of
from rewards_analytics.engines.places import CODE, MOST_PLACES, PLACE, with_texts
from rewards_analytics.engines.sorting import Order, in_order
from rewards_analytics.errors import FrameError, MissingColumnError
from rewards_analytics.forks import refuse_lost_threads
from rewards_analytics.schema import BALANCE_TYPES, PRECISION, REQUIRED, SCALE

Query: TypeAlias = Callable[[LazyFrame], LazyFrame]


class KeyedQuery(Protocol):
    """A query with one row per key of texts, which may group by something else in place of the key."""

    def __call__(self, frame: LazyFrame, /, *example: str, key: Sequence[str] = ...) -> LazyFrame:
        """Return rows with the columns of the key, the least value of each example column, and results."""


MOST_HASHED: Final = 1 << 28
"""Up to this many rewards, their hashes fit in memory."""


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
    parts
        How `native` comes in parts, each with all rows of some users, if it is large and does.
    again
        Takes another frame with the same columns in, such as a part.
    grouped
        Types the columns of a lazy `native` and groups its rows by a key, for `group`; None in memory.
    """

    frame: LazyFrame
    native: IntoFrameT
    kind: Implementation
    eager: bool
    parts: Parts | None = None
    again: Callable[[Any], CallerFrame[Any]] | None = None
    grouped: Callable[[Sequence[str], Mapping[str, nw.Expr]], LazyFrame] | None = None

    @property
    def _in_polars(self) -> bool:
        return self.eager or self.kind is Implementation.POLARS

    def collect(self, result: LazyFrame) -> DataFrame:
        """Compute a result where the rewards are, and bring it here."""
        refuse_lost_threads()
        options = {"engine": "streaming"} if self._in_polars else {}
        with as_our_error():
            return self._declared(result).collect(backend="polars", **options)

    def group(self, *key: str, **sums: nw.Expr) -> LazyFrame:
        """Group all rewards by a key, with a sum for each group."""
        if self.grouped is None:
            return self.frame.group_by(*key).agg(**sums)
        return self.grouped(key, sums)

    def by_user(
        self,
        query: Query,
        balance_types: Collection[str] = BALANCE_TYPES,
        *,
        reads_again: bool = False,
        lookup: Lookup | None = None,
    ) -> LazyFrame:
        """Answer a query that looks at each user by itself; if rewards come in parts, one part after the other.

        Parameters
        ----------
        query
            Looks at each user by itself.
        balance_types
            The query needs only rows of these.
        reads_again
            Whether the query reads the rewards more than once, so that a part is better held in memory.
        lookup
            All that the query looks up in other rewards of the user, if most rewards need no look at others.
        """
        if self.parts is None:
            return query(self.frame)
        answers = partial(self._answers, query, balance_types, reads_again=reads_again)
        if lookup is not None:
            answers = partial(self._looked_up, lookup, self.parts, answers)
        return self._lazily(query(self.frame), answers)

    def sorted_by_user(
        self,
        query: Query,
        columns: Sequence[str],
        descending: Sequence[bool],
        balance_types: Collection[str] = BALANCE_TYPES,
        *,
        reads_again: bool = False,
    ) -> IntoFrameT:
        """Return the answer of `by_user` as the caller's kind of frame, in order, also if it does not fit in memory."""
        if self.parts is None:
            return self.to_caller(query(self.frame), columns, descending)

        def rows() -> Iterator[DataFrame]:
            answers = self._answers(query, balance_types, reads_again=reads_again, ascending=True)
            return _in_order(answers, Order(columns, descending, ascending="user_guid"))

        result: IntoFrameT = self._lazily(query(self.frame), rows).to_native()
        return result

    def sorted_by_key(
        self, query: KeyedQuery, key: Sequence[str], columns: Sequence[str], descending: Sequence[bool]
    ) -> IntoFrameT:
        """Return the answer of a query with one row per key of texts as `sorted_by_user` does.

        Where rows have to be moved, the query groups by codes in place of the texts, which are fetched afterwards.
        """
        if (parts := self.parts) is None:
            return self.to_caller(query(self.frame), columns, descending)

        def rows() -> Iterator[DataFrame]:
            if 0 < (count := parts.rows_to_move()) <= MOST_PLACES:
                return _in_order(self._keyed(query, key, count), Order(columns, descending))
            answers = self._answers(query, BALANCE_TYPES, ascending=True)
            return _in_order(answers, Order(columns, descending, ascending="user_guid"))

        result: IntoFrameT = self._lazily(query(self.frame), rows).to_native()
        return result

    def added_up(
        self,
        query: Query,
        add: Query,
        key: Sequence[str],
        counted: Mapping[str, str] | None = None,
        balance_types: Collection[str] | None = BALANCE_TYPES,
        extremes: Mapping[str, str] | None = None,
        coded: Collection[str] = (),
    ) -> LazyFrame:
        """Answer a query and add up its rows per key, over all parts if rewards come in parts.

        Parameters
        ----------
        query
            Looks at each holding by itself.
        add
            From rows of the query: sums per key, null where there is nothing to add.
        key
            The columns that `add` groups by.
        counted
            Columns of `add` that count distinct values, each with the column of `query` that has the values.
        balance_types
            The query needs only rows of these; all rows if None.
        extremes
            Columns of `add` that are a `min` or `max` instead of a sum, each with which of the two.
        coded
            Text columns that rows are only grouped by and counted by; no result holds them. Where rows have to be
            moved, codes stand for these texts.
        """
        if self.parts is None:
            rows = query(self.frame)
            return add(self.single_partition(rows) if counted else rows)
        whole = add(query(self.frame))

        def sums() -> Iterator[DataFrame]:
            answers = partial(self._answers, query, balance_types, coded=coded)
            yield self._added_up(answers, add, key, counted or {}, extremes or {})

        return self._lazily(whole, sums)

    def _added_up(
        self,
        answers: Callable[..., Iterator[DataFrame]],
        add: Query,
        key: Sequence[str],
        counted: Mapping[str, str],
        extremes: Mapping[str, str],
    ) -> DataFrame:
        apart = {column: Apart() for column in counted.values() if column != "user_guid"}
        sums: list[DataFrame] = []
        for answer in answers():
            for column, values in apart.items():
                values.add(answer[column].to_native())
            sums.append(self.collect(add(answer.lazy())))
        total = _sums(sums, key, extremes)
        for name, column in counted.items():
            if column in apart and not apart[column]:
                # Some value may be in several parts: it is counted in parts that have all rows of a value.
                again = _sums([self.collect(add(answer.lazy())) for answer in answers(column)], key, extremes)
                total = _replaced(total, again, key, name)
        return total

    def _keyed(self, query: KeyedQuery, key: Sequence[str], count: int) -> Iterator[DataFrame]:
        """The answers for rewards in any order, which are moved without the texts of the key; in no order."""
        rows: pl.LazyFrame = self.frame.to_native()
        asked = Asked([*rows.collect_schema().names(), PLACE], BALANCE_TYPES, by=CODE)

        def answers() -> Iterator[pl.DataFrame]:
            with in_coded_parts(rows.with_row_index(PLACE), asked, {CODE: key}, count) as parts:
                for part in parts:
                    yield self.collect(query(as_narwhals(part).lazy(), PLACE, key=[CODE])).to_native()

        return map(nw.from_native, with_texts(answers(), rows, key))

    def _looked_up(
        self, lookup: Lookup, parts: Parts, answers: Callable[..., Iterator[DataFrame]]
    ) -> Iterator[DataFrame]:
        """The answers for rewards in any order: only those that need a look at others are moved."""
        if not 0 < parts.rows_to_move() <= MOST_HASHED:
            yield from answers()
            return
        doubts, rows = doubts_of(self.collect(lookup.hashes(self.frame)))
        if rows:
            yield from answers(subset=Subset(lambda frame: lookup.in_doubt(frame, doubts), rows))
        yield self.collect(lookup.alone(lookup.without_doubt(self.frame, doubts) if rows else self.frame))

    def _answers(
        self,
        query: Query,
        balance_types: Collection[str] | None,
        by: str = "user_guid",
        *,
        reads_again: bool = False,
        ascending: bool = False,
        subset: Subset | None = None,
        coded: Collection[str] = (),
    ) -> Iterator[DataFrame]:
        columns = self.frame.collect_schema().names()
        asked = Asked(columns, balance_types, by, ascending, subset)
        return ahead(self._answered(query, asked, coded, reads_again))

    def _answered(self, query: Query, asked: Asked, coded: Collection[str], reads_again: bool) -> Generator[DataFrame]:
        if self.parts is None or self.again is None:
            raise AssertionError  # pragma: no cover
        if coded and (count := self.parts.rows_to_move(asked.by)):
            codes = {name: [name] for name in coded}
            with in_coded_parts(self.frame.to_native(), asked, codes, count) as parts:
                for part in parts:
                    yield self.collect(query(as_narwhals(part).lazy()))
            return
        with self.parts(asked) as parts:
            for part in parts:
                rows = part.collect(engine="streaming").lazy() if reads_again else part
                yield self.collect(query(self.again(rows).frame))

    def _lazily(self, whole: LazyFrame, batches: Callable[[], Iterator[DataFrame]]) -> LazyFrame:
        """Make a lazy frame of batches that are worked out when it is computed, with the columns of a whole one."""

        def wanted(_: Wanted) -> Iterator[DataFrame]:
            return batches()

        return as_narwhals(from_batches(whole.collect_schema(), wanted)).lazy()

    def upload(self, small: DataFrame) -> LazyFrame:
        """Bring a small frame of text and numbers to where the rewards are computed, to be joined with them."""
        return small.lazy() if self._in_polars else as_narwhals(self._native(small)).lazy()

    def with_amounts(self, frame: LazyFrame, amounts: Sequence[Decimal]) -> tuple[LazyFrame, list[nw.Expr]]:
        """Return a frame and an expression for each amount, to compare its rows with."""
        if self.kind is not Implementation.DASK:
            return frame, [nw.lit(amount).cast(AMOUNT) for amount in amounts]
        # Dask has no decimal literals.
        one_row = {f"__amount_{place}__": [amount] for place, amount in enumerate(amounts)}
        columns = nw.from_dict(one_row, schema=dict.fromkeys(one_row, AMOUNT), backend="polars")
        return frame.join(self.upload(columns), how="cross"), [nw.col(name) for name in one_row]

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
                lazy: IntoFrameT = self._declared(result).to_native()
                return lazy
            result = self.collect(result)
        return self._native(result)

    def _declared(self, result: LazyFrame) -> LazyFrame:
        if self.kind is not Implementation.DASK:
            return result
        return as_narwhals(declared_dask(result.to_native())).lazy()

    def _native(self, result: DataFrame) -> IntoFrameT:
        native: IntoFrameT = from_polars(result.to_native(), self.kind, self.native, eager=self.eager)
        return native


def _in_order(answers: Iterator[DataFrame], order: Order) -> Iterator[DataFrame]:
    natives = (answer.to_native() for answer in answers)
    return map(nw.from_native, ahead(in_order(natives, order)))


def _sums(rows: Sequence[DataFrame], key: Sequence[str], extremes: Mapping[str, str]) -> DataFrame:
    """Add up rows per key; a sum is null where nothing was known."""
    together: pl.DataFrame = nw.concat(rows).to_native()
    columns = [name for name in together.columns if name not in key]
    sums = [
        getattr(pl.col(name), extremes[name])()
        if name in extremes
        else pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name)
        for name in columns
    ]
    return nw.from_native(together.group_by(*key).agg(sums).select(together.columns))


def _replaced(rows: DataFrame, others: DataFrame, key: Sequence[str], name: str) -> DataFrame:
    """Take one column from other rows of the same keys."""
    native: pl.DataFrame = rows.to_native()
    joined = native.drop(name).join(others.to_native().select(*key, name), on=[*key], how="left", nulls_equal=True)
    return nw.from_native(joined.select(native.columns))


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
    counts = Counter(name.lower() if kind in SQL else name for name in names)  # SQL ignores case
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
        grouped = partial(failing_groups, frame, expressions, faults, asked_by)
        caller = CallerFrame(failing(frame, expressions, faults, asked_by), native, kind, eager, grouped=grouped)
        again = partial(from_caller, columns=columns, asked_by=asked_by, required=required)
        return replace(caller, parts=parts, again=again) if (parts := parts_of(native)) else caller
    refuse(frame, faults, asked_by)
    return CallerFrame(frame.lazy().select(*expressions), native, kind, eager)
