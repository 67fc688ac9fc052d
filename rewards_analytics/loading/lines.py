"""NDJSON: blocks of lines, read at once where possible and halved down to the bad lines where not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from rewards_analytics.loading import jsonfast
from rewards_analytics.loading.batches import Batch, Spot
from rewards_analytics.loading.records import Records
from rewards_analytics.loading.stream import Stream

BLOCK_BYTES = 1 << 20
"""Arrow reads a block that fits in the processor's cache half again as fast as one of 8 MB."""
LONGEST_LINE = 128 << 20
TOO_LONG = f"is longer than {LONGEST_LINE >> 20} MB"

_PARTS = 8
"""A block that fails is cut into so many, each of them tried again."""
_FEW_LINES = 24
"""Fewer than this are read one by one: trying the fast path on them costs as much."""

_PAGE_FIRST = re.compile(rb'\s*\{\s*"(?:rewards|pagination)"')


class Lines(NamedTuple):
    """Lines of one file that follow each other; a line that is too long to be kept stands alone."""

    raw: bytes
    first: int
    too_long: bool = False


def blocks(stream: Stream) -> Iterator[Lines]:
    """Cut a stream at line ends into blocks of about `BLOCK_BYTES`."""
    rest: list[bytes] = []
    size, line = 0, 1
    while chunk := stream.read(BLOCK_BYTES):
        cut = chunk.rfind(b"\n") + 1
        if cut:
            whole = b"".join([*rest, chunk[:cut]])
            yield Lines(whole, line)
            line += int(np.count_nonzero(_line_ends(whole)))
            rest, size = [chunk[cut:]], len(chunk) - cut
        else:
            rest.append(chunk)
            size += len(chunk)
        if size > LONGEST_LINE:
            yield Lines(rest[0][:200], line, too_long=True)
            tail = stream.skip_line()
            rest, size, line = [tail], len(tail), line + 1
    if size:
        yield Lines(b"".join(rest), line)


def decode(lines: Lines, name: str | None) -> list[Batch]:
    """The rows of a block, in order."""
    if lines.too_long:
        records = Records()
        records.reject(Spot(name, lines.first), None, TOO_LONG, lines.raw.decode(errors="replace"))
        return [records.batch()]
    return _decode(lines.raw.rstrip(b"\r\n"), lines.first, name)


def _line_ends(raw: bytes) -> np.ndarray:
    """Which bytes end a line. NumPy compares them five times as fast as `bytes` counts them."""
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
        return jsonfast.read_pages(raw, lambda page, index: Spot(name, first + page, f"$.rewards[{index}]"), rows)
    return jsonfast.read_lines(raw, lambda ordinal: Spot(name, first + ordinal), rows)


def _each_line_is_braced(raw: bytes, ends: np.ndarray) -> bool:
    """Whether a brace closes every line and opens the next: then no JSON value can run over a line's end."""
    if not raw.startswith(b"{") or not raw.endswith(b"}"):
        return False
    codes = np.frombuffer(raw, dtype=np.uint8)
    before = codes[ends - 1]
    before = np.where(before == ord("\r"), codes[ends - 2], before)
    return bool(np.all(before == ord("}")) and np.all(codes[ends + 1] == ord("{")))
