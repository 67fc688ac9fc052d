"""The lapse curve: how much of what is due some days ahead is still due on its day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, overload

import narwhals as nw
from narwhals.dtypes import DType

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.analysis.over_time.leads import LEADS, leads_of
from rewards_analytics.analysis.over_time.outcomes import Lapsed, lapsed
from rewards_analytics.analysis.over_time.snapshots import StoredHistory, from_history
from rewards_analytics.analysis.sums import exact
from rewards_analytics.engines import AMOUNT, DataFrame, IntoFrameT, PolarsLazyFrame

_SCHEMA: Final[Mapping[str, DType]] = {
    "unit_type": nw.String(),
    "lead_days": nw.Int64(),
    **dict.fromkeys(("due", "expired", "saved"), AMOUNT),
    "share_expired": nw.Float64(),
    "dues": nw.Int64(),
}


@overload
def lapse(history: StoredHistory, *, leads: Sequence[int] = LEADS) -> PolarsLazyFrame: ...
@overload
def lapse(history: IntoFrameT, *, leads: Sequence[int] = LEADS) -> IntoFrameT: ...
def lapse(history: StoredHistory | IntoFrameT, *, leads: Sequence[int] = LEADS) -> PolarsLazyFrame | IntoFrameT:
    """How much of what was due some days ahead was still due on its day, one row per unit type and lead.

    It says what became of announced expiries, observed from balances alone. Amounts that did not expire were redeemed,
    or moved to another day. This is not breakage, which only an issuer's ledger shows.

    Parameters
    ----------
    history
        A `History`, or rewards in a frame with a column `taken_on`: see `changes`.
    leads
        Numbers of days ahead: whole numbers from 1, ascending.

    Returns
    -------
    The same kind of frame (a Polars LazyFrame for a `History`, computed day by day), by `unit_type` and `lead_days`:
    `unit_type` (str), `lead_days` (int), `due`, `expired`, `saved` (decimal(38, 9), in the row's own unit),
    `share_expired` (float, 0 to 1), `dues` (int).

    Only the `dues` that are `expired` or `saved` count. For each lead, take the last snapshot of the history that is at
    least `lead_days` before the day of a due. The due counts at this lead if that snapshot lists it and is closer to
    the day than the next longer lead. `due` adds up the amounts listed there; `expired` adds up the lesser of that
    amount and the amount `left` on the day; `saved` = `due` - `expired`; `share_expired` = `expired` / `due`; `dues` is
    the number of dues. A lead without a due is absent, so a history that is too short, or has no dated lots, has no
    rows. For a lazy frame the sums are computed at once, and the result is lazy again.

    Raises
    ------
    ArgumentError
        If `leads` does not ascend, or a lead is not a whole number of at least 1; `MissingColumnError` if a column is
        missing.
    FrameError
        As `changes` raises it.

    Examples
    --------
    >>> import polars as pl
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}
    >>> held = load([reward | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1200}])
    >>> lot = reward | {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "expires_on": "2026-11-23"}
    >>> curve = lapse(pl.concat(
    ...     pl.concat([held, load([lot | {"balance": due}])]).with_columns(taken_on=pl.date(2026, 11, day))
    ...     for day, due in ((1, 300), (12, 240), (20, 75), (24, 0))
    ... ))
    >>> curve.select("lead_days", "share_expired", "dues").rows()
    [(7, 0.3125, 1), (14, 0.25, 1)]
    """
    chosen = leads_of(leads)
    snapshots = from_history(history, COLUMNS, asked_by="lapse")
    return snapshots.to_caller("lapse", _SCHEMA, lambda: _rows(lapsed(snapshots, chosen)))


def _rows(sums: Lapsed) -> DataFrame:
    rows = []
    for (unit_type, lead), of_lead in sorted(sums.items()):
        with exact():
            saved = of_lead.due - of_lead.expired
        rows.append((unit_type, lead, of_lead.due, of_lead.expired, saved, float(of_lead.share), of_lead.dues))
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_SCHEMA)}
    return nw.from_dict(columns, schema=_SCHEMA, backend="polars")
