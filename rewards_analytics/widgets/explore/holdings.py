"""Rewards in memory with their holdings numbered, and sums of each: what the results of any choice are added up from.

A choice of users, members, a period, a bucket or a check is one of whole holdings. So it is a set of numbers, and a
part of the sums, which takes milliseconds; units and balance types are left out of the sums by `Prepared`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain, combinations
from typing import Any, Final, TypeAlias

import narwhals as nw
import numpy as np
import polars as pl

from rewards_analytics.analysis.aging import BUCKETS, position
from rewards_analytics.analysis.distance import goals_with_sums
from rewards_analytics.analysis.holdings import COUNTS, expiring_lots, holding_sums, without
from rewards_analytics.analysis.quality import holding_checks, reward_checks
from rewards_analytics.engines import DataFrame, as_narwhals
from rewards_analytics.results.records import Record
from rewards_analytics.schema import HOLDER, KEY, LOT_TYPES
from rewards_analytics.widgets.explore.choice import Choice

NUMBER: Final = "__holding__"
ROW: Final = "__row__"

Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

_MOST_KEPT: Final = 8
"""Sets of balance types of which the lots are kept."""


def numbered(rewards: DataFrame) -> DataFrame:
    """Return typed rewards by user, with the number of each row and of its holding, and guids that compare fast."""
    rows: pl.DataFrame = rewards.to_native().with_row_index(ROW)
    # An Enum in order of text sorts as text does, and is grouped and joined as numbers are.
    guids = {name: rows[name].unique().drop_nulls().sort() for name in HOLDER}
    categories = {
        name: pl.Series(["", *values.to_list()]).unique(maintain_order=True) for name, values in guids.items()
    }
    rows = rows.with_columns(pl.col(name).cast(pl.Enum(values)) for name, values in categories.items())
    rows = rows.sort(*KEY, ROW)
    begins = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in KEY)
    number = begins.fill_null(value=True).cast(pl.UInt32).cum_sum() - begins.first().cast(pl.UInt32)
    return _wrapped(rows.with_columns(number.alias(NUMBER)))


class Holdings:
    """Rewards of `numbered`, and what is added up of each holding, once. All rows are by number."""

    def __init__(self, rewards: DataFrame) -> None:
        self.rewards = rewards
        self._in_all = int(rewards[NUMBER].max()) + 1 if len(rewards) else 0
        self.lots = lru_cache(maxsize=_MOST_KEPT)(self._lots_without)
        self.failing = lru_cache(maxsize=_MOST_KEPT)(self._failing_without)

    @cached_property
    def sums(self) -> DataFrame:
        """The sums of each holding."""
        return _coded(holding_sums(self.rewards.lazy(), NUMBER).collect())

    @cached_property
    def goals(self) -> DataFrame:
        """The goals, with the sums of their holding."""
        rewards = self.rewards.lazy()
        if "description" not in self.rewards.columns:  # they are counted, and the tab that lists them says so
            rewards = rewards.with_columns(description=nw.lit(None).cast(nw.String))
        goals = goals_with_sums(rewards, NUMBER)
        kept = (NUMBER, *KEY, "goal", "description", "remaining", "totals", "plains", "total", "plain")
        return _coded(goals.select(*kept).collect())

    @cached_property
    def _lot_rows(self) -> DataFrame:
        """The rewards that lots are made of, under the balance types of their holding.

        Which rows of a holding are lots depends on nothing but the balance types that it has. So the holdings that
        have the same ones are here one account, of which there are few.
        """
        has = (nw.when(nw.col(name) > 0).then(nw.lit("1")).otherwise(nw.lit("0")) for name in COUNTS)
        types = self.sums.select(NUMBER, account_guid=nw.concat_str(*has))
        rows = self.rewards.filter(nw.col("balance_type").is_in(LOT_TYPES))
        rows = rows.select("unit_type", "balance_type", "balance", "expires_on", NUMBER)
        return rows.join(types, on=NUMBER).with_columns(user_guid=nw.lit(""), member_guid=nw.lit(""))

    def _lots_without(self, left_out: frozenset[str]) -> DataFrame:
        """The expiring lots of the rewards without some balance types, with the number of their holding."""
        rows = self._lot_rows.lazy().filter(~nw.col("balance_type").is_in(sorted(left_out)))
        return expiring_lots(rows, NUMBER).collect()

    @cached_property
    def _suspects(self) -> DataFrame:
        """The rewards of the holdings that fail a check with or without some balance types: few, in good data."""
        sums = self.sums.lazy()
        variants = chain.from_iterable(combinations(LOT_TYPES, size) for size in range(len(LOT_TYPES)))
        failing = [without(sums, left_out).filter(_fails()).select(NUMBER).collect() for left_out in variants]
        return self.part(nw.concat(failing)).rewards

    def _failing_without(self, left_out: frozenset[str]) -> DataFrame:
        """The holdings that fail a check without some balance types, with an example of their rewards."""
        rows = self._suspects.lazy().filter(~nw.col("balance_type").is_in(sorted(left_out)))
        return _coded(holding_sums(rows, "guid", NUMBER).filter(_fails()).collect())

    def named(self, rows: Sequence[Record]) -> list[Record]:
        """Return rows of results with the guids that their codes stand for."""
        return [{**row, **{name: self._guid(name, row[name]) for name in HOLDER}} for row in rows]

    def _guid(self, name: str, code: int | None) -> str | None:
        return None if code is None else self._guids[name][code]

    @cached_property
    def _guids(self) -> dict[str, pl.Series]:
        schema = self.rewards.to_native().schema
        return {name: dtype.categories for name in HOLDER if isinstance(dtype := schema[name], pl.Enum)}

    def part(self, numbers: DataFrame) -> Part:
        """Return the part with the holdings whose numbers are in a column of a frame."""
        return Part(self, self.mask(numbers))

    def mask(self, numbers: DataFrame) -> Mask:
        """Return for each holding whether its number is in a column of a frame."""
        chosen = np.zeros(self._in_all, dtype=np.bool_)
        chosen[numbers[NUMBER].to_numpy()] = True
        return chosen

    def chosen(self, choice: Choice, left_out: frozenset[str]) -> Iterator[DataFrame]:
        """Yield for each part of a choice frames with the numbers of the holdings that it chooses."""
        lots = self.lots(left_out & {*LOT_TYPES}) if choice.period or choice.bucket else None
        of_units = nw.col("unit_type").is_in(list(choice.units)) if choice.units else ~nw.col("unit_type").is_null()
        if lots is not None and choice.period is not None:
            first, last = choice.period_days()
            in_period = nw.col("expires_on") >= first
            yield lots.filter(of_units, in_period if last is None else in_period & (nw.col("expires_on") <= last))
        if lots is not None and choice.bucket is not None:
            in_bucket = position(choice.as_of) == BUCKETS.index(choice.bucket)
            yield lots.filter(of_units).with_columns(found=in_bucket).filter(nw.col("found"))
        if choice.check is not None:
            checks = reward_checks(choice.as_of)
            if choice.check in holding_checks():
                failed = holding_checks()[choice.check]
                yield without(self.sums.lazy(), left_out).filter(of_units, failed).select(NUMBER).collect()
            else:  # at the end of the calendar nothing lies in the future
                failed = checks.get(choice.check, nw.col("unit_type").is_null())
                is_chosen = ~nw.col("balance_type").is_in(sorted(left_out))
                yield self.rewards.lazy().filter(of_units, is_chosen, failed).select(NUMBER).collect()


class Part:
    """Some of the holdings, with the same sums."""

    def __init__(self, whole: Holdings, chosen: Mask) -> None:
        self._whole, self._chosen = whole, chosen

    def named(self, rows: Sequence[Record]) -> list[Record]:
        """Return rows of results with the guids that their codes stand for."""
        return self._whole.named(rows)

    @cached_property
    def rewards(self) -> DataFrame:
        """The rewards."""
        return self._kept(self._whole.rewards)

    @cached_property
    def sums(self) -> DataFrame:
        """The sums of each holding."""
        return self._kept(self._whole.sums)

    @cached_property
    def goals(self) -> DataFrame:
        """The goals, with the sums of their holding."""
        return self._kept(self._whole.goals)

    def lots(self, left_out: frozenset[str]) -> DataFrame:
        """The expiring lots of the rewards without some balance types, with the number of their holding."""
        return self._kept(self._whole.lots(left_out))

    def failing(self, left_out: frozenset[str]) -> DataFrame:
        """The holdings that fail a check without some balance types, with an example of their rewards."""
        return self._kept(self._whole.failing(left_out))

    def _kept(self, rows: DataFrame) -> DataFrame:
        native = rows.to_native()
        return _wrapped(native.filter(pl.Series(self._chosen[native[NUMBER].to_numpy()])))


def _fails() -> nw.Expr:
    return nw.any_horizontal(*holding_checks().values(), ignore_nulls=True)


def _coded(rows: DataFrame) -> DataFrame:
    """Return rows with codes for guids, in their order. Much of what is done with an Enum reads all its values."""
    return _wrapped(rows.to_native().with_columns(pl.col(*HOLDER).to_physical()))


def _wrapped(native: pl.DataFrame) -> DataFrame:
    frame = as_narwhals(native)
    assert isinstance(frame, nw.DataFrame)  # noqa: S101 - for the type checker
    return frame
