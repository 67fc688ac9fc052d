"""Random numbers without a state: each is a function of a key, and of the number of the draw."""

from __future__ import annotations

from typing import Final

import numpy as np

from rewards_analytics.sandbox.year.columns import Ints, Words, mixed

_ODD: Final = 0xD1342543DE82EF95
_HALF: Final = np.uint64(32)


def seeded(seed: int, numbers: Ints) -> Words:
    """Keys of things that are numbered."""
    first = mixed(np.array([seed & (2**64 - 1)], np.uint64))
    return mixed(first ^ mixed(numbers.astype(np.uint64)))


def drawn(keys: Words, number: int | Ints | Words) -> Words:
    """64 random bits for each key; other bits for each `number`."""
    if isinstance(number, int):
        number = np.array([number], np.int64)
    return mixed(keys ^ (number.astype(np.uint64) * np.uint64(_ODD)))


def below(bits: Words, bound: int | Ints) -> Ints:
    """Whole numbers from 0 to `bound` - 1, from the upper half of the bits."""
    return (((bits >> _HALF) * np.asarray(bound).astype(np.uint64)) >> _HALF).astype(np.int64)


def sixteenth_bits(bits: Words, place: int) -> Ints:
    """Whole numbers below 65,536, from the four groups of bits: `place` 0 to 3."""
    return ((bits >> np.uint64(16 * place)) & np.uint64(0xFFFF)).astype(np.int64)


def mostly_small(fractions: Ints) -> Ints:
    """Squares of 65,536ths: many small ones, few large."""
    return (fractions * fractions) >> 16
