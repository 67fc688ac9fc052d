"""Rewards as the API sends them, and every form in which a source can hold them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import rewards_analytics as ra
from rewards_analytics.loading.chunk import TYPES
from rewards_analytics.schema import FIELDS


def reward(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A valid reward in the types of JSON; a change to `...` takes the key away."""
    record = {
        "guid": f"RWD-{number}",
        "user_guid": "USR-1",
        "member_guid": "MBR-1",
        "account_guid": "ACT-1",
        "balance_type": "BALANCE",
        "unit_type": "MILES",
        "balance": "12.50",
        "expires_on": "2027-01-31",
        "created_at": "2020-01-28T21:09:01+0000",
        "description": "Miles",
    }
    return {name: value for name, value in (record | changes).items() if value is not ...}


def text(value: Any) -> str:
    """JSON with each balance that is a valid amount as a number, digit for digit as it was given."""
    return _Encoder().encode(value)


class _Encoder(json.JSONEncoder):
    """Writes `Decimal` as the number that it is."""

    def encode(self, o: Any) -> str:
        if isinstance(o, Decimal):
            return str(o)
        if isinstance(o, dict):
            return "{" + ", ".join(f"{json.dumps(key)}: {self.encode(value)}" for key, value in o.items()) + "}"
        if isinstance(o, list):
            return "[" + ", ".join(map(self.encode, o)) + "]"
        return super().encode(o)


def ndjson(*rewards: Any) -> bytes:
    return "".join(f"{text(reward)}\n" for reward in rewards).encode()


def page(*rewards: Any) -> dict[str, Any]:
    return {"rewards": list(rewards), "pagination": {"current_page": 1, "per_page": 25, "total_pages": 1}}


def table(rewards: Iterable[dict[str, Any]]) -> pa.Table:
    """Rewards in their final types, made without the loader."""
    readers = {"balance": Decimal, "expires_on": date.fromisoformat, "created_at": _instant}
    records = [
        {name: readers[name](value) if name in readers and value else value for name, value in record.items()}
        for record in rewards
    ]
    return pa.Table.from_pylist(records, schema=TYPES)


def _instant(value: str) -> datetime:
    """A time with its offset, or in UTC."""
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def refusal(source: Any, error: type[Exception] = ra.SourceError, *also: Callable[[Any], object]) -> str:
    """What `load` says in both modes, `check`, and other functions: all of them the same."""
    said = set()
    for call in (ra.load, lambda source: ra.load(source, on_invalid="drop"), ra.check, *also):
        with pytest.raises(error) as caught:
            call(source)
        said.add(str(caught.value))
    (message,) = said
    return message


# --- Every form -------------------------------------------------------------------------------------


def _csv(rewards: list[dict[str, Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS)
    writer.writeheader()
    writer.writerows(rewards)
    return out.getvalue().encode()


def _parquet(rewards: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(pl.from_arrow(table(rewards))).write_parquet(out)
    return out.getvalue()


def _zst(data: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed:
        packed.write(data)
    return sink.getvalue().to_pybytes()


def from_zst(data: bytes) -> bytes:
    return pa.CompressedInputStream(pa.BufferReader(data), "zstd").read()


def _numbers(rewards: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record | {"balance": Decimal(record["balance"])} for record in rewards]


FORMS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "list.json": lambda rewards: text(page(*_numbers(rewards))).encode(),
    "pages.json": lambda rewards: text([page(*_numbers(rewards[:1])), page(*_numbers(rewards[1:]))]).encode(),
    "rewards.json": lambda rewards: text(_numbers(rewards)).encode(),
    "strings.json": lambda rewards: json.dumps(rewards, indent=2).encode(),
    "rewards.ndjson": lambda rewards: ndjson(*_numbers(rewards)),
    "strings.jsonl": lambda rewards: ndjson(*rewards),
    "pages.ndjson": lambda rewards: ndjson(page(*_numbers(rewards[:1])), page(*_numbers(rewards[1:]))),
    "lists.ndjson": lambda rewards: ndjson(_numbers(rewards[:1]), _numbers(rewards[1:])),
    "rewards.csv": _csv,
    "rewards.parquet": _parquet,
    "rewards.ndjson.gz": lambda rewards: gzip.compress(ndjson(*rewards)),
    "rewards.json.zst": lambda rewards: _zst(text(rewards).encode()),
    "rewards.csv.gz": lambda rewards: gzip.compress(_csv(rewards)),
}
"""A file's name -> its bytes."""


def written(form: str, rewards: list[dict[str, Any]], folder: Path) -> Path:
    path = folder / form
    path.write_bytes(FORMS[form](rewards))
    return path
