"""Rewards in groups: one pass over the frame, however many groups it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.engines import columns_of, from_caller


@dataclass(frozen=True)
class Group:
    """The rewards of one value of the column that a batch is made by."""

    value: Any
    rewards: pl.DataFrame


class Groups:
    """Every group of some rewards, by code point, the one without a value last."""

    def __init__(self, rewards: Any, by: str) -> None:
        found = columns_of(rewards, asked_by="reports")
        optional = [name for name in ("guid", "created_at") if name in found]
        read = dict.fromkeys([*COLUMNS, "description", *optional, by])
        table = from_caller(rewards, list(read), asked_by="reports")
        frame: pl.DataFrame = table.collect(table.frame).to_native()
        self.rewards = frame.sort(by, nulls_last=True)
        """All rewards, a group's side by side: a group is then a slice, and no row is copied."""
        runs = self.rewards[by].rle().struct.unnest()
        self.values: list[Any] = runs["value"].to_list()
        self._lengths: list[int] = runs["len"].to_list()

    def __iter__(self) -> Iterator[Group]:
        start = 0
        for value, length in zip(self.values, self._lengths, strict=True):
            yield Group(value, self.rewards.slice(start, length))
            start += length
