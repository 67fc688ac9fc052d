"""Splits of a source that workers read independently: files, and spans of lines in large NDJSON files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from rewards_analytics.errors import SourceError
from rewards_analytics.loading.chunk import Chunk
from rewards_analytics.loading.json.lines import Lines
from rewards_analytics.loading.kinds import settled
from rewards_analytics.loading.pipeline import read_tables
from rewards_analytics.loading.sources import File
from rewards_analytics.loading.stream import COMPRESSIONS, Stream, unreadable
from rewards_analytics.loading.validate import invalid_rows
from rewards_analytics.textfiles import BYTE_ORDER_MARK

SPAN_BYTES: Final = 64 << 20


@dataclass(frozen=True)
class Split:
    """A file, or the bytes of an NDJSON file from the start of a line to the end of one."""

    file: File
    start: int = 0
    end: int | None = None

    def tables(self) -> Iterator[pa.Table]:
        """The rewards of the split; an invalid row is an error."""
        if self.end is None:
            yield from read_tables(self.file)
            return
        raw = self._bytes()
        try:
            chunks = self._decoded(raw, 1)
            is_sound = not any(chunk.rejected for chunk in chunks)
        except SourceError:
            is_sound = False
        if not is_sound:  # only an error needs the true numbers of the lines
            chunks = self._decoded(raw, 1 + self._lines_before())
        for chunk in chunks:
            if chunk.rejected:
                raise invalid_rows(chunk.rejected)
            yield chunk.table

    def _decoded(self, raw: bytes, first: int) -> list[Chunk]:
        return Lines(raw, first, self.file.name, self.file.given).decode()

    def _bytes(self) -> bytes:
        path = Path(str(self.file.content))
        try:
            with path.open("rb") as opened:
                if path.stat().st_size < (self.end or 0):
                    raise SourceError(f"{path} changed after scan() looked at it. Scan it again.")
                opened.seek(self.start)
                raw = opened.read((self.end or 0) - self.start)
        except OSError as error:
            raise unreadable(str(path), error) from error
        return raw if self.start else raw.removeprefix(BYTE_ORDER_MARK)

    def _lines_before(self) -> int:
        with Path(str(self.file.content)).open("rb") as opened:
            left, count = self.start, 0
            while left and (chunk := opened.read(min(left, 1 << 24))):
                left -= len(chunk)
                count += chunk.count(b"\n")
        return count


def splits(files: Sequence[File]) -> list[Split]:
    """Cut plain NDJSON files at line ends into spans; every other file is a split of its own. Never none."""
    return [split for file in files for split in _spans(file)] or [Split(File(b"", None, "ndjson"))]


def _spans(file: File) -> Iterator[Split]:
    path = file.content
    if file.kind != "ndjson" or not isinstance(path, Path) or path.suffix.lower() in COMPRESSIONS:
        yield Split(file)
        return
    try:
        size = path.stat().st_size
        if size <= SPAN_BYTES or not _is_plain_ndjson(file):
            yield Split(file)
            return
        with path.open("rb") as opened:
            start = 0
            while start < size:
                opened.seek(start + SPAN_BYTES)
                opened.readline()
                end = min(opened.tell(), size)
                yield Split(file, start, end)
                start = end
    except OSError as error:
        raise unreadable(str(path), error) from error


def _is_plain_ndjson(file: File) -> bool:
    with Stream(file.content, file.name) as stream:
        return stream.path is not None and settled(stream, file.kind) == "ndjson"
