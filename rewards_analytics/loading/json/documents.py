"""JSON documents: a page of rewards, a list of pages, a list of rewards, or one reward in its wrapper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from rewards_analytics.errors import SourceError
from rewards_analytics.loading.chunk import Chunk, Place
from rewards_analytics.loading.json import arrow, layout
from rewards_analytics.loading.json.decode import SplitError
from rewards_analytics.loading.json.lists import Elements, by_layout_of_lists, find_elements
from rewards_analytics.loading.json.parser import NOT_JSON, NotJsonError, parse, require_json
from rewards_analytics.loading.records import Records
from rewards_analytics.schema import FIELDS
from rewards_analytics.textfiles import require_utf8

PIECE_BYTES: Final = 4 << 20
"""Bytes of a long list that are decoded at once."""

_BLANK: Final = b" \t\r\n"
_CLOSING: Final = {b"{": b"}", b"[": b"]"}
_PARTS: Final = 8


class Document(NamedTuple):
    """The text of one file, without blanks around it."""

    raw: bytes
    name: str | None
    given: Mapping[str, str | None] = MappingProxyType({})
    """Columns that the rewards do not have to hold."""
    blanks: tuple[bytes, bytes] = (b"", b"")
    """The blanks around the text, to find the place of a fault."""

    @classmethod
    def of(cls, raw: bytes, name: str | None, given: Mapping[str, str | None] = MappingProxyType({})) -> Document:
        """The text of a file that has to hold something."""
        text = raw.strip(_BLANK)
        before = raw[: len(raw) - len(raw.lstrip(_BLANK))] if raw[:1].isspace() else b""
        doc = cls(text, name, given, (before, raw[len(before) + len(text) :]))
        if not text:
            raise SourceError(f"{doc.label} is empty. A list without rewards is written as [].")
        if not text.endswith(_CLOSING.get(text[:1], b"")):  # no reader takes it, however long it is
            raise doc.unreadable(NotJsonError(NOT_JSON))
        return doc

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.name or "the source"

    def unreadable(self, problem: NotJsonError) -> SourceError:
        """The error for a text that is not JSON, with the place of the fault in the file."""
        before, after = self.blanks
        whole = before + self.raw + after
        require_utf8(whole, 1, self.label)
        try:
            require_json(whole)
        except NotJsonError as found:
            problem = found
        where = problem.where() or f"it begins with {self.raw[:60].decode(errors='replace')!r}"
        return SourceError(f"{self.label} {problem}: {where}.")


class Documents:
    """One document, or several small ones with the same columns given, that are decoded at once."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents
        self._given = documents[0].given

    def by_layout(self) -> Chunk | None:
        """The rows, if all documents are lists or pages and all rewards have one layout."""
        if self._pieces or self._given:
            return None
        return by_layout_of_lists(
            [doc.raw for doc in self.documents], lambda number, path: Place(self.documents[number].name, None, path)
        )

    def by_arrow(self) -> Chunk | None:
        """The rows, if Arrow reads them as the parser would."""
        docs = self.documents
        if self._pieces:
            return None
        if len(docs) == 1 and docs[0].raw.startswith(b"["):
            name = docs[0].name
            return arrow.read_list(
                docs[0].raw, lambda index: Place(name, None, f"$[{index}]"), self._given
            ) or arrow.read_list_of_pages(
                docs[0].raw, lambda page, index: Place(name, None, f"$[{page}].rewards[{index}]"), self._given
            )
        if not all(doc.raw.startswith(b"{") for doc in docs):
            return None
        return arrow.read_pages(
            b"\n".join(doc.raw for doc in docs),
            lambda page, index: Place(docs[page].name, None, f"$.rewards[{index}]"),
            len(docs),
            self._given,
        )

    def parts(self, done: Sequence[Chunk]) -> Iterator[Documents | _Piece]:
        """An eighth of the documents each, or pieces of the list in a long one."""
        step = -(-len(self.documents) // _PARTS)
        if len(self.documents) > 1:
            for start in range(0, len(self.documents), step):
                yield Documents(self.documents[start : start + step])
        elif self._list:
            (doc,) = self.documents
            root = Place(doc.name, None, self._list.path)
            for start, end in self._pieces:
                yield _Piece(doc.raw[start:end], root, sum(chunk.rows for chunk in done), self._given)

    def by_parser(self) -> Chunk:
        """The rows of a single document, one by one."""
        (doc,) = self.documents
        try:
            value = parse(doc.raw)
        except NotJsonError as problem:
            raise doc.unreadable(problem) from None
        records, root = Records(self._given), Place(doc.name, None, "$")
        if isinstance(value, list):
            records.add_elements(value, root)
        else:
            _require_rewards(doc, value)
            records.add(value, root)
        return records.chunk()

    @cached_property
    def _list(self) -> Elements | None:
        """The list in a single long document."""
        raw = self.documents[0].raw
        return find_elements(raw) if len(self.documents) == 1 and len(raw) > PIECE_BYTES else None

    @cached_property
    def _pieces(self) -> list[tuple[int, int]]:
        """Where the pieces of a long list begin and end; none if it cannot be split."""
        if self._list is None:
            return []
        pieces = list(layout.pieces(self.documents[0].raw, self._list.start, self._list.end, PIECE_BYTES))
        return pieces if len(pieces) > 1 else []


class _Piece:
    """Some elements of a list, from number `first` on. It may be split inside a record, and so not be JSON."""

    def __init__(self, raw: bytes, root: Place, first: int, given: Mapping[str, str | None]) -> None:
        self._raw, self._root, self._first, self._given = raw, root, first, given

    def by_layout(self) -> Chunk | None:
        """The rows, if all rewards have one layout."""
        return None if self._given else layout.read_elements(self._raw, self._place)

    def by_arrow(self) -> Chunk | None:
        """The rows, if Arrow reads them as the parser would."""
        return arrow.read_list(b"[" + self._raw + b"]", self._place, self._given)

    def parts(self, done: Sequence[Chunk]) -> Iterator[_Piece]:  # noqa: ARG002
        """None: only a whole list has an end that can be found."""
        return iter(())

    def by_parser(self) -> Chunk:
        """The rows, one by one; `SplitError` if the piece is not a list by itself."""
        try:
            values = parse(b"[" + self._raw + b"]")
        except NotJsonError as problem:
            raise SplitError from problem
        records = Records(self._given)
        add = records.add if self._root.path == "$" else records.add_reward
        for ordinal, value in enumerate(values):
            add(value, self._place(ordinal))
        chunk = records.chunk()
        if chunk.rows != len(values):  # pages among the elements: the next piece could not number its own
            raise SplitError
        return chunk

    def _place(self, ordinal: int) -> Place:
        return self._root._replace(path=f"{self._root.path}[{self._first + ordinal}]")


def _require_rewards(doc: Document, value: Any) -> None:
    """Refuse an object that has nothing of a reward: another answer of the API, or an error saved in a file."""
    if isinstance(value, Mapping) and ({"rewards", "reward", *FIELDS} & value.keys()):
        return
    if isinstance(value, Mapping) and isinstance(error := value.get("error"), Mapping):
        raise SourceError(
            f"{doc.label} holds an error that the API answered, not rewards: {error.get('message')!r} "
            f"(status {error.get('status')}). Fetch it again."
        )
    found = f"an object with {list(value)[:10]}" if isinstance(value, Mapping) else f"{str(value)[:80]!r}"
    raise SourceError(
        f"{doc.label} is JSON, but holds no rewards: found {found}. Expected a list of rewards, a list "
        'response {"rewards": […]}, a list of these, or {"reward": {…}}.'
    )
