"""Rewards one by one, from Python values: what the parser of JSON, CSV and dicts have in common.

It is slower than whole columns (`columns`), and the authority on which rows are valid and what is wrong with the
others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa

from rewards_analytics.amounts import InvalidValueError
from rewards_analytics.errors import FrameError
from rewards_analytics.loading.chunk import TYPES, Chunk, Place, Rejection, disagreement
from rewards_analytics.loading.values import MISSING, READ, Unquoted
from rewards_analytics.schema import FIELDS, REQUIRED

NOT_AN_OBJECT: Final = "is not an object"
NOT_A_LIST: Final = "is not a list"
TWICE: Final = "is given twice with different values"

_PLAIN: Final = frozenset({str, Unquoted, int, bool, Decimal, date, datetime})
"""Types that need no second look."""

REPEATED: Final = "\0repeated"
"""Key of a mapping that names a field given twice with different values. No field has such a name."""


class Records:
    """Collects rows from rewards, pages of rewards, and rewards in their wrapper.

    `given` has columns that the rewards do not have to hold, each with its value in all of them.
    """

    def __init__(self, given: Mapping[str, str | None] = MappingProxyType({})) -> None:
        self._given = given
        self._columns: list[list[object]] = [[] for _ in FIELDS]
        self._places: list[Place] = []
        self._kept: list[int] = []
        self._rejected: list[Rejection] = []

    def add(self, value: Any, place: Place) -> None:
        """Add a reward, or the rewards of a page."""
        if isinstance(value, Mapping) and value.get("guid") is None:
            root = place.path or "$"
            if "rewards" in value:
                self._add_page(value["rewards"], place._replace(path=f"{root}.rewards"))
                return
            if isinstance(value.get("reward"), Mapping):
                self.add_reward(value["reward"], place._replace(path=f"{root}.reward"))
                return
        self.add_reward(value, place)

    def add_elements(self, values: list[Any], place: Place) -> None:
        """Add each element of a list of rewards or pages."""
        for index, value in enumerate(values):
            self.add(value, place._replace(path=f"{place.path}[{index}]"))

    def add_reward(self, value: Any, place: Place) -> None:
        """Add one reward."""
        if not isinstance(value, Mapping):
            self.reject(place, None, NOT_AN_OBJECT, value)
            return
        repeated = value.get(REPEATED)
        row = []
        for field in FIELDS:
            own = value.get(field)
            if own is not None and type(own) not in _PLAIN:
                own = _plain(own)
            try:
                if field == repeated:
                    raise InvalidValueError(TWICE)
                row.append(self._read(field, own, place))
            except InvalidValueError as problem:
                if isinstance(own, float | np.floating) and field == "balance":
                    raise FrameError.from_float(place.text(field), own) from None
                self.reject(place, field, str(problem), self._given.get(field) if own is None else own)
                return
        self._kept.append(len(self._places))
        self._places.append(place)
        for column, cell in zip(self._columns, row, strict=True):
            column.append(cell)

    def _read(self, field: str, own: object, place: Place) -> object:
        """The value of a field, its own or the one that is given; both have to agree."""
        given = self._given.get(field)
        cell = READ[field](given if own is None else own) if not (own is None and given is None) else None
        if cell is None and field in REQUIRED:
            raise InvalidValueError(MISSING)
        if own is not None and given is not None and READ[field](given) != cell:
            raise disagreement(place, field, own, given)
        return cell

    def reject(self, place: Place, field: str | None, problem: str, value: object = None, note: str = "") -> None:
        """Note a row that is not a valid reward."""
        self._rejected.append(Rejection(place, field, problem, value, note))
        self._places.append(place)

    def chunk(self) -> Chunk:
        """Everything added, in order."""
        arrays = [pa.array(column, field.type) for column, field in zip(self._columns, TYPES, strict=True)]
        return Chunk(
            pa.Table.from_arrays(arrays, schema=TYPES),
            self._places.__getitem__,
            np.array(self._kept, dtype=np.int64) if self._rejected else None,
            self._rejected,
        )

    def _add_page(self, values: Any, place: Place) -> None:
        if not isinstance(values, list | tuple):
            self.reject(place, None, NOT_A_LIST, values)
            return
        for index, value in enumerate(values):
            self.add_reward(value, place._replace(path=f"{place.path}[{index}]"))


def _plain(value: object) -> object:
    """A value of NumPy or pandas as Python's own: what they call missing is None."""
    if type(value).__name__ in ("NaTType", "NAType") or (isinstance(value, float | np.floating) and np.isnan(value)):
        return None
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value)  # ISO 8601, with all digits
    return value
