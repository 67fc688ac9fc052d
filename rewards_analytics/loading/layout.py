"""The fastest path for JSON: rewards that are all written alike, as one program writes them.

The first record of a block is the layout: its keys, their order, the blanks between them. If every other record
repeats it, then the block, cut at its quotes, is a table: `{"guid":"R-1","balance":5}` has the cells `{`, `guid`,
`:`, `R-1`, `,`, `balance` and `:5}`. Arrow's CSV reader cuts it, with the quote for a separator. The cells that are
keys and punctuation must be those of the layout, byte for byte; what is left are the values. The first record that
differs ends it with None, and a reader that knows more of JSON takes over.

No backslash and no control character may stand in a text, and each record has as many quotes as the layout: hence
what stands between its quotes is exactly the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from rewards_analytics.loading.batches import Batch, Spot
from rewards_analytics.loading.columns import plain_amounts, typed
from rewards_analytics.schema import FIELDS, REQUIRED

_BLANKS: Final = rb"[ \t\r\n]*"
_MEMBER: Final = re.compile(
    rb"(" + _BLANKS + rb'[{,]%b"([ !#-\[\]-~]+)"%b:%b)("[^"\\]*"|[\w+.-]+)' % (_BLANKS, _BLANKS, _BLANKS)
)
_END: Final = re.compile(_BLANKS + rb"\}")
_NEXT_LINE: Final = re.compile(rb"[ \t\r]*\n")
_NEXT_ELEMENT: Final = re.compile(_BLANKS + b"," + _BLANKS)
_NUMBER: Final = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"
_SCALAR: Final = rf"{_NUMBER}|^(?:true|false)$"

_TEXTS: Final = frozenset(FIELDS) - {"balance"}
"""The fields whose values are never numbers."""
_NULL_CELL: Final = b"\x00"
"""Stands for `null` in a text's cell, where no JSON text can have it."""
_LINE_END_INSIDE: Final = b"\x0b"
"""Stands for a line end within a record, since in the table a line end ends a row."""
_MOST_BYTES: Final = 1 << 30
"""Arrow counts the bytes of a text column in 32 bits."""
_LONGEST_RECORD: Final = 1 << 17
PIECE_BYTES: Final = 4 << 20
"""Bytes of a long list that are read together."""


class Layout(NamedTuple):
    """How each record is written: the bytes before each value, after the last one, and up to the next record."""

    names: tuple[str, ...]
    before: tuple[bytes, ...]
    quoted: tuple[bool, ...]
    """Whether the value is a text; a null is taken for one."""
    after: bytes
    between: bytes

    def with_null_cells(self, text: bytes) -> bytes | memoryview:
        """The records with their nulls in quotes, so that each of them has the same number of cells."""
        gap = self.before[0][self.before[0].rindex(b":") :]
        return _replaced(text, gap + b"null", gap + b'"%b"' % _NULL_CELL)

    def on_one_line(self) -> Layout:
        """The same layout where line ends are replaced."""
        before = tuple(literal.replace(b"\n", _LINE_END_INSIDE) for literal in self.before)
        after, between = (literal.replace(b"\n", _LINE_END_INSIDE) for literal in (self.after, self.between))
        return self._replace(before=before, after=after, between=between)

    @property
    def joint(self) -> bytes:
        """What stands between the last value of a record and the first of the next."""
        return self.after + self.between + self.before[0]


def read_lines(block: bytes, spot: Callable[[int], Spot]) -> Batch | None:
    """Rewards, one a line."""
    layout = _layout(block, _NEXT_LINE)
    if layout is None or not _is_plain(block):
        return None
    text = block.replace(b"\r\n", b"\n") if b"\r" in block else block
    return None if b"\r" in text else _read(layout.with_null_cells(text), layout, spot)


def read_elements(block: bytes, spot: Callable[[int], Spot]) -> Batch | None:
    """Rewards as they stand in a list, `{…},{…}`, without its brackets."""
    layout = _layout(block, _NEXT_ELEMENT)
    if layout is None or not _is_plain(block) or b"\r" in block or _LINE_END_INSIDE in block:
        return None
    if b"\n" in block:
        block, layout = block.replace(b"\n", _LINE_END_INSIDE), layout.on_one_line()
    text = layout.with_null_cells(block)
    if layout.between:
        text = _replaced(text, layout.joint, layout.after + b"\n" + layout.before[0])
    return _read(text, layout, spot)


def joint(block: bytes) -> bytes | None:
    """What stands between the values of one element of a list and those of the next, if they are written alike."""
    layout = _layout(block, _NEXT_ELEMENT)
    return layout.joint if layout else None


def pieces(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut the elements of a list into pieces of about `PIECE_BYTES`, each of whole elements.

    A list that is not a list of records of one layout may be cut within an element: such a piece is not JSON.
    """
    layout = _layout(data[start : min(end, start + _LONGEST_RECORD)], _NEXT_ELEMENT)
    if layout:
        while end - start > PIECE_BYTES and (cut := data.rfind(layout.joint, start, start + PIECE_BYTES)) >= 0:
            yield start, cut + len(layout.after)
            start = cut + len(layout.after) + len(layout.between)
    yield start, end


def _is_plain(block: bytes) -> bool:
    """Whether nothing in it is escaped, and nothing can be taken for a cell that is null."""
    return len(block) <= _MOST_BYTES and b"\\" not in block and _NULL_CELL not in block


def _layout(block: bytes, separator: re.Pattern[bytes]) -> Layout | None:
    """The layout of the first record, if it is a plain one that the others can be compared with."""
    names: list[str] = []
    before: list[bytes] = []
    quoted: list[bool] = []
    end = 0
    while member := _MEMBER.match(block, end):
        if member[1].lstrip()[:1] != (b"," if names else b"{"):
            return None
        before.append(member[1])
        names.append(member[2].decode())
        quoted.append(member[3].startswith(b'"') or member[3] == b"null")
        end = member.end()
    last = _END.match(block, end)
    if last is None or len(set(names)) < len(names) or not set(REQUIRED) <= set(names):
        return None
    if {"rewards", "reward"} & set(names):  # it may be a page
        return None
    following = separator.match(block, last.end())
    if following is None and last.end() < len(block):
        return None
    return Layout(tuple(names), tuple(before), tuple(quoted), last[0], following[0] if following else b"")


def _replaced(text: bytes | memoryview, old: bytes, new: bytes) -> memoryview:
    """`bytes.replace`, twice as fast and beside other threads."""
    edges = pa.py_buffer(np.array([0, len(text)], dtype=np.int32))
    whole = pa.BinaryArray.from_buffers(pa.binary(), 1, [None, edges, pa.py_buffer(text)])
    return memoryview(pc.replace_substring(whole, pattern=old, replacement=new)[0].as_buffer())


class _Cell(NamedTuple):
    """A cell of every record: the value of a field, with the punctuation around it where it is not in quotes.

    Without a name it is a key or punctuation only, and `before` the whole of it.
    """

    name: str | None
    before: bytes
    after: bytes = b""

    @property
    def type(self) -> pa.DataType:
        """What Arrow reads the cells as."""
        return pa.string() if self.name else pa.binary(len(self.before))

    def values(self, array: pa.StringArray) -> pa.StringArray | None:
        """The values in these cells; None if one of them holds something else."""
        if not self.before:
            text = np.frombuffer(array.buffers()[2] or b"", dtype=np.uint8)
            return None if len(text) and text.min() < ord(" ") else array
        around = pc.and_(pc.starts_with(array, pattern=self.before), pc.ends_with(array, pattern=self.after))
        if not pc.all(around, skip_nulls=False).as_py():
            return None
        return pc.binary_slice(array.cast(pa.binary()), len(self.before), -len(self.after)).cast(pa.string())


def _cells(layout: Layout) -> Iterator[_Cell]:
    """The cells of a record."""
    name, rest = None, b""
    for field, before, quoted in zip(layout.names, layout.before, layout.quoted, strict=True):
        punctuation, key, gap = before.split(b'"')
        yield _Cell(name, rest, punctuation) if name else _Cell(None, punctuation)
        yield _Cell(None, key)
        if quoted:
            yield _Cell(None, gap)
            yield _Cell(field, b"")
        name, rest = (None, b"") if quoted else (field, gap)
    yield _Cell(name, rest, layout.after) if name else _Cell(None, layout.after)


def _read(text: bytes | memoryview, layout: Layout, spot: Callable[[int], Spot]) -> Batch | None:
    cells = list(_cells(layout))
    table = _table(text, cells)
    columns: dict[str, pa.StringArray] = {}
    for cell, column in zip(cells, table.columns if table else [], strict=False):
        array = column.chunk(0)
        if cell.name is None:
            if array.buffers()[1].to_pybytes() != cell.before * len(array):
                return None
        elif (values := cell.values(array)) is None:
            return None
        else:
            columns[cell.name] = values
    return _batch(columns, dict(zip(layout.names, layout.quoted, strict=True)), spot) if columns else None


def _table(text: bytes | memoryview, cells: list[_Cell]) -> pa.Table | None:
    """The records cut at their quotes; None if they have not all these cells."""
    types = {str(number): cell.type for number, cell in enumerate(cells)}
    try:
        return pv.read_csv(
            pa.BufferReader(pa.py_buffer(text)),
            read_options=pv.ReadOptions(column_names=list(types), block_size=len(text) + 1, use_threads=False),
            parse_options=pv.ParseOptions(delimiter='"', quote_char=False, ignore_empty_lines=False),
            convert_options=pv.ConvertOptions(
                column_types=types, null_values=[_NULL_CELL.decode()], strings_can_be_null=True
            ),
        )
    except pa.ArrowException:
        return None


def _batch(columns: dict[str, pa.StringArray], quoted: dict[str, bool], spot: Callable[[int], Spot]) -> Batch | None:
    for name, column in columns.items():
        if not quoted[name] and (name in _TEXTS or (name != "balance" and not _are(column, _SCALAR))):
            return None
    arrays = {name: column for name, column in columns.items() if name in FIELDS}
    if (exact := plain_amounts(columns["balance"])) is not None:
        arrays["balance"] = exact
    elif not quoted["balance"] and not _are(columns["balance"], _NUMBER):
        return None
    missing = pa.nulls(len(columns["balance"]), pa.string())
    batch = typed(pa.table([arrays.get(name, missing) for name in FIELDS], names=list(FIELDS)), spot, "the block")
    # A rejected number has to be told apart from a text: the slow path knows.
    return None if not quoted["balance"] and any(row.field == "balance" for row in batch.rejected) else batch


def _are(texts: pa.Array, pattern: str) -> bool:
    """Whether every text that is not null matches."""
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py() is not False
