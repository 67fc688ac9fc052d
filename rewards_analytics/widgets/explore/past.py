"""What a history shows: balances over time, what moved, and how much of what is due is likely to lapse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from rewards_analytics.analysis.calendar import last_day_of_span
from rewards_analytics.analysis.over_time.between import between
from rewards_analytics.analysis.over_time.forecast import forecast
from rewards_analytics.analysis.over_time.lapse import lapse
from rewards_analytics.engines import is_frame, rereadable
from rewards_analytics.plots.gallery import picture
from rewards_analytics.plots.images import image
from rewards_analytics.reporting.moved import Movement, drawn_units
from rewards_analytics.reporting.tables import ROLL_FORWARD
from rewards_analytics.results.records import Record, in_order, of_unit
from rewards_analytics.schema import DOLLARS
from rewards_analytics.show.tables import header, of_records
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.wording import count, day, unit_name

Facts = dict[str, Any]

_LONGEST: Final = 120
"""Months ahead that are asked for where the reader sets no end."""

MOST_DRAWN: Final = 2
"""Units with pictures, which are large; a chosen unit is always among them."""

MOST_PERIODS: Final = 13
"""Periods of the forecast that are listed."""


@dataclass(frozen=True)
class Observed:
    """Rows for the chosen units: what moved, the last full month, balances day after day, dues, their lapse curve."""

    rolled: Sequence[Record]
    of_month: Sequence[Record]
    balances: Sequence[Record]
    due: Sequence[Record]
    curve: Sequence[Record]


class Past:
    """A history, and what it shows as of a day: only snapshots up to that day are known of.

    Raises
    ------
    RewardsError
        If `history` is not a history.
    """

    def __init__(self, history: Any, as_of: date) -> None:
        self._history = rereadable(history, asked_by="explore") if is_frame(history) else history
        self._movement(as_of)  # before anything is computed, because it may be no history
        # A history takes seconds to read: what it shows on a day is kept.
        self._moved = lru_cache(maxsize=2)(self._moved_by)
        self._likely = lru_cache(maxsize=4)(self._likely_by)

    def observed(self, choice: Choice) -> Observed:
        """Return the rows for the chosen units, the only part of a choice that applies to a history."""
        moved = self._moved(choice.as_of)
        until = choice.until or last_day_of_span(choice.as_of, _LONGEST)
        of_all = moved["rows"], moved["of_month"], moved["balances"], *self._likely(choice.as_of, choice.every, until)
        units = choice.units
        return Observed(*([row for row in rows if not units or row["unit_type"] in units] for rows in of_all))

    def source(self, choice: Choice) -> str:
        """Return what the files of the tab are made of, in a sentence."""
        moved = self._moved(choice.as_of)
        if not moved["first"]:
            return ""
        units = f", {', '.join(map(unit_name, choice.units))} only" if choice.units else ""
        return (
            f"Observed from {count(moved['days'], 'snapshot')}, {day(moved['first'])} to {day(moved['last'])}{units}."
        )

    def facts(self, choice: Choice, *, live: bool) -> Facts:
        """Return the facts of the tab; `live` where long tables can scroll."""
        moved, seen = self._moved(choice.as_of), self.observed(choice)
        drawn, not_drawn = drawn_units(seen.rolled)
        return {
            "span": f"From {day(moved['first'])} to {day(moved['last'])}." if moved["rows"] else "",
            "lacks": moved["lacks"],
            "net": moved["net"],
            "pictures": [each for unit in drawn[:MOST_DRAWN] for each in _drawn(unit, seen.of_month, seen.balances)],
            "not_drawn": not_drawn + len(drawn[MOST_DRAWN:]),
            "rolled": _table("roll-forward", seen.rolled, "Roll-forward per month", ROLL_FORWARD, long=live),
            "likely": _table(
                "forecast",
                _ahead(seen.due),
                "What is due, and about how much of it is expected to expire, as earlier dues did",
                ("period", "unit_type", "due", "expected"),
                every=choice.every,
                long=live,
            ),
            "lapse": _table(
                "lapse",
                seen.curve,
                "How much of what was due this many days ahead was still due on its day",
                ("unit_type", "lead_days", "due", "expired", "saved", "share_expired", "dues"),
                long=live,
            ),
        }

    def _movement(self, as_of: date) -> Movement:
        return Movement(self._history, as_of, asked_by="explore")

    def _moved_by(self, as_of: date) -> Facts:
        movement = self._movement(as_of)
        return movement.numbers() | {"days": len(movement.days)}

    def _likely_by(self, as_of: date, every: str, until: date) -> tuple[Sequence[Record], Sequence[Record]]:
        """Return rows of `forecast` and of `lapse`, from the snapshots up to a day."""
        part, days = between(self._history, date.min, as_of, asked_by="explore")
        if not days:
            return (), ()
        due = forecast(part, as_of=as_of, every=every, until=until)
        return in_order("forecast", due), in_order("lapse", lapse(part))


def _ahead(rows: Sequence[Record]) -> list[Record]:
    """Return the first periods of each unit in which something is due, with rounded expectations."""
    due = [{**row, "expected": _rounded(row["expected"], row["unit_type"])} for row in rows if row["due"]]
    units = dict.fromkeys(row["unit_type"] for row in due)
    return [row for unit in units for row in of_unit(due, unit)[:MOST_PERIODS]]


def _rounded(expected: Decimal | None, unit_type: str) -> Decimal | None:
    """Return an expectation without the decimals that it only has because shares are fractions."""
    return None if expected is None else round(expected, 2 if unit_type == DOLLARS else 0)


def _table(
    name: str, rows: Sequence[Record], caption: str, columns: Sequence[str], *, every: str = "month", long: bool
) -> Any:
    if not rows:
        return None
    made = of_records(rows, caption, {each: header(each) for each in columns}, every=every)
    return replace(made, name=name, long=long and len(rows) > MOST_PERIODS)


def _drawn(unit_type: str, of_month: Sequence[Record], balances: Sequence[Record]) -> list[Markup]:
    """Return the balance of a unit day after day, and the steps of the last full month."""
    steps, held = of_unit(of_month, unit_type), of_unit(balances, unit_type)
    pictures = [picture("balance", held, f"balance-{unit_type}")] if held else []
    if steps:
        pictures.append(picture("roll-forward", steps, f"roll-forward-{unit_type}", every="month"))
    return [Markup(image(each.svg, each.words)) for each in pictures]  # noqa: S704 - drawn by us
