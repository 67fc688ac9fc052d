"""`pull`: the rewards of many members, read concurrently into a store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rewards_analytics.client.pull.freshness import Listed
from rewards_analytics.client.pull.stores import Folder, Memory
from rewards_analytics.client.pull.threads import in_threads, outcome
from rewards_analytics.client.pull.validation import Failures, Pair
from rewards_analytics.errors import ArgumentError, AtriumError, AuthenticationError, RewardsError
from rewards_analytics.interactive import is_interactive

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.atrium import JsonObject
    from rewards_analytics.client.rewards import AtriumClient

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    freshness
        How fresh the rewards are, as a Polars frame of one row per member that was listed or named, in this pull or an
        earlier one into the same folder, by `user_guid` and `member_guid`: `connection_status` (str) and
        `aggregated_at` (timestamp, UTC) as the list of members gave them when the member was read, null where pairs
        were given or the list does not say; and `rewards` (int), the number of its rewards, null where it could not be
        read. See `rewards_analytics.freshness`.
    """

    failures: list[tuple[tuple[str, str | None], RewardsError]]
    members: int
    resumed: int
    freshness: pl.DataFrame = field(repr=False)
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

    Whatever goes wrong with a member is listed in `.failures`, and the others are still read; a wrong key ends the
    pull. If two members list one reward with different contents, both fail, because nothing tells which is right.

    Parameters
    ----------
    client
        The client to read with.
    members
        Pairs of user guid and member guid; all members of all users if None.
    out
        Folder for the rewards, as Parquet that `load` reads, which keeps memory bounded. `.freshness` is kept in it as
        `_members.parquet`, which the loader skips. One folder is one pull: called again, it resumes where it stopped,
        reads only the missing members, and leaves the others unchanged. Use a new folder for new data.
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
        if members is None:
            listed = _all_members(client, workers, failures, bar)
        else:
            listed = dict.fromkeys(map(_pair, members), Listed())
        resumed = store.finished & listed.keys()
        bar.start(total=len(listed), done=len(resumed))
        store.note(listed)
        try:
            _read(client, [pair for pair in listed if pair not in resumed], workers, store, failures, bar)
        finally:
            failures |= store.flush()
            freshness = store.finish()
    order: dict[tuple[str, str | None], int] = {pair: place for place, pair in enumerate(listed)}
    ordered = sorted(failures.items(), key=lambda failure: order.get(failure[0], -1))
    return Pull(ordered, len(store.finished), len(resumed & store.finished), freshness, store)


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
    for pair, entry in _outcomes(lambda pair: store.entry(pair, client.list_rewards(*pair)), members, workers):
        if isinstance(entry, RewardsError):
            failures[pair] = entry
            bar.step(failures=1)
        else:
            failures |= store.add(entry)
            bar.step(rewards=len(entry.rewards))


def _all_members(client: AtriumClient, workers: int, failures: Failures, bar: _ProgressBar) -> dict[Pair, Listed]:
    """Every member of every user, in the order of the lists, with what they say of it."""
    bar.describe("listing members")
    users = outcome(lambda _: [_guid_of(user, "GET /users") for user in client.list_users()], None)
    if isinstance(users, RewardsError):
        raise users
    found: dict[str, list[JsonObject]] = {}
    for user_guid, entries in _outcomes(lambda user_guid: list(client.list_members(user_guid)), users, workers):
        if isinstance(entries, RewardsError):
            failures[user_guid, None] = entries
        else:
            found[user_guid] = entries
    listed: dict[Pair, Listed] = {}
    for user_guid in users:
        for entry in found.get(user_guid, []):
            try:
                listed[user_guid, _guid_of(entry, f"GET /users/{user_guid}/members")] = Listed.of(entry)
            except AtriumError as error:
                failures[user_guid, None] = error
    return listed


def _outcomes(
    work: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[tuple[Item, Result | RewardsError]]:
    """Result or error of each item. It ends with an error of authentication if the key is wrong.

    It is wrong if another item is refused as well; otherwise only the one item is.
    """
    accepted: list[Item] = []
    refused: set[Item] = set()
    for item, result in in_threads(work, items, workers):
        if isinstance(result, AuthenticationError):
            refused.add(item)
            others = accepted or [other for other in items if other not in refused][:1]
            if not others or isinstance(outcome(work, others[0]), AuthenticationError):
                raise result
        elif not isinstance(result, RewardsError) and not accepted:
            accepted.append(item)
        yield item, result


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
