"""What a pull has brought so far: in memory, or as a folder of Parquet parts.

A part is written whole or not at all, and its metadata names the members that it holds, those without rewards too. The
members that came since the last part stand in a journal, a line each, so that nothing which was brought is asked for
again, however the pull ended. The journal's name begins with a dot: the loader leaves such files alone.
"""

from __future__ import annotations

import json
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
        self.finished.add(pair)
        self._batch[pair] = rewards
        self._rewards += len(rewards)
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
        """All rewards, by user, member and reward guid."""
        import polars as pl

        return pl.concat(self._frames or [_loaded([])]).sort(ORDER)

    def _keep(self, frame: pl.DataFrame, pairs: list[Pair]) -> None:  # noqa: ARG002 - for the folder
        self._frames.append(frame)


class Folder(Memory):
    """Rewards kept as Parquet parts in a folder, which may hold those of an earlier, interrupted pull."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._journal = path / JOURNAL
        try:
            path.mkdir(parents=True, exist_ok=True)
            for unfinished in path.glob(".part-*.tmp"):
                unfinished.unlink()
            for part in self._parts():
                self.finished |= _members_of(part)
            self._recover()
        except OSError as error:
            raise self._unusable(error) from error

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

    def frame(self) -> pl.DataFrame:
        """All rewards of all parts, by user, member and reward guid."""
        import polars as pl

        return pl.concat([_loaded([]), *map(pl.read_parquet, self._parts())]).sort(ORDER)

    def _keep(self, frame: pl.DataFrame, pairs: list[Pair]) -> None:
        taken = [int(part.stem.removeprefix("part-")) for part in self._parts()]
        name = f"part-{max(taken, default=-1) + 1:05}.parquet"
        unfinished = self.path / f".{name}.tmp"
        try:
            frame.sort(ORDER).write_parquet(unfinished, metadata={MEMBERS_KEY: json.dumps(pairs)})
            unfinished.replace(self.path / name)
        except OSError as error:
            raise self._unusable(error) from error

    def _parts(self) -> list[Path]:
        return sorted(self.path.glob("part-*.parquet"))

    def _recover(self) -> None:
        """Take over what the journal of an interrupted pull holds, but for a line that was cut short."""
        if not self._journal.exists():
            return
        whole = 0
        with self._journal.open("rb") as journal:
            for pair, rewards, end in _entries(journal):
                whole = end
                if pair not in self.finished:
                    super().add(pair, rewards)
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
        if not line.endswith(b"\n"):
            return
        end += len(line)
        user_guid, member_guid = entry["member"]
        yield (user_guid, member_guid), entry["rewards"], end


def _members_of(part: Path) -> set[Pair]:
    import polars as pl

    named = json.loads(pl.read_parquet_metadata(part).get(MEMBERS_KEY, "[]"))
    return {(user_guid, member_guid) for user_guid, member_guid in named}


def _validated(batch: dict[Pair, Rewards]) -> tuple[pl.DataFrame, Failures]:
    """Frame of a batch, without the members whose rewards are not valid."""
    try:
        return _loaded([reward for rewards in batch.values() for reward in rewards]), {}
    except InvalidRewardsError:
        invalid: Failures = {
            pair: error for pair, rewards in batch.items() if (error := _why_invalid(rewards)) is not None
        }
        if not invalid:
            raise
    return _loaded([reward for pair, rewards in batch.items() if pair not in invalid for reward in rewards]), invalid


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
