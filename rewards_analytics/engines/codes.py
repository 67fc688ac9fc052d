"""Codes in place of texts: rows that are only grouped by texts, or whose texts are only counted, need no text.

A code is 128 bits of a hash. Among a billion texts, two have the same code once in 10^20 times. The seeds are drawn
anew in each process, so that nobody can prepare texts with the same code.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import xor
from typing import Final

import polars as pl

from rewards_analytics.engines.ahead import ahead
from rewards_analytics.engines.parts import PART_ROWS, Asked
from rewards_analytics.engines.piles import BATCH_ROWS, Piles
from rewards_analytics.engines.spill import room_to_spill
from rewards_analytics.files import temporary_folder

_ROW_BYTES: Final = 80
"""Of a row that waits, about."""

_HALF: Final = 1 << 64

_SEEDS: Final = (secrets.randbits(63), secrets.randbits(63))


@contextmanager
def in_coded_parts(
    rows: pl.LazyFrame, asked: Asked, codes: Mapping[str, Sequence[str]], count: int
) -> Iterator[Iterator[pl.LazyFrame]]:
    """Move the rows, about `count` of them, into parts.

    Each part has, in place of some text columns, codes: a column of codes for each name in `codes`, each for the texts,
    or nulls, of the columns given for it.
    """
    parts = -(-count // PART_ROWS)
    texts = {*codes}.union(*codes.values())
    others = [name for name in asked.columns if name not in texts]
    halves = [half for name, columns in codes.items() for half in _halves(name, columns)]
    short = asked.rows(rows).select(*others, *halves)

    def number(rows: pl.DataFrame) -> pl.Series:
        return (rows[f"{asked.by} 0"] if asked.by in codes else rows[asked.by].hash()) % parts

    with temporary_folder("rewards-analytics-") as folder:
        piles = Piles(folder)
        with room_to_spill(folder, count * _ROW_BYTES):
            piles.put(short.collect_batches(chunk_size=BATCH_ROWS, maintain_order=False, engine="streaming"), number)
        yield ahead(_parts(piles, short, codes))


def first_halves(codes: pl.Series) -> pl.Series:
    """The first 64 bits of codes."""
    return (codes // _HALF).cast(pl.UInt64)


def first_halves_of(rows: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """The first 64 bits of the code of each row's texts in some columns."""
    return rows.select(_halves("code", columns)[0]).to_series()


def _halves(name: str, columns: Sequence[str]) -> list[pl.Expr]:
    """Two hashes of some columns, in two columns: those of 64 bits are moved faster than one of 128."""
    return [
        reduce(xor, (pl.col(column).hash(seed + place) for place, column in enumerate(columns))).alias(f"{name} {half}")
        for half, seed in enumerate(_SEEDS)
    ]


def _joined(name: str) -> pl.Expr:
    first, second = (pl.col(f"{name} {half}").cast(pl.UInt128) for half in range(len(_SEEDS)))
    return (first * _HALF + second).alias(name)


def _parts(piles: Piles, rows: pl.LazyFrame, codes: Collection[str]) -> Generator[pl.LazyFrame]:
    halves = [f"{name} {half}" for name in codes for half in range(len(_SEEDS))]
    for number in piles.numbers:
        # Of one user or holding, if they are many.
        part = piles.take(number).lazy() if piles.rows(number) <= 2 * PART_ROWS else piles.scan(number)
        yield part.with_columns(map(_joined, codes)).drop(halves)
    if not piles.numbers:  # there always is a part
        yield rows.with_columns(map(_joined, codes)).drop(halves).clear()
