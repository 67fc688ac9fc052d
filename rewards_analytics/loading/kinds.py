"""The kinds of files, by the ending of a name or by the first bytes."""

from __future__ import annotations

import os
import re
from typing import Final, Literal, cast

from rewards_analytics.errors import SourceError
from rewards_analytics.loading.json.parser import NotJsonError, is_list_of_rewards, parse
from rewards_analytics.loading.stream import COMPRESSIONS, Stream
from rewards_analytics.textfiles import refuse_other_formats

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
_BEGINS_JSON: Final = re.compile(rb'\{|\[\s*(?:["\[{\]\d-]|[a-z]+\s*[,\]]|$)')
_BEGINS_A_VALUE: Final = re.compile(rb"(?m)^[ \t]*[\[{]")
_CSV_HEADER: Final = re.compile(rb'"?[\w .-]+"?(,"?[\w .-]*"?)+\s*')


def kind_of(name: str) -> Kind | None:
    """The kind that a file's name says, before the ending of its compression."""
    stem, ending = os.path.splitext(name.lower())  # noqa: PTH122 (a folder has thousands of names)
    return ENDINGS.get(os.path.splitext(stem)[1] if ending in COMPRESSIONS else ending)  # noqa: PTH122


def settled(stream: Stream, named: Kind | None) -> Kind:
    """The kind of a source: what its name says, unless its content is surely of another kind.

    A source that is none of these kinds, whatever its name, is a `SourceError` that says what it is.
    """
    head = stream.peek()
    if head.startswith(b"PAR1"):
        return "parquet"
    refuse_other_formats(head, stream.label)
    text = head.lstrip()
    kind = _of_text(stream, text, named)
    if kind is None and named == "ndjson" and text and not _BEGINS_A_VALUE.search(head):
        raise SourceError(f"{stream.label} is not NDJSON: it begins with {text[:40]!r}. Check what it holds.")
    if kind or named:
        return kind or cast(Kind, named)
    what = f"begins with {head[:40]!r}" if text else "is empty"
    raise SourceError(
        f"{stream.label} {what}: that is not JSON, NDJSON, CSV or Parquet. Check what it holds, or give the "
        "file its ending (.json, .ndjson, .csv, .parquet)."
    )


def _of_text(stream: Stream, text: bytes, named: Kind | None) -> Kind | None:
    """The kind of a text by its beginning; None if that does not say."""
    if not _BEGINS_JSON.match(text):
        line = text.split(b"\n", 1)[0]
        return "csv" if b"guid" in line and (named is None or _CSV_HEADER.fullmatch(line)) else None
    if text.startswith(b"["):
        return "ndjson" if _is_lists(stream, text) else "json"
    line, newline, rest = text.partition(b"\n")
    if named == "ndjson":
        return "ndjson" if not newline or _is_lines(stream.label, line, rest.lstrip()) else "json"
    if named == "json":
        return "ndjson" if rest.lstrip() and _is_json(line) else "json"
    if not newline:  # a page may be longer than the head
        line, newline, _ = stream.peek(_LONGEST_FIRST_LINE).lstrip().partition(b"\n")
    return "ndjson" if _is_json(line) and (newline or "guid" in parse(line)) else "json"


def _is_lines(label: str, line: bytes, rest: bytes) -> bool:
    """Whether a text that begins with a brace is NDJSON, rather than a document over several lines.

    A first line that is not JSON is an invalid row, unless it goes on in the second.
    """
    if _is_json(line) or not rest:
        if rest.startswith(b","):
            raise _commas(label, 2)
        return True
    if line.rstrip().endswith(b",") and _is_json(line.rstrip()[:-1]):
        raise _commas(label, 1)
    try:
        parse(line + b"\n" + rest.partition(b"\n")[0])
    except NotJsonError as fault:
        return fault.at <= len(line.decode(errors="replace")) + 1
    return False


def _is_lists(stream: Stream, text: bytes) -> bool:
    """Whether a text that begins with a bracket is NDJSON with a list on each line, rather than one list."""
    line, newline, rest = text.partition(b"\n")
    if not newline:  # the first list may be longer than the head
        line, _, rest = stream.peek(_LONGEST_FIRST_LINE).lstrip().partition(b"\n")
    if not _BEGINS_A_VALUE.match(rest.lstrip()) or not line.rstrip().endswith(b"]"):
        return False
    try:
        return is_list_of_rewards(parse(line))
    except NotJsonError:
        return False


def _is_json(line: bytes) -> bool:
    try:
        parse(line)
    except NotJsonError:
        return False
    return True


def _commas(label: str, line: int) -> SourceError:
    return SourceError(
        f"{label}, line {line}: commas are between the values, as inside a JSON list. Put the lines between [ and ] "
        "and let the name end in .json, or remove the commas."
    )
