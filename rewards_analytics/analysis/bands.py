"""How balances are spread: holdings by the size of their available balance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from numbers import Rational, Real
from typing import Any, Final, TypeAlias

import narwhals as nw

from rewards_analytics.amounts import InvalidValueError, amount
from rewards_analytics.analysis.holdings import COLUMNS, held, holding_sums
from rewards_analytics.engines import AMOUNT, CallerFrame, DataFrame, IntoFrameT, LazyFrame, from_caller
from rewards_analytics.errors import ArgumentError
from rewards_analytics.schema import HOLDER, LOT_TYPES

Edge: TypeAlias = int | Decimal | str

EDGES: Final[Sequence[Edge]] = (1, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 1_000_000)

_EXAMPLE: Final = "for example edges=(1, 1_000, 10_000)"


def bands(rewards: IntoFrameT, edges: Iterable[Edge] = EDGES) -> IntoFrameT:
    """How balances are spread, one row per band of the available balance and unit type.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them, in a frame of any supported kind; the columns that `holdings` reads.
    edges
        Where one band ends and the next begins, ascending: int, Decimal or text, never a float, with up to 19 digits
        before the point and 9 after it. The same for every unit.

    Returns
    -------
    The same kind of frame, by `unit_type`, then upwards: `unit_type` (str), `at_least` and `below` (decimal(38, 9), in
    the row's own unit: the band holds `at_least <= available < below`), `holdings`, `members` (int), `available`
    (decimal(38, 9), the sum over the holdings of the band). The first band has no `at_least` and the last no `below`:
    they are null.

    Only holdings with a known available balance count (see `holdings`). Each unit that has one has a row for every
    band, zero where no holding falls into it. `holdings` and `available` of a unit add up to those of `totals`;
    `members` do not, as a member may have holdings in several bands. For a lazy frame the sums are computed at once,
    and the result is lazy again.

    Raises
    ------
    ArgumentError
        If `edges` is empty or does not ascend, or an edge is a float or not a number; `MissingColumnError` if a column
        is missing.
    FrameError
        If `rewards` is not a frame of a supported kind, or a column that is read has nulls where none may be, floats,
        amounts out of range or times of day. A lazy frame may fail when it is computed instead.

    Examples
    --------
    >>> from rewards_analytics import load
    >>> reward = {"user_guid": "USR-1", "balance_type": "BALANCE", "unit_type": "MILES"}
    >>> rewards = load([
    ...     reward | {"guid": "RWD-1", "member_guid": "MBR-1", "balance": 999},
    ...     reward | {"guid": "RWD-2", "member_guid": "MBR-2", "balance": 1000},
    ... ])
    >>> [(str(low), str(high), holdings) for low, high, holdings in
    ...  bands(rewards, (500, 1000)).select("at_least", "below", "holdings").rows()]
    [('None', '500.000000000', 0), ('500.000000000', '1000.000000000', 1), ('1000.000000000', 'None', 1)]
    """
    ascending = edges_of(edges)
    table = from_caller(rewards, COLUMNS, asked_by="bands")

    def by_band(sums: LazyFrame) -> LazyFrame:
        known = held(sums, "member_guid", "unit_type").filter(nw.col("known") > 0)
        return (
            _with_band(table, known, ascending)
            .group_by("unit_type", "__band__")
            .agg(nw.col("available").sum(), nw.col("member_guid").n_unique().alias("members"), holdings=nw.len())
        )

    key = ["unit_type", "__band__"]
    counted = table.added_up(holding_sums, by_band, key, {"members": "member_guid"}, LOT_TYPES, coded=HOLDER)
    return table.to_caller(_filled(table.collect(counted), ascending))


def edges_of(edges: Iterable[Edge]) -> list[Decimal]:
    """Return the edges as exact amounts; refuse them where they are empty, do not ascend or are not exact."""
    if isinstance(edges, str) or not isinstance(edges, Iterable):
        raise ArgumentError(f"edges={edges!r} is not a list of edges. Pass several numbers, {_EXAMPLE}.")
    given = list(edges)
    if not given:
        raise ArgumentError(f"edges is empty, so there is no band to fall into. Pass one edge or more, {_EXAMPLE}.")
    exact = [_exact(edge) for edge in given]
    for (one, other), (before, after) in zip(pairwise(given), pairwise(exact), strict=True):
        if before >= after:
            raise ArgumentError(
                f"edges do not ascend: {other!r} follows {one!r}. Pass each edge once, the lowest first."
            )
    return exact


def _exact(edge: Any) -> Decimal:
    try:
        return amount(edge)
    except InvalidValueError as problem:
        if isinstance(edge, Real) and not isinstance(edge, Rational):  # NumPy has floats of its own
            message = f"The edge {edge!r} is a float, which is not an exact amount. Pass it as int, Decimal or text."
            raise ArgumentError(message) from None
        raise ArgumentError(f"The edge {edge!r} {problem}. Pass ints, decimals or text, {_EXAMPLE}.") from None


def _with_band(table: CallerFrame[Any], holdings: LazyFrame, edges: Sequence[Decimal]) -> LazyFrame:
    """Add the number of the band that each holding falls into, from 0."""
    holdings, amounts = table.with_amounts(holdings, edges)
    band = nw.lit(0)
    for place, edge in enumerate(amounts, start=1):
        band = nw.when(nw.col("available") >= edge).then(nw.lit(place)).otherwise(band)
    return holdings.select("unit_type", "member_guid", "available", __band__=band)


def _filled(counted: DataFrame, edges: Sequence[Decimal]) -> DataFrame:
    """Every band of each unit, in order, from the sums of those that hold anything."""
    found = {(row["unit_type"], row["__band__"]): row for row in counted.iter_rows(named=True)}
    limits = [None, *edges, None]
    rows = [
        (unit_type, limits[band], limits[band + 1], *_sums(found.get((unit_type, band))))
        for unit_type in sorted({unit_type for unit_type, _ in found})
        for band in range(len(edges) + 1)
    ]
    schema = {
        "unit_type": nw.String(),
        "at_least": AMOUNT,
        "below": AMOUNT,
        "holdings": nw.Int64(),
        "members": nw.Int64(),
        "available": AMOUNT,
    }
    columns = {name: [row[place] for row in rows] for place, name in enumerate(schema)}
    return nw.from_dict(columns, schema=schema, backend="polars")


def _sums(row: Mapping[str, Any] | None) -> tuple[int, int, Decimal]:
    return (0, 0, Decimal(0)) if row is None else (row["holdings"], row["members"], row["available"])
