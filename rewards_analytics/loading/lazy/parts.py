"""Parts of a source that workers read apart from each other: files, row groups, spans of lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from rewards_analytics.errors import SourceError
from rewards_analytics.loading import lines
from rewards_analytics.loading.batches import Spot
from rewards_analytics.loading.reading import tables_of
from rewards_analytics.loading.sources import File
from rewards_analytics.loading.stream import PACKINGS
from rewards_analytics.loading.validate import Reading

SPAN_BYTES: Final = 64 << 20


@dataclass(frozen=True)
class Part:
    """A file, or the bytes of an NDJSON file from the start of a line to the end of one."""

    file: File
    start: int = 0
    end: int | None = None

    def tables(self) -> Iterator[pa.Table]:
        """The rewards of the part; a row that is not a valid one is an error."""
        if self.end is None:
            yield from tables_of(self.file)
            return
        for batch in lines.decode(lines.Lines(self._bytes(), 1), self.file.name):
            if batch.rejected:
                before = self._lines_before()
                moved = [row._replace(spot=_later(row.spot, before)) for row in batch.rejected]
                raise Reading(batch.table, batch.rows, 0, moved).error()
            yield batch.table

    def _bytes(self) -> bytes:
        path = Path(str(self.file.content))
        with path.open("rb") as opened:
            if path.stat().st_size < (self.end or 0):
                raise SourceError(f"{path} changed after scan() looked at it. Scan it again.")
            opened.seek(self.start)
            return opened.read((self.end or 0) - self.start)

    def _lines_before(self) -> int:
        with Path(str(self.file.content)).open("rb") as opened:
            left, count = self.start, 0
            while left and (chunk := opened.read(min(left, 1 << 24))):
                left -= len(chunk)
                count += chunk.count(b"\n")
        return count


def parts(files: Sequence[File]) -> list[Part]:
    """Cut plain NDJSON files at line ends into spans; every other file is a part of its own."""
    return [part for file in files for part in _spans(file)]


def _spans(file: File) -> Iterator[Part]:
    path = file.content
    if file.kind != "ndjson" or not isinstance(path, Path) or path.suffix.lower() in PACKINGS:
        yield Part(file)
        return
    try:
        with path.open("rb") as opened:
            start, size = 0, path.stat().st_size
            packed = opened.read(4).startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd"))
            if packed or size <= SPAN_BYTES:
                yield Part(file)
                return
            while start < size:
                opened.seek(start + SPAN_BYTES)
                opened.readline()
                end = min(opened.tell(), size)
                yield Part(file, start, end)
                start = end
    except OSError as error:
        raise SourceError(f"{path} cannot be opened: {error.strerror}.") from error


def _later(spot: Spot, count: int) -> Spot:
    return spot if spot.line is None else spot._replace(line=spot.line + count)
