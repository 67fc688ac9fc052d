"""Paging: every entry of a list, each once, whatever its pages do while they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rewards_analytics.errors import AtriumError

PER_PAGE: Final = 100
PASSES: Final = 6
"""How often a list is read again from its start, if its pages shifted."""

BARREN_PAGES: Final = 20
"""How many pages in a row may bring nothing new before the rest is not believed in."""

GetPage = Callable[[int], Any]


@dataclass
class _Pass:
    """One reading of a list, first page to last. Entries are told apart by their guid, or else by their place."""

    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    announced: int | None = None
    shifted: bool = False

    def take(self, page: int, entries: list[dict[str, Any]], total: int | None) -> bool:
        """Add a page; whether it brought anything new."""
        before = len(self.entries)
        for place, entry in enumerate(entries):
            self.entries.setdefault(str(entry.get("guid") or f"page {page}, entry {place}"), entry)
        if page > 1 and total != self.announced:
            self.shifted = True
        self.announced = total
        return len(self.entries) > before

    @property
    def is_whole(self) -> bool:
        """Whether nothing moved meanwhile and as many entries came as were announced."""
        return not self.shifted and (self.announced is None or len(self.entries) == self.announced)


def read_all(get_page: GetPage, name: str, *, call: str) -> list[dict[str, Any]]:
    """Entries of a list, in the order of its pages.

    `get_page` gives the JSON of a page by its number from 1, `name` is the key of the entries. If pages shifted while
    they were read (an entry came twice, or the total changed), an entry may have slipped from a page that was still to
    come to one that was already read; so the list is read again until it holds still. If it never does, what the
    readings brought together is returned, unless even that is fewer than the list announces. What no reader can see is
    one entry that goes and another that comes between the same two pages: the total is then what it was.
    """
    together: dict[str, dict[str, Any]] = {}
    previous: _Pass | None = None
    for _ in range(PASSES):
        reading = _read_once(get_page, name, call)
        if reading.is_whole or (previous is not None and list(reading.entries) == list(previous.entries)):
            return list(reading.entries.values())
        together |= reading.entries
        previous = reading
    if previous is not None and len(together) < (previous.announced or 0):
        raise AtriumError(
            f"{call} never held still: {len(together)} of {previous.announced} entries of {name!r} came in "
            f"{PASSES} readings. An aggregation may be changing it: try again once it has ended."
        )
    return list(together.values())


def _read_once(get_page: GetPage, name: str, call: str) -> _Pass:
    reading = _Pass()
    page, pages, barren = 1, 1, 0
    while page <= pages:
        body = get_page(page)
        entries = _entries(body, name, call)
        total, pages = _pagination(body, at=page, is_empty=not entries)
        barren = 0 if reading.take(page, entries, total) else barren + 1
        if barren >= (BARREN_PAGES if total is not None else 1):
            break
        page += 1
    return reading


def _entries(body: Any, name: str, call: str) -> list[dict[str, Any]]:
    entries = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise AtriumError(
            f"{call} answered JSON without a list of objects {name!r}. Is the base URL that of the rewards API?",
            status=200,
        )
    return entries


def _pagination(body: Mapping[str, Any], *, at: int, is_empty: bool) -> tuple[int | None, int]:
    """Announced number of entries and of pages. Without them, there is one more page unless this one is empty."""
    pagination = body.get("pagination")
    if not isinstance(pagination, Mapping):
        return None, (at if is_empty else at + 1)
    total, pages = pagination.get("total_entries"), pagination.get("total_pages")
    last = pages if isinstance(pages, int) else at + 1
    return (total if isinstance(total, int) else None), (at if is_empty else last)
