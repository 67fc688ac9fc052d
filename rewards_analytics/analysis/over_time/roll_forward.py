"""How balances moved from the beginning of a period to its end, per unit: the roll-forward."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Any, Final, overload

import narwhals as nw
from narwhals.dtypes import DType

from rewards_analytics.analysis.calendar import every_of, period_of
from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.over_time.pairs import DAYS, GONE, NEW, Pair, changes_of, in_parts
from rewards_analytics.analysis.over_time.snapshots import StoredHistory, from_history
from rewards_analytics.analysis.sums import exact_sum
from rewards_analytics.engines import AMOUNT, DataFrame, IntoFrameT, LazyFrame, PolarsLazyFrame

_MOVES: Final = ("joined", "earned", "redeemed", "expired", "left")
_SCHEMA: Final[Mapping[str, DType]] = {
    "period": nw.Date(),
    "unit_type": nw.String(),
    **dict.fromkeys(("opening", *_MOVES, "closing"), AMOUNT),
    "expiry_share": nw.Float64(),
}


@overload
def roll_forward(history: StoredHistory, every: str = "month") -> PolarsLazyFrame: ...
@overload
def roll_forward(history: IntoFrameT, every: str = "month") -> IntoFrameT: ...
def roll_forward(history: StoredHistory | IntoFrameT, every: str = "month") -> PolarsLazyFrame | IntoFrameT:
    """How balances moved from opening to closing, one row per calendar period and unit type.

    It is observed from balances alone: earned and redeemed are net between two snapshots, so lower bounds. Only the
    issuer's ledger knows what was issued, redeemed gross, or will never be redeemed. Say so where you show it.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame with a column `taken_on`: see `changes`.
    every
        Length of a period: `day`, `week` (from Monday), `month`, `quarter` or `year`.

    Returns
    -------
    The same kind of frame (a Polars LazyFrame for a `History`, computed in flat memory), by `unit_type` and `period`:
    `period` (date, the first day of the calendar period), `unit_type` (str), `opening`, `joined`, `earned`, `redeemed`,
    `expired`, `left`, `closing` (decimal(38, 9), in the row's own unit), `expiry_share` (float, 0 to 1).

    A pair of consecutive snapshots counts in the period of its later day, even if it began in an earlier one.
    `opening` is the sum of the known available balances at the first day of the period's first pair, `closing` at the
    last day of its last. `earned`, `redeemed` and `expired` add up `changes`; `joined` the closing balances of `new`
    holdings, `left` the opening balances of `gone` ones. Exactly,
    `opening` + `joined` + `earned` - `redeemed` - `expired` - `left` = `closing`.

    `expiry_share` is `expired` / (`expired` + `redeemed`), null where both are 0. A period without a pair is absent, as
    is a unit that has no known balance in the period's snapshots; a history of one day has no rows. For a lazy frame
    the sums are computed at once, and the result is lazy again.

    Raises
    ------
    ArgumentError
        If `every` is none of these words; `MissingColumnError` if a column is missing.
    FrameError
        As `changes` raises it.

    Examples
    --------
    >>> import polars as pl
    >>> from rewards_analytics import load
    >>> reward = {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES",
    ...           "balance_type": "BALANCE"}
    >>> history = pl.concat([
    ...     load([reward | {"balance": 1200}]).with_columns(taken_on=pl.date(2026, 10, 31)),
    ...     load([reward | {"balance": 1500}]).with_columns(taken_on=pl.date(2026, 11, 15)),
    ...     load([reward | {"balance": 900}]).with_columns(taken_on=pl.date(2026, 11, 30)),
    ... ])
    >>> table = roll_forward(history).select("period", "opening", "earned", "redeemed", "closing")
    >>> [str(cell) for cell in table.row(0)]
    ['2026-11-01', '1200.000000000', '300.000000000', '600.000000000', '900.000000000']
    """
    every = every_of(every)
    snapshots = from_history(history, COLUMNS, asked_by="roll_forward", compares=True)
    table, pairs = snapshots.table, snapshots.pairs

    def sums() -> Iterator[dict[str, Any]]:
        if not snapshots.is_stored:
            yield from table.collect(_by_unit(changes_of(table, table.frame, pairs))).iter_rows(named=True)
            return
        for rows in in_parts(snapshots, pairs):
            yield from table.collect(_by_unit(rows)).iter_rows(named=True)

    return snapshots.to_caller("roll_forward", _SCHEMA, lambda: _rolled(sums(), pairs, every))


def _by_unit(changes: LazyFrame) -> LazyFrame:
    """Add up rows of `changes` per pair of days and unit."""
    status, opening, closing = nw.col("status"), nw.col("opening"), nw.col("closing")
    moves = changes.with_columns(
        joined=nw.when(status == NEW).then(closing),
        left=nw.when(status == GONE).then(opening),
    )
    return moves.group_by(*DAYS, "unit_type").agg(nw.col("opening", *_MOVES, "closing").sum())


def _rolled(sums: Iterable[Mapping[str, Any]], pairs: Sequence[Pair], every: str) -> DataFrame:
    """Bring the sums of pairs, of all users or of some, into periods."""
    periods = defaultdict(list)
    for pair in pairs:
        periods[period_of(pair[1], every)].append(pair)
    rows: dict[tuple[str, date], dict[Pair, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row in sums:
        rows[row["unit_type"], period_of(row["to_date"], every)][row["from_date"], row["to_date"]].append(row)
    result: dict[str, list[Any]] = {name: [] for name in _SCHEMA}
    for (unit_type, period), of_pair in sorted(rows.items()):
        first, last = periods[period][0], periods[period][-1]
        every_row = [*chain.from_iterable(of_pair.values())]
        moves = {name: exact_sum(row[name] for row in every_row) for name in _MOVES}
        values = {
            "period": period,
            "unit_type": unit_type,
            "opening": exact_sum(row["opening"] for row in of_pair.get(first, ())),
            **moves,
            "closing": exact_sum(row["closing"] for row in of_pair.get(last, ())),
            "expiry_share": _share(moves["expired"], moves["redeemed"]),
        }
        for name, value in values.items():
            result[name].append(value)
    return nw.from_dict(result, schema=_SCHEMA, backend="polars")


def _share(expired: Decimal, redeemed: Decimal) -> float | None:
    """The expired part of what was expired or redeemed."""
    parts = Fraction(expired), Fraction(redeemed)
    return float(parts[0] / sum(parts)) if any(parts) else None
