"""A step ahead: a thread makes the next item of an iterator while the last one is in use."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

_END: Final[Any] = object()


def ahead(items: Generator[_T]) -> Generator[_T]:
    """Yield the items of a generator, which makes each while the one before it is in use.

    An error comes at its place. If the iteration is given up, the generator is closed as soon as it has made its item.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="ahead")
    try:
        following = pool.submit(next, items, _END)
        while (item := following.result()) is not _END:
            following = pool.submit(next, items, _END)
            yield item
    finally:
        pool.shutdown(cancel_futures=True)
        items.close()
