"""A report on a source: what it holds, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html import escape
from typing import Final

import polars as pl

from rewards_analytics import terminal
from rewards_analytics.loading.pipeline import read
from rewards_analytics.loading.validate import in_words, printable, reasons, rejected_frame
from rewards_analytics.schema import FIELDS, REQUIRED

_SHOWN_ROWS: Final = 10


@dataclass(frozen=True, repr=False)
class Report:
    """What a source holds and what is wrong with it. Reads as text, and as HTML in a notebook.

    Attributes
    ----------
    rows
        Number of rows read: rewards, rejected rows and further copies together.
    rewards
        Number of rows that `load` returns with `on_invalid="drop"`.
    rejected
        A row for each row that is not a valid reward: `place`, `field` (null where the whole row is invalid),
        `problem`, `value` (text).
    reasons
        How many rows were rejected for each reason, the most frequent first.
    duplicates
        Number of further copies of rows, which loading leaves out.
    unknown
        Enumerated values that are not documented: field -> value -> rows. Empty if there are none.
    nulls
        Number of rows without a value, for each field that may be null.
    days
        First and last day of `expires_on` and `created_at` (in UTC), for those that have any.
    amounts
        A row for each unit: `unit_type`, `rewards`, `smallest`, `largest` balance.
    """

    rows: int
    rewards: int
    rejected: pl.DataFrame
    reasons: dict[str, int]
    duplicates: int
    unknown: dict[str, dict[str, int]]
    nulls: dict[str, int]
    days: dict[str, tuple[date, date]]
    amounts: pl.DataFrame
    _first: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        parts = [self._headline()]
        for title, lines in self._sections():
            parts += ["", title, *(f"  {terminal.printable(line)}" for line in lines)]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{escape(self._headline())}</strong></p>"]
        for title, lines in self._sections():
            items = "".join(f"<li>{escape(line)}</li>" for line in lines)
            parts.append(f"<p>{escape(title)}</p><ul>{items}</ul>")
        return f'<div class="rewards-check mathjax_ignore tex2jax_ignore">{"".join(parts)}</div>'

    def _headline(self) -> str:
        return (
            f"{_count(self.rows, 'row')} read: {_count(self.rewards, 'reward')}, "
            f"{len(self.rejected):,} rejected, {_count(self.duplicates, 'further copy', 'further copies')}."
        )

    def _sections(self) -> Iterator[tuple[str, list[str]]]:
        if self.reasons:
            yield "Rejected, by reason", [f"{reason}: {rows:,}" for reason, rows in self.reasons.items()]
            more = len(self.rejected) - len(self._first)
            rest = [f"… and {more:,} more: see .rejected"] if more else []
            yield "First rejected rows", [*self._first, *rest]
        if self.unknown:
            yield (
                "Values that are not documented (the rows are kept)",
                [
                    f"{name} {value!r}: {rows:,}"
                    for name, values in self.unknown.items()
                    for value, rows in values.items()
                ],
            )
        if self.rewards:
            yield "Without a value", [f"{name}: {rows:,}" for name, rows in self.nulls.items()]
        if self.days:
            yield "Days", [f"{name}: {first} to {last}" for name, (first, last) in self.days.items()]
        if len(self.amounts):
            yield (
                "Balances per unit",
                [
                    f"{printable(unit)}: {_count(rewards, 'reward')}, {_plain(smallest)} to {_plain(largest)}"
                    for unit, rewards, smallest, largest in self.amounts.rows()
                ],
            )


def check(source: object) -> Report:
    """What a source of rewards holds, and every row that `load` would reject, with its place.

    Parameters
    ----------
    source
        Anything that `load` takes.

    Raises
    ------
    SourceError
        A source that cannot be read as a whole.

    Examples
    --------
    >>> check([{"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "balance": "12,50",
    ...         "balance_type": "BALANCE", "unit_type": "DOLLARS"}])
    1 row read: 0 rewards, 1 rejected, 0 further copies.
    <BLANKLINE>
    Rejected, by reason
      balance is not a number: 1
    <BLANKLINE>
    First rejected rows
      $[0].balance: balance "12,50" is not a number
    """
    loaded = read(source)
    rewards = pl.DataFrame(pl.from_arrow(loaded.table))
    return Report(
        rows=loaded.rows,
        rewards=len(rewards),
        rejected=rejected_frame(loaded.rejected),
        reasons=reasons(loaded.rejected),
        duplicates=loaded.duplicates,
        unknown=loaded.unknown(),
        nulls={name: rewards[name].null_count() for name in FIELDS if name not in REQUIRED},
        days=_days(rewards),
        amounts=_amounts(rewards),
        _first=[in_words(row) for row in loaded.rejected[:_SHOWN_ROWS]],
    )


def _days(rewards: pl.DataFrame) -> dict[str, tuple[date, date]]:
    days = rewards.select("expires_on", pl.col("created_at").dt.date())
    found = {name: sorted(days[name].drop_nulls().unique().to_list()) for name in days.columns}
    return {name: (values[0], values[-1]) for name, values in found.items() if values}


def _amounts(rewards: pl.DataFrame) -> pl.DataFrame:
    balance = pl.col("balance")
    return (
        rewards.group_by("unit_type")
        .agg(rewards=pl.len(), smallest=balance.min(), largest=balance.max())
        .sort("unit_type")
    )


def _plain(amount: Decimal) -> str:
    whole, _, decimals = f"{amount:,f}".partition(".")
    return f"{whole}.{decimals.rstrip('0')}".rstrip(".")


def _count(number: int, one: str, several: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else several or one + 's'}"
