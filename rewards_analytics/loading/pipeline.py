"""From any source to its chunks: each block is decoded in a thread, and the chunks come in the source's order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Final

import pyarrow as pa

from rewards_analytics.forks import refuse_lost_threads
from rewards_analytics.loading import csv, memory, parquet
from rewards_analytics.loading.chunk import Chunk
from rewards_analytics.loading.json import lines
from rewards_analytics.loading.json.decode import decode
from rewards_analytics.loading.json.documents import Document, Documents
from rewards_analytics.loading.kinds import settled
from rewards_analytics.loading.progress import Progress, progress_bar
from rewards_analytics.loading.sources import Dicts, File, Frame, Input, inputs
from rewards_analytics.loading.stream import Stream
from rewards_analytics.loading.validate import Loaded, across_rows, invalid_rows

Job = Callable[[], list[Chunk]]
"""Decodes one block; runs in a thread."""

_WORKERS: Final = min(4, os.cpu_count() or 1)
_AHEAD: Final = 2 * _WORKERS
"""Blocks that wait for a thread or for their turn: a slow one does not leave the other threads without work."""
_DOCUMENTS_BYTES: Final = 8 << 20
"""Small JSON documents are decoded at once up to this size."""


def read(source: object) -> Loaded:
    """Read a source whole, with a progress bar where someone is looking."""
    refuse_lost_threads()
    found = list(inputs(source))
    with progress_bar(found) as progress:
        return across_rows(_counted(_decoded(_jobs(found, progress)), progress))


def read_tables(source: object) -> Iterator[pa.Table]:
    """Read a source block by block; the first block with an invalid row is an error.

    Rows are not compared with those of other blocks: repeats stay.
    """
    refuse_lost_threads()
    for chunk in _decoded(_jobs(inputs(source), Progress())):
        if chunk.rejected:
            raise invalid_rows(chunk.rejected)
        yield chunk.table


def _counted(chunks: Iterator[Chunk], progress: Progress) -> Iterator[Chunk]:
    for chunk in chunks:
        progress.rows_read(chunk.rows)
        yield chunk


def _decoded(jobs: Iterator[Job]) -> Iterator[Chunk]:
    """Run jobs in threads, some ahead, and yield their chunks in the order of the jobs."""
    pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="load")
    running: deque[Future[list[Chunk]]] = deque()
    try:
        for job in jobs:
            running.append(pool.submit(job))
            if len(running) > _AHEAD:
                yield from running.popleft().result()
        while running:
            yield from running.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _jobs(found: Iterable[Input], progress: Progress) -> Iterator[Job]:
    waiting = _SmallDocuments()
    for item in found:
        if isinstance(item, File):
            progress.file_begun()
            yield from _file_jobs(item, waiting, progress)
        else:
            yield from waiting.flush()
            yield from _memory_jobs(item)
    yield from waiting.flush()


def _memory_jobs(item: Dicts | Frame) -> Iterator[Job]:
    if isinstance(item, Frame):
        for chunk in memory.read_frame(item.native):
            yield partial(list, [chunk])
    else:
        for block in memory.blocks_of_dicts(item.values):
            yield partial(decode, block)


def _file_jobs(file: File, waiting: _SmallDocuments, progress: Progress) -> Iterator[Job]:
    with Stream(file.content, file.name, progress.bytes_read, file.given) as stream:
        kind = settled(stream, file.kind)
        if kind == "json":
            yield from waiting.add(Document.of(stream.read_all(), stream.name, stream.given))
            return
        yield from waiting.flush()
        if kind == "ndjson":
            for block in lines.blocks(stream):
                yield block.decode
        elif kind == "csv":
            for records in csv.blocks(stream):
                yield records.decode
        else:
            for chunk in parquet.read(stream):
                yield partial(list, [chunk])


class _SmallDocuments:
    """JSON documents that wait until there are enough to be decoded at once."""

    def __init__(self) -> None:
        self._documents: list[Document] = []
        self._bytes = 0

    def add(self, document: Document) -> Iterator[Job]:
        differs = self._documents and self._documents[0].given != document.given
        if differs or self._bytes + len(document.raw) > _DOCUMENTS_BYTES:
            yield from self.flush()
        self._documents.append(document)
        self._bytes += len(document.raw)

    def flush(self) -> Iterator[Job]:
        if self._documents:
            yield partial(decode, Documents(self._documents))
        self._documents, self._bytes = [], 0
