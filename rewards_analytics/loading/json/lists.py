"""Lists of rewards inside JSON texts: where a list is, and the lists of several texts decoded at once."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Final, NamedTuple

from rewards_analytics.loading.chunk import Chunk, Place
from rewards_analytics.loading.json import layout
from rewards_analytics.loading.json.parser import NotJsonError, parse

_BLANK: Final = b" \t\r\n"
_SEPARATOR: Final = re.compile(rb"\}([ \t\r\n]*,[ \t\r\n]*)\{")


class Elements(NamedTuple):
    """Where the elements of a list begin and end in a text, and the JSON path of the list."""

    start: int
    end: int
    path: str


def find_elements(raw: bytes) -> Elements | None:
    """The list that a text is, or the list of rewards in a page; None if the text is neither at first sight.

    Nothing between the brackets is looked at: whoever reads it must find a list there.
    """
    start, end = raw.find(b"[") + 1, raw.rfind(b"]")
    if not 0 < start <= end:
        return None
    is_list = start == 1
    if is_list and end < len(raw) - 1:
        return None
    if not is_list and not _is_page(raw[:start] + raw[end:]):
        return None
    while start < end and raw[start] in _BLANK:
        start += 1
    while start < end and raw[end - 1] in _BLANK:
        end -= 1
    return Elements(start, end, "$" if is_list else "$.rewards")


def _is_page(emptied: bytes) -> bool:
    """Whether the text is a page, once its rewards are cut out."""
    try:
        page = parse(emptied)
    except NotJsonError:
        return False
    return isinstance(page, Mapping) and page.get("rewards") == [] and page.get("guid") is None


def by_layout_of_lists(texts: Sequence[bytes], place_of: Callable[[int, str], Place]) -> Chunk | None:
    """The rewards of several texts, if these are lists or pages and all rewards in them have one layout.

    `place_of` takes the number of the text and the JSON path of the reward in it.
    """
    lists = [found for text in texts if (found := find_elements(text))]
    if len(lists) < len(texts):
        return None
    bodies = [text[found.start : found.end] for text, found in zip(texts, lists, strict=True)]
    between = next((match[1] for body in bodies if (match := _SEPARATOR.search(body))), b",")
    elements = between.join(filter(None, bodies))
    shared = layout.of_elements(elements)
    if shared is None:
        return None

    @cache  # only asked for when a row is rejected
    def ends() -> list[int]:
        return list(accumulate(body.count(shared.joint) + 1 if body else 0 for body in bodies))

    def place_of_element(ordinal: int) -> Place:
        number = bisect_right(ends(), ordinal)
        first = ends()[number - 1] if number else 0
        return place_of(number, f"{lists[number].path}[{ordinal - first}]")

    return layout.read(elements, shared, place_of_element)
