"""The rewards that a pull has read so far: in memory, or in a folder of Parquet files.

A Parquet file is written completely or not at all, and its metadata names the members it holds, including those without
rewards. Members read since the last file are in a journal, one per line, so that nothing is read twice however the
pull ended. The journal's name begins with a dot, so the loader ignores it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from rewards_analytics.atrium import JsonObject
from rewards_analytics.client.pull.freshness import (
    MEMBERS_FILE,
    Listed,
    frame_of,
    listed_in,
    read_members,
    write_members,
)
from rewards_analytics.client.pull.validation import (
    ORDER,
    Failures,
    Pair,
    Rewards,
    conflicts,
    contested,
    loaded,
    plain,
    validated,
    without,
)
from rewards_analytics.errors import RewardsError, SourceError
from rewards_analytics.files import UNFINISHED, whole_file

if TYPE_CHECKING:
    import polars as pl

FILE_REWARDS: Final = 10_000
FILE_MEMBERS: Final = 2_000
"""Rewards and members after which a file is written."""

MEMBERS_KEY: Final = "rewards_analytics.members"
FILE_NAME: Final = re.compile(r"part-[0-9]{5,}\.parquet")
JOURNAL: Final = ".journal.ndjson"


class Entry(NamedTuple):
    """What was read of one member, and its line in the journal."""

    pair: Pair
    rewards: Rewards
    line: str


class Memory:
    """Rewards in memory. `finished` are the members whose rewards are here."""

    def __init__(self) -> None:
        self.finished: set[Pair] = set()
        self._listed: dict[Pair, Listed] = {}
        self._batch: dict[Pair, Rewards] = {}
        self._rewards = 0
        self._kept: list[pl.DataFrame] = []
        self._hashes: pl.Series | None = None
        self._contested: pl.DataFrame | None = None

    def note(self, listed: Mapping[Pair, Listed]) -> None:
        """Note what the lists of members say. What they said when a finished member was read stays."""
        self._listed |= {pair: said for pair, said in listed.items() if pair not in self.finished}

    @staticmethod
    def entry(pair: Pair, rewards: Iterable[JsonObject]) -> Entry:
        """Make an entry of what the API answered for a member, which may fail in any way."""
        return Entry(pair, plain(rewards, pair), "")

    def add(self, entry: Entry) -> Failures:
        """Add the rewards of a member. Flush a full batch, and return the members with invalid rewards."""
        self._take(entry.pair, entry.rewards)
        return self.flush() if self._rewards >= FILE_REWARDS or len(self._batch) >= FILE_MEMBERS else {}

    def flush(self) -> Failures:
        """Validate the batch and keep it as a frame; return the members with invalid rewards.

        One of them may be of an earlier batch, which held a reward that has other contents in this one.
        """
        if not self._batch:
            return {}
        frame, invalid = validated(self._batch)
        conflicting = self._conflicts(frame)
        self._discard({pair for pair in self.finished if pair in conflicting and pair not in self._batch})
        invalid |= conflicting
        if invalid:
            frame = loaded(without(frame, conflicting))
        self.finished = {pair for pair in self.finished if pair not in invalid}
        self._keep(frame, [pair for pair in self._batch if pair not in invalid])
        self._batch = {}
        self._rewards = 0
        return invalid

    def finish(self) -> pl.DataFrame:
        """End the pull, and return one row per member that was listed or read; see `Pull.freshness`."""
        return self._members()

    def frame(self) -> pl.DataFrame:
        """All rewards, by user, member and reward guid."""
        import polars as pl

        return pl.concat([loaded([]), *self._frames()]).sort(ORDER)

    def close(self) -> None:
        """Release what the store holds."""

    def _members(self) -> pl.DataFrame:
        rewards = dict.fromkeys(self.finished, 0)
        for frame in self._frames("user_guid", "member_guid"):
            counts = frame.group_by("user_guid", "member_guid").len()
            rewards |= {(user, member): number for user, member, number in counts.rows()}
        return frame_of(dict.fromkeys(self.finished, Listed()) | self._listed, rewards)

    def _take(self, pair: Pair, rewards: Rewards) -> None:
        self.finished.add(pair)
        self._batch[pair] = rewards
        self._rewards += len(rewards)

    def _conflicts(self, frame: pl.DataFrame) -> Failures:
        """Members of a reward that has different contents in the batch or in earlier ones.

        Of earlier guids only hashes are in memory, 8 bytes each; where one comes again the rewards decide. Those that
        were contested before are kept: a third member that lists one has failed too, whenever it is read.
        """
        import polars as pl

        guids = frame["guid"]
        hashes = guids.hash()
        if self._hashes is None:
            earlier = [part["guid"].hash() for part in self._frames("guid")]
            self._hashes = pl.concat([hashes.clear(), *earlier])
        again = guids.filter(hashes.is_in(self._hashes.implode()) | guids.is_duplicated()).unique().implode()
        self._hashes.append(hashes)
        if again.list.len().item() == 0:
            return {}
        before = [] if self._contested is None else [self._contested]
        found = contested(
            pl.concat([part.filter(pl.col("guid").is_in(again)) for part in chain(self._frames(), [frame], before)])
        )
        self._contested = found if self._contested is None else pl.concat([self._contested, found]).unique()
        return conflicts(found)

    def _frames(self, *columns: str) -> Iterator[pl.DataFrame]:
        """Rewards of the earlier batches, only some columns of them if given."""
        return (frame.select(columns or frame.columns) for frame in self._kept)

    def _keep(self, frame: pl.DataFrame, pairs: Collection[Pair]) -> None:  # noqa: ARG002 - Folder needs them
        self._kept.append(frame)

    def _discard(self, pairs: Collection[Pair]) -> None:
        """Remove the rewards of members of earlier batches."""
        if pairs:
            self._kept = [without(frame, pairs) for frame in self._kept]


class Folder(Memory):
    """Rewards in a folder of Parquet files, which may hold those of an earlier, interrupted pull."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._journal = path / JOURNAL
        self._lock: int | None = None
        try:
            with self._naming_the_folder():
                path.mkdir(parents=True, exist_ok=True)
                self._lock = _locked(path)
                self._resume()
        except RewardsError:
            self.close()
            raise

    def note(self, listed: Mapping[Pair, Listed]) -> None:
        """Note what the lists of members say, and write it: a killed pull would lose it."""
        super().note(listed)
        self._write_members()

    @staticmethod
    def entry(pair: Pair, rewards: Iterable[JsonObject]) -> Entry:
        """Make an entry of what the API answered for a member, with its line in the journal."""
        kept = plain(rewards, pair)
        return Entry(pair, kept, json.dumps({"member": pair, "rewards": kept}, default=str))

    def add(self, entry: Entry) -> Failures:
        """Add the rewards of a member, and write them to the journal."""
        with (
            self._naming_the_folder(),
            open(self._journal, "a", encoding="utf-8", newline="\n", opener=_for_the_owner) as journal,
        ):
            journal.write(entry.line + "\n")
        return super().add(entry)

    def flush(self) -> Failures:
        """Write the batch as a Parquet file and delete the journal, which is no longer needed."""
        invalid = super().flush()
        with self._naming_the_folder():
            self._journal.unlink(missing_ok=True)
        return invalid

    def finish(self) -> pl.DataFrame:
        """Write the members, and return them. There is a Parquet file even if no reward was read, for the loader."""
        if not self._files():
            self._keep(loaded([]), [])
        return self._write_members()

    def close(self) -> None:
        """Release the folder for another pull."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _write_members(self) -> pl.DataFrame:
        members = self._members()
        with self._naming_the_folder():
            write_members(members, self.path / MEMBERS_FILE)
        return members

    def _frames(self, *columns: str) -> Iterator[pl.DataFrame]:
        return (self._read(path, *columns) for path in self._files())

    @staticmethod
    def _read(path: Path, *columns: str) -> pl.DataFrame:
        import polars as pl

        try:
            return pl.read_parquet(path, columns=[*columns] or None, glob=False)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise RewardsError(
                f"{path} cannot be read ({error}). Delete it and pull again: only its members are read again."
            ) from error

    def _keep(self, frame: pl.DataFrame, pairs: Collection[Pair]) -> None:
        taken = [int(path.stem.removeprefix("part-")) for path in self._files()]
        self._write(self.path / f"part-{max(taken, default=-1) + 1:05}.parquet", frame, pairs)

    def _discard(self, pairs: Collection[Pair]) -> None:
        for path in self._files() if pairs else ():
            held = _members_of(path) or set()
            if not held.isdisjoint(pairs):
                self._write(path, without(self._read(path), pairs), held.difference(pairs))

    def _write(self, path: Path, frame: pl.DataFrame, pairs: Collection[Pair]) -> None:
        with self._naming_the_folder(), whole_file(path) as file:
            frame.sort(ORDER).write_parquet(file, metadata={MEMBERS_KEY: json.dumps(sorted(pairs))})

    def _files(self) -> list[Path]:
        return sorted(path for path in self.path.glob("part-*.parquet") if FILE_NAME.fullmatch(path.name))

    def _resume(self) -> None:
        """Resume from what an earlier pull left here; refuse files that no pull has written."""
        from rewards_analytics.loading.folders import data_files

        for pattern in (UNFINISHED, ".part-*.tmp"):  # the second is from earlier versions
            for unfinished in self.path.glob(pattern):
                unfinished.unlink()
        for path in map(Path, sorted(data_files(self.path))):
            members = _members_of(path) if path.parent == self.path else None
            if members is None:
                raise RewardsError(
                    f"The folder {self.path} holds {path.name}, which is not from a pull: it would be loaded along "
                    "with the rewards. Choose another folder, or move the file."
                )
            self.finished |= members
        self._recover()
        if (self.path / MEMBERS_FILE).exists():
            try:
                self._listed = listed_in(read_members(self.path / MEMBERS_FILE))
            except SourceError as error:
                raise RewardsError(
                    f"The folder {self.path} holds {MEMBERS_FILE}, which is not from a pull: it would be "
                    "replaced. Choose another folder, or move the file."
                ) from error

    def _recover(self) -> None:
        """Read the journal of an interrupted pull, up to a line that was cut short.

        It may hold a whole batch, if the pull ended while its Parquet file was being written.
        """
        if not self._journal.exists():
            return
        whole = 0
        with self._journal.open("rb") as journal:
            for pair, rewards, end in _entries(journal):
                whole = end
                if pair not in self.finished:
                    self._take(pair, rewards)
        with self._journal.open("r+b") as journal:
            journal.truncate(whole)

    @contextmanager
    def _naming_the_folder(self) -> Iterator[None]:
        """Turn an error of the file system into one that names the folder and what to do."""
        try:
            yield
        except OSError as error:
            raise RewardsError(
                f"The folder {self.path} cannot be used for the pull: {error.strerror or type(error).__name__}. "
                "Choose a folder that you can write to; the files in this one are kept."
            ) from error


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _entries(journal: IO[bytes]) -> Iterator[tuple[Pair, Rewards, int]]:
    """Member, rewards and end of each line, up to the first that is incomplete."""
    end = 0
    for line in journal:
        try:
            entry = json.loads(line)
        except ValueError:
            return
        match entry:
            case {"member": [str(user_guid), str(member_guid)], "rewards": [*rewards]} if line.endswith(b"\n"):
                end += len(line)
                yield (user_guid, member_guid), rewards, end
            case _:
                return


def _members_of(path: Path) -> set[Pair] | None:
    """Members that a Parquet file holds, None if no pull has written it."""
    import polars as pl

    if not FILE_NAME.fullmatch(path.name):
        return None
    try:
        named = pl.read_parquet_metadata(path).get(MEMBERS_KEY)
    except pl.exceptions.PolarsError:
        return None
    return None if named is None else {(user_guid, member_guid) for user_guid, member_guid in json.loads(named)}


def _locked(folder: Path) -> int | None:
    """Handle whose lock keeps other pulls out of a folder until it is closed or the process ends."""
    if sys.platform == "win32":  # has no flock
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise RewardsError(
            f"Another pull is writing to {folder}. Wait until it has ended, or choose another folder."
        ) from None
    except OSError:  # some file systems have no locks: pull without one rather than not at all
        os.close(handle)
        return None
    return handle
