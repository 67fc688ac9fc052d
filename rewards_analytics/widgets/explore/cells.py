"""Cells of rewards: those of a cell look the same to every definition, but for their amounts and whose they are.

A definition is asked about one example of each cell, of which there are few; and the rewards of any holdings are
counted and added up by cell, which takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, TypeAlias

import narwhals as nw
import numpy as np
import polars as pl

from rewards_analytics.analysis.holdings import COUNTS, available_parts, expiring_lots, lot_parts
from rewards_analytics.analysis.quality import reward_checks
from rewards_analytics.engines import AMOUNT, DataFrame, as_narwhals
from rewards_analytics.schema import LOT_TYPES
from rewards_analytics.widgets.explore.limbs import Amounts, Numbers

ACCOUNT: Final = "__account__"
CELL: Final = "__cell__"

Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]

AMOUNTS: Final = (Decimal("1"), Decimal("0.001"), Decimal("-1"), Decimal("-0.001"))
"""Examples of the amounts that checks tell apart: above or below 0, with and without a part of a cent."""


class Cells:
    """Rewards by unit, balance type, day, and the balance types that their holding has of `LOT_TYPES`.

    Which rewards of a holding are lots, or make its available balance, depends on nothing but the balance types that
    it has. So holdings that have the same ones are here one account.

    Attributes
    ----------
    cell, check
        The cell of each reward, and the place of its example among those of `failing`; in the width of NumPy's own
        places, which it looks up in a quarter of the time.
    accounts, account
        The units with balance types that a holding has, and the place of each cell's among them.
    frame
        An example of each cell, with its number as `CELL`.
    pairs, pair
        The units and balance types that go together, and the place of each cell's among them.
    dues, due
        The units and days, and the place of each cell's among them.
    """

    def __init__(self, rewards: pl.DataFrame, number: Numbers, holdings: int) -> None:
        ranked = [ranks(rewards[name]) for name in ("unit_type", "balance_type", "expires_on")]
        (units, unit), (kinds, kind), (days, day) = ranked
        has = np.zeros(holdings, dtype=np.uint8)
        for bit, name in enumerate(LOT_TYPES):
            has[number[(rewards["balance_type"] == name).to_numpy()]] |= 2**bit
        account = has[number].astype(np.int64)
        code = ((account * units + unit) * kinds + kind) * days + day
        _, example, self.cell = np.unique(code, return_index=True, return_inverse=True)
        balance = rewards["balance"]
        negative, fraction = (balance < 0).to_numpy(), (balance.round(2) != balance).to_numpy()
        self.check = self.cell * len(AMOUNTS) + 2 * negative + fraction
        account, unit, kind, day = account[example], unit[example], kind[example], day[example]
        self.frame = wrapped(
            rewards[example]
            .select("unit_type", "balance_type", "expires_on")
            .with_columns(
                pl.Series("account_guid", account).cast(pl.String),
                pl.Series(CELL, np.arange(len(example), dtype=np.uint32)),
            )
        ).with_columns(user_guid=nw.lit(""), member_guid=nw.lit(""), balance=nw.lit(1).cast(AMOUNT))
        _, of_pair, self.pair = np.unique(unit * kinds + kind, return_index=True, return_inverse=True)
        self.pairs: list[tuple[str, str]] = self.frame[of_pair].select("unit_type", "balance_type").rows()
        _, of_due, self.due = np.unique(unit * days + day, return_index=True, return_inverse=True)
        self.dues = self.frame[of_due].select("unit_type", "expires_on")
        _, of_account, self.account = np.unique(account * units + unit, return_index=True, return_inverse=True)
        self.accounts = self.frame[of_account].select("unit_type").with_row_index(ACCOUNT)
        self._lots: dict[frozenset[str], Mask] = {}
        self._failing: tuple[date, Mapping[str, Mask]] | None = None

    def wanted(self, units: Collection[str], left_out: Collection[str]) -> Mask:
        """Return which of `pairs` are of some units, or of all, and not of some balance types."""
        return np.array(
            [(not units or unit in units) and kind not in left_out for unit, kind in self.pairs], dtype=np.bool_
        )

    def of(self, units: Collection[str], left_out: Collection[str]) -> Mask:
        """Return which cells are of some units, or of all, and not of some balance types."""
        return self.wanted(units, left_out)[self.pair]

    def where(self, found: nw.Expr) -> Mask:
        """Return for which cells an expression is true."""
        mask: Mask = self.frame.select(found=found)["found"].fill_null(value=False).to_numpy()
        return mask

    def sums(self, of: Callable[[Mask], tuple[Amounts, Numbers, Numbers]], groups: int) -> list[nw.Series[pl.Series]]:
        """Return the amounts and counts of `holding_sums` for each group.

        `of` gives of the rewards in some cells the amounts, the groups, and the numbers that each stands for.
        """
        columns = {}
        for name, mask in self._added.items():
            amounts, group, number = of(mask)
            columns[name] = amounts.by(group, groups).series()
            if name in _COUNTED:
                columns[_COUNTED[name]] = pl.Series(np.bincount(group, number, groups).astype(np.int64))
        return [nw.from_native(each.alias(name), series_only=True) for name, each in columns.items()]

    @cached_property
    def _added(self) -> Mapping[str, Mask]:
        """The cells that are added up to each amount of `holding_sums`."""
        added = self.frame.select(**available_parts(), **lot_parts())
        return {name: ~added[name].is_null().to_numpy() for name in added.columns}

    def lots(self, left_out: frozenset[str]) -> Mask:
        """Return the cells whose rewards are expiring lots, without some balance types."""
        key = left_out & {*LOT_TYPES}
        if key not in self._lots:
            rows = self.frame.lazy().filter(~nw.col("balance_type").is_in(sorted(key)))
            self._lots[key] = np.zeros(len(self.frame), dtype=np.bool_)
            self._lots[key][expiring_lots(rows, CELL).select(CELL).collect()[CELL].to_numpy()] = True
        return self._lots[key]

    def failing(self, as_of: date, wanted: Mask) -> Mapping[str, Mask]:
        """Return for each check on rewards, but that of their creation, the examples of some cells that fail it."""
        if self._failing is None or self._failing[0] != as_of:
            checks = reward_checks(as_of)
            checks.pop("created_in_future", None)
            examples = self.frame.drop("balance").to_native().join(_AMOUNTS, how="cross", maintain_order="left_right")
            found = wrapped(examples).select(**checks)
            self._failing = as_of, {name: found[name].fill_null(value=False).to_numpy() for name in checks}
        of_wanted = np.repeat(wanted, len(AMOUNTS))
        return {name: failed & of_wanted for name, failed in self._failing[1].items()}


_COUNTED: Final = dict(zip(("total", "plain", "lot"), COUNTS, strict=True))
"""The names of the counts of some amounts of `holding_sums`."""

_AMOUNTS: Final = pl.DataFrame({"balance": AMOUNTS}, schema={"balance": pl.Decimal(38, 9)})


def ranks(values: pl.Series) -> tuple[int, Numbers]:
    """Return how many values there are at most, and the place of each among them, 0 where it is null."""
    known = values.drop_nulls().unique().sort()
    if values.dtype == pl.Date:
        places = known.to_physical().search_sorted(values.to_physical().fill_null(0)) + 1
    else:
        places = values.cast(pl.Enum(known)).to_physical() + 1
    number: Numbers = places.to_numpy().astype(np.int64)
    number[values.is_null().to_numpy()] = 0
    return len(known) + 1, number


def begins(*values: Numbers) -> Mask:
    """Return which rows differ in some of their values from the one before them."""
    found = np.zeros(len(values[0]), dtype=np.bool_)
    found[:1] = True
    for each in values:
        found[1:] |= each[1:] != each[:-1]
    return found


def wrapped(native: pl.DataFrame) -> DataFrame:
    """Return a frame of Polars as one of Narwhals."""
    frame = as_narwhals(native)
    assert isinstance(frame, nw.DataFrame)  # noqa: S101 - for the type checker
    return frame
