"""A bounded number of calls at a time, in threads that do not outlive the program."""

from __future__ import annotations

import traceback
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

    with ThreadPool(min(workers, max(len(items), 1))) as pool:
        try:
            for result in pool.imap_unordered(lambda item: (item, outcome(work, item)), bounded()):
                slots.release()
                yield result
        finally:
            ended = True
            slots.release()


def outcome(work: Callable[[Item], Result], item: Item) -> Result | RewardsError:
    """Result of `work`, or the error that it raised; one that nobody has foreseen becomes a `RewardsError`."""
    try:
        return work(item)
    except RewardsError as error:
        # Without its frames, whose variables hold whole answers: there may be thousands of failures.
        error.__cause__ = error.__context__ = error.__traceback__ = None
        return error
    except Exception as error:  # noqa: BLE001 - whatever one item holds, the others are still read
        place = traceback.extract_tb(error.__traceback__)[-1]
        return RewardsError(
            f"The answer cannot be read ({type(error).__name__} in {place.name}, line {place.lineno}). Try again; if "
            "it fails again, report it with this message."
        )
