"""The fastest path for JSON: rewards that are all written alike, as one program writes them.

The first record of a block is the layout: its keys, their order, the blanks between them. If every other record
repeats these bytes, the values are what stands between them, and nothing is left to parse. So all records are
walked at once, from key to key, and each byte is held to the layout; the first that differs ends it with None,
and a reader that knows more of JSON takes over.

No value in quotes holds a backslash or a control character, nor (as there are no more quotes than the layout
has) a quote: hence what stands between its quotes is exactly the text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rewards_analytics.loading.batches import Batch, Spot
from rewards_analytics.loading.columns import plain_amounts, typed
from rewards_analytics.schema import FIELDS, REQUIRED

_BLANKS: Final = rb"[ \t\r\n]*"
_MEMBER: Final = re.compile(
    rb"(" + _BLANKS + rb'[{,]%b"([^"\\\x00-\x1f]*)"%b:%b)("[^"\\]*"|[\w+.-]+)' % (_BLANKS, _BLANKS, _BLANKS)
)
_END: Final = re.compile(_BLANKS + rb"\}")
_NEXT_LINE: Final = re.compile(rb"[ \t\r]*\n")
_NEXT_ELEMENT: Final = re.compile(_BLANKS + b"," + _BLANKS)
_NUMBER: Final = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_SCALAR: Final = rf"{_NUMBER}|^(?:true|false)$"

_TEXTS: Final = frozenset(FIELDS) - {"balance"}
"""The fields whose values are never numbers."""
_QUOTE: Final = ord('"')
_NULL: Final = b"null"
_MOST_BYTES: Final = 1 << 30
"""Arrow counts the bytes of a text column in 32 bits."""
TILE: Final = 1 << 17
PIECE_BYTES: Final = 4 << 20
"""Bytes of a long list that are read together."""
_STEP: Final = 16
"""Bytes in which the end of a value is looked for at once."""
_LONG: Final = 512
"""A value longer than this is looked through by itself."""

Bytes = bytes | memoryview
Positions = Any
"""A NumPy array of byte positions, one a record."""


class Layout(NamedTuple):
    """How each record is written: the bytes before each value, after the last one, and up to the next record."""

    names: tuple[str, ...]
    before: tuple[bytes, ...]
    after: bytes
    between: bytes

    def controls(self, records: int) -> int:
        """How many control characters so many records have."""
        inside = sum(map(_controls, (*self.before, self.after)))
        return inside * records + _controls(self.between) * (records - 1)


def read_lines(block: Bytes, spot: Callable[[int], Spot]) -> Batch | None:
    """Rewards, one a line."""
    return _read(block, b"\n", _NEXT_LINE, spot)


def read_elements(block: Bytes, spot: Callable[[int], Spot]) -> Batch | None:
    """Rewards as they stand in a list, `{…},{…}`, without its brackets."""
    return _read(block, b"{", _NEXT_ELEMENT, spot)


def pieces(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut the elements of a list into pieces of about `PIECE_BYTES`, each of whole elements.

    A list that is not a list of records of one layout may be cut within an element: such a piece is not JSON.
    """
    layout = _layout(data[start : min(end, start + TILE)], _NEXT_ELEMENT)
    if layout:
        joint = layout.after + layout.between + layout.before[0]
        while end - start > PIECE_BYTES and (cut := data.rfind(joint, start, start + PIECE_BYTES)) >= 0:
            yield start, cut + len(layout.after)
            start = cut + len(layout.after) + len(layout.between)
    yield start, end


def _read(data: Bytes, mark: bytes, separator: re.Pattern[bytes], spot: Callable[[int], Spot]) -> Batch | None:
    layout = _layout(data, separator)
    if layout is None or len(data) > _MOST_BYTES:
        return None
    block = _Block(data, mark)
    columns = _columns(block, layout) if block.is_plain else None
    return None if columns is None else _batch(columns, spot)


def _is_utf8(data: Bytes) -> bool:
    try:
        codecs.utf_8_decode(data, "strict", True)
    except UnicodeDecodeError:
        return False
    return True


def _controls(literal: bytes) -> int:
    return sum(code < ord(" ") for code in literal)


def _layout(block: Bytes, separator: re.Pattern[bytes]) -> Layout | None:
    """The layout of the first record, if it is a plain one that the others can be compared with."""
    names: list[str] = []
    before: list[bytes] = []
    end = 0
    while member := _MEMBER.match(block, end):
        if member[1].lstrip()[:1] != (b"," if names else b"{"):
            return None
        before.append(member[1])
        names.append(member[2].decode(errors="replace"))
        end = member.end()
    last = _END.match(block, end)
    if last is None or len(set(names)) < len(names) or not set(REQUIRED) <= set(names):
        return None
    if {"rewards", "reward"} & set(names):  # it may be a page
        return None
    following = separator.match(block, last.end())
    if following is None and last.end() < len(block):
        return None
    return Layout(tuple(names), tuple(before), last[0], following[0] if following else b"")


class _Block:
    """The bytes of a block, looked at in many places at once; `marks` is where a certain byte stands."""

    def __init__(self, data: Bytes, mark: bytes) -> None:
        self._bytes, self._size = data, len(data)
        self.codes = np.frombuffer(data, dtype=np.uint8)
        self.quotes = self.controls = 0
        self.is_plain = True
        """Whether it is UTF-8 and nothing in it is escaped."""
        marks: list[np.ndarray] = []
        found = np.empty(TILE, dtype=np.bool_)
        is_ascii = True
        for tile in self._tiles(0):
            here = found[: len(tile)]
            self.quotes += int(np.count_nonzero(np.equal(tile, _QUOTE, out=here)))
            self.controls += int(np.count_nonzero(np.less(tile, ord(" "), out=here)))
            marks.append(np.equal(tile, ord(mark), out=here).nonzero()[0] + len(marks) * TILE)
            self.is_plain &= not np.equal(tile, ord("\\"), out=here).any()
            is_ascii &= int(tile.max()) < 128
        self.marks = np.concatenate(marks)
        self.is_plain = self.is_plain and (is_ascii or _is_utf8(data))

    def _tiles(self, start: int) -> Iterator[np.ndarray]:
        """The bytes from there on, so many together as stay in the processor's nearest cache."""
        return (self.codes[at : at + TILE] for at in range(start, self._size, TILE))

    def __len__(self) -> int:
        return self._size

    def gathered(self, at: Positions, width: int) -> np.ndarray:
        """The next `width` bytes at each of the positions, one after the other."""
        every = np.ndarray((self._size - width + 1,), f"V{width}", self._bytes, strides=(1,))
        return np.asarray(every[at])

    def holds(self, at: Positions, literal: bytes) -> bool:
        """Whether the bytes of a literal stand at each of the positions."""
        if not literal or not len(at):
            return True
        if int(at.max()) + len(literal) > self._size:
            return False
        return self.gathered(at, len(literal)).tobytes() == literal * len(at)

    def are_null(self, at: Positions) -> np.ndarray:
        """Which of the positions begin a `null`; each of them has a closing brace to come."""
        inside = np.minimum(at, self._size - len(_NULL))
        return np.asarray((self.gathered(inside, len(_NULL)) == np.void(_NULL)) & (inside == at))

    def until(self, at: Positions, code: int) -> Positions | None:
        """Where at or after each of the positions the next such byte stands; None if one has none."""
        result, open_ = at.copy(), np.arange(len(at))
        for _ in range(_LONG // _STEP):
            here = result[open_] <= self._size - _STEP
            if not here.any():
                break
            looked = open_[here]
            ahead = _ahead(self.gathered(result[looked], _STEP), code)
            result[looked] += ahead
            open_ = np.concatenate([looked[ahead == _STEP], open_[~here]])
        for record in open_.tolist():
            if (found := self._find(code, int(result[record]))) is None:
                return None
            result[record] = found
        return result

    def _find(self, code: int, start: int) -> int | None:
        """Where at or after a position the next such byte stands."""
        for number, tile in enumerate(self._tiles(start)):
            if (found := np.flatnonzero(tile == code)).size:
                return start + number * TILE + int(found[0])
        return None

    def texts(self, first: Positions, last: Positions, null: np.ndarray | None) -> pa.Array:
        """The bytes from `first` to `last` of each record as a column of texts."""
        widths = last - first if null is None else (last - first)[~null]
        if len(widths) and (widths == widths[0]).all():
            return self._texts_of_one_width(first, int(widths[0]), null)
        # The texts and what stands between them are a text column as they lie there; every other one is taken.
        edges = np.empty(2 * len(first), dtype=np.int32)
        edges[0::2], edges[1::2] = first, last
        everything = pa.StringArray.from_buffers(len(edges) - 1, pa.py_buffer(edges), pa.py_buffer(self._bytes))
        return pc.take(everything, pa.array(np.arange(0, len(edges), 2), mask=null), boundscheck=False)

    def _texts_of_one_width(self, first: Positions, width: int, null: np.ndarray | None) -> pa.Array:
        """The same, faster, for guids and the like."""
        data = self.gathered(first if null is None else first[~null], width) if width else np.empty(0)
        if null is None:
            offsets = np.arange(len(first) + 1, dtype=np.int32) * np.int32(width)
            return pa.StringArray.from_buffers(len(first), pa.py_buffer(offsets), pa.py_buffer(data))
        offsets = np.zeros(len(first) + 1, dtype=np.int32)
        np.cumsum(~null * np.int32(width), out=offsets[1:])
        valid = pa.py_buffer(np.packbits(~null, bitorder="little"))
        return pa.StringArray.from_buffers(len(first), pa.py_buffer(offsets), pa.py_buffer(data), valid)


_EACH_BYTE: Final = np.uint64(0x0101010101010101)
_HIGH_BITS: Final = np.uint64(0x8080808080808080)


def _ahead(some: np.ndarray, code: int) -> np.ndarray:
    """How many bytes stand before the first such byte in each of some 16 bytes, 16 where there is none."""
    words = some.view("<u8") ^ (_EACH_BYTE * np.uint64(code))
    # The lowest high bit that is left marks the first byte that is zero now (Mycroft's test).
    marked = (words - _EACH_BYTE) & ~words & _HIGH_BITS
    before = np.bitwise_count((marked - np.uint64(1)) & ~marked) >> 3
    one, two = before[0::2].astype(np.int64), before[1::2]
    return np.where(one == _STEP // 2, one + two, one)


class _Column(NamedTuple):
    """The values of one field as texts, and which of them stood in quotes."""

    texts: pa.Array
    quoted: np.ndarray

    def bare(self) -> pa.Array:
        """The texts that stood without quotes."""
        return self.texts.filter(pa.array(~self.quoted))


def _columns(block: _Block, layout: Layout) -> dict[str, _Column] | None:
    """The values of every field of the layout; None where a record is written differently."""
    start, end = _records(block, layout)
    if block.controls != layout.controls(len(start)) or not block.holds(end[:-1], layout.between):
        return None
    if not block.holds(start, layout.before[0]):
        return None
    columns: dict[str, _Column] = {}
    at, quotes = start + len(layout.before[0]), 0
    for name, following in zip(layout.names, (*layout.before[1:], layout.after), strict=True):
        values = _values(block, at, following, end if len(columns) == len(layout.names) - 1 else None)
        if values is None or (name in _TEXTS and not values.are_texts()):
            return None
        columns[name] = _Column(block.texts(values.first, values.last, values.null), values.quoted)
        quotes += 2 * int(np.count_nonzero(values.quoted))
        at = values.last + values.quoted + len(following)
    written = quotes + 2 * len(start) * len(layout.names)
    return columns if block.quotes == written and np.array_equal(at, end) else None


def _records(block: _Block, layout: Layout) -> tuple[Positions, Positions]:
    """Where each record begins and ends. Lines are told by their ends, the elements of a list by their braces."""
    if len(block.marks) and block.codes[block.marks[0]] == ord("{"):
        start = block.marks
    else:
        start = np.append(0, block.marks + 1)
    return start, np.append(start[1:] - len(layout.between), len(block))


class _Values(NamedTuple):
    """Where the values of one field begin and end, which of them stand in quotes, and which are null (if any)."""

    first: Positions
    last: Positions
    quoted: np.ndarray
    null: np.ndarray | None = None

    def are_texts(self) -> bool:
        """Whether each is in quotes or null."""
        return bool((self.quoted if self.null is None else self.quoted | self.null).all())


def _values(block: _Block, at: Positions, following: bytes, end: Positions | None) -> _Values | None:
    """The values that begin at the positions, each of them before the bytes that follow it, up to `end` if known."""
    if int(at.max()) >= len(block):
        return None
    quoted = block.codes[at] == _QUOTE
    closed = _closed(block, at[quoted] + 1, following, end if end is None else end[quoted])
    if closed is None or len(closed) == len(at):
        return closed if closed is None else _Values(at + 1, closed, quoted)
    bare = at[~quoted]
    is_null = block.are_null(bare)
    ends = bare + len(_NULL)
    if not is_null.all():
        others = block.until(bare[~is_null], following[0])
        if others is None:
            return None
        ends[~is_null] = others
    if not block.holds(ends, following):
        return None
    last, null = np.empty_like(at), np.zeros(len(at), dtype=np.bool_)
    last[quoted], last[~quoted], null[~quoted] = closed, ends, is_null
    return _Values(at + quoted, last, quoted, null if is_null.any() else None)


def _closed(block: _Block, first: Positions, following: bytes, end: Positions | None) -> Positions | None:
    """The ends of texts in quotes, each of them before a quote and the bytes that follow it."""
    closing = b'"' + following
    if end is not None:
        last = end - len(closing)
        return last if (last >= first).all() and block.holds(last, closing) else None
    one = block.until(first[:1], _QUOTE)
    if one is None or not len(one):
        return one
    last = first + int(one[0] - first[0])  # guids and the like are as long as the first of them
    if block.holds(last, closing):
        return last
    last = block.until(first, _QUOTE)
    return last if last is not None and block.holds(last, closing) else None


def _batch(columns: dict[str, _Column], spot: Callable[[int], Spot]) -> Batch | None:
    if not all(_are(column.bare(), _SCALAR) for name, column in columns.items() if name not in FIELDS):
        return None
    arrays = {name: column.texts for name, column in columns.items() if name in FIELDS}
    amounts = columns["balance"]
    if (exact := plain_amounts(amounts.texts)) is not None:
        arrays["balance"] = exact
    elif not _are(amounts.bare(), _NUMBER):
        return None
    missing = pa.nulls(len(amounts.quoted), pa.string())
    batch = typed(pa.table([arrays.get(name, missing) for name in FIELDS], names=list(FIELDS)), spot, "the block")
    # A rejected number has to be told apart from a text: the slow path knows.
    return None if any(row.field == "balance" for row in batch.rejected) and not amounts.quoted.all() else batch


def _are(texts: pa.Array, pattern: str) -> bool:
    """Whether every text that is not null matches."""
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py() is not False
