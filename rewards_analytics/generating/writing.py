"""Writing made-up rewards: a file, a folder of Parquet files, or a history of days."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice
from pathlib import Path
from threading import Event
from typing import IO, Final, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from rewards_analytics.errors import ArgumentError, RewardsError
from rewards_analytics.files import is_stream, whole_file, whole_folder
from rewards_analytics.generating.people import People
from rewards_analytics.generating.snapshot import row_count, snapshot
from rewards_analytics.history.adding import add, day_folder
from rewards_analytics.history.location import Location
from rewards_analytics.history.table import create, require_deltalake
from rewards_analytics.loading.by_user import order_of
from rewards_analytics.loading.chunk import TYPES
from rewards_analytics.loading.kinds import ENDINGS, kind_of
from rewards_analytics.loading.stores import Url
from rewards_analytics.loading.stream import COMPRESSIONS
from rewards_analytics.loading.write import text_file

_T = TypeVar("_T")

AS_OF: Final = date(2026, 11, 23)
"""The day of a snapshot if none is given: a fixed one, so that the same seed gives the same rewards on every day."""

_USERS: Final = 1 << 14
"""Users of a block, which is a row group of Parquet, with some 200,000 rewards."""

_BLOCKS_OF_A_FILE: Final = 16
"""Blocks of a file in a folder, which is written in one thread."""

_SAMPLE: Final = 1 << 12
_WORKERS: Final = max(2, min(8, os.cpu_count() or 1))
_DICTIONARY_BYTES: Final = 8 << 20
_BYTES_OF_JSON: Final = 330
_BYTES_A_REWARD: Final = {"parquet": 32, "csv": 230}
"""Bytes that a reward takes at least; in the other kinds it takes `_BYTES_OF_JSON`."""

_PACKED: Final = 8
"""Packed text has at least an eighth of its size."""

_MOST: Final = 10**12

_PARQUET: Final = {
    "compression": "zstd",
    "compression_level": 1,
    # Each guid of a reward is there once, a creation time for each holding.
    "use_dictionary": [name for name in TYPES.names if name not in ("guid", "created_at")],
    "dictionary_pagesize_limit": _DICTIONARY_BYTES,
    # Readers take the columns as they are in Parquet, not as the dictionaries from which they are written.
    "store_schema": False,
}


def generate(
    out: str | os.PathLike[str], *, rewards: int, seed: int = 2026, days: int | None = None, as_of: date | None = None
) -> Path:
    """Write made-up rewards, and return their path.

    They are valid, with exact amounts, and sorted by the key of their holding, so that a user's rewards are together.
    The same arguments give the same rewards and the same bytes of a file. Memory use does not grow with their number.

    Parameters
    ----------
    out
        A file that ends in `.parquet`, `.ndjson`, `.json` or `.csv` (the text kinds also in `.gz` or `.zst`); or a new
        folder, without an ending, for Parquet files of some 3,000,000 rewards. With `days`, a new folder for a
        history.
    rewards
        Number of rewards: of the file, of the folder, or of each day of the history.
    seed
        Seed of every random choice.
    days
        Number of daily snapshots in a history; None for a file or a folder.
    as_of
        Day of the snapshot, the last one of a history; 2026-11-23 if None.

    Raises
    ------
    ArgumentError
        A number is out of range, or the ending is unknown.
    RewardsError
        It cannot be written, or something is there.

    Examples
    --------
    >>> import tempfile
    >>> from rewards_analytics import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load(generate(f"{folder}/rewards.ndjson.zst", rewards=1000, seed=7)).shape
    (1000, 10)
    """
    on = AS_OF if as_of is None else as_of
    for name, value, least in (("rewards", rewards, 1), ("seed", seed, 0), ("days", days, 1)):
        if value is not None and value < least:
            raise ArgumentError.below(name, value, least, kind="an integer")
    if rewards > _MOST:
        raise ArgumentError(f"rewards={rewards:,} is more than {_MOST:,}. Write several folders, each with its seed.")
    crowd = _Crowd.of(rewards, seed)
    if "://" in str(out):
        raise ArgumentError(
            f"{Url(out).label} is not a place on this machine. Write to a folder, and copy it to the store."
        )
    path = Path(out)
    if days is not None:
        _history(crowd, path, _days(on, days))
        return path
    _days(on, 1)
    if kind_of(path.name):
        _file(crowd, path, on)
    elif path.suffix and not path.is_dir():
        raise ArgumentError(
            f"{path} does not end in a kind that can be written: {', '.join(ENDINGS)}; the text kinds also with .gz or "
            ".zst. A name without an ending is a folder of Parquet files."
        )
    else:
        _folder(crowd, path, on)
    return path


def _days(last: date, count: int) -> list[date]:
    """Days of the snapshots; those of before 2000 and after 2200 would have no plausible amounts."""
    try:
        first = last - timedelta(days=count - 1)
    except OverflowError:
        first = date.min
    if first.year < 2000 or last.year > 2200:
        raise ArgumentError(f"The snapshots of {count:,} days up to {last} are not all between 2000 and 2200.")
    return [first + timedelta(days=number) for number in range(count)]


# --- The rewards ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Crowd:
    """As many users as it takes for a number of rewards; the last one may have fewer than on its own."""

    rewards: int
    seed: int
    step: int

    @classmethod
    def of(cls, rewards: int, seed: int) -> _Crowd:
        sample = row_count(People.numbered(0, _SAMPLE, seed, 1))
        users = rewards * _SAMPLE / sample
        # A bound for the number of users, so that the guids ascend all the way.
        return cls(rewards, seed, int(2**64 // (1.02 * users + 8 * users**0.5 + 8)))

    def blocks(self) -> Iterator[_Block]:
        """Blocks of users, and how many rewards each of them has."""
        first, left = 0, self.rewards
        while left:
            # A block of few rewards is small.
            last = first + min(_USERS, left)
            count = min(row_count(People.numbered(first, last, self.seed, self.step)), left)
            yield _Block(first, last, count)
            first, left = last, left - count

    def table(self, block: _Block, on: date) -> pa.Table:
        """Return the rewards of a block on a day."""
        return snapshot(People.numbered(block.first, block.last, self.seed, self.step), on)[: block.rewards]

    def each(self, on: date, work: Callable[[pa.Table], _T]) -> Iterator[_T]:
        """What becomes of the rewards of a day, a block at a time; some are made ahead, in threads."""
        with _threads() as (pool, _):
            yield from _in_order(
                pool.submit(lambda block: work(self.table(block, on)), block) for block in self.blocks()
            )


class _Block(NamedTuple):
    """Users from number `first` to before `last`, who have `rewards` rewards on any day."""

    first: int
    last: int
    rewards: int


@contextmanager
def _threads() -> Iterator[tuple[ThreadPoolExecutor, Event]]:
    """Threads, and the event that is set once this is left: then they work on nothing new."""
    pool, is_over = ThreadPoolExecutor(_WORKERS, thread_name_prefix="generate"), Event()
    try:
        yield pool, is_over
    finally:
        is_over.set()
        pool.shutdown(cancel_futures=True)


def _in_order(running: Iterable[Future[_T]]) -> Iterator[_T]:
    """Results in their order, while as many more are begun as there are threads."""
    ahead: deque[Future[_T]] = deque()
    for future in running:
        ahead.append(future)
        if len(ahead) > _WORKERS:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


# --- Where they are written -------------------------------------------------------------------------


def _file(crowd: _Crowd, path: Path, on: date) -> None:
    text = text_file(path)  # refuses a packed Parquet file
    kind = kind_of(path.name) or ""
    packed = _PACKED if path.suffix.lower() in COMPRESSIONS else 1
    if not is_stream(path):
        _refuse_full_disk(path, crowd.rewards * _BYTES_A_REWARD.get(kind, _BYTES_OF_JSON) // packed)
    with whole_file(path) as file:
        if text is None:
            _parquet(crowd.each(on, _unchanged), file)
        else:
            encoded = crowd.each(on, lambda table: [*text.encoded(table.cast(TYPES))])
            text.write(chain.from_iterable(encoded), file)


def _unchanged(table: pa.Table) -> pa.Table:
    return table


def _folder(crowd: _Crowd, path: Path, on: date) -> None:
    _refuse_full_disk(path, crowd.rewards * _BYTES_A_REWARD["parquet"])
    with whole_folder(path) as folder:
        _files(crowd, folder, on)


def _history(crowd: _Crowd, path: Path, days: Sequence[date]) -> None:
    require_deltalake()
    Location.of(path, None)  # refuses what deltalake cannot use
    _refuse_full_disk(path, crowd.rewards * len(days) * _BYTES_A_REWARD["parquet"])
    with whole_folder(path) as table:
        create(Location.of(table, None))
        for on in days:
            folder = day_folder(table, on)
            folder.mkdir()
            add(table, on, _files(crowd, folder, on))


def _files(crowd: _Crowd, folder: Path, on: date) -> list[Path]:
    """Write the rewards of a day as Parquet files, several at a time."""
    with _threads() as (pool, is_over):

        def write(number: int, blocks: Sequence[_Block]) -> Path:
            path = folder / f"part-{number:05}.parquet"
            _parquet((crowd.table(block, on) for block in blocks if not is_over.is_set()), str(path))
            return path

        files = enumerate(_batched(crowd.blocks(), _BLOCKS_OF_A_FILE))
        return list(_in_order(pool.submit(write, *file) for file in files))


def _batched(blocks: Iterator[_Block], size: int) -> Iterator[list[_Block]]:
    while batch := list(islice(blocks, size)):
        yield batch


def _parquet(tables: Iterable[pa.Table], file: IO[bytes] | str) -> None:
    writer = None
    try:
        for table in tables:
            writer = writer or pq.ParquetWriter(file, table.schema, sorting_columns=order_of(table.schema), **_PARQUET)
            writer.write_table(table, row_group_size=len(table))
    finally:
        if writer:
            writer.close()


def _refuse_full_disk(path: Path, size: int) -> None:
    """Refuse to begin where the disk surely cannot hold it."""
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        return  # writing says what is wrong
    free = shutil.disk_usage(folder).free
    if free < size:
        raise RewardsError(
            f"Cannot write {path}: it takes at least {size / 1e9:,.1f} GB, and the disk has {free / 1e9:,.1f} GB. "
            "Name a folder on another disk, or ask for fewer rewards."
        )
