"""Places in place of texts: a row per key that waits for its texts says where a row with that key stands.

The texts are fetched from there in a second reading. That costs less than moving the texts of all rows.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Final

import polars as pl

from rewards_analytics.engines.ahead import ahead
from rewards_analytics.engines.codes import first_halves, first_halves_of
from rewards_analytics.engines.piles import BATCH_ROWS, Piles
from rewards_analytics.engines.spill import room_to_spill
from rewards_analytics.errors import SourceError
from rewards_analytics.files import temporary_folder

PLACE: Final = "__place__"
"""The column that says how many rows of the scan stand before a row."""

CODE: Final = "__code__"
"""The column with the code of a key: see `rewards_analytics.engines.codes`."""

MOST_PLACES: Final = (1 << 32) - 1
"""Polars counts no further."""

_STRETCH: Final = 1 << 22
"""Rows of the scan whose answers are in memory at a time."""


def with_texts(answers: Iterable[pl.DataFrame], rows: pl.LazyFrame, key: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Put the texts of the key first in each answer, in place of `PLACE` and `CODE`; answers come as `rows` stand.

    Raises
    ------
    SourceError
        If another key stands at a place than when the answers were worked out.
    """
    with temporary_folder("rewards-analytics-") as folder:
        piles = Piles(folder)
        with room_to_spill(folder):
            short = (answer.with_columns(first_halves(answer[CODE]).alias(CODE)) for answer in answers)
            piles.put(short, lambda answer: answer[PLACE] // _STRETCH)
        waiting = (piles.take(number).sort(PLACE) for number in piles.numbers)
        texts = rows.select(key).collect_batches(chunk_size=BATCH_ROWS, maintain_order=True, engine="streaming")
        yield from ahead(_found(waiting, texts, key))


def _found(
    waiting: Iterator[pl.DataFrame], texts: Iterator[pl.DataFrame], key: Sequence[str]
) -> Generator[pl.DataFrame]:
    end = 0
    batch = pl.DataFrame()
    for answers in waiting:
        left = answers
        while len(left):
            if left[PLACE][0] >= end:
                if (following := next(texts, None)) is None:
                    raise _changed()
                batch, end = following.rechunk(), end + len(following)
                continue
            here = left[: left[PLACE].search_sorted(end)]
            left = left[len(here) :]
            found = batch[here[PLACE] - (end - len(batch))]
            if not first_halves_of(found, key).equals(here[CODE]):
                raise _changed()
            yield _by_themselves(found).hstack(here.drop(PLACE, CODE))


def _by_themselves(texts: pl.DataFrame) -> pl.DataFrame:
    """Copy texts, which otherwise keep those of all rows of their batch in memory."""
    return pl.DataFrame(texts.to_arrow(compat_level=pl.CompatLevel.oldest()))


def _changed() -> SourceError:
    return SourceError("The files changed while they were read. Scan them again once they are written completely.")
