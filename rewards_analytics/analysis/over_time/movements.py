"""The flows of each holding over many pairs of snapshots, brought together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import narwhals as nw

from rewards_analytics.analysis.over_time.pairs import Pair, changes_of, in_parts
from rewards_analytics.analysis.over_time.snapshots import Snapshots
from rewards_analytics.engines import DataFrame, LazyFrame
from rewards_analytics.schema import KEY

_MOST_ROWS: Final = 500_000
"""Rows that a sweep over a stored history keeps until it brings them together."""


def by_holding(
    snapshots: Snapshots[Any],
    pairs: Sequence[Pair],
    rows: nw.Expr,
    *,
    sums: Mapping[str, nw.Expr],
    latest: Mapping[str, nw.Expr] | None = None,
    **carried: Mapping[Pair, int],
) -> LazyFrame:
    """One row per holding over pairs of days: sums of some columns of `changes`, and the latest value of others.

    Parameters
    ----------
    snapshots, pairs
        The history, and the pairs of its days that count.
    rows
        Which rows of `changes` count.
    sums, latest
        The columns of the result, each worked out from a row of `changes`.
    carried
        Numbers of each pair that `sums` and `latest` read as columns too.
    """
    latest = latest or {}

    def values(changes: LazyFrame) -> LazyFrame:
        return changes.filter(rows).select(*KEY, **sums, **latest)

    def together(parts: LazyFrame) -> LazyFrame:
        totals = [nw.col(name).sum() for name in sums]
        return parts.group_by(*KEY).agg(*totals, *(nw.col(name).max() for name in latest))

    if not (snapshots.is_stored and pairs):
        return together(values(changes_of(snapshots.table, snapshots.table.frame, pairs, **carried)))
    kept: list[DataFrame] = []
    for changes in in_parts(snapshots, pairs, **carried):
        kept.append(snapshots.table.collect(values(changes)))
        if sum(map(len, kept[1:])) > max(_MOST_ROWS, len(kept[0])):
            kept = [snapshots.table.collect(together(nw.concat(kept).lazy()))]
    return together(nw.concat(kept).lazy())
