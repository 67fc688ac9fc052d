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
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from rewards_analytics.atrium import JsonObject
from rewards_analytics.errors import InvalidRewardsError, RewardsError
from rewards_analytics.files import UNFINISHED, whole_file

if TYPE_CHECKING:
    import polars as pl

Pair = tuple[str, str]
Rewards = list[JsonObject]
Failures = dict[tuple[str, str | None], RewardsError]
"""Error of each member that could not be read. The member guid is None if the members of a user could not be listed."""

FILE_REWARDS: Final = 10_000
FILE_MEMBERS: Final = 2_000
"""Rewards and members after which a file is written."""

MEMBERS_KEY: Final = "rewards_analytics.members"
FILE_NAME: Final = re.compile(r"part-[0-9]{5,}\.parquet")
JOURNAL: Final = ".journal.ndjson"
ORDER: Final = ("user_guid", "member_guid", "guid")


class Memory:
    """Rewards in memory. `finished` are the members whose rewards are here."""

    def __init__(self) -> None:
        self.finished: set[Pair] = set()
        self._batch: dict[Pair, Rewards] = {}
        self._rewards = 0
        self._kept: list[pl.DataFrame] = []

    def add(self, pair: Pair, rewards: Rewards) -> Failures:
        """Add the rewards of a member. Flush a full batch, and return its members with invalid rewards."""
        self._take(pair, rewards)
        return self.flush() if self._rewards >= FILE_REWARDS or len(self._batch) >= FILE_MEMBERS else {}

    def flush(self) -> Failures:
        """Validate the batch and keep it as a frame; return the members with invalid rewards."""
        if not self._batch:
            return {}
        frame, invalid = _validated(self._batch)
        self.finished = {pair for pair in self.finished if pair not in invalid}
        self._keep(frame, [pair for pair in self._batch if pair not in invalid])
        self._batch = {}
        self._rewards = 0
        return invalid

    def frame(self) -> pl.DataFrame:
        """All rewards, by user, member and reward guid; exact repeats are kept once."""
        import polars as pl

        return pl.concat([_loaded([]), *self._frames()]).sort(ORDER).unique(keep="first", maintain_order=True)

    def close(self) -> None:
        """Release what the store holds."""

    def _take(self, pair: Pair, rewards: Rewards) -> None:
        self.finished.add(pair)
        self._batch[pair] = rewards
        self._rewards += len(rewards)

    def _frames(self) -> list[pl.DataFrame]:
        return self._kept

    def _keep(self, frame: pl.DataFrame, pairs: list[Pair]) -> None:  # noqa: ARG002 - Folder needs them
        self._kept.append(frame)


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

    def add(self, pair: Pair, rewards: Rewards) -> Failures:
        """Add the rewards of a member, and write them to the journal."""
        line = json.dumps({"member": pair, "rewards": rewards}, default=str)
        with (
            self._naming_the_folder(),
            open(self._journal, "a", encoding="utf-8", newline="\n", opener=_for_the_owner) as journal,
        ):
            journal.write(line + "\n")
        return super().add(pair, rewards)

    def flush(self) -> Failures:
        """Write the batch as a Parquet file and delete the journal, which is no longer needed."""
        invalid = super().flush()
        with self._naming_the_folder():
            self._journal.unlink(missing_ok=True)
        return invalid

    def close(self) -> None:
        """Release the folder for another pull."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _frames(self) -> list[pl.DataFrame]:
        import polars as pl

        return [pl.read_parquet(path) for path in self._files()]

    def _keep(self, frame: pl.DataFrame, pairs: list[Pair]) -> None:
        taken = [int(path.stem.removeprefix("part-")) for path in self._files()]
        name = f"part-{max(taken, default=-1) + 1:05}.parquet"
        with self._naming_the_folder(), whole_file(self.path / name) as file:
            frame.sort(ORDER).write_parquet(file, metadata={MEMBERS_KEY: json.dumps(pairs)})

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
                    f"The folder {self.path} holds {path.name}, which no pull has written: it would be loaded along "
                    "with the rewards. Choose another folder, or move the file."
                )
            self.finished |= members
        self._recover()

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


def _validated(batch: dict[Pair, Rewards]) -> tuple[pl.DataFrame, Failures]:
    """Frame of a batch without the members that have invalid rewards, and these members' errors."""
    try:
        return _loaded([reward for rewards in batch.values() for reward in rewards]), {}
    except InvalidRewardsError as error:
        invalid: Failures = {}
        for pair, rewards in batch.items():
            try:
                _loaded(rewards)
            except InvalidRewardsError as reason:
                invalid[pair] = reason
        # Each member's rewards are valid on their own: one guid has different contents at two members.
        invalid = invalid or dict.fromkeys(_sharing_guids(batch), error)
        if not invalid:
            raise
    valid, further = _validated({pair: rewards for pair, rewards in batch.items() if pair not in invalid})
    return valid, invalid | further


def _sharing_guids(batch: dict[Pair, Rewards]) -> list[Pair]:
    """Members that list a reward with the same guid as another member."""
    holders = defaultdict(set)
    for pair, rewards in batch.items():
        for reward in rewards:
            holders[reward["guid"]].add(pair)
    sharing = {pair for pairs in holders.values() if len(pairs) > 1 for pair in pairs}
    return [pair for pair in batch if pair in sharing]


def _loaded(rewards: Rewards) -> pl.DataFrame:
    from rewards_analytics.loading.load import load

    frame: pl.DataFrame = load(rewards, backend="polars")
    return frame
