"""The terms of all programmes as arrays, one entry for each balance of `TERMS`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from rewards_analytics.sandbox.year.columns import NEVER, Bools, Ints
from rewards_analytics.sandbox.year.programmes import INSTITUTIONS, Terms, decimals

TERMS: Final[tuple[Terms, ...]] = tuple(terms for institution in INSTITUTIONS for terms in institution.holdings)
"""The terms of every programme's balances; a holding names its own by their place."""

_MOST: Final = max(len(steps) for terms in TERMS for steps in (terms.goals, terms.levels))


def _steps(values: Sequence[int], filler: int) -> list[int]:
    """Values filled up to the length of the longest list: with the last one, or with `filler` where there are none."""
    return [*values, *[values[-1] if values else filler] * _MOST][:_MOST]


EARNED: Final[Ints] = np.array([[terms.steps(end) for end in terms.earned] for terms in TERMS], np.int64)
A_MONTH: Final = np.array([float(terms.per_month) for terms in TERMS])
LASTS: Final[Ints] = np.array([terms.lasts for terms in TERMS], np.int64)
MOVED_BY: Final[Ints] = np.array([terms.moved_by for terms in TERMS], np.int64)
SHOWN: Final = np.array([terms.shown for terms in TERMS])
IS_POOLED: Final[Bools] = np.array([bool(terms.pooled) for terms in TERMS], np.bool_)
COUNTS_TRIPS: Final[Bools] = np.array([terms.level_unit not in ("", terms.unit) for terms in TERMS], np.bool_)
GOALS: Final[Ints] = np.array(
    [_steps([terms.steps(price) for price in terms.goals.values()], NEVER) for terms in TERMS], np.int64
)
LEVELS: Final[Ints] = np.array(
    [_steps([terms.steps(needed) for needed in terms.levels.values()], NEVER) for terms in TERMS], np.int64
)
GOAL_COUNT: Final[Ints] = np.array([max(len(terms.goals), 1) for terms in TERMS], np.int64)


class _Wordings:
    """The texts of all rows, with their units and the decimals of their amounts, and where each kind has its own."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.units: list[str] = []
        self.balance = self._of([[(terms.wording, terms.unit)] for terms in TERMS])[:, 0]
        self.expiring = self._of([[(f"{terms.wording} expiring", terms.unit)] for terms in TERMS])[:, 0]
        self.pooled = self._of([[(terms.pooled, terms.unit)] for terms in TERMS])[:, 0]
        self.goal = self._of([[(text, terms.unit) for text in terms.goals] for terms in TERMS])
        self.level = self._of([[(text, terms.level_unit) for text in terms.levels] for terms in TERMS])
        self.decimals: Ints = np.array([decimals(unit) for unit in self.units], np.int64)

    def _of(self, kinds: list[list[tuple[str, str]]]) -> Ints:
        """Places of the texts of each balance; -1 where it has none."""
        places = []
        for rows in kinds:
            first = len(self.texts)
            self.texts += [text for text, _ in rows]
            self.units += [unit for _, unit in rows]
            places.append(_steps(range(first, len(self.texts)), -1))
        return np.array(places, np.int64)


WORDINGS: Final = _Wordings()
