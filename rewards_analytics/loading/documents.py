"""JSON documents: a list response, a list of them, a list of rewards, or one reward in its wrapper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rewards_analytics.errors import SourceError
from rewards_analytics.loading import alike, jsonfast, layout, pages
from rewards_analytics.loading.batches import Batch, Spot
from rewards_analytics.loading.records import NOT_JSON, Records, UnreadableError, parse
from rewards_analytics.schema import FIELDS

_BLANK = b" \t\r\n"
_CLOSING = {b"{": b"}", b"[": b"]"}
_PARTS = 8


class Document(NamedTuple):
    """The whole text of one file, without blanks around it."""

    raw: bytes
    name: str | None

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.name or "the source"


def document(raw: bytes, name: str | None) -> Document:
    """The text of a file that has to hold something."""
    text = raw.strip(_BLANK)
    if not text:
        raise SourceError(f"{name or 'the source'} is empty. A list without rewards is written as [].")
    if not text.endswith(_CLOSING.get(text[:1], b"")):  # told at once, however long it is
        raise SourceError(_unreadable(Document(text, name), NOT_JSON))
    return Document(text, name)


def decode(documents: list[Document]) -> list[Batch]:
    """The rows of small documents together, or of one, in order."""
    if len(documents) == 1:
        return _decode_one(documents[0])
    batch = pages.read_alike(
        [doc.raw for doc in documents], lambda number, path: Spot(documents[number].name, None, path)
    )
    if batch:
        return [batch]
    if all(doc.raw.startswith(b"{") and doc.raw.endswith(b"}") for doc in documents):
        batch = jsonfast.read_pages(
            b"\n".join(doc.raw for doc in documents),
            lambda page, index: Spot(documents[page].name, None, f"$.rewards[{index}]"),
            len(documents),
        )
        if batch:
            return [batch]
    step = -(-len(documents) // _PARTS)
    parts = (documents[start : start + step] for start in range(0, len(documents), step))
    return [batch for part in parts for batch in decode(part)]


def _decode_one(doc: Document) -> list[Batch]:
    return _decode_pieces(doc) or [decode_fast(doc) or decode_slowly(doc)]


def _decode_pieces(doc: Document) -> list[Batch] | None:
    """The rewards of a document piece by piece; None if it cannot be cut, or a piece is no list by itself."""
    found = pages.elements(doc.raw)
    cuts = list(layout.pieces(doc.raw, found.start, found.end)) if found else []
    if found is None or len(cuts) == 1:
        batch = pages.read_alike([doc.raw], lambda _, path: Spot(doc.name, None, path))
        return [batch] if batch else None
    batches: list[Batch] = []
    first = 0
    for start, end in cuts:
        piece = _decode_piece(doc.raw[start:end], Spot(doc.name, None, found.path), first)
        if piece is None:
            return None
        batch, count = piece
        batches.append(batch)
        first += count
    return batches


def _decode_piece(raw: bytes, root: Spot, first: int) -> tuple[Batch, int] | None:
    """Some elements of a list, from number `first` on, and how many there are."""

    def spot(ordinal: int) -> Spot:
        return root._replace(path=f"{root.path}[{first + ordinal}]")

    whole = b"[" + raw + b"]"
    batch = alike.read_elements(raw, spot) or jsonfast.read_array(whole, spot)
    if batch:
        return batch, batch.rows
    try:
        values = parse(whole)
    except UnreadableError:
        return None
    records = Records()
    add = records.add if root.path == "$" else records.add_reward
    for ordinal, value in enumerate(values):
        add(value, spot(ordinal))
    return records.batch(), len(values)


def decode_fast(doc: Document) -> Batch | None:
    """The rewards of a document whose meaning is beyond doubt."""
    if doc.raw.startswith(b"["):
        return jsonfast.read_array(
            doc.raw, lambda index: Spot(doc.name, None, f"$[{index}]")
        ) or jsonfast.read_array_of_pages(
            doc.raw, lambda page, index: Spot(doc.name, None, f"$[{page}].rewards[{index}]")
        )
    return jsonfast.read_pages(doc.raw, lambda _, index: Spot(doc.name, None, f"$.rewards[{index}]"), 1)


def decode_slowly(doc: Document) -> Batch:
    """The rewards of a document, one by one."""
    try:
        value = parse(doc.raw)
    except UnreadableError as problem:
        raise SourceError(_unreadable(doc, str(problem))) from problem
    records, root = Records(), Spot(doc.name, None, "$")
    if isinstance(value, list):
        records.add_elements(value, root)
    else:
        _require_rewards(doc, value)
        records.add(value, root)
    return records.batch()


def _require_rewards(doc: Document, value: Any) -> None:
    """Refuse an object that has nothing of a reward: it is another answer, or an error saved in a file."""
    if isinstance(value, Mapping) and ({"rewards", "reward", *FIELDS} & value.keys()):
        return
    if isinstance(value, Mapping) and isinstance(error := value.get("error"), Mapping):
        raise SourceError(
            f"{doc.label} holds an error that the API answered, not rewards: {error.get('message')!r} "
            f"(status {error.get('status')}). Fetch it again."
        )
    found = f"an object with {list(value)[:10]}" if isinstance(value, Mapping) else f"{str(value)[:80]!r}"
    raise SourceError(
        f"{doc.label} is JSON, but holds no rewards: found {found}. Wanted is a list of rewards, a list "
        'response {"rewards": […]}, a list of these, or {"reward": {…}}.'
    )


def _unreadable(doc: Document, problem: str) -> str:
    lines = " It seems to hold a JSON value a line: let its name end in .ndjson." if _begins_with_a_value(doc) else ""
    return f"{doc.label} {problem}: it begins with {doc.raw[:60].decode(errors='replace')!r}.{lines}"


def _begins_with_a_value(doc: Document) -> bool:
    """Whether the first of several lines is JSON by itself."""
    first, newline, _ = doc.raw.partition(b"\n")
    try:
        parse(first if newline else b"")
    except UnreadableError:
        return False
    return True
