"""Rewards in memory with their holdings numbered, and sums of each: what the results of any choice are added up from.

A choice of users, members, a period, a bucket or a check is one of whole holdings. So it is a set of numbers, and a
part of the sums, which takes milliseconds; units and balance types are left out of the sums by `Prepared`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from functools import cached_property, lru_cache
from itertools import chain, combinations
from typing import Any, Final, NamedTuple, TypeAlias

import narwhals as nw
import numpy as np
import polars as pl

from rewards_analytics.analysis.aging import BUCKETS, position
from rewards_analytics.analysis.distance import goals_with_sums
from rewards_analytics.analysis.expiring import lots_by_day
from rewards_analytics.analysis.holdings import COUNTS, available, expiring_lots, holding_sums, without
from rewards_analytics.analysis.quality import holding_checks, reward_checks
from rewards_analytics.engines import DataFrame, as_narwhals
from rewards_analytics.results.records import Record
from rewards_analytics.schema import HOLDER, KEY, LOT_TYPES
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.widgets.explore.listed import Order

NUMBER: Final = "__holding__"
CELL: Final = "__cell__"
ROW: Final = "__row__"

Mask: TypeAlias = np.ndarray[Any, np.dtype[np.bool_]]
Numbers: TypeAlias = np.ndarray[Any, np.dtype[Any]]

_MOST_KEPT: Final = 8
"""Sets of balance types of which it is kept which cells are lots."""


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


class Rows:
    """Rows in order of the numbers of their holdings, so that those of some holdings are found without reading all."""

    def __init__(self, frame: DataFrame, holdings: int) -> None:
        self.frame = frame
        many = np.bincount(frame[NUMBER].to_numpy(), minlength=holdings)
        self._begins = np.concatenate([[0], many.cumsum()]).astype(np.uint32)  # as Polars counts rows

    def places(self, numbers: Numbers | None) -> Numbers:
        """Return the places of the rows of some holdings, or of all, in order."""
        if numbers is None:
            return np.arange(len(self.frame))
        first = self._begins[numbers].astype(np.int64)
        many = self._begins[numbers + 1] - first
        places: Numbers = np.arange(many.sum()) + np.repeat(first - many.cumsum() + many, many)
        return places

    def of(self, numbers: Numbers | None) -> DataFrame:
        """Return the rows of some holdings, or all."""
        return self.frame if numbers is None else at(self.frame, self.places(numbers))


class Lots:
    """The rewards that lots are made of, each in a cell: those of a cell are lots of the same unit, day and kind.

    Which rows of a holding are lots depends on nothing but the balance types that it has. So the holdings that have the
    same ones are here one account, of which there are few; and whether a row is a lot is asked of its cell.
    """

    def __init__(self, rewards: DataFrame, sums: DataFrame, holdings: int) -> None:
        wanted = rewards.to_native().lazy().filter(pl.col("balance_type").is_in(LOT_TYPES))
        rows = wanted.select("unit_type", "balance_type", "balance", "expires_on", NUMBER).collect()
        days, day = _ranks(rows["expires_on"])
        by_due = rows[NUMBER].to_numpy().astype(np.int64) * days + day
        order = by_due.argsort(kind="stable")
        rows, by_due, day = rows[order], by_due[order], day[order]
        self.due = np.cumsum(_begins(by_due), dtype=np.uint32) - 1
        """The place of the holding and day of each row, among those of all."""
        has = np.zeros(holdings, dtype=np.int64)
        has[sums[NUMBER].to_numpy()] = sum((sums[name] > 0).to_numpy() * 2**n for n, name in enumerate(COUNTS))
        kinds, kind = _ranks(rows["balance_type"])
        units, unit = _ranks(rows["unit_type"])
        account = has[rows[NUMBER].to_numpy()]
        cells, an_example, cell = np.unique(
            ((account * units + unit) * kinds + kind) * days + day, return_index=True, return_inverse=True
        )
        self.cell = cell.astype(np.uint32)
        """The cell of each row."""
        account_of = pl.Series(account[an_example]).cast(pl.String)
        columns = {"account_guid": account_of, CELL: pl.Series(np.arange(len(cells), dtype=np.uint32))}
        self.cells = _wrapped(
            rows[an_example].select("unit_type", "balance_type", "balance", "expires_on").with_columns(**columns)
        ).with_columns(user_guid=nw.lit(""), member_guid=nw.lit(""))
        self.rows = Rows(_wrapped(rows.select(NUMBER, "balance", pl.Series(CELL, self.cell))), holdings)
        self.that_count = lru_cache(maxsize=_MOST_KEPT)(self._that_count)

    def _that_count(self, left_out: frozenset[str]) -> DataFrame:
        """Return the cells whose rows are expiring lots without some balance types: `CELL`, unit and day."""
        cells = self.cells.lazy().filter(~nw.col("balance_type").is_in(sorted(left_out)))
        return expiring_lots(cells, CELL).select(CELL, "unit_type", "expires_on").collect()

    def mask(self, cells: DataFrame) -> Mask:
        """Return for each cell whether it is among some."""
        chosen = np.zeros(len(self.cells), dtype=np.bool_)
        chosen[cells[CELL].to_numpy()] = True
        return chosen

    def at(self, places: Numbers) -> DataFrame:
        """Return the rows at some places as lots: unit, day, balance and the number of the holding."""
        rows = at(self.rows.frame, places)
        found = at(self.cells.select("unit_type", "expires_on"), self.cell[places])
        return rows.select(NUMBER, "balance").with_columns(found["unit_type"], found["expires_on"])


class Holdings:
    """Rewards of `numbered`, and what is added up of each holding, once. All rows are by number."""

    def __init__(self, rewards: DataFrame) -> None:
        self.rewards = rewards
        self.in_all = int(rewards[NUMBER].max()) + 1 if len(rewards) else 0
        self.failing = lru_cache(maxsize=2)(self._failing_without)

    @cached_property
    def reward_rows(self) -> Rows:
        """The rewards, to find those of some holdings."""
        return Rows(self.rewards, self.in_all)

    @cached_property
    def sums(self) -> Rows:
        """The sums of each holding."""
        sums = holding_sums(self.rewards.lazy(), NUMBER).collect()
        return Rows(_coded(sums).drop("lot_on", "total_on", "plain_on").sort(NUMBER), self.in_all)

    @cached_property
    def goals(self) -> Rows:
        """The goals, with the sums of their holding."""
        rewards = self.rewards.lazy()
        if "description" not in self.rewards.columns:  # they are counted, and the tab that lists them says so
            rewards = rewards.with_columns(description=nw.lit(None).cast(nw.String))
        goals = goals_with_sums(rewards, NUMBER)
        kept = (NUMBER, *KEY, "goal", "description", "remaining", "totals", "plains", "total", "plain")
        rows = _coded(goals.select(*kept).collect()).sort(NUMBER).to_native()
        return Rows(_wrapped(rows.with_columns(_enumerated(rows[name]) for name in ("unit_type", "goal"))), self.in_all)

    @cached_property
    def lots(self) -> Lots:
        """The rewards that lots are made of."""
        return Lots(self.rewards, self.sums.frame, self.in_all)

    @cached_property
    def kinds(self) -> Kinds:
        """The unit and balance type, the user and the member of each reward, as places."""
        native = self.rewards.to_native()
        units, unit = _ranks(native["unit_type"])
        types, kind = _ranks(native["balance_type"])
        pairs, an_example, pair = np.unique(unit * types + kind, return_index=True, return_inverse=True)
        del units, pairs
        return Kinds(
            native.select("unit_type", "balance_type")[an_example].rows(),
            pair.astype(np.uint16 if len(an_example) < 2**16 else np.int64),
            *(native[name].to_physical().to_numpy() for name in ("user_guid", "member_guid")),
        )

    @cached_property
    def with_pair(self) -> Sequence[Numbers]:
        """The numbers of the holdings that have a reward of each pair of unit and balance type, in order of `kinds`."""
        pair = self.kinds.pair
        numbers = self.rewards[NUMBER].to_numpy()[pair.argsort(kind="stable")]
        return np.split(numbers, np.bincount(pair, minlength=len(self.kinds.pairs)).cumsum()[:-1])

    @cached_property
    def _suspects(self) -> Rows:
        """The rewards of the holdings that fail a check with or without some balance types: few, in good data."""
        sums = self.sums.frame.lazy()
        variants = chain.from_iterable(combinations(LOT_TYPES, size) for size in range(len(LOT_TYPES)))
        failing = [without(sums, left_out).filter(_fails()).select(NUMBER).collect() for left_out in variants]
        return Rows(self.reward_rows.of(self.numbers(nw.concat(failing)[NUMBER].to_numpy())), self.in_all)

    def _failing_without(self, left_out: frozenset[str]) -> Rows:
        """The holdings that fail a check without some balance types, with an example of their rewards."""
        rows = self._suspects.frame.lazy().filter(~nw.col("balance_type").is_in(sorted(left_out)))
        return Rows(_coded(holding_sums(rows, "guid", NUMBER).filter(_fails()).collect()).sort(NUMBER), self.in_all)

    def named(self, rows: Sequence[Record]) -> list[Record]:
        """Return rows of results with the guids that their codes stand for."""
        return [{**row, **{name: self._guid(name, row[name]) for name in HOLDER}} for row in rows]

    def _guid(self, name: str, code: int | None) -> str | None:
        return None if code is None else self._guids[name][code]

    @cached_property
    def _guids(self) -> dict[str, pl.Series]:
        schema = self.rewards.to_native().schema
        return {name: dtype.categories for name in HOLDER if isinstance(dtype := schema[name], pl.Enum)}

    def numbers(self, *given: Numbers) -> Numbers:
        """Return the numbers that are in each of some lists, in order, each once."""
        common = np.ones(self.in_all, dtype=np.bool_)
        for numbers in given:
            chosen = np.zeros(self.in_all, dtype=np.bool_)
            chosen[numbers] = True
            common &= chosen
        return np.flatnonzero(common)

    def chosen(self, choice: Choice, left_out: frozenset[str]) -> Iterator[Numbers]:
        """Yield for each part of a choice the numbers of the holdings that it chooses."""
        of_units = nw.col("unit_type").is_in(list(choice.units)) if choice.units else ~nw.col("unit_type").is_null()
        for found in self._found_lots(choice):
            cells = self.lots.that_count(left_out & {*LOT_TYPES}).filter(of_units).with_columns(found=found)
            yield self.lots.rows.frame[NUMBER].to_numpy()[self.lots.mask(cells.filter(nw.col("found")))[self.lots.cell]]
        if choice.check is not None:
            checks = reward_checks(choice.as_of)
            if choice.check in holding_checks():
                failed = holding_checks()[choice.check]
                rows = without(self.sums.frame.lazy(), left_out)
            else:  # at the end of the calendar nothing lies in the future
                failed = checks.get(choice.check, nw.col("unit_type").is_null())
                rows = self.rewards.lazy().filter(~nw.col("balance_type").is_in(sorted(left_out)))
            yield rows.filter(of_units, failed).select(NUMBER).collect()[NUMBER].to_numpy()

    def _found_lots(self, choice: Choice) -> Iterator[nw.Expr]:
        """Yield for each part of a choice which lots it is about."""
        if choice.period is not None:
            yield _between(*choice.period_days())
        if choice.bucket is not None:
            yield position(choice.as_of) == BUCKETS.index(choice.bucket)


class Kinds(NamedTuple):
    """What the rewards are and whose, by their place: the pairs of unit and balance type, and the codes of each."""

    pairs: Sequence[tuple[str, str]]
    pair: Numbers
    user: Numbers
    member: Numbers


class Part:
    """Some of the holdings, or all, with the same sums."""

    def __init__(self, whole: Holdings, numbers: Numbers | None = None) -> None:
        self._whole, self._numbers = whole, numbers
        self.named = whole.named

    @property
    def rewards(self) -> DataFrame:
        """The rewards."""
        return self._whole.rewards if self._numbers is None else self._whole.reward_rows.of(self._numbers)

    @property
    def sums(self) -> DataFrame:
        """The sums of each holding."""
        return self._whole.sums.of(self._numbers)

    @property
    def goals(self) -> DataFrame:
        """The goals, with the sums of their holding."""
        return self._whole.goals.of(self._numbers)

    def failing(self, left_out: frozenset[str]) -> DataFrame:
        """The holdings that fail a check without some balance types, with an example of their rewards."""
        return self._whole.failing(left_out).of(self._numbers)

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The units and balance types that go together in a reward."""
        pairs = self._whole.kinds.pairs
        if self._numbers is None:
            return list(pairs)
        chosen = np.zeros(self._whole.in_all, dtype=np.bool_)
        chosen[self._numbers] = True
        return [pair for pair, holders in zip(pairs, self._whole.with_pair, strict=True) if chosen[holders].any()]

    def origin(self, pairs: Collection[tuple[str, str]]) -> Record:
        """How many rewards with some units and balance types there are, whose, and when they were created."""
        kinds = self._whole.kinds
        wanted = np.array([pair in pairs for pair in kinds.pairs], dtype=np.bool_)
        pair = self._of_rewards(kinds.pair)
        chosen = None if len(pairs) == len(self.pairs) else wanted[pair]

        def of(values: Numbers) -> Numbers:
            return values if chosen is None else values[chosen]

        found = {
            "rewards": len(of(pair)),
            "users": _distinct(of(self._of_rewards(kinds.user))),
            "members": _distinct(of(self._of_rewards(kinds.member))),
            "oldest": None,
            "newest": None,
        }
        if "created_at" in self._whole.rewards.columns:
            created = self._whole.rewards["created_at"].to_native()
            if self._places is not None:
                created = created[self._places]
            if chosen is not None:
                created = created.filter(pl.Series(chosen))
            found |= {"oldest": created.min(), "newest": created.max()}
        return found

    @cached_property
    def _places(self) -> Numbers | None:
        return None if self._numbers is None else self._whole.reward_rows.places(self._numbers)

    def _of_rewards(self, values: Numbers) -> Numbers:
        return values if self._places is None else values[self._places]

    # --- Lots ----------------------------------------------------------------------------------------

    @cached_property
    def _by_cell(self) -> DataFrame:
        """The rewards that lots are made of, those of a cell added up, with their `number`."""
        lots = self._whole.lots
        amounts = lots.rows.frame.select(CELL, "balance")
        if self._numbers is not None:
            amounts = at(amounts, lots.rows.places(self._numbers))
        rows = amounts.group_by(CELL).agg(nw.col("balance").sum(), number=nw.len())
        return rows.with_columns(nw.col("number").cast(nw.Int64))

    def lots(self, left_out: frozenset[str]) -> DataFrame:
        """The expiring lots without some balance types, those of a unit and day added up, with their `number`."""
        rows = self._by_cell.join(self._whole.lots.that_count(left_out), on=CELL)
        return rows.group_by("unit_type", "expires_on").agg(nw.col("balance", "number").sum())

    def dues(self, left_out: frozenset[str], chosen: nw.Expr, order: Order | None, most: int) -> tuple[DataFrame, int]:
        """What falls due of the lots that are chosen, at least the first by an order; and how much does in all.

        One row per holding and day, in no order: the columns of `upcoming`, but for `days_left`.
        """
        lots = self._whole.lots
        cells = lots.that_count(left_out).filter(chosen)
        is_chosen = lots.mask(cells)
        if self._numbers is None:
            places = np.flatnonzero(is_chosen[lots.cell])
        else:
            places = lots.rows.places(self._numbers)
            places = places[is_chosen[lots.cell[places]]]
        due = lots.due[places]
        begins = _begins(due)
        in_all = int(begins.sum())
        if in_all > 4 * most:
            first = self._first_dues(places, begins, cells, order, most)
            listed = np.zeros(len(lots.due), dtype=np.bool_)
            listed[due[begins][first]] = True
            places = places[listed[due]]
        by_day = lots_by_day(lots.at(places).lazy(), [NUMBER], date.min, None).collect()
        numbers = self._whole.numbers(by_day[NUMBER].to_numpy())
        held = without(self._whole.sums.of(numbers).lazy(), left_out).with_columns(available=available())
        rows = by_day.lazy().join(held.select(NUMBER, *HOLDER, "available"), on=NUMBER)
        rows = rows.with_columns(nw.col("rewards").cast(nw.Int64), expires_on=nw.col("__day__"))
        return rows.select("expires_on", *KEY, "expiring", "rewards", "available").collect(), in_all

    def _first_dues(self, places: Numbers, begins: Mask, cells: DataFrame, order: Order | None, most: int) -> Mask:
        """Return which dues the first by an order are among: those that its column does not rule out.

        By day, the first of each unit are, because each may list its own.
        """
        lots = self._whole.lots
        column, descending = order or ("unit_type", False)
        if column in HOLDER:
            sums = self._whole.sums
            number = lots.rows.frame[NUMBER].to_numpy()[places[begins]]
            codes = sums.frame[column].to_native()[sums.places(number)]
            return _among_first(codes, most, descending=descending)
        if column == "expiring":
            return self._among_first_amounts(places, begins, most, descending=descending)
        cell = lots.cell[places[begins]]
        many = np.bincount(cell, minlength=len(lots.cells))
        counted = cells.to_native().with_columns(dues=pl.Series(many[cells[CELL].to_numpy()]))
        by_day = counted.group_by("unit_type", "expires_on").agg(pl.col("dues").sum())
        before = by_day.sort("expires_on", descending=descending and column != "unit_type").with_columns(
            before=pl.col("dues").cum_sum().over("unit_type") - pl.col("dues")
        )
        days = before.filter(pl.col("before") < most).select("unit_type", "expires_on")
        return lots.mask(_wrapped(counted.join(days, on=["unit_type", "expires_on"], how="semi")))[cell]

    def _among_first_amounts(self, places: Numbers, begins: Mask, most: int, *, descending: bool) -> Mask:
        """Return which dues the first by amount are among. Most dues have one lot, and nothing to add up."""
        balance = self._whole.lots.rows.frame["balance"].to_native()
        due = np.cumsum(begins, dtype=np.uint32) - 1
        is_single = np.bincount(due) == 1
        singles = balance[places[is_single[due]]]
        others = pl.DataFrame({"due": due[~is_single[due]], "balance": balance[places[~is_single[due]]]})
        sums = others.group_by("due").agg(pl.col("balance").sum())
        order = np.concatenate([np.flatnonzero(is_single), sums["due"].to_numpy()])
        among = np.zeros(len(is_single), dtype=np.bool_)
        among[order] = _among_first(pl.concat([singles, sums["balance"]]), most, descending=descending)
        return among


def at(rows: DataFrame, places: Numbers) -> DataFrame:
    """Return the rows at some places."""
    return _wrapped(rows.to_native()[places])


def _enumerated(texts: pl.Series) -> pl.Series:
    """Return texts as an Enum in their order, which sorts as they do, and is grouped faster."""
    return texts.cast(pl.Enum(texts.unique().sort()))


def _between(first: date, last: date | None) -> nw.Expr:
    in_range = nw.col("expires_on") >= first
    return in_range if last is None else in_range & (nw.col("expires_on") <= last)


def _among_first(values: pl.Series, most: int, *, descending: bool) -> Mask:
    """Return which values the first ones are among, equal ones included; nulls come last."""
    firsts = values.drop_nulls()
    firsts = firsts.top_k(most) if descending else firsts.bottom_k(most)
    if len(firsts) < most:
        return np.ones(len(values), dtype=np.bool_)
    among = values >= firsts.min() if descending else values <= firsts.max()
    return among.fill_null(value=False).to_numpy()


def _begins(values: Numbers) -> Mask:
    """Return which values differ from the one before them."""
    begins = np.ones(len(values), dtype=np.bool_)
    begins[1:] = values[1:] != values[:-1]
    return begins


def _distinct(codes: Numbers) -> int:
    """Return how many codes there are, of few: without sorting them."""
    there = np.zeros(int(codes.max()) + 1 if len(codes) else 0, dtype=np.bool_)
    there[codes] = True
    return int(there.sum())


def _ranks(values: pl.Series) -> tuple[int, Numbers]:
    """Return how many values there are at most, and the place of each among them, 0 where it is null."""
    known = values.drop_nulls().unique().sort()
    ranks = values.to_physical() if values.dtype == pl.Date else values
    places = known.to_physical().search_sorted(ranks.fill_null(0)) + 1 if values.dtype == pl.Date else None
    if places is None:
        places = values.cast(pl.Enum(known)).to_physical() + 1
    number: Numbers = places.to_numpy().astype(np.int64)
    number[values.is_null().to_numpy()] = 0
    return len(known) + 1, number


def _fails() -> nw.Expr:
    return nw.any_horizontal(*holding_checks().values(), ignore_nulls=True)


def _coded(rows: DataFrame) -> DataFrame:
    """Return rows with codes for guids, in their order. Much of what is done with an Enum reads all its values."""
    return _wrapped(rows.to_native().with_columns(pl.col(*HOLDER).to_physical()))


def _wrapped(native: pl.DataFrame) -> DataFrame:
    frame = as_narwhals(native)
    assert isinstance(frame, nw.DataFrame)  # noqa: S101 - for the type checker
    return frame
