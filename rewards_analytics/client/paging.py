"""Paging: every entry of a list exactly once, even if the pages shift while they are read."""

from __future__ import annotations

import pickle
import zlib
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from itertools import chain
from typing import Final

from rewards_analytics.atrium import JsonObject
from rewards_analytics.errors import AtriumError

PASSES: Final = 6
"""How often a list is read from its start if its pages keep shifting."""

BARREN_PAGES: Final = 20
"""Pages in a row without a new entry after which the rest is not read."""

PLAIN_BYTES: Final = 1 << 20
"""Size of the pickled pages of a list from which they are compressed as well, which takes longer than parsing them."""

MOST_ENTRIES: Final = 10**15
"""More than any list has: a larger number of pages or entries is not believed."""

GetPage = Callable[[int], object]


class _Pass:
    """One pass over a list, from its first page to its last.

    The entries of all pages but the last are packed: as dicts, those of ten thousand pages take a gigabyte. An entry is
    identified by its guid, or by its place. Of that and of its content 60 bits of a hash are kept: in a list of 100,000
    entries two have the same hash, so that one is lost, with a probability of 1 in 200 million.
    """

    def __init__(self, max_bytes: int) -> None:
        self.announced: int | None = None
        self.shifted = False
        self.order = array("q")
        self._max_bytes = max_bytes
        self.contradiction: str | None = None
        self._keys: dict[int, int] = {}
        self._plain: list[bytes] = []
        self._compressed: list[bytes] = []
        self._bytes = 0
        self._last: list[JsonObject] = []

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[JsonObject]:
        for page in chain(self._plain, map(zlib.decompress, self._compressed)):
            yield from pickle.loads(page)  # noqa: S301 - written by `_pack`
        yield from self._last

    def add(self, page: int, entries: list[JsonObject], total: int | None, call: str) -> bool:
        """Add a page; returns whether it had any new entry."""
        new = []
        for place, entry in enumerate(entries):
            identity = str(entry.get("guid") or (page, place))
            key, content = hash(identity) >> 4, _content(entry)
            first = self._keys.setdefault(key, content)
            if len(self._keys) > len(self.order):
                self.order.append(key)
                new.append(entry)
            elif first != content:
                self.contradiction = identity
        if page > 1 and total != self.announced:
            self.shifted = True
        self.announced = total
        if new:
            self._pack(call)
            self._last = new
        return bool(new)

    @property
    def is_complete(self) -> bool:
        """Whether nothing shifted, no entry came with two contents, and their number is the announced one."""
        is_whole = self.announced is None or len(self) == self.announced
        return is_whole and not self.shifted and self.contradiction is None

    def not_in(self, passes: list[_Pass]) -> Iterator[JsonObject]:
        """Entries that are in none of these passes."""
        for key, entry in zip(self.order, self, strict=True):
            if not any(key in other._keys for other in passes):
                yield entry

    def _pack(self, call: str) -> None:
        if not self._last:
            return
        try:
            page = pickle.dumps(self._last)
        except RecursionError:
            raise AtriumError.wrong_shape(call, "entries that are flat objects") from None
        if self._bytes + len(page) <= PLAIN_BYTES and not self._compressed:
            self._plain.append(page)
        else:
            page = zlib.compress(page, 1)
            self._compressed.append(page)
        self._bytes += len(page)
        if self._bytes > self._max_bytes:
            number = len(self._plain) + len(self._compressed)
            happened = f"has more than {self._max_bytes:,} bytes of entries, packed, on {number:,} pages"
            raise AtriumError.beyond(call, happened, "max_body_bytes", self._max_bytes)


def read_all(
    get_page: GetPage,
    name: str,
    *,
    call: str,
    consistent: bool = False,
    max_pages: int = 10_000,
    max_bytes: int = 32 << 20,
) -> Iterator[JsonObject]:
    """Entries of a list, in the order of its pages.

    `get_page` returns the JSON of a page by its number from 1; `name` is the key of the entries. A list of more than
    `max_pages` pages, or whose entries take more than `max_bytes` of memory, is an error.

    If pages shifted while they were read (an entry came twice, or the total changed), an entry may have moved from an
    unread page to one that was already read, so the list is read again until a pass is stable. If none is, the entries
    of all passes are returned, the latest first, unless even these are fewer than announced. So it is read again if an
    entry came with two contents: it was changed in between. If it still has two in a stable pass, a list that has to be
    `consistent` is an error; of any other the first is returned. One case cannot be detected: an entry removed and
    another added between the same two pages, which leaves the total unchanged.
    """
    passes: list[_Pass] = []
    for _ in range(PASSES):
        this_pass = _read_once(get_page, name, call, max_pages, max_bytes)
        if this_pass.is_complete or (passes and this_pass.order == passes[-1].order):
            if consistent and this_pass.contradiction is not None:
                raise AtriumError(
                    f"{call} lists {this_pass.contradiction[:100]!r} twice with different contents. Which one is right "
                    "is not known, so nothing of the list is used. Report it to MX."
                )
            yield from this_pass
            return
        passes.append(this_pass)
    passes.reverse()
    number = len({key for each in passes for key in each.order})
    if number < (passes[0].announced or 0):
        raise AtriumError(
            f"{call} kept changing: {number} of {passes[0].announced} entries of {name!r} were read in "
            f"{PASSES} passes. An aggregation may be running: try again once it has ended."
        )
    for place, each in enumerate(passes):
        yield from each.not_in(passes[:place])


def _content(entry: JsonObject) -> int:
    """Hash of the values of an entry, whatever their order."""
    try:
        return hash(frozenset(entry.items())) >> 4
    except TypeError:  # a value is a list or an object
        with suppress(RecursionError):
            return hash(repr(entry)) >> 4
    return 0


def _read_once(get_page: GetPage, name: str, call: str, max_pages: int, max_bytes: int) -> _Pass:
    this_pass = _Pass(max_bytes)
    page, pages, barren = 1, 1, 0
    while page <= pages:
        if pages > max_pages:
            raise AtriumError.beyond(call, f"has {pages:,} pages or more", "max_pages", max_pages)
        body = get_page(page)
        entries = _entries(body, name, call)
        total, pages = _pagination(body, at=page, is_empty=not entries)
        barren = 0 if this_pass.add(page, entries, total, call) else barren + 1
        if total is None and barren:
            break
        if barren >= BARREN_PAGES:
            if len(this_pass) < (total or 0):
                raise AtriumError(
                    f"{call} repeats itself: pages {page - barren + 1} to {page} had no new entry, and only "
                    f"{len(this_pass):,} of {total:,} entries of {name!r} were read."
                )
            break
        page += 1
    return this_pass


def _entries(body: object, name: str, call: str) -> list[JsonObject]:
    entries = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise AtriumError.wrong_shape(call, f"a list of objects {name!r}")
    return entries


def _pagination(body: object, *, at: int, is_empty: bool) -> tuple[int | None, int]:
    """Announced numbers of entries and pages. Without valid ones there is one more page unless this one is empty."""
    pagination = body.get("pagination") if isinstance(body, Mapping) else None
    numbers = pagination if isinstance(pagination, Mapping) else {}
    total, pages = _count(numbers.get("total_entries")), _count(numbers.get("total_pages"))
    if is_empty:
        return total, at
    return total, pages if pages is not None and pages >= at else at + 1


def _count(value: object) -> int | None:
    """A number of pages or entries, also written as `3.0` or `"3"`; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    if isinstance(value, Decimal) and value.is_finite() and 0 <= value <= MOST_ENTRIES and value == int(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_ENTRIES else None
