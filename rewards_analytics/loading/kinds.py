"""The kinds of files, by the ending of a name or by the first bytes."""

from __future__ import annotations

import json
import os
from typing import Final, Literal

from rewards_analytics.errors import SourceError
from rewards_analytics.loading.stream import COMPRESSIONS, Stream

Kind = Literal["json", "ndjson", "csv", "parquet"]

ENDINGS: Final[dict[str, Kind]] = {
    ".json": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}

_LONGEST_FIRST_LINE: Final = 4 << 20


def kind_of(name: str) -> Kind | None:
    """The kind that a file's name says, before the ending of its compression."""
    stem, ending = os.path.splitext(name.lower())  # noqa: PTH122 (a folder has thousands of names)
    return ENDINGS.get(os.path.splitext(stem)[1] if ending in COMPRESSIONS else ending)  # noqa: PTH122


def kind_by_content(stream: Stream) -> Kind:
    """The kind of a source whose name does not say."""
    head = stream.peek()
    text = head.lstrip()
    if head.startswith(b"PAR1"):
        return "parquet"
    if text.startswith(b"["):
        return "json"
    if text.startswith(b"{"):
        return "ndjson" if _is_ndjson(stream, text) else "json"
    if b"guid" in text.split(b"\n", 1)[0]:
        return "csv"
    what = f"begins with {head[:40]!r}" if text else "is empty"
    raise SourceError(
        f"{stream.label} {what}: that is not JSON, NDJSON, CSV or Parquet. Check what it holds, or give the "
        "file its ending (.json, .ndjson, .csv, .parquet)."
    )


def _is_ndjson(stream: Stream, text: bytes) -> bool:
    """Whether the first line is a JSON value by itself."""
    line, newline, _ = text.partition(b"\n")
    if not newline:  # a page may be longer than the head
        line, newline, _ = stream.peek(_LONGEST_FIRST_LINE).lstrip().partition(b"\n")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return bool(newline) or "guid" in value
