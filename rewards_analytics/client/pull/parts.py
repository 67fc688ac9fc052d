"""What a pull has brought so far: in memory, or as a folder of Parquet parts.

A part is written whole or not at all, and its metadata names the members that it holds, those without rewards too. The
members that came since the last part stand in a journal, a line each, so that nothing which was brought is asked for
again, however the pull ended. The journal's name begins with a dot: the loader leaves such files alone.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.errors import InvalidRewardsError, RewardsError

if TYPE_CHECKING:
    import polars as pl

Pair = tuple[str, str]
Rewards = list[dict[str, Any]]
Failures = dict[tuple[str, str | None], RewardsError]
"""Error of each member that could not be read. A member guid is None where those of a user could not be listed."""

PART_REWARDS: Final = 10_000
PART_MEMBERS: Final = 2_000
MEMBERS_KEY: Final = "rewards_analytics.members"
PART: Final = re.compile(r"part-[0-9]{5,}\.parquet")
JOURNAL: Final = ".journal.ndjson"
ORDER: Final = ("user_guid", "member_guid", "guid")


class Memory:
    """Rewards kept in memory. `finished` are the members whose rewards are here."""

    def __init__(self) -> None:
        self.finished: set[Pair] = set()
        self._batch: dict[Pair, Rewards] = {}
        self._rewards = 0
        self._frames: list[pl.DataFrame] = []

    def add(self, pair: Pair, rewards: Rewards) -> Failures:
        """Take the rewards of a member; the members that turned out invalid, if a batch was full."""
        self._take(pair, rewards)
        return self.flush() if self._rewards >= PART_REWARDS or len(self._batch) >= PART_MEMBERS else {}

    def flush(self) -> Failures:
        """Turn what is waiting into a frame; the members whose rewards are not valid."""
        if not self._batch:
            return {}
        frame, invalid = _validated(self._batch)
        self.finished = {pair for pair in self.finished if pair not in invalid}
        self._keep(frame, [pair for pair in self._batch if pair not in invalid])
        self._batch = {}
        self._rewards = 0
        return invalid

    def frame(self) -> pl.DataFrame:
        """All rewards, by user, member and reward guid; one that several members listed alike is there once."""
        import polars as pl

        return pl.concat([_loaded([]), *self._parts()]).sort(ORDER).unique(keep="first", maintain_order=True)

    def close(self) -> None:
        """Let others use what was used here alone."""

    def _take(self, pair: Pair, rewards: Rewards) -> None:
        self.finished.add(pair)
        self._batch[pair] = rewards
        self._rewards += len(rewards)

    def _parts(self) -> list[pl.DataFrame]:
        return self._frames

    def _keep(self, frame: pl.DataFrame, pairs: list[Pair]) -> None:  # noqa: ARG002 - for the folder
        self._frames.append(frame)


class Folder(Memory):
    """Rewards kept as Parquet parts in a folder, which may hold those of an earlier, interrupted pull."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._journal = path / JOURNAL
        self._lock: int | None = None
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = _locked(path)
            self._take_over()
        except OSError as error:
            self.close()
            raise self._unusable(error) from error
        except RewardsError:
            self.close()
            raise

    def add(self, pair: Pair, rewards: Rewards) -> Failures:
        """Take the rewards of a member and note them in the journal."""
        line = json.dumps({"member": pair, "rewards": rewards}, default=str)
        try:
            with self._journal.open("a", encoding="utf-8", newline="\n") as journal:
                journal.write(line + "\n")
        except OSError as error:
            raise self._unusable(error) from error
        return super().add(pair, rewards)

    def flush(self) -> Failures:
        """Write what is waiting as a part; the journal has then done its service."""
        invalid = super().flush()
        try:
            self._journal.unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable(error) from error
        return invalid

    def close(self) -> None:
        """Let another pull use the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _parts(self) -> list[pl.DataFrame]:
        import polars as pl

        return [pl.read_parquet(path) for path in self._part_files()]

    def _keep(self, frame: pl.DataFrame, pairs: list[Pair]) -> None:
        taken = [int(part.stem.removeprefix("part-")) for part in self._part_files()]
        name = f"part-{max(taken, default=-1) + 1:05}.parquet"
        unfinished = self.path / f".{name}.tmp"
        try:
            frame.sort(ORDER).write_parquet(unfinished, metadata={MEMBERS_KEY: json.dumps(pairs)})
            unfinished.replace(self.path / name)
        except OSError as error:
            raise self._unusable(error) from error

    def _part_files(self) -> list[Path]:
        return sorted(path for path in self.path.glob("part-*.parquet") if PART.fullmatch(path.name))

    def _take_over(self) -> None:
        """Go on from what an earlier pull left here; refuse what none has written."""
        from rewards_analytics.loading.sources import data_files

        for unfinished in self.path.glob(".part-*.tmp"):
            unfinished.unlink()
        for part in map(Path, sorted(data_files(self.path))):
            members = _members_of(part) if part.parent == self.path else None
            if members is None:
                raise RewardsError(
                    f"The folder {self.path} holds {part.name}, which no pull has written: it would be loaded along "
                    "with the rewards. Choose another folder, or move the file away."
                )
            self.finished |= members
        self._recover()

    def _recover(self) -> None:
        """Take over what the journal of an interrupted pull holds, but for a line that was cut short.

        It may hold a whole batch, if the end came while its part was being written.
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

    def _unusable(self, error: OSError) -> RewardsError:
        reason = error.strerror or type(error).__name__
        return RewardsError(
            f"The folder {self.path} cannot be used for the pull: {reason}. Choose a folder that can be written; "
            "what it holds is kept."
        )


def _entries(journal: Any) -> Iterator[tuple[Pair, Rewards, int]]:
    """Member, rewards and end of each line, up to the first that is not whole."""
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


def _members_of(part: Path) -> set[Pair] | None:
    """Members that a part holds, None where the file is no part."""
    import polars as pl

    if not PART.fullmatch(part.name):
        return None
    try:
        named = pl.read_parquet_metadata(part).get(MEMBERS_KEY)
    except pl.exceptions.PolarsError:
        return None
    return None if named is None else {(user_guid, member_guid) for user_guid, member_guid in json.loads(named)}


def _locked(folder: Path) -> int | None:
    """Handle that keeps other pulls out of a folder until it is closed or the program ends, however it ends."""
    if sys.platform == "win32":  # which has no such locks
        return None
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise RewardsError(
            f"Another pull is writing into {folder}. Wait for its end, or choose another folder."
        ) from None
    except OSError:  # some file systems have no locks: a pull is worth more than its lock
        os.close(handle)
        return None
    return handle


def _validated(batch: dict[Pair, Rewards]) -> tuple[pl.DataFrame, Failures]:
    """Frame of a batch, without the members whose rewards are not valid."""
    try:
        return _loaded([reward for rewards in batch.values() for reward in rewards]), {}
    except InvalidRewardsError as error:
        invalid: Failures = {
            pair: reason for pair, rewards in batch.items() if (reason := _why_invalid(rewards)) is not None
        }
        # Each member's are valid by themselves: one guid has two contents, at two members.
        invalid = invalid or dict.fromkeys(_sharing_guids(batch), error)
        if not invalid:
            raise
    valid, further = _validated({pair: rewards for pair, rewards in batch.items() if pair not in invalid})
    return valid, invalid | further


def _sharing_guids(batch: dict[Pair, Rewards]) -> list[Pair]:
    """Members that list a reward of the same guid as another member."""
    holders = defaultdict(set)
    for pair, rewards in batch.items():
        for reward in rewards:
            holders[reward["guid"]].add(pair)
    sharing = {pair for pairs in holders.values() if len(pairs) > 1 for pair in pairs}
    return [pair for pair in batch if pair in sharing]


def _why_invalid(rewards: Rewards) -> InvalidRewardsError | None:
    try:
        _loaded(rewards)
    except InvalidRewardsError as error:
        return error
    return None


def _loaded(rewards: Rewards) -> pl.DataFrame:
    from rewards_analytics.loading import load

    frame: pl.DataFrame = load(rewards, backend="polars")
    return frame
