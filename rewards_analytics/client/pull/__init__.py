"""Pulling the rewards of many members at once.

- `threads`: a bounded number of calls at a time;
- `parts`: what was pulled, in memory or as a folder of Parquet that an interrupted pull goes on from.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rewards_analytics.client.pull.parts import Failures, Folder, Memory, Pair
from rewards_analytics.client.pull.threads import in_threads
from rewards_analytics.errors import ArgumentError, AtriumError, AuthenticationError, RewardsError

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.client.rewards import AtriumClient

__all__ = ["Pull", "pull"]

Failure = tuple[tuple[str, str | None], RewardsError]


@dataclass
class Pull:
    """What a pull brought.

    Attributes
    ----------
    failures
        Members that could not be read, each with its error, in the order of the members. A member guid is None where
        the members of a user could not be listed.
    members
        Number of members whose rewards are here.
    resumed
        Number of those that an earlier pull into the same folder had already brought.
    """

    failures: list[Failure]
    members: int
    resumed: int
    _store: Memory | Folder = field(repr=False)

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
    """Rewards of many members, read at the same time. It only reads: no aggregation is started.

    A member that cannot be read is listed in `.failures` and costs no other; a wrong key ends the pull.

    Parameters
    ----------
    client
        The client to read with.
    members
        Pairs of user guid and member guid; all members of all users if None.
    out
        Folder for the rewards, as Parquet parts that `load` reads. Memory then stays bounded. One folder is one pull:
        called again, it goes on where it stopped, asks only for the members that are not there yet, and leaves the
        others as they are. Take a new folder for new data.
    workers
        Number of members that are read at the same time.
    progress
        Whether to show a progress bar; if None, on a terminal and in a notebook.
    """
    if not isinstance(workers, int) or workers < 1:
        raise ArgumentError(f"workers={workers!r} is no number from 1. Give how many members to read at the same time.")
    store: Memory | Folder = Memory() if out is None else Folder(Path(out))
    failures: Failures = {}
    with closing(store), _Bar(progress) as bar:
        named = _all_members(client, workers, failures, bar) if members is None else map(_pair, members)
        asked = list(dict.fromkeys(named))
        here = [pair for pair in asked if pair in store.finished]
        bar.start(total=len(asked), done=len(here))
        try:
            _read(client, [pair for pair in asked if pair not in store.finished], workers, store, failures, bar)
        finally:
            failures |= store.flush()
    order: dict[tuple[str, str | None], int] = {pair: place for place, pair in enumerate(asked)}
    ordered = sorted(failures.items(), key=lambda failure: order.get(failure[0], -1))
    return Pull(failures=ordered, members=len(store.finished), resumed=len(here), _store=store)


def _pair(member: object) -> Pair:
    match member:
        case [str(user_guid), str(member_guid)]:
            return user_guid, member_guid
        case _:
            raise ArgumentError(
                f"{member!r} is not a member. Give pairs of user guid and member guid, such as ('USR-…', 'MBR-…')."
            )


def _read(
    client: AtriumClient,
    members: Sequence[Pair],
    workers: int,
    store: Memory | Folder,
    failures: Failures,
    bar: _Bar,
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


def _all_members(client: AtriumClient, workers: int, failures: Failures, bar: _Bar) -> list[Pair]:
    """Every member of every user, in the order of the lists."""
    bar.say("listing members")
    users = [_guid_of(user, "user") for user in client.list_users()]
    found: dict[str, list[Pair]] = {}

    def members_of(user_guid: str) -> list[Pair]:
        return [(user_guid, _guid_of(member, "member")) for member in client.list_members(user_guid)]

    for user_guid, outcome in in_threads(members_of, users, workers):
        if isinstance(outcome, AuthenticationError):
            raise outcome
        if isinstance(outcome, RewardsError):
            failures[user_guid, None] = outcome
        else:
            found[user_guid] = outcome
    return [pair for user_guid in users for pair in found.get(user_guid, [])]


def _guid_of(entry: Mapping[str, Any], what: str) -> str:
    guid = entry.get("guid")
    if not isinstance(guid, str):
        raise AtriumError(f"A {what} was listed without a guid. Is the base URL that of the rewards API?", status=200)
    return guid


class _Bar:
    """The progress bar: members, with rewards and failures beside them."""

    def __init__(self, wanted: bool | None) -> None:
        self._bar: Any = None
        if (sys.stderr.isatty() or _in_notebook()) if wanted is None else wanted:
            from tqdm.auto import tqdm

            self._bar = tqdm(unit="member", desc="Pulling", dynamic_ncols=True)
        self._rewards = 0
        self._failures = 0

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def say(self, words: str) -> None:
        if self._bar is not None:
            self._bar.set_postfix_str(words)

    def start(self, total: int, done: int) -> None:
        if self._bar is not None:
            self._bar.reset(total=total)
            self._bar.update(done)

    def step(self, *, rewards: int = 0, failures: int = 0) -> None:
        self._rewards += rewards
        self._failures += failures
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self._rewards:,} rewards, {self._failures:,} failures", refresh=False)
            self._bar.update(1)


def _in_notebook() -> bool:
    """Whether this runs in a kernel. That a kernel's modules are loaded says nothing: ipywidgets loads them too."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return shell is not None and "IPKernelApp" in shell.config
