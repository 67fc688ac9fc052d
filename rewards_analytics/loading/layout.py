"""How rewards are written that are all written alike, as one program writes them.

The first record of a block is the layout: its keys, their order, the blanks between them. If every other record
repeats these bytes, the values are what stands between them, and nothing is left to parse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from rewards_analytics.schema import FIELDS, REQUIRED

_BLANKS: Final = rb"[ \t\r\n]*"
_MEMBER: Final = re.compile(
    rb"(" + _BLANKS + rb'[{,]%b"([ !#-\[\]-~]+)"%b:%b)("(?:[^"\\]|\\.)*"|[\w+.-]+)' % (_BLANKS, _BLANKS, _BLANKS)
)
_RECORD: Final = re.compile(rb"(?:%b)+%b\}" % (_MEMBER.pattern, _BLANKS))
_LOOKED_AT: Final = 32
"""One of so many records has every key that is ever there, in all likelihood."""
_NEXT_LINE: Final = re.compile(rb"[ \t\r]*\n")
_NEXT_ELEMENT: Final = re.compile(_BLANKS + b"," + _BLANKS)

LONGEST_RECORD: Final = 1 << 17
"""A first record that is longer is not looked at."""
PIECE_BYTES: Final = 4 << 20
"""Bytes of a long list that are read together."""


class Layout(NamedTuple):
    """How each record is written: the bytes before each value, after the last one, and up to the next record."""

    names: tuple[str, ...]
    before: tuple[bytes, ...]
    quoted: tuple[bool, ...]
    """Whether the first record has a text there, or null."""
    after: bytes
    between: bytes

    @property
    def least(self) -> int:
        """The least bytes of a record that leaves out what is not required."""
        literals = zip(self.names, self.before, strict=True)
        return sum(len(before) + 1 for name, before in literals if name in REQUIRED)

    @property
    def joint(self) -> bytes:
        """What stands between the last value of a record and the first of the next."""
        return self.after + self.between + self.before[0]


class Texts(NamedTuple):
    """The values of one field as texts, and which of them stood without quotes; a null has no text."""

    texts: pa.StringArray
    bare: np.ndarray | None = None
    """None where all of them were in quotes."""

    def bare_texts(self) -> pa.StringArray:
        """The texts that stood without quotes."""
        return self.texts.slice(0, 0) if self.bare is None else self.texts.filter(pa.array(self.bare))


def of_lines(block: bytes) -> Layout | None:
    """The layout of rewards that stand one on a line."""
    layout = _layout(block, _NEXT_LINE)
    return None if layout is None or any(b"\n" in literal for literal in (*layout.before, layout.after)) else layout


def of_elements(block: bytes) -> Layout | None:
    """The layout of rewards as they stand in a list, `{…},{…}`, without its brackets."""
    return _layout(block, _NEXT_ELEMENT)


def pieces(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut the elements of a list into pieces of about `PIECE_BYTES`, each of whole elements.

    A list that is not a list of records of one layout may be cut within an element: such a piece is not JSON.
    """
    layout = of_elements(data[start : min(end, start + LONGEST_RECORD)])
    if layout:
        while end - start > PIECE_BYTES and (cut := data.rfind(layout.joint, start, start + PIECE_BYTES)) >= 0:
            yield start, cut + len(layout.after)
            start = cut + len(layout.after) + len(layout.between)
    yield start, end


def _layout(block: bytes, separator: re.Pattern[bytes]) -> Layout | None:
    """The layout of the first records: that of the first one with all ten keys, or else of the one with the most."""
    fullest: Layout | None = None
    between, end = b"", 0
    for _ in range(_LOOKED_AT):
        record = _RECORD.match(block, end)
        layout = _of_record(record[0]) if record else None
        if record is None or layout is None:
            break
        if fullest is None or len(layout.names) > len(fullest.names):
            fullest = layout
        following = separator.match(block, record.end())
        between = between or (following[0] if following else b"")
        if following is None or set(fullest.names).issuperset(FIELDS):
            break
        end = following.end()
    return fullest._replace(between=between) if fullest else None


def _of_record(record: bytes) -> Layout | None:
    """The layout of one record, if it is a plain one that others can be compared with."""
    names: list[str] = []
    before: list[bytes] = []
    quoted: list[bool] = []
    end = 0
    while member := _MEMBER.match(record, end):
        if member[1].lstrip()[:1] != (b"," if names else b"{"):
            return None
        before.append(member[1])
        names.append(member[2].decode())
        quoted.append(member[3].startswith(b'"') or member[3] == b"null")
        end = member.end()
    if len(set(names)) < len(names) or not set(REQUIRED) <= set(names):
        return None
    if {"rewards", "reward"} & set(names):  # it may be a page
        return None
    return Layout(tuple(names), tuple(before), tuple(quoted), record[end:], b"")
