"""What became of each due: from the first snapshot that lists it to its last day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final, overload

import narwhals as nw
from narwhals.dtypes import DType

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.order import order_of
from rewards_analytics.analysis.over_time.listed import DUE, Listed, Listings
from rewards_analytics.analysis.over_time.outcomes import with_left
from rewards_analytics.analysis.over_time.snapshots import StoredHistory, from_history, sorted_batches
from rewards_analytics.engines import AMOUNT, DataFrame, IntoFrameT, Order, PolarsLazyFrame, Wanted, from_batches
from rewards_analytics.schema import KEY

AHEAD: Final = "ahead"
EXPIRED: Final = "expired"
SAVED: Final = "saved"
UNKNOWN: Final = "unknown"

_SCHEMA: Final[Mapping[str, DType]] = {
    **dict.fromkeys(KEY, nw.String()),
    **dict.fromkeys(("expires_on", "first_seen", "last_seen"), nw.Date()),
    **dict.fromkeys(("first_due", "last_due", "left"), AMOUNT),
    "outcome": nw.String(),
}


@overload
def dues(history: StoredHistory) -> PolarsLazyFrame: ...
@overload
def dues(history: IntoFrameT) -> IntoFrameT: ...
def dues(history: StoredHistory | IntoFrameT) -> PolarsLazyFrame | IntoFrameT:
    """What became of each amount due to expire, one row per holding and `expires_on`.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame with a column `taken_on`: see `changes`. A due is the sum of a holding's
        expiring lots (see `holdings`) of one `expires_on`, where that is above 0.

    Returns
    -------
    The same kind of frame (a Polars LazyFrame for a `History`, computed day by day), by `expires_on` and the key (nulls
    last): `user_guid`, `member_guid`, `account_guid`, `unit_type` (str), `expires_on`, `first_seen`, `last_seen`
    (date), `first_due`, `last_due`, `left` (decimal(38, 9), in the row's own unit), `outcome` (str).

    Only snapshots on or before `expires_on` count, and only those in which the holding's available balance is known.
    `first_seen` and `last_seen` are the days of the first and the last of them that list the due, `first_due` and
    `last_due` the amounts there. Snapshots in between may not list it.

    `outcome` compares the last snapshot of the history on or before `expires_on` with the first one after it:

    - `ahead`: there is none after it yet;
    - `expired`, `saved`: the holding's available balance is known in both, and the first still lists the due
      (`expired`) or does not (`saved`). Saved means redeemed, or moved to another day;
    - `unknown`: otherwise.

    `left` is the amount due in the snapshot before, 0 where `saved`; null where `ahead` or `unknown`. Where some lots
    of a day are negative, `changes` nets them, while `dues` leaves out sums that do not exceed 0: their totals differ.

    For a lazy frame the rows are computed at once, and the result is lazy again. A history without dated lots has no
    rows.

    Raises
    ------
    MissingColumnError
        If a column is missing.
    FrameError
        As `changes` raises it.

    Examples
    --------
    >>> import polars as pl
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> def day(number, held, due):
    ...     return load([
    ...         reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": held},
    ...         reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": due,
    ...                   "expires_on": "2026-11-23"},
    ...     ]).with_columns(taken_on=pl.date(2026, 11, number))
    >>> found = dues(pl.concat([day(1, 1200, 300), day(20, 1100, 200), day(24, 900, 0)]))
    >>> found.select("outcome", "first_seen", "last_seen").row(0)
    ('expired', datetime.date(2026, 11, 1), datetime.date(2026, 11, 20))
    >>> [str(amount) for amount in found.select("first_due", "last_due", "left").row(0)]
    ['300.000000000', '200.000000000', '200.000000000']
    """
    snapshots = from_history(history, COLUMNS, asked_by="dues")

    def batches(_: Wanted) -> Iterator[DataFrame]:
        spans = snapshots.by_users()
        found = chain.from_iterable(outcomes(Listings(span)) for span in spans)
        return found if len(spans) == 1 else sorted_batches(found, Order(*order_of("dues")))

    if snapshots.is_stored:
        return from_batches(_SCHEMA, batches)
    found = [*outcomes(Listings(snapshots))] or [
        nw.from_dict({name: [] for name in _SCHEMA}, schema=_SCHEMA, backend="polars")
    ]
    return snapshots.table.to_caller(nw.concat(found))


def outcomes(listings: Listings) -> Iterator[DataFrame]:
    """Yield the rows of `dues` in their order: those of the days from each snapshot to the next, then those ahead."""
    waiting: DataFrame | None = None
    for at, after in listings.followed():
        waiting = _seen(waiting, at)
        if after is None:
            ahead = waiting.with_columns(left=nw.lit(None).cast(AMOUNT), outcome=nw.lit(AHEAD))
            yield _in_order(listings, ahead)
            return
        is_past = waiting["expires_on"] < after.taken_on
        past, waiting = waiting.filter(is_past), waiting.filter(~is_past)
        outcome = nw.when(nw.col("left") > 0).then(nw.lit(EXPIRED)).otherwise(nw.lit(SAVED))
        settled = with_left(past, at, after).with_columns(outcome=outcome)
        unknown = past.join(settled.select(*DUE), on=list(DUE), how="anti")
        unknown = unknown.with_columns(left=nw.lit(None).cast(AMOUNT), outcome=nw.lit(UNKNOWN))
        yield _in_order(listings, nw.concat([settled, unknown]))


def _seen(waiting: DataFrame | None, at: Listed) -> DataFrame:
    """Bring what a snapshot lists together with the dues that were seen before."""
    today = nw.lit(at.taken_on)
    seen = at.dues.select(*DUE, first_seen=today, last_seen=today, first_due="due", last_due="due")
    if waiting is None:
        return seen
    is_there = ~nw.col("due").is_null()
    again = waiting.join(at.dues, on=list(DUE), how="left").with_columns(
        last_seen=nw.when(is_there).then(today).otherwise(nw.col("last_seen")),
        last_due=nw.when(is_there).then(nw.col("due")).otherwise(nw.col("last_due")),
    )
    new = seen.join(waiting.select(*DUE), on=list(DUE), how="anti")
    return nw.concat([again.drop("due"), new])


def _in_order(listings: Listings, rows: DataFrame) -> DataFrame:
    return listings.with_key(rows).select(*_SCHEMA).sort(*order_of("dues")[0], nulls_last=True)
