"""CSV files: a header, then records. An empty cell is null, and the quote that guards a formula is taken off."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from rewards_analytics.errors import SourceError
from rewards_analytics.loading.chunk import TYPES, Chunk, Place
from rewards_analytics.loading.columns import require_columns, typed
from rewards_analytics.loading.records import Records
from rewards_analytics.loading.stream import Stream
from rewards_analytics.schema import FIELDS
from rewards_analytics.spreadsheet import GUARDED
from rewards_analytics.textfiles import IN_EXCEL, LONGEST_RECORD, csv_header, csv_records, require_utf8

TEXT_FIELDS: Final = tuple(field.name for field in TYPES if pa.types.is_string(field.type))

_GUARDED = re.compile(GUARDED)
_BLOCK_BYTES = 8 << 20
_LONGEST_RECORD = LONGEST_RECORD


class Block:
    """Whole records of one file that follow each other, the first of them on line `first`."""

    def __init__(self, raw: bytes, first: int, header: list[str], stream: Stream) -> None:
        self.raw, self.first, self.header = raw, first, header
        self.name, self._label, self._given = stream.name, stream.label, stream.given
        self._names = [name for name in FIELDS if name in header]

    def decode(self) -> list[Chunk]:
        """The rows, in order."""
        require_utf8(self.raw, self.first, self._label, IN_EXCEL)
        return [self.by_arrow() or self.by_parser()]

    def by_arrow(self) -> Chunk | None:
        """The rows, if Arrow reads them as Python would."""
        table = self._read()
        if table is None or "guid" not in self._names or table["guid"].null_count:
            return None  # a record may have no content at all
        if b"'" in self.raw:
            table = _unguarded(table)
        return typed(table, self._place, self._label, self._given)

    def _read(self) -> pa.Table | None:
        if self.raw.count(b"\r") != self.raw.count(b"\r\n"):
            return None  # a lone carriage return ends a record for Arrow, and is an error for Python
        extra = [f"\0{index}" for index in range(len(self.header))]  # their own names may repeat
        names = [name if name in FIELDS else extra[index] for index, name in enumerate(self.header)]
        try:
            return pacsv.read_csv(
                pa.BufferReader(self.raw),
                read_options=pacsv.ReadOptions(column_names=names, block_size=len(self.raw) + 1, use_threads=False),
                parse_options=pacsv.ParseOptions(newlines_in_values=b'"' in self.raw),
                convert_options=pacsv.ConvertOptions(
                    column_types=dict.fromkeys(self._names, pa.string()),
                    include_columns=self._names,
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            )
        except pa.ArrowException:
            return None

    def by_parser(self) -> Chunk:
        """The rows, one by one."""
        records = Records(self._given)
        indices = {name: self.header.index(name) for name in self._names}
        for cells, line in csv_records(self.raw, self.first):
            place = Place(self.name, line)
            if cells is None:
                records.reject(place, None, "is not CSV")
                continue
            if len(cells) != len(self.header):
                problem = f"has {len(cells)} cells where the header has {len(self.header)}"
                records.reject(place, None, problem, ",".join(cells))
                continue
            row = {name: cells[index] or None for name, index in indices.items()}
            for name in TEXT_FIELDS:
                if (cell := row.get(name)) and _GUARDED.match(cell):
                    row[name] = cell[1:]
            records.add_reward(row, place)
        return records.chunk()

    def _place(self, ordinal: int) -> Place:
        return Place(self.name, self._lines[ordinal])

    @cached_property
    def _lines(self) -> list[int]:
        """The line that each record begins on; only asked for when a row is rejected."""
        return [line for _, line in csv_records(self.raw, self.first)]


def blocks(stream: Stream) -> Iterator[Block]:
    """Read the header, then cut the rest at ends of records."""
    header, rest, line = _header(stream)
    while chunk := stream.read(_BLOCK_BYTES):
        rest += chunk
        cut = _last_record_end(rest)
        if not cut and len(rest) > _LONGEST_RECORD:
            raise SourceError(
                f"{stream.label}:{line}: a record is longer than {_LONGEST_RECORD >> 20} MB. "
                "Look for a quote that is not closed."
            )
        if cut:
            yield Block(rest[:cut], line, header, stream)
            line += rest.count(b"\n", 0, cut)
            rest = rest[cut:]
    if rest.strip():
        yield Block(rest, line, header, stream)


def _header(stream: Stream) -> tuple[list[str], bytes, int]:
    header, rest, line = csv_header(stream.read(len(stream.peek())), stream.label)
    require_columns(header, stream.label, stream.given)
    return header, rest, line


def _last_record_end(raw: bytes) -> int:
    """Just after the last line end that is not inside quotes; 0 if there is none."""
    if b'"' not in raw:
        return raw.rfind(b"\n") + 1
    codes = np.frombuffer(raw, dtype=np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    quotes = np.flatnonzero(codes == ord('"'))
    outside = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return int(outside[-1]) + 1 if len(outside) else 0


def _unguarded(table: pa.Table) -> pa.Table:
    for name in set(TEXT_FIELDS).intersection(table.column_names):
        column = pc.replace_substring_regex(table[name], GUARDED, r"\1", max_replacements=1)
        table = table.set_column(table.column_names.index(name), name, column)
    return table
