"""Groups of rewards: one sort of the frame, however many groups it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import polars as pl

from rewards_analytics.analysis.holdings import COLUMNS
from rewards_analytics.engines import columns_of, from_caller, rereadable


@dataclass(frozen=True)
class Group:
    """The rewards of one value of the grouping column."""

    value: object
    rewards: pl.DataFrame

    def of_its_own(self, members: pl.DataFrame | None) -> pl.DataFrame | None:
        """Return the rows of the members whose rewards are here, which are few: a process gets nothing more."""
        return members if members is None else members.join(self.rewards, on=["user_guid", "member_guid"], how="semi")


class Groups:
    """The groups of a frame, ordered by code point, with the group of missing values last."""

    def __init__(self, rewards: Any, by: str) -> None:
        rewards = rereadable(rewards, asked_by="reports")
        found = columns_of(rewards, asked_by="reports")
        optional = [name for name in ("guid", "created_at") if name in found]
        read = dict.fromkeys([*COLUMNS, "description", *optional, by])
        table = from_caller(rewards, list(read), asked_by="reports")
        frame: pl.DataFrame = table.collect(table.frame).to_native()
        self.rewards = frame.sort(by, nulls_last=True)
        """All rewards, sorted by group: each group is a slice, without a copy."""
        runs = self.rewards[by].rle().struct.unnest()
        self.values: list[object] = runs["value"].to_list()
        self._lengths: list[int] = runs["len"].to_list()

    def __iter__(self) -> Iterator[Group]:
        start = 0
        for value, length in zip(self.values, self._lengths, strict=True):
            yield Group(value, self.rewards.slice(start, length))
            start += length
