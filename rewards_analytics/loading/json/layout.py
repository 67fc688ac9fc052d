"""Fast path for JSON: records from one writer are split on their constant bytes.

The first record of a text gives the layout: its keys, their order, the blanks between them. Where every record repeats
these bytes, the values are between them, and nothing is left to parse. Every byte outside a value must match the
layout; the first record that differs ends it with None. The loops over the bytes are compiled; without them every
reader here returns None, and Arrow is next.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rewards_analytics.amounts import NUMBER
from rewards_analytics.loading.chunk import Chunk, Place
from rewards_analytics.loading.columns import plain_amounts, typed
from rewards_analytics.loading.json.compiled import Loops, compiled
from rewards_analytics.schema import FIELDS, REQUIRED

_LOOPS: Final = compiled()

_BLANKS: Final = rb"[ \t\r\n]*"
_MEMBER: Final = re.compile(
    rb"(" + _BLANKS + rb'[{,]%b"([ !#-\[\]-~]+)"%b:%b)("(?:[^"\\]|\\.)*"|[\w+.-]+)' % (_BLANKS, _BLANKS, _BLANKS)
)
_RECORD: Final = re.compile(rb"(?:%b)+%b\}" % (_MEMBER.pattern, _BLANKS))
_NEXT_LINE: Final = re.compile(rb"[ \t\r]*\n")
_NEXT_ELEMENT: Final = re.compile(_BLANKS + b"," + _BLANKS)
_SCALAR: Final = rf"^({NUMBER}|true|false)$"

_RECORDS_COMPARED: Final = 32
"""Of the first records, the one with the most keys gives the layout: others may leave keys out."""
_LONGEST_RECORD: Final = 1 << 17
_MOST_BYTES: Final = 1 << 30
"""Arrow counts the bytes of a text column in 32 bits."""

_UNQUOTED: Final = 1
_NULL: Final = 2
"""Kinds of values as `_layout` counts them; a text in quotes is 0."""


class Layout(NamedTuple):
    """The constant bytes of each record: before each value, after the last one, and up to the next record."""

    names: tuple[str, ...]
    before: tuple[bytes, ...]
    after: bytes
    between: bytes

    @property
    def least_bytes(self) -> int:
        """The bytes of the shortest record possible: it leaves out all that is not required."""
        literals = zip(self.names, self.before, strict=True)
        return sum(len(before) + 1 for name, before in literals if name in REQUIRED)

    @property
    def joint(self) -> bytes:
        """The bytes between the last value of a record and the first of the next."""
        return self.after + self.between + self.before[0]


class Values(NamedTuple):
    """The values of one field as texts, and which of them were not in quotes; None if all were."""

    texts: pa.StringArray
    unquoted: np.ndarray | None

    def unquoted_texts(self) -> pa.StringArray:
        """The texts that were not in quotes."""
        return self.texts.slice(0, 0) if self.unquoted is None else self.texts.filter(pa.array(self.unquoted))


def read_lines(block: bytes | memoryview, place_of: Callable[[int], Place]) -> Chunk | None:
    """Rewards, one a line."""
    layout = _find(bytes(block[:_LONGEST_RECORD]), _NEXT_LINE)
    if layout is None or any(b"\n" in literal for literal in (*layout.before, layout.after)):
        return None
    return read(block, layout, place_of)


def read_elements(block: bytes, place_of: Callable[[int], Place]) -> Chunk | None:
    """Rewards as they are in a list, `{…},{…}`, without its brackets."""
    layout = of_elements(block)
    return read(block, layout, place_of) if layout else None


def read(block: bytes | memoryview, layout: Layout, place_of: Callable[[int], Place]) -> Chunk | None:
    """Rewards of this layout."""
    columns = _split(block, layout) if len(block) <= _MOST_BYTES else None
    return _typed(columns, place_of) if columns else None


def of_elements(block: bytes) -> Layout | None:
    """The layout of rewards as they are in a list."""
    return _find(block, _NEXT_ELEMENT)


def pieces(data: bytes, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Split the elements of a list into pieces of about `size` bytes, each of whole elements.

    A list whose elements are not of one layout may be split inside an element: such a piece is not JSON.
    """
    layout = of_elements(data[start : min(end, start + _LONGEST_RECORD)])
    if layout:
        while end - start > size and (cut := data.rfind(layout.joint, start, start + size)) >= 0:
            yield start, cut + len(layout.after)
            start = cut + len(layout.after) + len(layout.between)
    yield start, end


# --- Finding the layout -----------------------------------------------------------------------------


def _find(block: bytes, separator: re.Pattern[bytes]) -> Layout | None:
    """The layout of the first record with all ten fields, or else of the first with the most keys."""
    fullest: Layout | None = None
    between, end = b"", 0
    for _ in range(_RECORDS_COMPARED):
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
    """The layout of one record; None if it is nested, a page, or not a reward."""
    names: list[str] = []
    before: list[bytes] = []
    end = 0
    while member := _MEMBER.match(record, end):
        if member[1].lstrip()[:1] != (b"," if names else b"{"):
            return None
        before.append(member[1])
        names.append(member[2].decode())
        end = member.end()
    if len(set(names)) < len(names) or not set(REQUIRED) <= set(names) or {"rewards", "reward"} & set(names):
        return None
    return Layout(tuple(names), tuple(before), record[end:], b"")


# --- Splitting --------------------------------------------------------------------------------------


def _split(block: bytes | memoryview, layout: Layout) -> dict[str, Values] | None:
    """The values of each field, in order; None if a record differs from the layout."""
    if _LOOPS is None:
        return None
    constants = [*layout.before, layout.after, layout.between]
    fields = len(layout.names)
    most = len(block) // layout.least_bytes + 1
    first, last = np.empty((2, fields, most), dtype=np.int32)
    kinds = np.empty((fields, most), dtype=np.uint8)
    records = _LOOPS.find_values(block, constants, first, last, kinds)
    if records < 0:
        return None
    columns: dict[str, Values] = {}
    is_ascii = True
    for number, name in enumerate(layout.names):
        kind = kinds[number, :records]
        found = _copied(_LOOPS, block, first[number, :records], last[number, :records], kind)
        if found is None:
            return None
        texts, kinds_found, is_ascii_here = found
        is_ascii &= is_ascii_here
        columns[name] = Values(texts, kind == _UNQUOTED if kinds_found & 1 << _UNQUOTED else None)
    return columns if is_ascii or _is_utf8(block) else None


def _copied(
    loops: Loops, block: bytes | memoryview, first: np.ndarray, last: np.ndarray, kinds: np.ndarray
) -> tuple[pa.StringArray, int, bool] | None:
    """The texts of a field, a bit for each kind of value found, and whether all is ASCII."""
    offsets = np.empty(len(first) + 1, dtype=np.int32)
    kinds_found = loops.find_offsets(first, last, kinds, offsets)
    data = np.empty(int(offsets[-1]), dtype=np.uint8)
    is_printable, is_ascii, is_escaped = loops.copy_values(block, first, offsets, data)
    if not is_printable:
        return None
    valid = pa.py_buffer(np.packbits(kinds != _NULL, bitorder="little")) if kinds_found & 1 << _NULL else None
    texts = pa.StringArray.from_buffers(len(first), pa.py_buffer(offsets), pa.py_buffer(data), valid)
    if is_escaped and (texts := _unescaped(texts)) is None:
        return None
    return texts, kinds_found, is_ascii


def _unescaped(texts: pa.StringArray) -> pa.StringArray | None:
    """The texts with their escape sequences replaced; None if one is not JSON, or half of a surrogate pair."""
    escaped = pc.match_substring(texts, "\\")
    try:
        # Every quote left is escaped, so the texts joined by quotes and commas are a list in JSON.
        joined = '","'.join(texts.filter(escaped).to_pylist())
        return pc.replace_with_mask(texts, escaped, pa.array(json.loads(f'["{joined}"]'), pa.string()))
    except (ValueError, pa.ArrowInvalid):
        return None


def _is_utf8(block: bytes | memoryview) -> bool:
    try:
        codecs.utf_8_decode(block, "strict", True)
    except UnicodeDecodeError:
        return False
    return True


# --- Typing -----------------------------------------------------------------------------------------


def _typed(columns: Mapping[str, Values], place_of: Callable[[int], Place]) -> Chunk | None:
    """The rows, typed; None if a value has another JSON type than its field."""
    for name in columns.keys() - {"balance"}:
        unquoted = columns[name].unquoted_texts()
        if len(unquoted) and (name in FIELDS or not _all_match(unquoted, _SCALAR)):
            return None
    arrays = {name: column.texts for name, column in columns.items() if name in FIELDS}
    amounts = columns["balance"]
    if (exact := plain_amounts(amounts.texts)) is not None:
        arrays["balance"] = exact
    elif not _all_match(amounts.unquoted_texts(), f"^({NUMBER})$"):
        return None
    missing = pa.nulls(len(amounts.texts), pa.string())
    table = pa.table([arrays.get(name, missing) for name in FIELDS], names=list(FIELDS))
    chunk = typed(table, place_of, "the block")
    # A rejected number is shown without quotes, and here it looks like a text.
    return None if amounts.unquoted is not None and any(row.field == "balance" for row in chunk.rejected) else chunk


def _all_match(texts: pa.Array, pattern: str) -> bool:
    """Whether every text that is not null matches."""
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py() is not False
