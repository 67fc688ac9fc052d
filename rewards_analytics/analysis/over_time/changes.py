"""What was earned, redeemed and lost between two snapshots, holding by holding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final, overload

import narwhals as nw
from narwhals.dtypes import DType

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.order import order_of
from rewards_analytics.analysis.over_time.pairs import DAYS, changes_of, in_parts
from rewards_analytics.analysis.over_time.snapshots import StoredHistory, from_history
from rewards_analytics.engines import AMOUNT, DataFrame, IntoFrameT, PolarsLazyFrame, Wanted, from_batches
from rewards_analytics.schema import KEY

_SCHEMA: Final[Mapping[str, DType]] = {
    "from_date": nw.Date(),
    "to_date": nw.Date(),
    **dict.fromkeys((*KEY, "status"), nw.String()),
    **dict.fromkeys(("opening", "closing", "expired", "earned", "redeemed"), AMOUNT),
}


@overload
def changes(history: StoredHistory) -> PolarsLazyFrame: ...
@overload
def changes(history: IntoFrameT) -> IntoFrameT: ...
def changes(history: StoredHistory | IntoFrameT) -> PolarsLazyFrame | IntoFrameT:
    """What was earned, redeemed and lost, one row per holding and pair of consecutive snapshots.

    The flows are observed from balances alone, so they are net between two snapshots: amounts earned and redeemed in
    between show as their difference. Each flow is a lower bound: say so where you show it.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame of any supported kind with a column `taken_on` (date), the day of the
        snapshot, and the columns that `holdings` reads. A holding is identified by its key, whatever the guids of its
        rewards.

    Returns
    -------
    The same kind of frame, by the dates and the key (nulls last): `from_date`, `to_date` (date), `user_guid`,
    `member_guid`, `account_guid`, `unit_type` (str), `status` (str), `opening`, `closing`, `expired`, `earned`,
    `redeemed` (decimal(38, 9), in the row's own unit). For a `History` it is a Polars LazyFrame, computed a few
    pairs at a time: a filter on the two dates alone reads only their snapshots.

    `opening` and `closing` are the available balance (see `holdings`) at the two dates, null where it is unknown or the
    holding is not listed. `status` is `held` where both are known, `new` where only `closing` is, `gone` where only
    `opening` is; a holding without either has no row. The flows are null unless `held`:

    - `expired`: the sum of the opening day's lots with `from_date <= expires_on < to_date`, at least 0 and at most
      `opening` (0 where that is negative);
    - `earned`, `redeemed`: with flow = `closing` - `opening` + `expired`, the flow if it is positive, and its amount if
      it is negative; otherwise 0. Exactly, `opening` + `earned` - `redeemed` - `expired` = `closing`.

    A missing day makes the pair around it longer. A history of one day has no pair and so no rows, and a
    `RewardsWarning` says so. The days of a lazy frame are read at once, its rewards when the result is computed.

    Raises
    ------
    MissingColumnError
        If a column is missing.
    FrameError
        If `history` is not a `History` or a frame of a supported kind, or a column that is read has nulls where none
        may be, floats, amounts out of range or times of day. A lazy frame may fail when it is computed instead.

    Examples
    --------
    >>> import polars as pl
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> monday = load([
    ...     reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200},
    ...     reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "balance": 300,
    ...               "expires_on": "2026-11-23"},
    ... ])
    >>> tuesday = load([reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1050}])
    >>> history = pl.concat([
    ...     monday.with_columns(taken_on=pl.date(2026, 11, 23)), tuesday.with_columns(taken_on=pl.date(2026, 11, 24)),
    ... ])
    >>> flows = changes(history).select("opening", "earned", "redeemed", "expired", "closing")
    >>> [str(amount.normalize()) for amount in flows.row(0)]
    ['1.2E+3', '1.5E+2', '0', '3E+2', '1.05E+3']
    """
    snapshots = from_history(history, COLUMNS, asked_by="changes", compares=True)
    if not snapshots.is_stored:
        table = snapshots.table
        return snapshots.to_caller("changes", _SCHEMA, lambda: changes_of(table, table.frame, snapshots.pairs))

    def batches(wanted: Wanted) -> Iterator[DataFrame]:
        pairs = [pair for pair in snapshots.pairs if wanted(dict(zip(DAYS, pair, strict=True)))]
        spans = snapshots.by_users()
        # Each pair has the rows of all users before the next pair begins.
        for chosen in [pairs] if len(spans) == 1 else ([pair] for pair in pairs):
            for rows in chain.from_iterable(in_parts(span, chosen) for span in spans):
                yield snapshots.table.collect(rows).sort(*order_of("changes")[0], nulls_last=True)

    return from_batches(_SCHEMA, batches)
