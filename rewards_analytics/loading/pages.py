"""Lists of rewards inside JSON texts: where a list stands, and many lists that are written alike read as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from rewards_analytics.loading import alike, layout
from rewards_analytics.loading.batches import Batch, Spot
from rewards_analytics.loading.records import UnreadableError, parse

_BLANK: Final = b" \t\r\n"
_SEPARATOR: Final = re.compile(rb"\}([ \t\r\n]*,[ \t\r\n]*)\{")


class Elements(NamedTuple):
    """Where the elements of a list begin and end in a text, and the JSON path of the list."""

    start: int
    end: int
    path: str


def elements(raw: bytes) -> Elements | None:
    """The list that a text is, or the list of rewards in a list response; None if it is neither at first sight.

    What stands between the brackets is not looked at: whoever reads it has to find a list there.
    """
    start, end = raw.find(b"[") + 1, raw.rfind(b"]")
    if not 0 < start <= end:
        return None
    is_list = start == 1
    if is_list and end < len(raw) - 1:
        return None
    if not is_list and not _is_list_response(raw[:start] + raw[end:]):
        return None
    while start < end and raw[start] in _BLANK:
        start += 1
    while start < end and raw[end - 1] in _BLANK:
        end -= 1
    return Elements(start, end, "$" if is_list else "$.rewards")


def _is_list_response(emptied: bytes) -> bool:
    """Whether the text is a list response once its rewards are taken out."""
    try:
        page = parse(emptied)
    except UnreadableError:
        return False
    return isinstance(page, Mapping) and page.get("rewards") == [] and page.get("guid") is None


def read_alike(raws: Sequence[bytes], spot: Callable[[int, str], Spot]) -> Batch | None:
    """The rewards of several texts if these are lists, or list responses, of rewards written alike.

    `spot` takes the number of the text and the JSON path of the reward in it.
    """
    lists = [found for raw in raws if (found := elements(raw))]
    if len(lists) < len(raws):
        return None
    bodies = [raw[found.start : found.end] for raw, found in zip(raws, lists, strict=True)]
    between = next((match[1] for body in bodies if (match := _SEPARATOR.search(body))), b",")
    text = between.join(filter(None, bodies))
    written = layout.of_elements(text)
    if written is None:
        return None
    ends = np.cumsum([body.count(written.joint) + 1 if body else 0 for body in bodies])

    def place(ordinal: int) -> Spot:
        number = int(np.searchsorted(ends, ordinal, side="right"))
        first = int(ends[number - 1]) if number else 0
        return spot(number, f"{lists[number].path}[{ordinal - first}]")

    return alike.read_elements(text, place)
