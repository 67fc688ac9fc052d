"""What balances are worth in dollars, at rates that the caller gives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

import narwhals as nw

from rewards_analytics.analysis.holdings import COLUMNS, held, holding_sums, known_available
from rewards_analytics.analysis.rates import Rates, RateTable, read_rates
from rewards_analytics.analysis.sums import exact, sum_of_known
from rewards_analytics.engines import AMOUNT, CallerFrame, IntoFrameT, LazyFrame, from_caller
from rewards_analytics.errors import ArgumentError
from rewards_analytics.schema import DOLLARS, PRECISION, SCALE

_OF_UNIT = -1
"""Number of the rate of a holding whose member has none of its own."""


class _AtRate(NamedTuple):
    """What is held of one unit at one rate; `available` is None where no balance is known."""

    rate: Decimal | None
    available: Decimal | None
    expiring: Decimal


def value(rewards: IntoFrameT, rates: Rates) -> IntoFrameT:
    """How much is held and how much of it will expire, in dollars, one row per unit type.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads.
    rates
        Dollars a unit: a mapping of unit to rate, a frame of any supported kind, or the path of a CSV file with the
        columns `unit_type`, `rate` and, where members differ, `member_guid`. A row with a member takes precedence
        over the row of its unit, which applies to all other members. `DOLLARS` is 1 unless given. Rates are exact, as
        amounts are: Decimal, int or text, never a float; at least 0, with up to 9 decimals. A `RewardsWarning` names
        those whose unit or member is not in `rewards`.

    Returns
    -------
    The same kind of frame, by `unit_type`: `unit_type` (str), `available` (decimal(38, 9), in the row's own unit;
    as `totals` has it), `rate` (decimal(38, 9), dollars a unit), `value` (decimal(38, 9), dollars), `expiring`
    (decimal(38, 9), in the row's own unit) and `expiring_value` (decimal(38, 9), dollars).

    `value` is the sum over the holdings of `available` times their member's rate, `expiring_value` of `expiring`
    times it: exact, then rounded once, half to even, to 9 decimals. As in `totals`, only known amounts count: a
    holding without a rate or with an unknown balance adds nothing, and if no holding adds anything the value is null.
    So a unit without a rate has null values. `rate` is null if the members of a unit have different rates; otherwise
    `value` is `available` times `rate`. For a lazy frame the sums are computed at once, and the result
    is lazy again.

    Raises
    ------
    ArgumentError
        If a rate is not a number at or above 0 or is given twice, or `rates` has another form (`MissingColumnError`
        if it is a frame without a column that is needed); if a value has more than 29 digits before the point.
    SourceError
        As `ArgumentError`, for rates in a file; or if the file cannot be read.
    FrameError
        If a rate is a float, `rewards` is not a frame of a supported kind, or amounts are floats.

    Examples
    --------
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "member_guid": "MBR-1", "balance_type": "BALANCE"}
    >>> rewards = load([
    ...     reward | {"guid": "RWD-1", "unit_type": "MILES", "balance": 1500},
    ...     reward | {"guid": "RWD-2", "unit_type": "POINTS", "balance": 700},
    ... ])
    >>> [(unit, str(dollars)) for unit, dollars in
    ...  value(rewards, {"MILES": "0.0125"}).select("unit_type", "value").rows()]
    [('MILES', '18.750000000'), ('POINTS', 'None')]
    """
    known = read_rates(rates)
    table = from_caller(rewards, COLUMNS, asked_by="value")
    of_unit, members = _by_rate(table, known)
    if rates is not known:  # else it was read before, for the rewards of several reports
        known.warn_of_unused(of_unit, members)
    rows = [_row(unit_type, of_unit[unit_type]) for unit_type in sorted(of_unit)]
    names = ("unit_type", "available", "rate", "value", "expiring", "expiring_value")
    result = nw.from_dict(
        {name: [row[index] for row in rows] for index, name in enumerate(names)},
        schema=dict.fromkeys(names, AMOUNT) | {"unit_type": nw.String()},
        backend="polars",
    )
    return table.to_caller(result)


def _by_rate(table: CallerFrame[Any], rates: RateTable) -> tuple[dict[str, list[_AtRate]], Collection[tuple[str, str]]]:
    """Add up the holdings of each unit that share a rate, and find the members whose own rates were used.

    The engine adds, and Python multiplies: PySpark and DuckDB cut digits off a product of decimals. There are no more
    sums than rates, so it is a small step however many rewards there are.
    """

    def with_rate(frame: LazyFrame) -> LazyFrame:
        holdings = held(holding_sums(frame), "member_guid", "unit_type")
        if not rates.of_member:
            return holdings.with_columns(__rate__=nw.lit(_OF_UNIT))
        numbered = _numbered(table, rates.of_member)
        holdings = holdings.join(numbered, on=["member_guid", "unit_type"], how="left")
        number = nw.col("__rate__")
        return holdings.with_columns(__rate__=nw.when(number.is_null()).then(nw.lit(_OF_UNIT)).otherwise(number))

    def by_rate(holdings: LazyFrame) -> LazyFrame:
        sums = holdings.group_by("unit_type", "__rate__").agg(nw.col("available", "expiring", "known").sum())
        return sums.with_columns(available=known_available())

    sums = table.added_up(with_rate, by_rate, ["unit_type", "__rate__"])
    own, used = list(rates.of_member), set()
    of_unit: dict[str, list[_AtRate]] = defaultdict(list)
    for row in table.collect(sums).iter_rows(named=True):
        unit_type = row["unit_type"]
        rate = rates.of_unit.get(unit_type, Decimal(1) if unit_type == DOLLARS else None)
        if row["__rate__"] != _OF_UNIT:
            rate = rates.of_member[own[row["__rate__"]]]
            used.add(own[row["__rate__"]])
        of_unit[unit_type].append(_AtRate(rate, row["available"], row["expiring"]))
    return of_unit, used


def _numbered(table: CallerFrame[Any], of_member: Collection[tuple[str, str]]) -> LazyFrame:
    """The members with rates of their own, one row per member and unit, where the rewards are."""
    columns = {
        "member_guid": [member_guid for member_guid, _ in of_member],
        "unit_type": [unit_type for _, unit_type in of_member],
        "__rate__": list(range(len(of_member))),
    }
    schema = {"member_guid": nw.String(), "unit_type": nw.String(), "__rate__": nw.Int64()}
    return table.upload(nw.from_dict(columns, schema=schema, backend="polars"))


def _row(unit_type: str, parts: list[_AtRate]) -> tuple[str, *tuple[Decimal | None, ...]]:
    rates = {each.rate for each in parts}
    return (
        unit_type,
        sum_of_known(each.available for each in parts),
        rates.pop() if len(rates) == 1 else None,
        _dollars(unit_type, sum_of_known(_product(each.available, each.rate) for each in parts)),
        sum_of_known(each.expiring for each in parts),
        _dollars(unit_type, sum_of_known(_product(each.expiring, each.rate) for each in parts)),
    )


def _product(amount: Decimal | None, rate: Decimal | None) -> Decimal | None:
    with exact():
        return None if amount is None or rate is None else amount * rate


def _dollars(unit_type: str, dollars: Decimal | None) -> Decimal | None:
    if dollars is None:
        return None
    with exact():
        rounded = dollars.quantize(Decimal(1).scaleb(-SCALE), rounding=ROUND_HALF_EVEN)
    if abs(rounded) >= Decimal(10) ** (PRECISION - SCALE):
        raise ArgumentError(
            f"The value of {unit_type!r}, ${rounded:f}, has more than {PRECISION - SCALE} digits before the point. "
            "A rate is in dollars a unit: check it."
        )
    return rounded
