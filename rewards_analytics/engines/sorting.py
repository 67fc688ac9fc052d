"""Sorting more rows than one wants in memory: they wait in a folder, in spans of the order, and each span is sorted."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from rewards_analytics.engines.spill import room_to_spill

MOST_ROWS: Final = 1 << 21
"""Rows that are sorted in memory."""

_SPAN: Final = 1 << 20
"""Rows of a span, about."""

_SAMPLE: Final = 1 << 10
"""Rows of a span that are looked at to find where spans begin."""


def in_order(
    batches: Iterator[pl.DataFrame], columns: Sequence[str], descending: Sequence[bool]
) -> Iterator[pl.DataFrame]:
    """Yield the rows of all batches in one order, nulls last; few at once, if there are many."""
    kept: list[pl.DataFrame] = []
    rows = 0
    for batch in batches:
        kept.append(batch)
        rows += len(batch)
        if rows > MOST_ROWS:
            break
    else:
        if kept:
            yield _sorted(pl.concat(kept), columns, descending)
        return
    with tempfile.TemporaryDirectory(prefix="rewards-analytics-") as folder, room_to_spill(folder):
        runs, sample = [], []
        for number, batch in enumerate(_all(kept, batches)):
            runs.append(Path(folder, f"{number}.parquet"))
            batch.write_parquet(runs[-1], compression="lz4", statistics=False, row_group_size=_SPAN)
            sample.append(batch.select(columns).gather_every(max(1, _SPAN // _SAMPLE)))
            rows += len(batch)
        yield from _spans(runs, pl.concat(sample), columns, descending)


def _all(kept: list[pl.DataFrame], rest: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    while kept:
        yield kept.pop(0)
    yield from rest


def _spans(
    runs: Sequence[Path], sample: pl.DataFrame, columns: Sequence[str], descending: Sequence[bool]
) -> Iterator[pl.DataFrame]:
    """Move the rows of the runs to the span that each falls into, and yield the spans, sorted."""
    starts = _sorted(sample, columns, descending).gather_every(_SAMPLE, offset=_SAMPLE // 2).unique(maintain_order=True)
    groups = [runs[0].with_name(f"span-{number}") for number in range(len(starts) + 1)]
    for group in groups:
        group.mkdir()
    for run in runs:
        rows = pl.read_parquet(run)
        run.unlink()
        for number, part in _by_span(rows, starts, columns, descending):
            part.write_parquet(groups[number] / run.name, compression="lz4", statistics=False)
    for group in groups:
        parts = [pl.read_parquet(path) for path in sorted(group.iterdir())]
        if parts:
            yield _sorted(pl.concat(parts), columns, descending)


def _by_span(
    rows: pl.DataFrame, starts: pl.DataFrame, columns: Sequence[str], descending: Sequence[bool]
) -> Iterator[tuple[int, pl.DataFrame]]:
    """Cut rows where spans start: the starts are sorted among them, because only Polars knows how it compares rows."""
    mark = "__start__"
    marked = pl.concat(
        [
            rows.select(columns).with_columns(pl.lit(0).alias(mark)).with_row_index("__row__"),
            starts.with_columns(pl.lit(1).alias(mark)).with_row_index("__row__"),
        ]
    )
    # A row that equals a start comes after it.
    order = marked.sort(*columns, mark, descending=[*descending, True], nulls_last=True)
    spans = order.select("__row__", mark, span=pl.col(mark).cum_sum()).filter(pl.col(mark) == 0)
    ordered = rows[spans["__row__"]]
    begin = 0
    for number, count in spans.group_by("span", maintain_order=True).len().iter_rows():
        yield number, ordered.slice(begin, count)
        begin += count


def _sorted(rows: pl.DataFrame, columns: Sequence[str], descending: Sequence[bool]) -> pl.DataFrame:
    return rows.sort(*columns, descending=list(descending), nulls_last=True)
