"""Writing rewards exactly, and whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, Final

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

_ROWS: Final = 1 << 17


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
    encode = encoder(target)
    table = pa.concat_tables([TYPES.empty_table(), *read_tables(rewards)])
    with whole_file(target) as file:
        encode([table], file)
    return target


def encoder(path: Path) -> Callable[[Iterable[pa.Table], IO[bytes]], None]:
    """Return what writes tables one after the other, in the kind that a file's name says."""
    kind = kind_of(path.name)
    compression = COMPRESSIONS.get(path.suffix.lower())
    if kind is None or (kind == "parquet" and compression):
        raise ArgumentError(
            f"{path} does not end in a kind that can be written: {', '.join(ENDINGS)}; "
            "the text kinds also with .gz or .zst."
        )
    if kind == "parquet":
        return lambda tables, file: write_parquet(pa.concat_tables(tables), file)
    text = {"ndjson": _ndjson, "json": _json, "csv": _csv}[kind]

    def encode(tables: Iterable[pa.Table], file: IO[bytes]) -> None:
        sink: Any = pa.CompressedOutputStream(pa.PythonFile(file, "w"), compression) if compression else file
        for part in text(_slices(tables)):
            sink.write(part)
        if compression:
            sink.close()

    return encode


def _slices(tables: Iterable[pa.Table]) -> Iterator[pl.DataFrame]:
    for table in tables:
        for start in range(0, table.num_rows, _ROWS):
            yield pl.DataFrame(pl.from_arrow(table.slice(start, _ROWS)))


def _plain_texts() -> list[pl.Expr]:
    """Amounts without trailing zeros, days and times as ISO texts: the same in every text kind."""
    return [
        pl.col("balance").cast(pl.String).str.replace(r"\.?0+$", ""),
        pl.col("expires_on").dt.to_string("%Y-%m-%d"),
        pl.col("created_at").dt.to_string("%Y-%m-%dT%H:%M:%S%.f+0000"),
    ]


def _ndjson(frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    for rows in _objects(frames):
        yield ("\n".join(rows) + "\n").encode()


def _json(frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    before = b'{"rewards": [\n'
    for rows in _objects(frames):
        yield before + ",\n".join(rows).encode()
        before = b",\n"
    yield b'{"rewards": []}\n' if before.startswith(b"{") else b"\n]}\n"


def _objects(frames: Iterable[pl.DataFrame]) -> Iterator[list[str]]:
    """Each reward as a JSON object; its balance is a number, with its digits and no others."""
    cut = FIELDS.index("balance")
    before = pl.struct(FIELDS[:cut]).struct.json_encode().str.strip_suffix("}")
    after = pl.struct(FIELDS[cut + 1 :]).struct.json_encode().str.strip_prefix("{")
    for rows in frames:
        texts = rows.with_columns(_plain_texts())
        yield texts.select(pl.format('{},"balance":{},{}', before, "balance", after)).to_series().to_list()


def _csv(frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    yield (",".join(FIELDS) + "\n").encode()
    for rows in frames:
        amounts, *others = _plain_texts()
        yield frame_as_csv(rows.with_columns(others), amounts, include_header=False, quote_style="always")
