"""The parser of JSON: one value after the other, with every number as its text. It is the authority.

It reads whatever the faster readers cannot be sure of.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from rewards_analytics.loading.chunk import Place
from rewards_analytics.loading.records import REPEATED, Records
from rewards_analytics.loading.values import READ, Unquoted
from rewards_analytics.textfiles import require_utf8

NOT_JSON: Final = "is not JSON"
NOT_UTF8: Final = "is not valid UTF-8"
TOO_DEEP: Final = "is nested too deeply"

_SHOWN_BYTES: Final = 200
_AROUND: Final = 30
_EXPECTED: Final = {
    "Expecting value": "expected a value",
    "Expecting ',' delimiter": "expected ',' or the end of the list or object",
    "Expecting ':' delimiter": "expected ':'",
    "Expecting property name enclosed in double quotes": "expected a key in double quotes",
    "Illegal trailing comma before end of object": "expected a key after the comma",
    "Illegal trailing comma before end of array": "expected a value after the comma",
    "Invalid control character at": "expected a control character to be escaped",
    "Invalid \\escape": "expected an escape that JSON has",
    "Invalid \\escape: ": "expected an escape that JSON has",
    "Invalid \\uXXXX escape": "expected four hexadecimal digits",
    "Unterminated string starting at": "expected a closing quote for the text that begins here",
    "Extra data": "expected the end (a JSON value a line is NDJSON: let its name end in .ndjson)",
}
"""The faults that the standard library names, in words."""


class NotJsonError(ValueError):
    """A text that is not one JSON value. Its only argument is the problem, worded to follow the text.

    Attributes
    ----------
    expected
        What would have been right, in words; empty where nobody can tell.
    at
        The index of the fault in the text.
    """

    def __init__(self, problem: str, expected: str = "", text: str = "", at: int = 0) -> None:
        super().__init__(problem)
        self.expected, self.text, self.at = expected, text, at

    @property
    def column(self) -> int:
        """The column of the fault in its line, from 1."""
        return self.at - self.text.rfind("\n", 0, self.at)

    def where(self) -> str:
        """Line and column of the fault, what would have been right, and the text around it."""
        if not self.text:
            return ""
        line = self.text.count("\n", 0, self.at) + 1
        before, after = self.text[max(0, self.at - _AROUND) : self.at], self.text[self.at : self.at + _AROUND]
        found = f"found {after!r}" if after else "found the end"
        return f"line {line}, column {self.column}: {self.expected}, {found} after {before!r}"


def parse(raw: bytes) -> Any:
    """One JSON value. Its numbers are `Unquoted` texts."""
    return _decoded(raw, _DECODER)


def require_json(raw: bytes) -> None:
    """Refuse a text that is not one JSON value, in the memory of the text."""
    _decoded(raw, _CHECKER)


def _decoded(raw: bytes, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(raw.decode())
    except UnicodeDecodeError:
        raise NotJsonError(NOT_UTF8) from None
    except RecursionError:
        raise NotJsonError(TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise NotJsonError(NOT_JSON, _EXPECTED.get(error.msg, error.msg), error.doc, error.pos) from None


def add_line(records: Records, line: bytes, place: Place) -> None:
    """Add the rewards on a line; one that is not JSON is a rejected row, and one that is not UTF-8 an error."""
    try:
        value = parse(line)
    except NotJsonError as problem:
        require_utf8(line, place.line or 1, place.name or "the source")
        note = f"column {problem.column}: {problem.expected}" if problem.expected else ""
        records.reject(place, None, str(problem), line.strip()[:_SHOWN_BYTES].decode(errors="replace"), note)
        return
    if is_list_of_rewards(value):
        records.add_elements(value, place._replace(path="$"))
    else:
        records.add(value, place)


def is_list_of_rewards(value: object) -> bool:
    """Whether a value is a list that may hold rewards or pages: it is empty, or an object is in it."""
    return isinstance(value, list) and (not value or any(isinstance(element, Mapping) for element in value))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        for key, value in pairs:
            if key in READ and result[key] != value:
                result[REPEATED] = key
    return result


def _nothing(_: object) -> None:
    """What is only checked is not kept."""


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=Unquoted, parse_int=Unquoted, parse_constant=Unquoted
)
_CHECKER = json.JSONDecoder(object_pairs_hook=_nothing, parse_float=_nothing, parse_int=_nothing)
