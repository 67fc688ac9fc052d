"""The parser of JSON: one value after the other, with every number as its text. It is the authority.

What the faster readers are not sure of comes here.
"""

from __future__ import annotations

import json
from typing import Any, Final

from rewards_analytics.loading.chunk import Place
from rewards_analytics.loading.records import REPEATED, Records
from rewards_analytics.loading.values import READ, Unquoted

NOT_JSON: Final = "is not JSON"
NOT_UTF8: Final = "is not valid UTF-8"
TOO_DEEP: Final = "is nested too deeply"

_SHOWN_BYTES: Final = 200


class NotJsonError(ValueError):
    """A text that is not one JSON value. Its only argument is the problem, worded to follow the text."""


def parse(raw: bytes) -> Any:
    """One JSON value. Its numbers are `Unquoted` texts."""
    try:
        return _DECODER.decode(raw.decode())
    except UnicodeDecodeError:
        raise NotJsonError(NOT_UTF8) from None
    except RecursionError:
        raise NotJsonError(TOO_DEEP) from None
    except ValueError:
        raise NotJsonError(NOT_JSON) from None


def add_line(records: Records, line: bytes, place: Place) -> None:
    """Add the rewards on a line; one that is not JSON is a rejected row."""
    try:
        value = parse(line)
    except NotJsonError as problem:
        records.reject(place, None, str(problem), line[:_SHOWN_BYTES].decode(errors="replace"))
    else:
        records.add(value, place)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        for key, value in pairs:
            if key in READ and result[key] != value:
                result[REPEATED] = key
    return result


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Unquoted, parse_int=Unquoted, parse_constant=Unquoted
)
