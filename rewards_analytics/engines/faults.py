"""Rows that no analysis may ignore: found in the columns that it reads, and refused.

Rows in memory are refused at the call. A lazy frame fails when it is computed: its columns become expressions that
raise at a fault, so that the check costs no scan of its own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import narwhals as nw
import polars as pl
import pyarrow as pa
from narwhals import Implementation
from narwhals.dtypes import DType

from rewards_analytics.engines.kinds import SPARK, LazyFrame, as_narwhals
from rewards_analytics.engines.spill import duckdb_lacks_room
from rewards_analytics.errors import FrameError
from rewards_analytics.schema import DAYS, WHOLE_DIGITS

if TYPE_CHECKING:
    import pandas as pd

_MESSAGE: Final = re.compile(r"\w+\(\) needs [^\n]*? in some rows\. [^.\n]*\.")
_LEAVE_OUT: Final = "Leave these rows out knowingly, or load the source with load()."

_BOUND: Final = 10**WHOLE_DIGITS


class Fault(NamedTuple):
    """What a column may not hold: the rows that do, what is needed, and what is there.

    `groups` selects the groups with such a row, by their key or by the counts of `failing_groups`; None if neither can.
    """

    column: str
    rows: nw.Expr
    need: str
    problem: str
    way_out: str = _LEAVE_OUT
    groups: nw.Expr | None = None

    def message(self, asked_by: str, where: str = "in some rows") -> str:
        """Name the function, the column and the problem; `where` says in which rows."""
        return f"{asked_by}() needs {self.need}, and {self.problem} {where}. {self.way_out}"


def faults_of(schema: Mapping[str, DType], required: Collection[str], kind: Implementation) -> list[Fault]:
    """List the faults that columns of these types can have."""
    faults = []
    for name in schema:
        if name in required:
            missing = nw.col(name).is_null()
            groups = nw.col("__listed__") < nw.col("__rows__") if name == "balance" else missing
            faults.append(Fault(name, missing, f"{name!r} in every row", "it is null", groups=groups))
    amount = schema.get("balance")
    if isinstance(amount, nw.Decimal | nw.UInt64 | nw.Int128 | nw.UInt128):
        # Dask compares with no Decimal, and PySpark with no integer of that size.
        too_large = _too_large(amount, kind)
        way_out = "Amounts stay below it, so that no sum of them can overflow unnoticed."
        need = f"amounts below 10^{WHOLE_DIGITS}"
        groups = nw.col("__bounded__") < nw.col("__listed__")
        faults.append(Fault("balance", too_large, need, "'balance' is larger", way_out, groups))
    for name in DAYS:
        if isinstance(day := schema.get(name), nw.Datetime):
            clock = clock_of(name, day)
            timed = ~clock.is_null() & (clock.cast(nw.Date()).cast(nw.Datetime(day.time_unit)) != clock)
            way_out = "Only midnight in the column's own zone stands for a day: cast it to dates knowingly."
            faults.append(Fault(name, timed, "days", f"{name!r} has a time of day", way_out))
    return faults


def _too_large(amount: DType, kind: Implementation) -> nw.Expr:
    balance = nw.col("balance")
    if kind is Implementation.DUCKDB and isinstance(amount, nw.Decimal):
        # DuckDB answers this from the statistics of Parquet, which it does not do for `abs`.
        bound = nw.lit(Decimal(_BOUND))
        return (balance >= bound) | (balance <= -bound)
    return balance.abs() >= (nw.lit(Decimal(_BOUND)) if kind in SPARK else _BOUND)


def clock_of(name: str, dtype: nw.Datetime) -> nw.Expr:
    """What a clock in the zone of a column of times shows; in DuckDB and PySpark that is the session's zone."""
    return nw.col(name) if dtype.time_zone is None else nw.col(name).dt.replace_time_zone(None)


def refuse(frame: nw.DataFrame[Any], faults: Sequence[Fault], asked_by: str) -> None:
    """Refuse rows in memory that have a fault."""
    for fault in faults:
        found = frame.filter(fault.rows)[fault.column]
        if len(found):
            example = "" if found[0] is None else f", such as {found[0]}"
            where = f"in {len(found):,} {'row' if len(found) == 1 else 'rows'}{example}"
            raise FrameError(fault.message(asked_by, where))


@contextmanager
def as_our_error() -> Iterator[None]:
    """Raise an error of ours in place of one of an engine: with the message of a fault, or if room is lacking."""
    try:
        yield
    except Exception as error:  # each engine has errors of its own
        if (lacking := duckdb_lacks_room(error)) is not None:
            raise lacking from error
        found = _MESSAGE.search(str(error))
        message = found[0] if found else None
        if isinstance(error, pa.ArrowInvalid):  # a cast in Dask
            message = f"A column cannot be cast exactly: {error}. load() types it."
        if message is None:
            raise
        raise FrameError(message) from error


def failing(frame: LazyFrame, typed: Sequence[nw.Expr], faults: Sequence[Fault], asked_by: str) -> LazyFrame:
    """Type the columns of a lazy frame, and make each fail where a fault is found when it is computed."""
    columns, kind = frame.collect_schema().names(), frame.implementation
    flags = {f"__fault_{place}__": fault for place, fault in enumerate(faults)}
    flagged = frame.select(*typed, **{flag: fault.rows for flag, fault in flags.items()})
    raised: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for flag, fault in flags.items():
        raised[_carrier(fault.column, columns, kind)][flag] = fault.message(asked_by)
    return as_narwhals(_RAISE[kind](flagged.to_native(), raised)).lazy().select(*columns)


def failing_groups(
    frame: LazyFrame,
    typed: Sequence[nw.Expr],
    faults: Sequence[Fault],
    asked_by: str,
    key: Sequence[str],
    sums: Mapping[str, nw.Expr],
) -> LazyFrame:
    """Type the columns of a lazy frame, and group its rows; fail at the same faults as `failing`.

    Polars looks for faults in the few groups, which is faster than in every row, where the faults allow it.
    """
    if frame.implementation is not Implementation.POLARS or any(fault.groups is None for fault in faults):
        return failing(frame, typed, faults, asked_by).group_by(*key).agg(**sums)
    balance = nw.col("balance")
    # Amounts out of range are left out, so that their sum cannot overflow before they are found.
    bounded = nw.when(balance.is_between(-_BOUND, _BOUND, closed="none")).then(balance)
    rows = frame.select(*typed).with_columns(balance=bounded, __listed__=balance)
    counts = {"__rows__": nw.len(), "__listed__": nw.col("__listed__").count(), "__bounded__": balance.count()}
    groups = rows.group_by(*key).agg(**sums, **counts)
    found = [fault._replace(rows=fault.groups) for fault in faults if fault.groups is not None]
    return failing(groups, [nw.all()], found, asked_by).select(*key, *sums)


def _carrier(column: str, columns: Collection[str], kind: Implementation) -> str:
    """The column that fails at a fault of another one.

    An analysis may read the guids of few rows only. And engines filter by balance type while they read, which saves
    much time, unless that column can fail: the analyses keep rows without one, whose units fail.
    """
    if column == "guid" and "balance" in columns:
        return "balance"
    if column == "balance_type" and kind is not Implementation.DASK and "unit_type" in columns:
        return "unit_type"
    return column


_Raised: TypeAlias = Mapping[str, Mapping[str, str]]
"""By the column that fails: the columns that tell where, each with the message."""


def _raise_in_polars(frame: pl.LazyFrame, raised: _Raised) -> pl.LazyFrame:
    types = frame.collect_schema()
    return frame.with_columns(
        pl.map_batches(
            [column, *messages], partial(_unless_flagged, [*messages.values()]), types[column], is_elementwise=True
        )
        for column, messages in raised.items()
    )


def _unless_flagged(messages: Sequence[str], columns: Sequence[pl.Series]) -> pl.Series:
    for flags, message in zip(columns[1:], messages, strict=True):
        if flags.any():
            raise FrameError(message)
    return columns[0]


def _raise_in_duckdb(relation: Any, raised: _Raised) -> Any:
    from duckdb import CaseExpression, ColumnExpression, ConstantExpression, FunctionExpression

    columns = {name: ColumnExpression(name) for name in relation.columns}
    for column, messages in raised.items():
        for flag, message in messages.items():
            error = FunctionExpression("error", ConstantExpression(message))
            columns[column] = CaseExpression(ColumnExpression(flag), error).otherwise(columns[column])
    return relation.select(*(expression.alias(name) for name, expression in columns.items()))


def _raise_in_spark(frame: Any, raised: _Raised) -> Any:
    from pyspark.sql import functions

    columns = {column: functions.col(column) for column in raised}
    for column, messages in raised.items():
        for flag, message in messages.items():
            error = functions.raise_error(functions.lit(message))
            columns[column] = functions.when(functions.col(flag), error).otherwise(columns[column])
    return frame.withColumns(columns)


def _raise_in_dask(frame: Any, raised: _Raised) -> Any:
    def checked(part: pd.DataFrame) -> pd.DataFrame:
        for messages in raised.values():
            for flag, message in messages.items():
                if part[flag].any():
                    raise FrameError(message)
        return part

    return frame.map_partitions(checked, meta=frame._meta)


_RAISE: Final[Mapping[Implementation, Callable[[Any, _Raised], Any]]] = {
    Implementation.POLARS: _raise_in_polars,
    Implementation.DUCKDB: _raise_in_duckdb,
    Implementation.DASK: _raise_in_dask,
    **dict.fromkeys(SPARK, _raise_in_spark),
}
