"""How much of the available balance belongs to members that were last aggregated too long ago."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.arguments import day
from rewards_analytics.analysis.holdings import COLUMNS, held, holding_sums, known_available
from rewards_analytics.engines import (
    AMOUNT,
    DataFrame,
    IntoFrameT,
    LazyFrame,
    columns_of,
    from_caller,
    is_frame,
    rereadable,
)
from rewards_analytics.errors import ArgumentError, FrameError, MissingColumnError

STALE_AFTER_DAYS: Final = 2

_MEMBER: Final = ("user_guid", "member_guid")
_READ: Final = (*_MEMBER, "aggregated_at")


def freshness(
    rewards: IntoFrameT, members: Any, *, as_of: date | None = None, stale_after: int = STALE_AFTER_DAYS
) -> IntoFrameT:
    """How much of the available balance is stale, one row per unit type.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads.
    members
        When each member was last aggregated: a frame like `pull(…).freshness`, of any supported kind, not necessarily
        that of `rewards`. Reads `user_guid`, `member_guid` and `aggregated_at` (timestamp, in UTC if it has no zone).
        If a member has several rows, the latest time counts.
    as_of
        Day to count from, today in UTC if None.
    stale_after
        Days that a balance counts as fresh. Days are calendar days in UTC: a member aggregated at any time of the day
        `stale_after` days before `as_of`, or later, is fresh; one aggregated on an earlier day is stale.

    Returns
    -------
    The same kind of frame as `rewards`, by `unit_type`: `unit_type` (str), `available`, `stale` and `unknown`
    (decimal(38, 9), in the row's own unit), `stale_share` (float).

    `available` is the sum over the holdings where it is known, as in `totals`. `stale` is the part of it held by stale
    members, `unknown` the part held by members with a null `aggregated_at` or without a row in `members`. All three
    are null in a unit without a known balance. `stale_share` is `stale` divided by `available`, null where
    `available` is 0 or null; it lies outside 0 to 1 only where some balances are below 0. For a lazy frame the sums
    are computed at once, and the result is lazy again.

    Raises
    ------
    ArgumentError
        If `as_of` is not a date, or `stale_after` not an integer ≥ 0; `MissingColumnError` if a column is missing.
    FrameError
        If `rewards` or `members` is not a frame of a supported kind, or a column that is read has nulls where none may
        be, floats, amounts out of range or times of day, or `aggregated_at` does not hold times.

    Examples
    --------
    >>> from datetime import datetime
    >>> import polars as pl
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "unit_type": "MILES", "balance_type": "BALANCE"}
    >>> rewards = load([
    ...     reward | {"guid": "RWD-1", "member_guid": "MBR-1", "balance": 300},
    ...     reward | {"guid": "RWD-2", "member_guid": "MBR-2", "balance": 100},
    ... ])
    >>> members = pl.DataFrame({
    ...     "user_guid": "USR-1", "member_guid": ["MBR-1", "MBR-2"],
    ...     "aggregated_at": [datetime(2026, 11, 23, 4), datetime(2026, 11, 20, 23)],
    ... })
    >>> freshness(rewards, members, as_of=date(2026, 11, 23)).select("unit_type", "stale", "stale_share").rows()
    [('MILES', Decimal('100.000000000'), 0.25)]
    """
    today = day(as_of)
    if isinstance(stale_after, bool) or not isinstance(stale_after, int) or stale_after < 0:
        raise ArgumentError.below("stale_after", stale_after, 0, kind="an integer")
    first_fresh = today - timedelta(days=min(stale_after, (today - date.min).days))
    known = last_aggregated(members).filter(~nw.col("aggregated_at").is_null())
    stale = nw.when(nw.col("aggregated_at") < nw.lit(first_fresh)).then(nw.lit(1)).otherwise(nw.lit(0))
    table = from_caller(rewards, COLUMNS, asked_by="freshness")
    of_members = table.upload(known.select(*_MEMBER, __stale__=stale))
    available, is_stale = nw.col("available"), nw.col("__stale__")

    def with_stale(frame: LazyFrame) -> LazyFrame:
        holdings = held(holding_sums(frame), *_MEMBER, "unit_type")
        return holdings.join(of_members, on=list(_MEMBER), how="left").with_columns(
            stale=nw.when(is_stale == 1).then(available), unknown=nw.when(is_stale.is_null()).then(available)
        )

    def by_unit(holdings: LazyFrame) -> LazyFrame:
        sums = holdings.group_by("unit_type").agg(nw.col("available", "stale", "unknown", "known").sum())
        return sums.select("unit_type", "stale", "unknown", available=known_available())

    sums = table.added_up(with_stale, by_unit, ["unit_type"])
    rows = sorted(_row(**row) for row in table.collect(sums).iter_rows(named=True))
    names = ("unit_type", "available", "stale", "unknown", "stale_share")
    result = nw.from_dict(
        {name: [row[index] for row in rows] for index, name in enumerate(names)},
        schema=dict.fromkeys(names, AMOUNT) | {"unit_type": nw.String(), "stale_share": nw.Float64()},
        backend="polars",
    )
    return table.to_caller(result)


def ages(members: Any, *, as_of: date | None = None) -> list[tuple[int | None, int]]:
    """Days since the last aggregation, each with the number of members, ascending; None, for never, is last.

    `members` and days are as in `freshness`. A time after `as_of` is of age 0.
    """
    today = day(as_of)
    days = last_aggregated(members)["aggregated_at"].to_list()
    counts = Counter(None if on is None else max((today - on).days, 0) for on in days)
    return sorted(counts.items(), key=lambda entry: (entry[0] is None, entry[0]))


def _row(
    unit_type: str, available: Decimal | None, stale: Decimal, unknown: Decimal
) -> tuple[str, Decimal | None, Decimal | None, Decimal | None, float | None]:
    if available is None:
        return unit_type, None, None, None, None
    share = float(Fraction(stale) / Fraction(available)) if available else None
    return unit_type, available, stale, unknown, share


def last_aggregated(members: Any) -> DataFrame:
    """One row per member: its guids, and in `aggregated_at` the day in UTC of its last aggregation, or null.

    It can take the place of `members`.
    """
    if not is_frame(members):
        raise FrameError(
            f"members is of type {type(members).__name__}. Pass a frame with the columns {', '.join(_READ)}, such as "
            "pull(…).freshness."
        )
    members = rereadable(members, asked_by="freshness")
    found = columns_of(members, asked_by="freshness")
    if missing := [name for name in _READ if name not in found]:
        raise MissingColumnError(
            f"members has no column {missing[0]!r}; found {found}. Pass a frame with the columns "
            f"{', '.join(_READ)}, such as pull(…).freshness.",
            missing=missing,
            found=found,
        )
    table = from_caller(members, _READ, asked_by="freshness", required=_MEMBER)
    rows = table.collect(table.frame)
    time, kind = nw.col("aggregated_at"), rows.schema["aggregated_at"]
    if isinstance(kind, nw.Datetime) and kind.time_zone is not None:
        time = time.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    days = rows.select(*_MEMBER, aggregated_at=time.cast(nw.Date))
    return days.group_by(*_MEMBER).agg(nw.col("aggregated_at").max())
