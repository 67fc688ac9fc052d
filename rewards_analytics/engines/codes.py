"""Codes in place of texts: rows that are only grouped by a text, and whose texts are only counted, need no text.

A code is 128 bits of a hash. Among a billion texts, two have the same code once in 10^20 times. The seeds are drawn
anew in each process, so that nobody can prepare texts with the same code.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from typing import Final

import polars as pl

from rewards_analytics.engines.ahead import ahead
from rewards_analytics.engines.parts import PART_ROWS, Asked
from rewards_analytics.engines.piles import BATCH_ROWS, Piles
from rewards_analytics.engines.spill import room_to_spill
from rewards_analytics.files import temporary_folder

_ROW_BYTES: Final = 80
"""Of a row that waits, about."""

_SEEDS: Final = (secrets.randbits(64), secrets.randbits(64))


@contextmanager
def in_coded_parts(
    rows: pl.LazyFrame, asked: Asked, coded: Collection[str], count: int
) -> Iterator[Iterator[pl.LazyFrame]]:
    """Move the rows, about `count` of them, into parts. In the coded columns, a code stands for each text or null."""
    parts = -(-count // PART_ROWS)
    others = [name for name in asked.columns if name not in coded]
    halves = [pl.col(name).hash(seed).alias(f"{name} {half}") for name in coded for half, seed in enumerate(_SEEDS)]
    short = asked.rows(rows).select(*others, *halves)

    def number(rows: pl.DataFrame) -> pl.Series:
        return (rows[f"{asked.by} 0"] if asked.by in coded else rows[asked.by].hash()) % parts

    with temporary_folder("rewards-analytics-") as folder:
        piles = Piles(folder)
        with room_to_spill(folder, count * _ROW_BYTES):
            piles.put(short.collect_batches(chunk_size=BATCH_ROWS, maintain_order=False, engine="streaming"), number)
        yield ahead(_parts(piles, short, coded))


def _parts(piles: Piles, rows: pl.LazyFrame, coded: Collection[str]) -> Generator[pl.LazyFrame]:
    wide = pl.UInt128
    codes = [
        (pl.col(f"{name} 0").cast(wide) * (1 << 64) + pl.col(f"{name} 1").cast(wide)).alias(name) for name in coded
    ]
    halves = [f"{name} {half}" for name in coded for half in range(len(_SEEDS))]
    for number in piles.numbers:
        # Of one user, if they are many.
        part = piles.take(number).lazy() if piles.rows(number) <= 2 * PART_ROWS else piles.scan(number)
        yield part.with_columns(codes).drop(halves)
    if not piles.numbers:  # there always is a part
        yield rows.with_columns(codes).drop(halves).clear()
