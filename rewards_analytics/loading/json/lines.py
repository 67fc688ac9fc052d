"""NDJSON: blocks of whole lines, each line a reward, a page of rewards, or a list of these."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from itertools import pairwise
from queue import Empty, SimpleQueue
from types import MappingProxyType
from typing import Final

import numpy as np

from rewards_analytics.loading.chunk import Chunk, Place
from rewards_analytics.loading.json import arrow, layout
from rewards_analytics.loading.json.decode import decode
from rewards_analytics.loading.json.lists import by_layout_of_lists
from rewards_analytics.loading.json.parser import add_line
from rewards_analytics.loading.records import Records
from rewards_analytics.loading.stream import Stream

BLOCK_BYTES: Final = 4 << 20
ARROW_BYTES: Final = 1 << 20
"""Arrow reads what fits in the processor's cache half again as fast as 8 MB at once."""
LONGEST_LINE: Final = 128 << 20
TOO_LONG: Final = f"is longer than {LONGEST_LINE >> 20} MB"

_PARTS: Final = 8
_FEW_LINES: Final = 24
"""Fewer lines go to the parser: to try the faster readers on them costs as much."""
_LINE_ENDS: Final = b"\r\n"
_BLANK: Final = b" \t\r"
_SHOWN_BYTES: Final = 200

_BEGINS_WITH_A_PAGE = re.compile(rb'\s*\{\s*"(?:rewards|pagination)"')
_BEGINS_WITH_SEVERAL = re.compile(_BEGINS_WITH_A_PAGE.pattern + rb"|\s*\[")


class Lines:
    """Whole lines of one file that follow each other.

    Parameters
    ----------
    raw
        The lines, without the last line end. Of a line that is too long, only its beginning.
    first
        The number of the first line, from 1.
    name
        What messages call the file.
    given
        Columns that the rewards do not have to hold.
    release
        Called once the lines are decoded: their memory is used again.
    """

    def __init__(
        self,
        raw: bytes | memoryview,
        first: int,
        name: str | None,
        given: Mapping[str, str | None] = MappingProxyType({}),
        *,
        is_too_long: bool = False,
        release: Callable[[], object] | None = None,
    ) -> None:
        self.raw, self.first, self.name, self._given = raw, first, name, given
        self._is_too_long, self._release = is_too_long, release

    def decode(self) -> list[Chunk]:
        """The rows of a block, in order."""
        try:
            return [self._rejected_whole()] if self._is_too_long else decode(self)
        finally:
            if self._release:
                self._release()

    def by_layout(self) -> Chunk | None:
        """The rows, if all rewards have one layout."""
        if self._given:
            return None
        if _BEGINS_WITH_SEVERAL.match(self.raw):
            texts = [line.strip(_BLANK) for line in bytes(self.raw).split(b"\n")]
            return by_layout_of_lists(texts, self._place)
        return layout.read_lines(self.raw, self._place)

    def by_arrow(self) -> Chunk | None:
        """The rows, if Arrow reads them as the parser would."""
        if len(self.raw) > ARROW_BYTES or len(self._ends) < _FEW_LINES or not self._each_is_braced():
            return None
        raw, rows = bytes(self.raw), len(self._ends) + 1
        if _BEGINS_WITH_A_PAGE.match(raw):
            return arrow.read_pages(
                raw, lambda page, index: self._place(page, f"$.rewards[{index}]"), rows, self._given
            )
        return arrow.read_lines(raw, self._place, rows, self._given)

    def parts(self, done: Sequence[Chunk]) -> Iterator[Lines]:  # noqa: ARG002
        """Parts that are small enough for Arrow; or an eighth of the lines each, where Arrow has been tried."""
        if len(self._ends) < _FEW_LINES:
            return
        raw, lines = bytes(self.raw), len(self._ends) + 1
        parts = _PARTS if len(raw) <= ARROW_BYTES else -(-len(raw) // ARROW_BYTES) + 1
        starts = [0, *(self._ends + 1).tolist(), len(raw) + 1]
        for low, high in pairwise(lines * number // parts for number in range(parts + 1)):
            if low < high:
                part = raw[starts[low] : starts[high] - 1].rstrip(_LINE_ENDS)
                yield Lines(part, self.first + low, self.name, self._given)

    def by_parser(self) -> Chunk:
        """The rows, line by line."""
        records = Records(self._given)
        for number, line in enumerate(bytes(self.raw).split(b"\n")):
            if line.strip(_BLANK):
                add_line(records, line, self._place(number))
        return records.chunk()

    def _rejected_whole(self) -> Chunk:
        records = Records()
        records.reject(self._place(0), None, TOO_LONG, bytes(self.raw).decode(errors="replace"))
        return records.chunk()

    def _place(self, number: int, path: str | None = None) -> Place:
        return Place(self.name, self.first + number, path)

    @cached_property
    def _ends(self) -> np.ndarray:
        """Where lines end, but for the last."""
        return np.flatnonzero(_line_ends(self.raw))

    def _each_is_braced(self) -> bool:
        """Whether a brace closes every line and opens the next: then no JSON value runs over a line end."""
        if bytes(self.raw[:1]) != b"{" or bytes(self.raw[-1:]) != b"}":
            return False
        codes = np.frombuffer(self.raw, dtype=np.uint8)
        before = codes[self._ends - 1]
        before = np.where(before == ord("\r"), codes[self._ends - 2], before)
        return bool(np.all(before == ord("}")) and np.all(codes[self._ends + 1] == ord("{")))


def blocks(stream: Stream) -> Iterator[Lines]:
    """Cut a stream at line ends into blocks of about `BLOCK_BYTES`, in memory that is used again."""
    free: SimpleQueue[bytearray] = SimpleQueue()
    rest, line, more = b"", 1, True
    while more:
        buffer = _buffer(free, len(rest), stream.size)
        buffer[: len(rest)] = rest
        size, cut = len(rest), 0
        while more and not cut and size < LONGEST_LINE:
            if size == len(buffer):
                buffer = bytearray(buffer) + bytes(size)
            size += stream.read_into(memoryview(buffer)[size:])
            more = size == len(buffer)
            cut = buffer.rfind(b"\n", 0, size) + 1 if more else size
        if not cut and more:
            yield Lines(memoryview(buffer)[:_SHOWN_BYTES], line, stream.name, is_too_long=True)
            rest, line = stream.skip_line(), line + 1
            continue
        rest = bytes(memoryview(buffer)[cut:size])
        end = cut
        while end and buffer[end - 1] in _LINE_ENDS:
            end -= 1
        if end:
            view = memoryview(buffer)[:end]
            yield Lines(view, line, stream.name, stream.given, release=partial(free.put, buffer))
        line += int(np.count_nonzero(_line_ends(memoryview(buffer)[:cut])))


def _buffer(free: SimpleQueue[bytearray], least: int, most: int | None) -> bytearray:
    """Memory for a block: more than `least` bytes, and not more than the whole source needs."""
    try:
        buffer = free.get_nowait()
    except Empty:
        buffer = bytearray(BLOCK_BYTES if most is None else min(BLOCK_BYTES, most + 1))
    return buffer if len(buffer) > least else bytearray(2 * least)


def _line_ends(raw: bytes | memoryview) -> np.ndarray:
    """Which bytes end a line. NumPy compares them three times as fast as `bytes` counts them."""
    return np.asarray(np.frombuffer(raw, dtype=np.uint8) == ord("\n"))
