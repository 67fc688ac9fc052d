"""File names for groups of unknown origin: each in its folder, each its own, on every file system."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_DIGEST: Final = re.compile(r".*-[a-z2-7]{26}", re.DOTALL)
_RESERVED: Final = frozenset(
    ["index", "con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(10))]
)
"""The index page, and the devices that Windows sees under these names with any ending."""


def file_names(groups: Sequence[Any]) -> list[str]:
    """Give a file name for each of some distinct groups.

    Where a group's own text is a harmless name, and no other group has it in another case, it is that. Otherwise
    it is what is harmless of it, and 128 bits of its SHA-256, so that two groups never share a file, nor does a
    group find another's by being named like it.

    >>> file_names(["USR-1", "../USR-1", None])
    ['USR-1.html', 'USR-1-f36sztvtsqop2gkjqzlx64p7cm.html', 'none-76tdla67uzygxb6sqs4gwdljhi.html']
    """
    alike = Counter(str(group).lower() for group in groups if group is not None)
    return [f"{_stem(group, alike)}.html" for group in groups]


def _stem(group: Any, alike: Counter[str]) -> str:
    text = "none" if group is None else str(group)
    plain = _PLAIN.fullmatch(text) and not _DIGEST.fullmatch(text) and text.lower() not in _RESERVED
    if group is not None and plain and alike[text.lower()] == 1:
        return text
    harmless = "-".join(re.findall("[A-Za-z0-9_]+", text))[:40].strip("-") or "group"
    # A missing value is not the text `none`. Surrogates are no characters, and may stand in a text all the same.
    told_apart = b"missing" if group is None else b"text:" + text.encode("utf-8", "surrogatepass")
    digest = b32encode(hashlib.sha256(told_apart).digest()[:16]).decode("ascii").rstrip("=").lower()
    return f"{harmless}-{digest}"
