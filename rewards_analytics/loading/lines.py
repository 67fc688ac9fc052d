"""NDJSON: blocks of lines, read at once where possible and halved down to the bad lines where not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import Final, NamedTuple

import numpy as np

from rewards_analytics.loading import alike, jsonfast, pages
from rewards_analytics.loading.batches import Batch, Spot
from rewards_analytics.loading.records import Records
from rewards_analytics.loading.stream import Stream

BLOCK_BYTES: Final = 4 << 20
PIECE_BYTES: Final = 1 << 20
"""Arrow reads a piece that fits in the processor's cache half again as fast as one of 8 MB."""
_TILE: Final = 1 << 17
"""So many bytes stay in the processor's nearest cache while they are looked at twice."""
LONGEST_LINE: Final = 128 << 20
TOO_LONG: Final = f"is longer than {LONGEST_LINE >> 20} MB"

_PARTS = 8
"""A piece that fails is cut into so many, each of them tried again."""
_FEW_LINES = 24
"""Fewer than this are read one by one: trying the fast path on them costs as much."""
_LINE_ENDS: Final = b"\r\n"

_PAGE_FIRST = re.compile(rb'\s*\{\s*"(?:rewards|pagination)"')


class Lines(NamedTuple):
    """Lines of one file that follow each other, from line `first` on; `done` gives their memory back.

    A line that is too long to be kept stands alone, with its beginning only.
    """

    raw: bytes | memoryview
    first: int
    too_long: bool = False
    done: Callable[[], object] = bool


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
            yield Lines(memoryview(buffer)[:200], line, too_long=True)
            rest, line = stream.skip_line(), line + 1
            continue
        rest = bytes(memoryview(buffer)[cut:size])
        end = cut
        while end and buffer[end - 1] in _LINE_ENDS:
            end -= 1
        if end:
            yield Lines(memoryview(buffer)[:end], line, done=partial(free.put, buffer))
        line += _count_lines(memoryview(buffer)[:cut])


def _buffer(free: SimpleQueue[bytearray], least: int, most: int | None) -> bytearray:
    """Memory for a block: more than `least`, and not more than the whole source needs."""
    try:
        buffer = free.get_nowait()
    except Empty:
        buffer = bytearray(BLOCK_BYTES if most is None else min(BLOCK_BYTES, most + 1))
    return buffer if len(buffer) > least else bytearray(2 * least)


def decode(lines: Lines, name: str | None) -> list[Batch]:
    """The rows of a block, in order."""
    try:
        first = lines.first
        if lines.too_long:
            records = Records()
            records.reject(Spot(name, first), None, TOO_LONG, bytes(lines.raw).decode(errors="replace"))
            return [records.batch()]
        batch = alike.read_lines(lines.raw, lambda ordinal: Spot(name, first + ordinal))
        if batch:
            return [batch]
        return [part for piece, line in _pieces(bytes(lines.raw), first) for part in _decode(piece, line, name)]
    finally:
        lines.done()


def _pieces(raw: bytes, first: int) -> Iterator[tuple[bytes, int]]:
    """Cut a block at line ends into pieces of about `PIECE_BYTES`, each with the number of its first line."""
    start = 0
    while start < len(raw):
        end = raw.rfind(b"\n", start, start + PIECE_BYTES) if start + PIECE_BYTES < len(raw) else len(raw)
        if end < 0:
            end = raw.find(b"\n", start) % (len(raw) + 1)
        piece = raw[start:end]
        yield piece.rstrip(_LINE_ENDS), first
        first += _count_lines(piece) + 1
        start = end + 1


def _count_lines(raw: bytes | memoryview) -> int:
    """How many line ends there are. NumPy compares bytes five times as fast as `bytes` counts them."""
    return sum(int(np.count_nonzero(_line_ends(raw[at : at + _TILE]))) for at in range(0, len(raw), _TILE))


def _line_ends(raw: bytes | memoryview) -> np.ndarray:
    """Which bytes end a line."""
    return np.asarray(np.frombuffer(raw, dtype=np.uint8) == ord("\n"))


def _decode(raw: bytes, first: int, name: str | None) -> list[Batch]:
    if not raw:
        return []
    ends = np.flatnonzero(_line_ends(raw))
    if len(ends) >= _FEW_LINES:
        batch = _fast(raw, ends, first, name)
        if batch:
            return [batch]
        return [part for piece, line in _parts(raw, ends, first) for part in _decode(piece, line, name)]
    records = Records()
    for offset, line in enumerate(raw.split(b"\n")):
        if line := line.strip(b" \t\r"):
            records.add_json(line, Spot(name, first + offset))
    return [records.batch()]


def _parts(raw: bytes, ends: np.ndarray, first: int) -> Iterator[tuple[bytes, int]]:
    edges = [0, *(len(ends) * part // _PARTS for part in range(1, _PARTS)), len(ends) + 1]
    starts = [0, *(ends + 1).tolist(), len(raw) + 1]
    for low, high in pairwise(edges):
        yield raw[starts[low] : starts[high] - 1], first + low


def _fast(raw: bytes, ends: np.ndarray, first: int, name: str | None) -> Batch | None:
    if not _each_line_is_braced(raw, ends):
        return None
    rows = len(ends) + 1
    if _PAGE_FIRST.match(raw):

        def spot_in_page(page: int, path: str) -> Spot:
            return Spot(name, first + page, path)

        return pages.read_alike(raw.split(b"\n"), spot_in_page) or jsonfast.read_pages(
            raw, lambda page, index: spot_in_page(page, f"$.rewards[{index}]"), rows
        )

    def spot(ordinal: int) -> Spot:
        return Spot(name, first + ordinal)

    return alike.read_lines(raw, spot) or jsonfast.read_lines(raw, spot, rows)


def _each_line_is_braced(raw: bytes, ends: np.ndarray) -> bool:
    """Whether a brace closes every line and opens the next: then no JSON value can run over a line's end."""
    if not raw.startswith(b"{") or not raw.endswith(b"}"):
        return False
    codes = np.frombuffer(raw, dtype=np.uint8)
    before = codes[ends - 1]
    before = np.where(before == ord("\r"), codes[ends - 2], before)
    return bool(np.all(before == ord("}")) and np.all(codes[ends + 1] == ord("{")))
