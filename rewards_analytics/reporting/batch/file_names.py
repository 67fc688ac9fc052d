"""Safe, distinct file names for groups whose names come from outside."""

from __future__ import annotations

import hashlib
import re
from base64 import b32encode
from collections import Counter
from collections.abc import Sequence
from typing import Final

_SAFE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,79}")
_DIGEST: Final = re.compile(r".*-[a-z2-7]{26}", re.DOTALL)
_RESERVED: Final = frozenset(
    ["index", "con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(10))]
)
"""The index page, and the device names that Windows reserves whatever their ending."""


def file_names(groups: Sequence[object]) -> list[str]:
    """Return a file name for each group; the groups are distinct.

    A group's own text is its name if it is safe on every file system and no other group differs from it only in case.
    Otherwise the name is the safe characters of the text and 128 bits of its SHA-256, so that no two groups share a
    file, and no group can be named to match another's digest.

    >>> file_names(["USR-1", "../USR-1", None])
    ['USR-1.html', 'USR-1-f36sztvtsqop2gkjqzlx64p7cm.html', 'none-76tdla67uzygxb6sqs4gwdljhi.html']
    """
    same_but_case = Counter(str(group).lower() for group in groups if group is not None)
    return [f"{_stem(group, same_but_case)}.html" for group in groups]


def _stem(group: object, same_but_case: Counter[str]) -> str:
    text = "none" if group is None else str(group)
    safe = _SAFE.fullmatch(text) and not _DIGEST.fullmatch(text) and text.lower() not in _RESERVED
    if group is not None and safe and same_but_case[text.lower()] == 1:
        return text
    readable = "-".join(re.findall("[A-Za-z0-9_]+", text))[:40].strip("-") or "group"
    # A missing value differs from the text `none`. A text may hold lone surrogates, which UTF-8 cannot encode.
    identity = b"missing" if group is None else b"text:" + text.encode("utf-8", "surrogatepass")
    digest = b32encode(hashlib.sha256(identity).digest()[:16]).decode("ascii").rstrip("=").lower()
    return f"{readable}-{digest}"
