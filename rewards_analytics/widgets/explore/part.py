"""Some of the holdings, or all: their rewards counted and added up by cell, once, for any units and balance types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from rewards_analytics.analysis.holdings import held, without
from rewards_analytics.analysis.sums import exact_sum, sum_of_known
from rewards_analytics.engines import DataFrame
from rewards_analytics.results.records import Record
from rewards_analytics.schema import BALANCE_TYPES, LOT_TYPES
from rewards_analytics.widgets.explore.cells import ACCOUNT, wrapped
from rewards_analytics.widgets.explore.holdings import Holdings
from rewards_analytics.widgets.explore.limbs import Amounts, Numbers


class Finding(NamedTuple):
    """How many rewards or holdings fail a check, and the first guid of them."""

    check: str
    rewards: int
    example: str | None


class Part:
    """Some of the holdings, or all."""

    def __init__(self, whole: Holdings, numbers: Numbers | None = None) -> None:
        self.whole, self.numbers = whole, numbers

    @property
    def rewards(self) -> DataFrame:
        """The rewards."""
        return self.whole.rewards if self._places is None else wrapped(self.whole.rewards.to_native()[self._places])

    @cached_property
    def _places(self) -> Numbers | None:
        """The places of the rewards among those of all."""
        return None if self.numbers is None else self.whole.rows.places(self.numbers)

    def of(self, values: Any) -> Any:
        """Return of the values of all rewards those of these."""
        return values if self._places is None else values[self._places]

    def places(self, own: Numbers) -> Numbers:
        """Return the places of some of these rewards, given by their own places or a mask, among those of all."""
        if self._places is not None:
            return self._places[own]
        return np.flatnonzero(own) if own.dtype == np.bool_ else own

    # --- Counted by cell -----------------------------------------------------------------------------

    @cached_property
    def cell(self) -> Numbers:
        """The cell of each reward."""
        cells: Numbers = self.of(self.whole.cells.cell)
        return cells

    @cached_property
    def number(self) -> Numbers:
        """How many rewards there are in each cell."""
        return np.bincount(self.cell, minlength=len(self.whole.cells.frame))

    @cached_property
    def dues(self) -> Numbers:
        """How many holdings have a reward in each cell: what falls due, where these are lots."""
        return np.bincount(self.cell[self.of(self.whole.is_due)], minlength=len(self.whole.cells.frame))

    @cached_property
    def _amounts(self) -> Amounts:
        """The amounts of each cell, added up."""
        amounts = self.whole.amounts if self._places is None else self.whole.amounts.at(self._places)
        return amounts.by(self.cell, len(self.whole.cells.frame))

    # --- Results -------------------------------------------------------------------------------------

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The units and balance types that go together in a reward."""
        cells = self.whole.cells
        there = np.bincount(cells.pair, self.number, len(cells.pairs)) > 0
        return [pair for pair, found in zip(cells.pairs, there, strict=True) if found]

    def origin(self, units: Collection[str], left_out: Collection[str]) -> Record:
        """How many rewards of some units, without some balance types, there are; whose; and when they were created."""
        whole, cells = self.whole, self.whole.cells
        wanted = cells.wanted(units, left_out)
        of_wanted = wanted[cells.pair]
        holdings, created = self.numbers, None
        if "created_at" in whole.rewards.columns:
            created = self.of(whole.rewards["created_at"].to_native())
        if not of_wanted[self.number > 0].all():
            with_wanted = [numbers for numbers, is_wanted in zip(whole.with_pair, wanted, strict=True) if is_wanted]
            found = whole.mask(np.concatenate([np.zeros(0, dtype=np.int64), *with_wanted]))
            holdings = np.flatnonzero(found) if holdings is None else holdings[found[holdings]]
            created = None if created is None else created.filter(pl.Series(of_wanted[self.cell]))
        return {
            "rewards": int(self.number[of_wanted].sum()),
            "users": whole.owners["user_guid"].count(holdings),
            "members": whole.owners["member_guid"].count(holdings),
            "oldest": None if created is None else created.min(),
            "newest": None if created is None else created.max(),
        }

    @cached_property
    def _sums(self) -> DataFrame:
        """The sums of the holdings that have the same unit and balance types, as if they were one."""
        cells = self.whole.cells
        there = np.zeros(len(cells.accounts), dtype=np.bool_)
        there[cells.account[self.number > 0]] = True
        sums = cells.sums(lambda mask: (self._amounts.at(mask), cells.account[mask], self.number[mask]), len(there))
        return cells.accounts.with_columns(*sums).filter(there.tolist())

    def totals(self, left_out: frozenset[str]) -> list[Record]:
        """The rows of `totals` without some balance types, of all units that have a reward of a known type."""
        whole = self.whole
        sums = held(without(self._sums.lazy(), left_out & {*LOT_TYPES}), "unit_type", ACCOUNT).collect()
        is_known = np.zeros(len(whole.cells.accounts), dtype=np.bool_)
        available, expiring = defaultdict[str, list[Decimal | None]](list), defaultdict[str, list[Decimal]](list)
        for unit, account, of_available, of_expiring, known in sums.iter_rows():
            is_known[account] = known
            available[unit].append(of_available)
            expiring[unit].append(of_expiring)
        chosen = is_known[whole.account if self.numbers is None else whole.account[self.numbers]]
        holdings = np.flatnonzero(chosen) if self.numbers is None else self.numbers[chosen]
        counts = zip(
            np.bincount(whole.unit[holdings], minlength=len(whole.units)),
            *(whole.owners[name].by_unit(holdings, len(whole.units)) for name in ("member_guid", "user_guid")),
            strict=True,
        )
        of_unit = dict(zip(whole.units, counts, strict=True))
        return [
            {
                "unit_type": unit,
                "available": sum_of_known(available[unit]),
                "expiring": exact_sum(expiring[unit]),
                **dict(zip(("holdings", "members", "users"), map(int, of_unit[unit]), strict=True)),
            }
            for unit in sorted(expiring)
        ]

    def lots(self, left_out: frozenset[str]) -> DataFrame:
        """The expiring lots without some balance types, those of a unit and day added up, with their `number`."""
        cells = self.whole.cells
        is_lot = cells.lots(left_out)
        due, size = cells.due[is_lot], len(cells.dues)
        number = np.bincount(due, self.number[is_lot], size).astype(np.int64)
        rows = cells.dues.to_native().with_columns(
            balance=self._amounts.at(is_lot).by(due, size).series(), number=pl.Series(number)
        )
        return wrapped(rows.filter(pl.col("number") > 0))

    def findings(self, as_of: date, units: Collection[str], left_out: frozenset[str]) -> Iterator[Finding]:
        """Yield what each check of `quality` finds among the rewards of some units and without some balance types."""
        whole, cells = self.whole, self.whole.cells
        wanted = cells.of(units, left_out)
        failing = cells.failing(as_of, wanted)
        check = self.of(cells.check)
        found = np.flatnonzero(np.logical_or.reduce([*failing.values()])[check])
        check = check[found]
        for name, failed in failing.items():
            yield self._finding(name, self.places(found[failed[check]]))
        later = np.flatnonzero(self.of(whole.created_after(as_of)))
        yield self._finding("created_in_future", self.places(later[wanted[self.cell[later]]]))
        known = cells.of(units, left_out | {kind for _, kind in cells.pairs if kind not in BALANCE_TYPES})
        for name, numbers in whole.failing(left_out).items():
            found = numbers[whole.is_of(units)[numbers]]
            if self.numbers is not None:
                found = found[whole.mask(self.numbers)[found]]
            places = whole.rows.places(found)
            yield self._finding(name, places[known[cells.cell[places]]], len(found))

    def _finding(self, check: str, places: Numbers, holdings: int | None = None) -> Finding:
        return Finding(check, len(places) if holdings is None else holdings, self.whole.first_guid(places))
