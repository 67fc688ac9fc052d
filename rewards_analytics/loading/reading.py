"""From any source to its batches: what is read by whom, several blocks at a time, in a fixed order."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any, Final

import pyarrow as pa

from rewards_analytics.errors import SourceError
from rewards_analytics.loading import csvfiles, dicts, documents, lines, tables
from rewards_analytics.loading.batches import Batch
from rewards_analytics.loading.progress import Progress, shown
from rewards_analytics.loading.sources import Dicts, File, Frame, Kind, Piece, pieces
from rewards_analytics.loading.stream import Stream
from rewards_analytics.loading.validate import Reading, across_rows

Job = Callable[[], list[Batch]]
"""Decodes one block; runs in a thread."""

_WORKERS: Final = min(4, os.cpu_count() or 1)
_TOGETHER_BYTES: Final = 8 << 20
"""Small JSON documents are read together up to this size."""
_DICTS_TOGETHER: Final = 10_000


def read(source: Any) -> Reading:
    """Read a source whole, with a bar where someone is looking."""
    found = list(pieces(source))
    with shown(found) as progress:
        return across_rows(_counted(_decoded(_jobs(found, progress)), progress))


def _counted(batches: Iterator[Batch], progress: Progress) -> Iterator[Batch]:
    for batch in batches:
        progress.rows_read(batch.rows)
        yield batch


def tables_of(source: Any) -> Iterator[pa.Table]:
    """Read a source block by block; the first block with a row that is not a valid reward is an error.

    Rows are not compared with those of other blocks: repeats stay.
    """
    for batch in _decoded(_jobs(pieces(source), Progress())):
        if batch.rejected:
            raise Reading(batch.table, batch.rows, 0, batch.rejected).error()
        yield batch.table


def _decoded(jobs: Iterator[Job]) -> Iterator[Batch]:
    """Run jobs in threads, a few ahead, and yield what they decode in the jobs' order."""
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="load")
    running: deque[Future[list[Batch]]] = deque()
    try:
        for job in jobs:
            running.append(pool.submit(job))
            if len(running) > _WORKERS:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _jobs(found: Iterable[Piece], progress: Progress) -> Iterator[Job]:
    together = _Documents()
    for piece in found:
        if isinstance(piece, File):
            progress.file_begun()
            yield from _file_jobs(piece, together, progress)
        else:
            yield from together.flush()
            yield from _memory_jobs(piece)
    yield from together.flush()


def _memory_jobs(piece: Piece) -> Iterator[Job]:
    if isinstance(piece, Frame):
        for batch in tables.from_frame(piece.native):
            yield partial(list, [batch])
    elif isinstance(piece, Dicts):
        values, first = iter(piece.values), 0
        while some := list(islice(values, _DICTS_TOGETHER)):
            yield partial(dicts.decode, some, first)
            first += len(some)


def _file_jobs(file: File, together: _Documents, progress: Progress) -> Iterator[Job]:
    with Stream(file.content, file.name, progress.bytes_read) as stream:
        kind = file.kind or kind_by_content(stream)
        if kind == "json":
            yield from together.add(documents.document(stream.read_all(), stream.name))
            return
        yield from together.flush()
        if kind == "ndjson":
            for block in lines.blocks(stream):
                yield partial(lines.decode, block, stream.name)
        elif kind == "csv":
            for part in csvfiles.parts(stream):
                yield part.decode
        else:
            for batch in tables.from_parquet(stream):
                yield partial(list, [batch])


class _Documents:
    """JSON documents that wait to be read together."""

    def __init__(self) -> None:
        self._waiting: list[documents.Document] = []
        self._bytes = 0

    def add(self, document: documents.Document) -> Iterator[Job]:
        if self._bytes + len(document.raw) > _TOGETHER_BYTES:
            yield from self.flush()
        self._waiting.append(document)
        self._bytes += len(document.raw)

    def flush(self) -> Iterator[Job]:
        if self._waiting:
            yield partial(documents.decode, self._waiting)
        self._waiting, self._bytes = [], 0


def kind_by_content(stream: Stream) -> Kind:
    """Tell the kind of a source whose ending does not say."""
    head = stream.peek()
    text = head.lstrip()
    if head.startswith(b"PAR1"):
        return "parquet"
    if text.startswith(b"["):
        return "json"
    if text.startswith(b"{"):
        return "ndjson" if _is_first_of_lines(stream, text) else "json"
    if b"guid" in text.split(b"\n", 1)[0]:
        return "csv"
    what = f"begins with {head[:40]!r}" if text else "is empty"
    raise SourceError(
        f"{stream.label} {what}: that is no JSON, NDJSON, CSV or Parquet. Check what it holds, or give the "
        "file its ending (.json, .ndjson, .csv, .parquet)."
    )


def _is_first_of_lines(stream: Stream, text: bytes) -> bool:
    line, newline, _ = text.partition(b"\n")
    if not newline:  # a page may be longer than the head
        line, newline, _ = stream.peek(lines.BLOCK_BYTES).lstrip().partition(b"\n")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return bool(newline) or "guid" in value
