"""Rewards in memory with their holdings numbered, and those of a choice.

A choice of users, members, a period, a bucket or a check is one of whole holdings, so it is a set of numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import takewhile
from typing import Final

import narwhals as nw
import numpy as np
import polars as pl

from rewards_analytics.analysis.aging import BUCKETS, position
from rewards_analytics.analysis.holdings import without
from rewards_analytics.analysis.quality import holding_checks, reward_checks
from rewards_analytics.engines import DataFrame
from rewards_analytics.results.records import Record
from rewards_analytics.schema import HOLDER, KEY, LOT_TYPES
from rewards_analytics.widgets.explore.cells import Cells, Mask, begins, ranks, wrapped
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.limbs import Amounts, Numbers

NUMBER: Final = "__holding__"
ROW: Final = "__row__"


def numbered(rewards: DataFrame) -> DataFrame:
    """Return typed rewards by user, with the number of each row and of its holding, and guids that compare fast.

    Those of a holding stand by balance type and day.
    """
    rows: pl.DataFrame = rewards.to_native().with_row_index(ROW)
    # An Enum in order of text sorts as text does, and is grouped and joined as numbers are.
    guids = {name: rows[name].unique().drop_nulls().sort() for name in HOLDER}
    categories = {
        name: pl.Series(["", *values.to_list()]).unique(maintain_order=True) for name, values in guids.items()
    }
    rows = rows.with_columns(pl.col(name).cast(pl.Enum(values)) for name, values in categories.items())
    rows = rows.sort(*KEY, "balance_type", "expires_on", ROW)
    is_first = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift()) for name in KEY)
    number = is_first.fill_null(value=True).cast(pl.UInt32).cum_sum() - is_first.first().cast(pl.UInt32)
    return wrapped(rows.with_columns(number.alias(NUMBER)))


class Rows:
    """Rows in order of the numbers of their holdings, so that those of some holdings are found without reading all."""

    def __init__(self, number: Numbers, holdings: int) -> None:
        many = np.bincount(number, minlength=holdings)
        self.begins = np.concatenate([[0], many.cumsum()])

    def places(self, numbers: Numbers) -> Numbers:
        """Return the places of the rows of some holdings, in order."""
        first = self.begins[numbers]
        many = self.begins[numbers + 1] - first
        places: Numbers = np.arange(many.sum()) + np.repeat(first - many.cumsum() + many, many)
        return places


class Holdings:
    """Rewards of `numbered`, and what is known of each of them and of their holdings. All rows are by number."""

    def __init__(self, rewards: DataFrame) -> None:
        self.rewards = rewards
        self.number = rewards[NUMBER].to_numpy()
        self.in_all = int(self.number[-1]) + 1 if len(rewards) else 0
        self.rows = Rows(self.number, self.in_all)
        self._failing: dict[frozenset[str], Mapping[str, Numbers]] = {}

    @cached_property
    def cells(self) -> Cells:
        """The rewards by cells."""
        return Cells(self.rewards.to_native(), self.number, self.in_all)

    @cached_property
    def amounts(self) -> Amounts:
        """The amounts of the rewards."""
        return Amounts.of(self.rewards["balance"].to_native())

    @cached_property
    def is_due(self) -> Mask:
        """Which rewards are the first of their holding, balance type and day: what falls due, where they are lots."""
        return begins(self.number, self.cells.cell)

    @cached_property
    def account(self) -> Numbers:
        """The place of each holding among the accounts of `cells`."""
        account: Numbers = self.cells.account[self.cells.cell[self.rows.begins[:-1]]]
        return account

    @cached_property
    def unit(self) -> Numbers:
        """The unit of each holding, by its place among those of `units`."""
        return ranks(self._firsts["unit_type"])[1] - 1

    @cached_property
    def units(self) -> list[str]:
        """The units."""
        return self._firsts["unit_type"].unique().sort().to_list()

    @cached_property
    def owners(self) -> Mapping[str, Owners]:
        """Who has each holding: of the columns of users and of members."""
        return {name: Owners(self._firsts[name].to_physical().to_numpy(), self.unit) for name in HOLDER[:2]}

    @cached_property
    def _firsts(self) -> pl.DataFrame:
        """The first reward of each holding."""
        return self.rewards.to_native().select(*KEY)[self.rows.begins[:-1]]

    @cached_property
    def with_pair(self) -> Sequence[Numbers]:
        """The numbers of the holdings that have a reward of each pair of unit and balance type, in order of `cells`."""
        pair = self.cells.pair[self.cells.cell].astype(np.min_scalar_type(len(self.cells.pairs)))
        is_new = begins(self.number, pair)  # by balance type, and so by pair
        pair, number = pair[is_new], self.number[is_new]
        many = np.bincount(pair, minlength=len(self.cells.pairs))
        return np.split(number[pair.argsort(kind="stable")], many.cumsum()[:-1])

    @cached_property
    def sums(self) -> DataFrame:
        """The sums of each holding, as `holding_sums` gives them, with codes for guids."""

        def of(mask: Mask) -> tuple[Amounts, Numbers, Numbers]:
            rows = np.flatnonzero(mask[self.cells.cell])
            return self.amounts.at(rows), self.number[rows], np.ones(len(rows))

        keys = coded(wrapped(self._firsts)).with_row_index(NUMBER)
        return keys.with_columns(*self.cells.sums(of, self.in_all))

    def failing(self, left_out: frozenset[str]) -> Mapping[str, Numbers]:
        """Return for each check on holdings the numbers of those that fail it without some balance types."""
        key = left_out & {*LOT_TYPES}
        if key not in self._failing:
            found = without(self.sums.lazy(), key).select(NUMBER, **holding_checks()).collect()
            self._failing[key] = {
                name: found.filter(nw.col(name).fill_null(value=False))[NUMBER].to_numpy() for name in holding_checks()
            }
        return self._failing[key]

    def created_after(self, as_of: date) -> Mask:
        """Return which rewards were created after a day."""
        check = reward_checks(as_of).get("created_in_future", nw.col("created_at").is_null() & nw.lit(value=False))
        mask: Mask = self.rewards.select(found=check)["found"].fill_null(value=False).to_numpy()
        return mask

    def first_guid(self, places: Numbers) -> str | None:
        """Return the first guid in order of text of the rewards at some places: by its beginning, as a number."""
        if not len(places):
            return None
        begins = self._begins_of_guids[places]
        first: str = self.rewards["guid"].to_native()[places[begins == begins.min()]].min()
        return first

    @cached_property
    def _begins_of_guids(self) -> Numbers:
        """Eight bytes of each guid, as a number, after those with which all of them begin."""
        guids = self.rewards["guid"].to_native()
        first, last = guids.min().encode(), guids.max().encode()
        alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False)))
        eight = (pl.col("guid").cast(pl.Binary) + pl.lit(bytes(8))).bin.slice(alike, 8)
        begins: Numbers = (
            guids.to_frame("guid")
            .select(eight.bin.reinterpret(dtype=pl.UInt64, endianness="big"))
            .to_series()
            .to_numpy()
        )
        return begins

    def named(self, rows: Sequence[Record]) -> list[Record]:
        """Return rows of results with the guids that their codes stand for."""
        return [{**row, **{name: self._guid(name, row[name]) for name in HOLDER}} for row in rows]

    def _guid(self, name: str, code: int | None) -> str | None:
        return None if code is None else self._guids[name][code]

    @cached_property
    def _guids(self) -> dict[str, pl.Series]:
        schema = self.rewards.to_native().schema
        return {name: dtype.categories for name in HOLDER if isinstance(dtype := schema[name], pl.Enum)}

    # --- Of a choice ---------------------------------------------------------------------------------

    def mask(self, numbers: Numbers) -> Mask:
        """Return for each holding whether it is among some."""
        chosen = np.zeros(self.in_all, dtype=np.bool_)
        chosen[numbers] = True
        return chosen

    def numbers(self, *given: Numbers) -> Numbers:
        """Return the numbers that are in each of some lists, in order, each once."""
        return np.flatnonzero(np.logical_and.reduce([self.mask(numbers) for numbers in given]))

    def chosen(self, choice: Choice, left_out: frozenset[str]) -> Iterator[Numbers]:
        """Yield for each part of a choice the numbers of the holdings that it chooses."""
        cells, wanted = self.cells, self.cells.of(choice.units, left_out)
        for found in _found_lots(choice):
            is_found = cells.lots(left_out) & wanted & cells.where(found)
            yield self.number[is_found[cells.cell]]
        if choice.check in holding_checks():
            numbers = self.failing(left_out)[choice.check]
            yield numbers[self.is_of(choice.units)[numbers]]
        elif choice.check == "created_in_future":
            yield self.number[self.created_after(choice.as_of) & wanted[cells.cell]]
        elif choice.check is not None:
            yield self.number[cells.failing(choice.as_of, wanted)[choice.check][cells.check]]

    def is_of(self, units: Collection[str]) -> Mask:
        """Return which holdings are of some units, or of all."""
        return np.array([not units or unit in units for unit in self.units], dtype=np.bool_)[self.unit]


class Owners:
    """Who has each holding, to count them, each once."""

    def __init__(self, owner: Numbers, unit: Numbers) -> None:
        self._owner = owner
        size = int(owner.max()) + 1 if len(owner) else 0
        pairs, of_unit = np.unique(unit * size + owner, return_inverse=True)
        self._of_unit, self._unit = of_unit.astype(np.uint32), pairs // max(size, 1)

    def count(self, holdings: Numbers | None) -> int:
        """Return how many there are of some holdings, or of all."""
        return len(different(self._owner if holdings is None else self._owner[holdings]))

    def by_unit(self, holdings: Numbers, units: int) -> Numbers:
        """Return how many there are of some holdings of each unit."""
        return np.bincount(self._unit[different(self._of_unit[holdings])], minlength=units)


def different(codes: Numbers) -> Numbers:
    """Return the codes that there are, of few, without sorting them."""
    there = np.zeros(int(codes.max()) + 1 if len(codes) else 0, dtype=np.bool_)
    there[codes] = True
    return np.flatnonzero(there)


def _found_lots(choice: Choice) -> Iterator[nw.Expr]:
    """Yield for each part of a choice which lots it is about."""
    if choice.period is not None:
        yield between(*choice.period_days())
    if choice.bucket is not None:
        yield position(choice.as_of) == BUCKETS.index(choice.bucket)


def between(first: date, last: date | None) -> nw.Expr:
    """Return whether a lot expires on some days."""
    in_range = nw.col("expires_on") >= first
    return in_range if last is None else in_range & (nw.col("expires_on") <= last)


def coded(rows: DataFrame) -> DataFrame:
    """Return rows with codes for guids, in their order. Much of what is done with an Enum reads all its values."""
    return wrapped(rows.to_native().with_columns(pl.col(*HOLDER).to_physical()))
