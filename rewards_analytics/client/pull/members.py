"""`pull`: the rewards of many members, read concurrently into a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rewards_analytics.client.pull.stores import Failures, Folder, Memory, Pair
from rewards_analytics.client.pull.threads import in_threads
from rewards_analytics.errors import ArgumentError, AtriumError, AuthenticationError, RewardsError
from rewards_analytics.interactive import is_interactive

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.atrium import JsonObject
    from rewards_analytics.client.rewards import AtriumClient


@dataclass
class Pull:
    """Result of a pull.

    Attributes
    ----------
    failures
        Members that could not be read, each with its error, in the order of the members. The member guid is None if
        the members of a user could not be listed.
    members
        Number of members whose rewards are here.
    resumed
        Number of those that an earlier pull into the same folder had already read.
    """

    failures: list[tuple[tuple[str, str | None], RewardsError]]
    members: int
    resumed: int
    _store: Memory = field(repr=False)

    @cached_property
    def rewards(self) -> pl.DataFrame:
        """Rewards of all members as a Polars frame, by user, member and reward guid; read from `out` if given."""
        return self._store.frame()


def pull(
    client: AtriumClient,
    members: Iterable[tuple[str, str]] | None = None,
    *,
    out: str | Path | None = None,
    workers: int = 8,
    progress: bool | None = None,
) -> Pull:
    """Read the rewards of many members concurrently. It only reads: no aggregation is started.

    A member that cannot be read is listed in `.failures`, and the others are still read; a wrong key ends the pull.

    Parameters
    ----------
    client
        The client to read with.
    members
        Pairs of user guid and member guid; all members of all users if None.
    out
        Folder for the rewards, as Parquet that `load` reads, which keeps memory bounded. One folder is one pull:
        called again, it resumes where it stopped, reads only the missing members, and leaves the others unchanged.
        Use a new folder for new data.
    workers
        Number of members to read at a time.
    progress
        Whether to show a progress bar; if None, on a terminal and in a notebook.
    """
    if not isinstance(workers, int) or workers < 1:
        raise ArgumentError.below("workers", workers, 1, kind="an integer")
    store = Memory() if out is None else Folder(Path(out))
    failures: Failures = {}
    with closing(store), closing(_ProgressBar(progress)) as bar:
        named = _all_members(client, workers, failures, bar) if members is None else map(_pair, members)
        requested = list(dict.fromkeys(named))
        resumed = [pair for pair in requested if pair in store.finished]
        bar.start(total=len(requested), done=len(resumed))
        try:
            _read(client, [pair for pair in requested if pair not in store.finished], workers, store, failures, bar)
        finally:
            failures |= store.flush()
    order: dict[tuple[str, str | None], int] = {pair: place for place, pair in enumerate(requested)}
    ordered = sorted(failures.items(), key=lambda failure: order.get(failure[0], -1))
    return Pull(failures=ordered, members=len(store.finished), resumed=len(resumed), _store=store)


def _pair(member: object) -> Pair:
    match member:
        case [str(user_guid), str(member_guid)]:
            return user_guid, member_guid
        case _:
            raise ArgumentError(
                f"{member!r} is not a member. Pass pairs of user guid and member guid, such as ('USR-…', 'MBR-…')."
            )


def _read(
    client: AtriumClient, members: Sequence[Pair], workers: int, store: Memory, failures: Failures, bar: _ProgressBar
) -> None:
    """Read the members' rewards into the store."""
    for pair, outcome in in_threads(lambda pair: list(client.list_rewards(*pair)), members, workers):
        if isinstance(outcome, AuthenticationError):
            raise outcome
        if isinstance(outcome, RewardsError):
            failures[pair] = outcome
            bar.step(failures=1)
        else:
            failures |= store.add(pair, outcome)
            bar.step(rewards=len(outcome))


def _all_members(client: AtriumClient, workers: int, failures: Failures, bar: _ProgressBar) -> list[Pair]:
    """Every member of every user, in the order of the lists."""
    bar.describe("listing members")
    users = [_guid_of(user, "GET /users") for user in client.list_users()]
    found: dict[str, list[Pair]] = {}

    def members_of(user_guid: str) -> list[Pair]:
        call = f"GET /users/{user_guid}/members"
        return [(user_guid, _guid_of(member, call)) for member in client.list_members(user_guid)]

    for user_guid, outcome in in_threads(members_of, users, workers):
        if isinstance(outcome, AuthenticationError):
            raise outcome
        if isinstance(outcome, RewardsError):
            failures[user_guid, None] = outcome
        else:
            found[user_guid] = outcome
    return [pair for user_guid in users for pair in found.get(user_guid, [])]


def _guid_of(entry: JsonObject, call: str) -> str:
    guid = entry.get("guid")
    if not isinstance(guid, str):
        raise AtriumError.wrong_shape(call, "a 'guid' for each entry")
    return guid


class _ProgressBar:
    """Counts members, and shows the number of rewards and failures; if `wanted` is None, only to a person."""

    def __init__(self, wanted: bool | None) -> None:
        from tqdm.auto import tqdm

        hidden = not (is_interactive() if wanted is None else wanted)
        self._bar = tqdm(unit="member", desc="Pulling", dynamic_ncols=True, disable=hidden)
        self._rewards = self._failures = 0

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()

    def describe(self, text: str) -> None:
        """Show what is going on before the members are known."""
        self._bar.set_postfix_str(text)

    def start(self, total: int, done: int) -> None:
        """Set the number of members, and how many an earlier pull has finished."""
        self._bar.reset(total=total)
        self._bar.update(done)

    def step(self, *, rewards: int = 0, failures: int = 0) -> None:
        """Count one more member, with its rewards or its failure."""
        self._rewards += rewards
        self._failures += failures
        self._bar.set_postfix_str(f"{self._rewards:,} rewards, {self._failures:,} failures", refresh=False)
        self._bar.update(1)
