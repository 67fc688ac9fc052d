"""Writing rewards exactly, and whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final, TypeAlias

import numpy as np
import polars as pl
import pyarrow as pa

from rewards_analytics.errors import ArgumentError
from rewards_analytics.files import whole_file
from rewards_analytics.loading.by_user import write_parquet
from rewards_analytics.loading.chunk import TYPES
from rewards_analytics.loading.kinds import ENDINGS, kind_of
from rewards_analytics.loading.pipeline import read_tables
from rewards_analytics.loading.stream import COMPRESSIONS
from rewards_analytics.schema import FIELDS
from rewards_analytics.spreadsheet import frame_as_csv

Buffer: TypeAlias = bytes | memoryview

_ROWS: Final = 1 << 15
"""Rewards that are encoded at once: few enough to stay in the caches."""

_ESCAPED: Final = ['"', "\\", *map(chr, range(0x20))]
"""What JSON escapes in a text."""


def write(rewards: object, path: str | os.PathLike[str]) -> Path:
    """Write rewards to a file in the format of its ending, and return its path.

    The file is written under another name and then moved, so it is never there in part. Loading it returns the same
    rows, to the last digit (but CSV cannot distinguish an empty text from null). Parquet sorted by `user_guid` declares
    it.

    Parameters
    ----------
    rewards
        A frame of any supported library, or another source that `load` takes. The ten columns are written in their
        order; other columns are not.
    path
        Ends in `.parquet`, `.ndjson`, `.jsonl`, `.json` or `.csv`; the text kinds also in `.gz` or `.zst`.
        In CSV, a text that a spreadsheet would run as a formula gets a `'` before it, which loading removes.

    Examples
    --------
    >>> import tempfile
    >>> from rewards_analytics import load
    >>> reward = {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "balance": "12.50",
    ...           "balance_type": "BALANCE", "unit_type": "MILES"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load(write(load([reward]), f"{folder}/rewards.csv.gz"))["balance"].to_list()
    [Decimal('12.500000000')]
    """
    target = Path(path)
    text = text_file(target)
    table = pa.concat_tables([TYPES.empty_table(), *read_tables(rewards)])
    with whole_file(target) as file:
        if text is None:
            write_parquet(table, file)
        else:
            text.write(text.encoded(table), file)
    return target


# --- Text -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TextFile:
    """Rewards in a kind of text: how rows are encoded, and what comes before and after them.

    `separator` is the number of bytes that separate the rows from those before them, and that the first ones lack.
    """

    rows: Callable[[pl.DataFrame], Buffer]
    first: bytes = b""
    last: bytes = b""
    separator: int = 0
    compression: str | None = None

    def encoded(self, table: pa.Table) -> Iterator[Buffer]:
        """Encode rewards, some at a time."""
        for start in range(0, table.num_rows, _ROWS):
            yield self.rows(pl.DataFrame(pl.from_arrow(table.slice(start, _ROWS))))

    def write(self, encoded: Iterable[Buffer], file: IO[bytes]) -> None:
        """Write what was encoded, one after the other."""
        sink: Any = file
        if self.compression:
            sink = pa.CompressedOutputStream(pa.PythonFile(file, "w"), self.compression)
        sink.write(self.first)
        for place, part in enumerate(encoded):
            sink.write(part if place else memoryview(part)[self.separator :])
        sink.write(self.last)
        if self.compression:
            sink.close()


def text_file(path: Path) -> TextFile | None:
    """Return how a file is written as text, by the ending of its name; None if it is Parquet."""
    kind = kind_of(path.name)
    compression = COMPRESSIONS.get(path.suffix.lower())
    if kind is None or (kind == "parquet" and compression):
        raise ArgumentError(
            f"{path} does not end in a kind that can be written: {', '.join(ENDINGS)}; "
            "the text kinds also with .gz or .zst."
        )
    return None if kind == "parquet" else replace(_TEXTS[kind], compression=compression)


def _ndjson(rows: pl.DataFrame) -> Buffer:
    return _objects(rows, "{", "}\n")


def _json(rows: pl.DataFrame) -> Buffer:
    return _objects(rows, ",\n{", "}")


def _objects(rows: pl.DataFrame, opening: str, closing: str) -> Buffer:
    """Each reward as a JSON object; its balance is a number, with its digits and no others."""
    texts = rows.select(FIELDS).with_columns(_plain_texts())
    escaped = texts.select(pl.all().str.contains_any(_ESCAPED).any()).row(0, named=True)
    values = {name: _in_json(name, escaped=escaped[name]) for name in FIELDS} | {"balance": pl.col("balance")}
    starts = [opening, *[","] * (len(FIELDS) - 1)]
    parts = [
        part
        for start, (name, value) in zip(starts, values.items(), strict=True)
        for part in (pl.lit(f'{start}"{name}":'), value)
    ]
    return _bytes_of(texts.select(pl.concat_str(*parts, pl.lit(closing))).to_series())


def _bytes_of(texts: pl.Series) -> Buffer:
    """The bytes of texts one after the other, as Arrow holds them."""
    array = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    _, ends, data = array.buffers()
    start, end = np.frombuffer(ends, np.int64)[[array.offset, array.offset + len(array)]]
    return memoryview(data)[start:end]


def _in_json(name: str, *, escaped: bool) -> pl.Expr:
    """A column of texts as JSON. Few texts need escaping, which takes much longer than quotes alone."""
    if not escaped:
        return pl.format('"{}"', name).fill_null("null")
    return pl.struct(name).struct.json_encode().str.strip_prefix(f'{{"{name}":').str.strip_suffix("}")


def _csv(rows: pl.DataFrame) -> Buffer:
    amounts, *others = _plain_texts()
    return frame_as_csv(rows.with_columns(others), amounts, include_header=False, quote_style="always")


def _plain_texts() -> list[pl.Expr]:
    """Amounts without trailing zeros, days and times as ISO texts: the same in every text kind."""
    return [
        pl.col("balance").cast(pl.String).str.replace(r"\.?0+$", ""),
        pl.col("expires_on").dt.to_string("%Y-%m-%d"),
        pl.col("created_at").dt.to_string("%Y-%m-%dT%H:%M:%S%.f+0000"),
    ]


_TEXTS: Final = {
    "ndjson": TextFile(_ndjson),
    "json": TextFile(_json, first=b'{"rewards": [', last=b"\n]}\n", separator=1),
    "csv": TextFile(_csv, first=(",".join(FIELDS) + "\n").encode()),
}
