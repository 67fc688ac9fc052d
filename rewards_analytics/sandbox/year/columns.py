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
Words = npt.NDArray[np.uint64]

NEVER: Final = 1 << 31
"""The day number of what does not expire, or has not happened: later than every day."""

_POWERS: Final = 10 ** np.arange(SCALE + 1)
_DAY: Final = 86_400_000_000
_HEX: Final = np.frombuffer(b"".join(f"{number:04x}".encode() for number in range(1 << 16)), np.uint32)
_GROUPS: Final = (0, 4, 9, 14, 19, 24, 28, 32)
"""Where a UUID's eight groups of four digits begin."""


def guids(prefix: str, seed: int, *keys: Ints) -> pl.Series:
    """One guid a row, `RWD-` and a UUID of version 4: the same for the same seed and keys."""
    high = np.full(len(keys[0]), seed & (2**64 - 1), np.uint64)
    kind = np.full(len(high), int.from_bytes(prefix.encode(), "big"), np.int64)
    for key in (kind, *keys):
        high = mixed(high ^ key.astype(np.uint64))
    return cast("pl.Series", pl.from_arrow(guids_of(prefix, high, mixed(high), pa.large_string())))


def guids_of(prefix: str, high: Words, low: Words, kind: pa.DataType) -> pa.Array:
    """Guids from the two halves of UUIDs, whose bits for the version and the variant are set."""
    high = (high & np.uint64(0xFFFFFFFFFFFF0FFF)) | np.uint64(0x4000)
    low = (low & np.uint64(0x3FFFFFFFFFFFFFFF)) | np.uint64(0x8000000000000000)
    start = len(prefix) + 1
    size = start + 36
    text = np.empty((len(high), size), np.uint8)
    text[:] = np.frombuffer(f"{prefix}-{'-'.join('0' * digits for digits in (8, 4, 4, 4, 12))}".encode(), np.uint8)
    names = [f"{group}" for group in _GROUPS]
    offsets = [start + group for group in _GROUPS]
    groups = text.view(np.dtype({"names": names, "formats": ["u4"] * 8, "offsets": offsets, "itemsize": size}))[:, 0]
    for place, name in enumerate(names):
        half = high if place < 4 else low
        groups[name] = _HEX[(half >> np.uint64(48 - 16 * (place % 4))) & np.uint64(0xFFFF)]
    width = np.int64 if kind == pa.large_string() else np.int32
    places = np.arange(0, text.size + 1, size, dtype=width)
    return pa.Array.from_buffers(kind, len(high), [None, pa.py_buffer(places), pa.py_buffer(text)])


def mixed(keys: Words) -> Words:
    """The finaliser of SplitMix64, whose bits do not depend on a library's version."""
    keys = keys + np.uint64(0x9E3779B97F4A7C15)
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def amounts(steps: Ints, decimals: Ints) -> pl.Series:
    """Exact amounts, decimal(38, 9), from whole numbers of the smallest step of each unit."""
    return cast("pl.Series", pl.from_arrow(amounts_of(steps, decimals)))


def amounts_of(steps: Ints, decimals: Ints) -> pa.Array:
    """Return the same as an Arrow array."""
    scaled = np.zeros((len(steps), 2), np.int64)  # the low and the high half of an amount
    scaled[:, 0] = steps * _POWERS[SCALE - decimals]
    scaled[:, 1] = scaled[:, 0] >> 63
    return pa.Array.from_buffers(pa.decimal128(PRECISION, SCALE), len(steps), [None, pa.py_buffer(scaled)])


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
