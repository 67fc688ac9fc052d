"""A bounded number of calls at a time, in threads that do not outlive the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from multiprocessing.pool import ThreadPool
from threading import Semaphore
from typing import TypeVar

from rewards_analytics.errors import RewardsError

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    work: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Iterator[tuple[Item, Result | RewardsError]]:
    """Result of `work` for each item, or the `RewardsError` it raised, in the order of completion.

    At most `2 * workers` results wait to be consumed, so memory stays bounded. The threads are daemons: unlike an
    executor's, they do not keep an interrupted program alive until their last call has returned.
    """
    slots = Semaphore(2 * workers)
    ended = False

    def bounded() -> Iterator[Item]:
        for item in items:
            slots.acquire()
            if ended:
                return
            yield item

    def outcome(item: Item) -> tuple[Item, Result | RewardsError]:
        try:
            return item, work(item)
        except RewardsError as error:
            return item, error

    with ThreadPool(min(workers, max(len(items), 1))) as pool:
        try:
            for result in pool.imap_unordered(outcome, bounded()):
                slots.release()
                yield result
        finally:
            ended = True
            slots.release()
