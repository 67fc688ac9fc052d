"""How JSON is decoded: the order of attempts, for lines, documents, pages, lists and dicts alike.

The fixed layout is the fastest, and reads records from one writer only. Arrow reads most JSON, but also accepts rewards
that are not valid. The parser reads everything and is the authority: a faster reader returns what the parser would, or
None. A text that neither fast reader takes is split, so that a single odd record does not send thousands of others to
the parser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from rewards_analytics.loading.chunk import Chunk


class SplitError(Exception):
    """A part does not begin and end with whole records, so the whole has to go to the parser."""


class Shape(Protocol):
    """Records that follow each other in some shape, and how each reader gets at them."""

    def by_layout(self) -> Chunk | None:
        """The rows, if all records have one layout; None if not."""

    def by_arrow(self) -> Chunk | None:
        """The rows, if Arrow reads them as the parser would; None if it might not."""

    def parts(self, done: Sequence[Chunk]) -> Iterator[Shape]:
        """The same records in parts, none if there are too few to split.

        `done` has the chunks of the parts before, for a shape that numbers its rows.
        """

    def by_parser(self) -> Chunk:
        """The rows, whatever they are."""


def decode(shape: Shape) -> list[Chunk]:
    """The rows of a shape, in order."""
    if chunk := shape.by_layout() or shape.by_arrow():
        return [chunk]
    chunks: list[Chunk] = []
    try:
        for part in shape.parts(chunks):
            chunks += decode(part)
    except SplitError:
        chunks = []
    return chunks or [shape.by_parser()]
