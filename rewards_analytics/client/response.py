"""What one try of a call gave: a response with exact numbers, or why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from rewards_analytics.atrium import JsonObject
from rewards_analytics.client import retry

SAFE_DIGITS: Final = 100
"""Integers of more digits become Decimals: `int` refuses thousands of digits, and takes quadratic time."""


@dataclass(frozen=True)
class Bound:
    """A bound that a response exceeded: what happened, the setting of `AtriumClient` that raises it, and its value."""

    happened: str
    setting: str
    value: float


@dataclass(frozen=True)
class Response:
    """Result of one attempt: the API's response, or in `failure` the reason why there is none.

    `is_hopeless` says that another attempt would fail in the same way. `exceeded` is the bound that ended the attempt.
    """

    call: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    failure: str | None = None
    is_hopeless: bool = False
    exceeded: Bound | None = None

    @cached_property
    def _parsed(self) -> tuple[Any, str]:
        """The body as JSON with exact numbers, or in words why it is not such JSON."""
        try:
            return _DECODER.decode(self.body.decode("utf-8-sig")), ""
        except _AmbiguousError as error:
            return None, str(error)
        except UnicodeDecodeError:
            return None, "that is not UTF-8"
        except RecursionError:
            return None, "that is nested too deeply"
        except ValueError:
            return None, "that is not what the API documents"

    @property
    def json(self) -> Any:
        """The body as JSON, None if it is not. A number that cannot be a decimal is the text it was."""
        return self._parsed[0]

    @property
    def problem(self) -> str:
        """Why the body is not JSON, to follow its content type; empty if it is."""
        return self._parsed[1]

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON."""
        return not self.problem

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_transient(self) -> bool:
        """Whether another attempt may succeed: no response, a busy or broken server, a success that is not JSON."""
        if self.is_hopeless or self.exceeded is not None:
            return False
        if self.status is None or self.status in retry.TRANSIENT_STATUSES:
            return True
        return self.is_success and self.status != 204 and not self.is_json


class _AmbiguousError(ValueError):
    """A name twice in one object, with different values: as `load` does, take neither."""


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    found = dict(pairs)
    if len(found) < len(pairs):
        for name, value in pairs:
            if found[name] != value:
                raise _AmbiguousError(f"in which {name!r} is given twice with different values")
    return found


def _decimal(text: str) -> Decimal | str:
    """Exact number, or the text if no Decimal can hold it (`1e99999999999999999999`)."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text
    return text if number.is_nan() else number  # where the caller's decimal context traps nothing


def _integer(text: str) -> int | Decimal | str:
    return int(text) if len(text) <= SAFE_DIGITS else _decimal(text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_decimal, parse_int=_integer, parse_constant=Decimal
)
