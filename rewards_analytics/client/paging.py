"""Paging: every entry of a list exactly once, even if the pages shift while they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rewards_analytics.atrium import JsonObject
from rewards_analytics.errors import AtriumError

PASSES: Final = 6
"""How often a list is read from its start if its pages keep shifting."""

BARREN_PAGES: Final = 20
"""Pages in a row without a new entry after which the rest is not read."""

GetPage = Callable[[int], object]


@dataclass
class _Pass:
    """One pass over a list, from its first page to its last. An entry is identified by its guid, or by its place."""

    entries: dict[str, JsonObject] = field(default_factory=dict)
    announced: int | None = None
    shifted: bool = False
    contradiction: str | None = None

    def add(self, page: int, entries: list[JsonObject], total: int | None) -> bool:
        """Add a page; returns whether it had any new entry."""
        before = len(self.entries)
        for place, entry in enumerate(entries):
            key = str(entry.get("guid") or f"page {page}, entry {place}")
            first = self.entries.setdefault(key, entry)
            if first is not entry and first != entry:
                self.contradiction = key
        if page > 1 and total != self.announced:
            self.shifted = True
        self.announced = total
        return len(self.entries) > before

    @property
    def is_complete(self) -> bool:
        """Whether nothing shifted, no entry came with two contents, and their number is the announced one."""
        is_whole = self.announced is None or len(self.entries) == self.announced
        return is_whole and not self.shifted and self.contradiction is None


def read_all(get_page: GetPage, name: str, *, call: str, consistent: bool = False) -> list[JsonObject]:
    """Entries of a list, in the order of its pages.

    `get_page` returns the JSON of a page by its number from 1; `name` is the key of the entries. If pages shifted while
    they were read (an entry came twice, or the total changed), an entry may have moved from an unread page to one that
    was already read, so the list is read again until a pass is stable. If none is, the entries of all passes are
    returned, unless even these are fewer than announced. So it is read again if an entry came with two contents: it was
    changed in between. If it still has two in a stable pass, a list that has to be `consistent` is an error; of any
    other the first is returned. One case cannot be detected: an entry removed and another
    added between the same two pages, which leaves the total unchanged.
    """
    seen: dict[str, JsonObject] = {}
    previous: _Pass | None = None
    for _ in range(PASSES):
        this_pass = _read_once(get_page, name, call)
        if this_pass.is_complete or (previous is not None and list(this_pass.entries) == list(previous.entries)):
            if consistent and this_pass.contradiction is not None:
                raise AtriumError(
                    f"{call} lists {this_pass.contradiction[:100]!r} twice with different contents. Which one is right "
                    "is not known, so nothing of the list is used. Report it to MX."
                )
            return list(this_pass.entries.values())
        seen |= this_pass.entries
        previous = this_pass
    if previous is not None and len(seen) < (previous.announced or 0):
        raise AtriumError(
            f"{call} kept changing: {len(seen)} of {previous.announced} entries of {name!r} were read in "
            f"{PASSES} passes. An aggregation may be running: try again once it has ended."
        )
    return list(seen.values())


def _read_once(get_page: GetPage, name: str, call: str) -> _Pass:
    this_pass = _Pass()
    page, pages, barren = 1, 1, 0
    while page <= pages:
        body = get_page(page)
        entries = _entries(body, name, call)
        total, pages = _pagination(body, at=page, is_empty=not entries)
        barren = 0 if this_pass.add(page, entries, total) else barren + 1
        if barren >= (BARREN_PAGES if total is not None else 1):
            break
        page += 1
    return this_pass


def _entries(body: object, name: str, call: str) -> list[JsonObject]:
    entries = body.get(name) if isinstance(body, Mapping) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise AtriumError.wrong_shape(call, f"a list of objects {name!r}")
    return entries


def _pagination(body: object, *, at: int, is_empty: bool) -> tuple[int | None, int]:
    """Announced numbers of entries and pages. Without them, there is one more page unless this one is empty."""
    pagination = body.get("pagination") if isinstance(body, Mapping) else None
    if not isinstance(pagination, Mapping):
        return None, (at if is_empty else at + 1)
    total, pages = pagination.get("total_entries"), pagination.get("total_pages")
    last = pages if isinstance(pages, int) else at + 1
    return (total if isinstance(total, int) else None), (at if is_empty else last)
