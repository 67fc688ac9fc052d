"""What really happened in the world: the flows of each holding from snapshot to snapshot, and the days that moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from rewards_analytics.files import whole_file
from rewards_analytics.sandbox.year.book import Book, Move
from rewards_analytics.sandbox.year.columns import Ints, amounts, dates, texts
from rewards_analytics.sandbox.year.population import Population
from rewards_analytics.sandbox.year.tables import TERMS

_AMOUNTS: Final = ("opening", "earned", "redeemed", "redeemed_late", "expired", "moved", "closing")

_README: Final = Path(__file__).with_name("truth.md")


@dataclass
class Truth:
    """What happened, as it is recorded day by day."""

    people: Population
    _flows: list[Ints] = field(default_factory=list)
    _days: list[tuple[int, Ints]] = field(default_factory=list)
    _moves: list[Move] = field(default_factory=list)

    def record(self, day: int, book: Book, shown_on: Ints) -> None:
        """Record a day that has ended; `shown_on` is the day whose morning the snapshot of `day` shows of a member."""
        flows = np.stack([getattr(book, name) for name in _AMOUNTS[:-1]] + [book.balance])
        self._flows.append(flows)
        self._days.append((day, shown_on))
        self._moves += book.moves

    def flows(self) -> pl.DataFrame:
        """Flows of each holding from the morning of `day`, when the snapshot is taken, to the next morning.

        Returns
        -------
        One row a day and holding, in that order, also while a member is not connected: `day` (date), `user_guid`,
        `member_guid`, `account_guid`, `unit_type` (str), the amounts (decimal(38, 9), in units of `unit_type`)
        `opening`, `earned`, `redeemed`, `redeemed_late`, `expired`, `moved`, `closing`, and `shown_on` (date).
        """
        count = len(self.people.member)
        days = np.repeat(np.array([day for day, _ in self._days], np.int64), count)
        holding = np.tile(np.arange(count), len(self._days))
        flows = np.concatenate([np.zeros((len(_AMOUNTS), 0), np.int64), *self._flows], axis=1)
        shown_on = np.concatenate([np.zeros(0, np.int64), *(shown[self.people.member] for _, shown in self._days)])
        return pl.DataFrame(
            {
                "day": dates(days),
                **self._key(holding),
                **{name: self._amounts(steps, holding) for name, steps in zip(_AMOUNTS, flows, strict=True)},
                "shown_on": dates(shown_on),
            }
        )

    def moves(self) -> pl.DataFrame:
        """Lots whose last day was moved.

        Returns
        -------
        One row a move, in the order of the days: `day` (date), the holding's key, `moved_from`, `moved_to` (date),
        `amount` (decimal(38, 9), in units of `unit_type`).
        """
        empty = np.zeros(0, np.int64)
        days = np.concatenate([empty, *(np.full(len(move.holding), move.day) for move in self._moves)])
        holding, moved_from, moved_to, amount = (
            np.concatenate([empty, *(getattr(move, name) for move in self._moves)]) for name in Move._fields[1:]
        )
        return pl.DataFrame(
            {
                "day": dates(days),
                **self._key(holding),
                "moved_from": dates(moved_from),
                "moved_to": dates(moved_to),
                "amount": self._amounts(amount, holding),
            }
        )

    def write(self, folder: Path) -> None:
        """Write both tables as Parquet into a folder that exists, with a description."""
        for name, frame in {"flows": self.flows(), "moves": self.moves()}.items():
            with whole_file(folder / f"{name}.parquet") as file:
                frame.write_parquet(file, compression="zstd")
        with whole_file(folder / "README.md") as file:
            file.write(_README.read_bytes())

    def _key(self, holding: Ints) -> dict[str, pl.Series]:
        people, member = self.people, self.people.member[holding]
        return {
            "user_guid": texts(people.user_guid, member),
            "member_guid": texts(people.member_guid, member),
            "account_guid": texts(people.account_guid, holding),
            "unit_type": texts([terms.unit for terms in TERMS], people.terms[holding]),
        }

    def _amounts(self, steps: Ints, holding: Ints) -> pl.Series:
        return amounts(steps, self.people.decimals[holding])
