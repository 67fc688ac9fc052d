"""The slow path: rows one by one, from Python values, with the place and the problem of each bad one.

It is the authority on what a JSON text means; the fast path gives it whatever it is not sure of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from rewards_analytics.amounts import InvalidValueError
from rewards_analytics.errors import FrameError
from rewards_analytics.loading.batches import TYPES, Batch, Rejection, Spot
from rewards_analytics.loading.values import MISSING, NOT_UNICODE, READ, Number
from rewards_analytics.schema import FIELDS, REQUIRED

NOT_JSON: Final = "is not JSON"
NOT_UTF8: Final = "is not valid UTF-8"
NOT_AN_OBJECT: Final = "is not an object"
NOT_A_LIST: Final = "is not a list"
TOO_DEEP: Final = "is nested too deeply"
TWICE: Final = "is given twice with different values"

_REPEATED = "\0repeated"
"""Key under which `_object` notes a field that one JSON object gives twice; no field has such a name."""


class UnreadableError(ValueError):
    """A text that is not one JSON value; its only argument is the problem."""


def parse(raw: bytes) -> Any:
    """One JSON value, its numbers kept as the text that they were."""
    try:
        return _DECODER.decode(raw.decode())
    except UnicodeDecodeError:
        raise UnreadableError(NOT_UTF8) from None
    except RecursionError:
        raise UnreadableError(TOO_DEEP) from None
    except ValueError:
        raise UnreadableError(NOT_JSON) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        for key, value in pairs:
            if key in READ and result[key] != value:
                result[_REPEATED] = key
    return result


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=Number)


class Records:
    """Collects rows from Python values: rewards, pages of them, or a reward in its wrapper."""

    def __init__(self) -> None:
        self._columns: list[list[Any]] = [[] for _ in FIELDS]
        self._spots: list[Spot] = []
        self._kept: list[int] = []
        self._rejected: list[Rejection] = []

    def add_json(self, raw: bytes, spot: Spot) -> None:
        """Add what one line holds."""
        try:
            value = parse(raw)
        except UnreadableError as error:
            self.reject(spot, None, str(error), raw[:200].decode(errors="replace"))
        else:
            self.add(value, spot)

    def add(self, value: Any, spot: Spot) -> None:
        """Add a reward, or the rewards of a page."""
        if isinstance(value, Mapping) and value.get("guid") is None:
            root = spot.path or "$"
            if "rewards" in value:
                self._add_list(value["rewards"], spot._replace(path=f"{root}.rewards"))
                return
            if isinstance(value.get("reward"), Mapping):
                self.add_reward(value["reward"], spot._replace(path=f"{root}.reward"))
                return
        self.add_reward(value, spot)

    def add_elements(self, values: list[Any], spot: Spot) -> None:
        """Add each element of a list of rewards or pages."""
        for index, value in enumerate(values):
            self.add(value, spot._replace(path=f"{spot.path}[{index}]"))

    def reject(self, spot: Spot, field: str | None, problem: str, value: object = None) -> None:
        """Note a row that is not a valid reward."""
        self._rejected.append(Rejection(spot, field, problem, value))
        self._spots.append(spot)

    def batch(self) -> Batch:
        """Everything added, in order."""
        arrays = [pa.array(values, field.type) for values, field in zip(self._columns, TYPES, strict=True)]
        return Batch(
            pa.Table.from_arrays(arrays, schema=TYPES),
            self._spots.__getitem__,
            np.array(self._kept, dtype=np.int64) if self._rejected else None,
            self._rejected,
        )

    def _add_list(self, values: Any, spot: Spot) -> None:
        if not isinstance(values, list | tuple):
            self.reject(spot, None, NOT_A_LIST, values)
            return
        for index, value in enumerate(values):
            self.add_reward(value, spot._replace(path=f"{spot.path}[{index}]"))

    def add_reward(self, value: Any, spot: Spot) -> None:
        """Add one reward."""
        if not isinstance(value, Mapping):
            self.reject(spot, None, NOT_AN_OBJECT, value)
            return
        repeated = value.get(_REPEATED)
        row = []
        for field in FIELDS:
            cell = value.get(field)
            try:
                if field == repeated:
                    raise InvalidValueError(TWICE)
                if cell is None and field in REQUIRED:
                    raise InvalidValueError(MISSING)
                row.append(None if cell is None else READ[field](cell))
            except InvalidValueError as problem:
                if isinstance(cell, float) and field == "balance":
                    raise FrameError.from_float(spot.place(field), cell) from None
                self.reject(spot, field, str(problem), cell)
                return
        self._kept.append(len(self._spots))
        self._spots.append(spot)
        for values, cell in zip(self._columns, row, strict=True):
            values.append(cell)


__all__ = ["MISSING", "NOT_JSON", "NOT_UNICODE", "NOT_UTF8", "Records", "UnreadableError", "parse"]
