"""Columns of the frames from whole numbers: guids, exact amounts, days and instants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from rewards_analytics.schema import PRECISION, SCALE

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NEVER: Final = 1 << 31
"""The day number of what does not expire, or has not happened: later than every day."""

_DAY: Final = 86_400_000_000
_HEX: Final = np.frombuffer(b"0123456789abcdef", np.uint8)
_DIGITS: Final = np.array([place for place in range(36) if place not in (8, 13, 18, 23)])


def guids(prefix: str, seed: int, *keys: Ints) -> pl.Series:
    """One guid a row, `RWD-` and a UUID of version 4: the same for the same seed and keys."""
    high = np.full(len(keys[0]), seed & (2**64 - 1), np.uint64)
    kind = np.full(len(high), int.from_bytes(prefix.encode(), "big"), np.int64)
    for key in (kind, *keys):
        high = _mixed(high ^ key.astype(np.uint64))
    low = _mixed(high)
    high = (high & np.uint64(0xFFFFFFFFFFFF0FFF)) | np.uint64(0x4000)
    low = (low & np.uint64(0x3FFFFFFFFFFFFFFF)) | np.uint64(0x8000000000000000)
    digits = np.column_stack([high, low]).astype(">u8").view(np.uint8)
    start = len(prefix) + 1
    text = np.full((len(high), start + 36), ord("-"), np.uint8)
    text[:, : start - 1] = np.frombuffer(prefix.encode(), np.uint8)
    text[:, start + _DIGITS[0::2]] = _HEX[digits >> 4]
    text[:, start + _DIGITS[1::2]] = _HEX[digits & 15]
    offsets = np.arange(0, text.size + 1, start + 36, dtype=np.int64)
    made = pa.LargeStringArray.from_buffers(len(high), pa.py_buffer(offsets), pa.py_buffer(text))
    return cast("pl.Series", pl.from_arrow(made))


def _mixed(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """The finaliser of SplitMix64, whose bits do not depend on a library's version."""
    keys = keys + np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def amounts(steps: Ints, decimals: Ints) -> pl.Series:
    """Exact amounts, decimal(38, 9), from whole numbers of the smallest step of each unit."""
    scaled = np.zeros((len(steps), 2), np.int64)  # the low and the high half of an amount
    scaled[:, 0] = steps * 10 ** (SCALE - decimals)
    scaled[:, 1] = scaled[:, 0] >> 63
    made = pa.Decimal128Array.from_buffers(pa.decimal128(PRECISION, SCALE), len(steps), [None, pa.py_buffer(scaled)])
    return cast("pl.Series", pl.from_arrow(made))


def dates(days: Ints) -> pl.Series:
    """Dates from day numbers; null for `NEVER`."""
    numbers = pl.Series(np.where(days == NEVER, 0, days).astype(np.int32)).cast(pl.Date)
    return pl.select(pl.when(pl.lit(pl.Series(days != NEVER))).then(pl.lit(numbers))).to_series()


def instants(days: Ints, seconds: Ints) -> pl.Series:
    """UTC instants, `seconds` after the midnight that begins each day; null for `NEVER`."""
    microseconds = pl.Series(days * _DAY + seconds * 1_000_000).cast(pl.Datetime("us", "UTC"))
    return pl.select(pl.when(pl.lit(pl.Series(days != NEVER))).then(pl.lit(microseconds))).to_series()


def texts(values: Sequence[str | None], places: Ints) -> pl.Series:
    """The text at each place of a list."""
    return pl.Series(values, dtype=pl.String).gather(places)
