"""The rows of a scan in parts, each with all rows of some users: see `rewards_analytics.engines.parts`.

Parquet sorted by user is read in place, one span of users after another. Statistics rule out the row groups outside a
span, and a condition on each row decides: so a file that declares the wrong order costs time, but changes no number.
Rows in any other order are first moved to piles, one for each part: by the hash of their user, or, where the parts must
ascend, by spans of users.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple, TypeAlias

import polars as pl
import pyarrow.parquet as pq

from rewards_analytics.engines import BATCH_ROWS, PART_ROWS, Asked, Piles, ahead, note_parts, room_to_spill
from rewards_analytics.files import temporary_folder
from rewards_analytics.loading.parquet import footer_of
from rewards_analytics.loading.sources import File
from rewards_analytics.loading.stores import Url
from rewards_analytics.loading.stream import COMPRESSIONS

MOST_ROWS: Final = 12 * PART_ROWS
"""Up to this many rewards, unsorted users are read at once: moving them costs more than it saves."""

LARGE_BYTES: Final = 1 << 30
"""From this many bytes of text on, rewards are read in parts."""

_MOST_READ: Final = 1.5
"""How often a row may be read on average, because a span begins or ends within a row group."""

_SAMPLE: Final = 1 << 18
_UNPACKED: Final = 6
_ROW_BYTES: Final = 400

Scan: TypeAlias = Callable[[Sequence[str]], pl.LazyFrame]


class _Group(NamedTuple):
    """A row group: its least and greatest value, its rows and its file."""

    least: str
    greatest: str
    rows: int
    file: str


def with_parts(frame: pl.LazyFrame, files: Sequence[str], rows: int, scan: Scan | None = None) -> pl.LazyFrame:
    """Note how a scan of Parquet comes in parts, if it has many rows.

    `scan` reads some of the files, where it takes more than their own columns.
    """
    if rows <= 2 * PART_ROWS:
        return frame
    return note_parts(frame, _Stored(files, scan or _scan))


def with_parts_of_text(frame: pl.LazyFrame, files: Sequence[File]) -> pl.LazyFrame:
    """Note how decoded files come in parts, if they are large."""
    size = sum(map(_text_bytes, files))
    return frame if size <= LARGE_BYTES else note_parts(frame, _Decoded(frame, size))


def _text_bytes(file: File) -> int:
    content = file.content
    if isinstance(content, Url):
        name, size = content.split_query()[0], content.size()
    elif isinstance(content, Path):
        name, size = content.name, content.stat().st_size
    else:
        return 0
    packed = file.kind == "parquet" or PurePosixPath(name).suffix.lower() in COMPRESSIONS
    return size * (_UNPACKED if packed else 1)


class _Stored(NamedTuple):
    """The parts of Parquet."""

    files: Sequence[str]
    scan: Scan

    @contextmanager
    def __call__(self, asked: Asked) -> Iterator[Iterator[pl.LazyFrame]]:
        with temporary_folder("rewards-analytics-") as folder:
            yield _in_parts(self.files, self.scan, asked, folder)

    def rows_to_move(self, by: str = "user_guid") -> int:
        groups, rows = _groups(self.files, by)
        return 0 if rows <= MOST_ROWS or (groups and _ends(groups) is not None) else rows


class _Decoded(NamedTuple):
    """The parts of decoded files of a size."""

    frame: pl.LazyFrame
    size: int

    @contextmanager
    def __call__(self, asked: Asked) -> Iterator[Iterator[pl.LazyFrame]]:
        with temporary_folder("rewards-analytics-") as folder:
            sample = self.frame.select(asked.by).head(_SAMPLE).collect(engine="streaming")[asked.by]
            starts = _starts(sample, self.size // _ROW_BYTES)
            yield _spilled(self.frame, starts, asked, folder, self.size)

    def rows_to_move(self, by: str = "user_guid") -> int:  # noqa: ARG002
        return 0  # they would be decoded twice


def _in_parts(files: Sequence[str], scan: Scan, asked: Asked, folder: Path) -> Iterator[pl.LazyFrame]:
    groups, rows = _groups(files, asked.by)
    if asked.subset is not None:
        few = min(rows, asked.subset.rows)
        size = _uncompressed(files, asked.columns) * few // rows
        yield from _spilled(scan(files), _starts(_sample(files, asked.by), few), asked, folder, size)
        return
    if rows <= 2 * PART_ROWS:
        yield scan(files).select(asked.columns)
        return
    if groups and (ends := _ends(groups)) is not None:
        for after, last in pairwise([None, *ends, None]):
            yield _span(scan, groups, asked.columns, asked.by, after, last)
        return
    starts = _starts(_sample(files, asked.by), rows) if rows > MOST_ROWS else pl.Series([], dtype=pl.String)
    if not len(starts):  # or one value, whose rows stay together
        yield scan(files).select(asked.columns)
        return
    yield from _spilled(scan(files), starts, asked, folder, _uncompressed(files, asked.columns))


def _uncompressed(files: Sequence[str], columns: Collection[str]) -> int:
    """The bytes of some columns, as they are written to wait."""
    footers = [footer_of(file) for file in files]
    groups = [footer.row_group(number) for footer in footers for number in range(footer.num_row_groups)]
    chunks = (group.column(place) for group in groups for place in range(group.num_columns))
    return sum(chunk.total_uncompressed_size for chunk in chunks if chunk.path_in_schema in columns)


def _scan(files: Sequence[str]) -> pl.LazyFrame:
    return pl.scan_parquet(list(files), glob=False, hive_partitioning=False, extra_columns="ignore")


def _groups(files: Sequence[str], by: str) -> tuple[list[_Group], int]:
    """The row groups by their least values, none if one does not tell them or has a null; and the rows of all."""
    groups, rows, is_said = [], 0, True
    for file in files:
        footer = footer_of(file)
        rows += footer.num_rows
        # Among the leaves: a nested column before it has several.
        place = [footer.schema.column(leaf).path for leaf in range(footer.num_columns)].index(by)
        for number in range(footer.num_row_groups):
            group = footer.row_group(number)
            statistics = group.column(place).statistics
            if (
                statistics is None
                or not statistics.has_min_max
                or not statistics.has_null_count
                or statistics.null_count
            ):
                is_said &= not group.num_rows
            else:
                groups.append(_Group(str(statistics.min), str(statistics.max), group.num_rows, file))
    return sorted(groups) if is_said else [], rows


def _ends(groups: Sequence[_Group]) -> list[str] | None:
    """The last value of each span but the last, None if rows would be read again and again."""
    ends: list[str] = []
    rows, greatest = 0, ""
    for group in groups[:-1]:
        rows, greatest = rows + group.rows, max(greatest, group.greatest)
        if rows >= PART_ROWS and (not ends or greatest > ends[-1]):
            ends.append(greatest)
            rows = 0
    read = [sum(group.rows for group in groups if _overlaps(group, *span)) for span in pairwise([None, *ends, None])]
    most = max(4 * PART_ROWS, 2 * max(group.rows for group in groups))
    return ends if max(read) <= most and sum(read) <= _MOST_READ * sum(group.rows for group in groups) else None


def _overlaps(group: _Group, after: str | None, last: str | None) -> bool:
    return (after is None or group.greatest > after) and (last is None or group.least <= last)


def _span(
    scan: Scan, groups: Sequence[_Group], columns: Sequence[str], by: str, after: str | None, last: str | None
) -> pl.LazyFrame:
    """The rows whose value is above one and not above another."""
    files = dict.fromkeys(group.file for group in groups if _overlaps(group, after, last))
    rows = scan([*files] or [groups[0].file])
    if after is not None:
        rows = rows.filter(pl.col(by) > after)
    if last is not None:
        rows = rows.filter(pl.col(by) <= last)
    return rows.select(columns)


def _sample(files: Sequence[str], by: str) -> pl.Series:
    """Values from all over the files."""
    places = [(file, number) for file in files for number in range(footer_of(file).num_row_groups)]
    found = []
    for file, number in places[:: max(1, len(places) // 16)]:
        table = pq.ParquetFile(file).read_row_group(number, [by])
        values = pl.Series(pl.from_arrow(table[by])).cast(pl.String)
        found.append(values.gather_every(max(1, len(values) * 16 // _SAMPLE)))
    return pl.concat(found)


def _starts(sample: pl.Series, rows: int) -> pl.Series:
    """The first value of each part but the first, where parts are spans; by hash, only their number counts."""
    parts = max(2, -(-rows // PART_ROWS))
    values = sample.drop_nulls().sort()
    starts = values.gather([len(values) * place // parts for place in range(1, parts)] if len(values) else []).unique()
    return starts.filter(starts > values.first()).sort()


def _spilled(rows: pl.LazyFrame, starts: pl.Series, asked: Asked, folder: Path, size: int) -> Generator[pl.LazyFrame]:
    """Move rows to a pile for each part in one pass; a part that turns out large is split again."""
    piles = Piles(Path(tempfile.mkdtemp(dir=folder)))
    with room_to_spill(folder, size):
        batches = asked.rows(rows).collect_batches(chunk_size=BATCH_ROWS, maintain_order=False, engine="streaming")
        piles.put(batches, partial(_numbers, asked, starts))
    if not piles.numbers:  # there always is a part
        yield rows.select(asked.columns).clear()
    yield from ahead(_of_piles(piles, asked, folder))


def _of_piles(piles: Piles, asked: Asked, folder: Path) -> Generator[pl.LazyFrame]:
    for number in piles.numbers:
        rows = piles.rows(number)
        if rows <= 2 * PART_ROWS:
            yield piles.take(number).lazy()
            continue
        starts = _starts(piles.values(number, asked.by, every=max(1, rows // _SAMPLE)), rows)
        if not len(starts):  # one value, whose rows stay together
            yield piles.scan(number)
            continue
        # Not by hash, which may put all rows of a part into one part again.
        within = asked._replace(ascending=True)
        spans = Piles(Path(tempfile.mkdtemp(dir=folder)))
        with room_to_spill(folder):
            spans.put(piles.drain(number), partial(_numbers, within, starts))
        yield from _of_piles(spans, within, folder)


def _numbers(asked: Asked, starts: pl.Series, rows: pl.DataFrame) -> pl.Series:
    """The number of the part that each row belongs to."""
    values = rows[asked.by]
    if asked.ascending:
        return starts.search_sorted(values.cast(pl.String).fill_null(""), side="right")
    return values.hash() % (len(starts) + 1)  # faster than finding the span of a text
