"""Histories by hand, in every kind of frame, and stored day by day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa
from polars.io.plugins import register_io_source

from tests import frames

SCHEMA = frames.SCHEMA.append(pa.field("taken_on", pa.date32()))


def snapshot(on: str, *rewards: dict[str, Any]) -> list[dict[str, Any]]:
    """The rewards of one day."""
    return [reward | {"taken_on": date.fromisoformat(on)} for reward in rewards]


def table(rows: Iterable[dict[str, Any]], schema: pa.Schema = SCHEMA) -> pa.Table:
    return frames.table(rows, schema)


class Stored:
    """A history that is read day by day, and notes the days whose rewards were."""

    def __init__(self, rewards: pa.Table) -> None:
        self._rewards = frames.polars_frame(rewards)
        self.read: list[date] = []

    def dates(self) -> list[date]:
        return sorted(self._rewards["taken_on"].unique())

    def scan(self, start: date | None = None, end: date | None = None) -> pl.LazyFrame:
        def read(
            columns: list[str] | None, predicate: pl.Expr | None, most: int | None, _size: int | None
        ) -> Iterator[pl.DataFrame]:
            rewards = self._rewards.filter(pl.lit(True) if predicate is None else predicate)
            if columns != ["taken_on"]:
                self.read += sorted(rewards["taken_on"].unique().to_list())
            yield rewards.select(columns or rewards.columns).head(len(rewards) if most is None else most)

        day = pl.col("taken_on")
        scan = register_io_source(read, schema=self._rewards.schema)
        return scan.filter(day >= (start or date.min), day <= (end or date.max))


KINDS = {**frames.ENGINES, "stored": Stored}
