"""Amounts that NumPy adds up by group, exactly.

An amount is a whole number of billionths, cut into limbs of 24 bits. A float holds their sums exactly for as many rows
as fit in memory, and NumPy adds floats up by group in a tenth of the time that Polars takes for decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa

from rewards_analytics.schema import PRECISION, SCALE

Numbers: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_BITS: Final = 24
_MASK: Final = 2**_BITS - 1
_LIMBS: Final = 4
"""An amount is below 10**28, which has 94 bits."""


class Amounts:
    """Amounts, or sums of them, as limbs from the least one on."""

    def __init__(self, limbs: Sequence[Numbers]) -> None:
        self._limbs = limbs

    @classmethod
    def of(cls, amounts: pl.Series) -> Amounts:
        """Cut decimals with 9 places into limbs that have the sign of the amount."""
        _, words = amounts.abs().rechunk().to_arrow().buffers()
        low, high = np.frombuffer(words, np.int64).reshape(-1, 2)[: len(amounts)].T
        middle = (low >> 2 * _BITS & 0xFFFF) | (high & 0xFF) << 16
        sign = np.where((amounts < 0).to_numpy(), -1, 1)
        limbs = [limb * sign for limb in (low & _MASK, low >> _BITS & _MASK, middle, high >> 8)]
        return cls([limb.astype(np.float32) for limb in limbs if limb.any() or limb is limbs[0]])

    def at(self, places: Numbers) -> Amounts:
        """Return the amounts at some places."""
        return Amounts([limb[places] for limb in self._limbs])

    def by(self, groups: Numbers, size: int) -> Amounts:
        """Add up the amounts of each group, given as the number of each amount's group, below `size`."""
        return Amounts([np.bincount(groups, limb, size) for limb in self._limbs])

    def series(self) -> pl.Series:
        """Return decimals with 9 places."""
        limbs = [limb.astype(np.int64) for limb in self._limbs]
        limbs += [np.zeros_like(limbs[0])] * (_LIMBS - len(limbs))
        for place in range(_LIMBS - 1):
            limbs[place + 1] = limbs[place + 1] + (limbs[place] >> _BITS)
            limbs[place] = limbs[place] & _MASK
        low = limbs[0] | limbs[1] << _BITS | (limbs[2] & 0xFFFF) << 2 * _BITS
        high = limbs[2] >> 16 | limbs[3] << 8
        words = pa.py_buffer(np.stack([low, high], axis=1).tobytes())
        found = pl.from_arrow(pa.Array.from_buffers(pa.decimal128(PRECISION, SCALE), len(low), [None, words]))
        assert isinstance(found, pl.Series)  # noqa: S101 - for the type checker
        return found
