"""The controls of a dashboard: built from the values that there are, read as a choice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final

import ipywidgets as widgets

from rewards_analytics.analysis.calendar import EVERY
from rewards_analytics.widgets.choice import Choice, months_later
from rewards_analytics.wording import count, one_line, unit_name

HORIZONS: Final = {"3 months": 3, "1 year": 12, "2 years": 24, "5 years": 60, "10 years": 120}
"""Months that the timeline looks ahead."""

MOST_OFFERED: Final = 50
"""Guids offered while one is typed: a list of thousands would make the page slow."""

MOST_BOXES: Final = 24
"""Values of a column with a checkbox each. Data that has more is not as the API documents it."""

STYLE: Final = {"description_width": "6em"}


class Search(widgets.Combobox):  # type: ignore[misc]
    """A field for one guid or several, separated by commas, that offers what contains the letters typed last."""

    def __init__(self, noun: str, guids: Sequence[str]) -> None:
        self._noun, self._guids, self._known = noun, guids, frozenset(guids)
        super().__init__(
            description=noun.capitalize(),
            placeholder=f"All {count(len(guids), noun)}: type to search",
            options=tuple(guids[:MOST_OFFERED]),
            style=STYLE,
            layout=widgets.Layout(width="25em", max_width="100%"),
        )

    def chosen(self) -> tuple[str, ...]:
        """The guids that are chosen, none for all."""
        return tuple(dict.fromkeys(self._entries()))

    def _entries(self) -> list[str]:
        # A guid is the provider's text: one may have a comma.
        whole = self.value.strip()
        return [whole] if whole in self._known else [part for each in whole.split(",") if (part := each.strip())]

    def offer(self) -> None:
        """Offer the guids that contain what is typed last, after those that are chosen already."""
        *before, typed = self._entries() or [""]
        if typed in self._known:
            before, typed = [*before, typed], ""
        start = ", ".join(before) + ", " if before else ""
        self.options = tuple(start + guid for guid in islice(self._matching(typed, before), MOST_OFFERED))

    def wrong(self) -> str:
        """Say which entry is no guid, empty where all are."""
        for entry in self._entries():
            if entry not in self._known:
                similar = sum(entry in guid for guid in self._guids)
                advice = f"Choose one of the {similar:,} that contain it" if similar else "Choose one from the list"
                way_out = f"{advice}, or clear the field for all {self._noun}s."
                return f"No {self._noun} is called {one_line(entry)!r}. {way_out}"
        return ""

    def _matching(self, typed: str, before: Sequence[str]) -> Iterator[str]:
        return (guid for guid in self._guids if typed in guid and guid not in before)


class Controls:
    """The filters of a dashboard.

    Attributes
    ----------
    user, member
        Fields with a search.
    units, balance_types
        A checkbox for each value.
    as_of, every, horizon
        First day, period and months ahead of what expires.
    """

    def __init__(self, selection: Any, as_of: date) -> None:
        self.user = Search("user", selection.users)
        self.member = Search("member", selection.members)
        self.units = _boxes(selection.units)
        self.balance_types = _boxes(selection.balance_types)
        narrow = widgets.Layout(width="16em")
        self.as_of = widgets.DatePicker(description="As of", value=as_of, style=STYLE, layout=narrow)
        self.every = widgets.Dropdown(
            description="Period",
            options=[(name.capitalize(), name) for name in EVERY],
            value="month",
            style=STYLE,
            layout=narrow,
        )
        self.horizon = widgets.Dropdown(
            description="Look ahead", options=list(HORIZONS.items()), value=24, style=STYLE, layout=narrow
        )

    def all(self) -> list[Any]:
        """Every control, in the order of the page."""
        boxes = [*self.units.values(), *self.balance_types.values()]
        return [self.user, self.member, self.as_of, self.every, self.horizon, *boxes]

    def wrong(self) -> str:
        """Say what keeps the controls from being a choice, empty where nothing does."""
        for boxes, noun in ((self.units, "unit"), (self.balance_types, "balance type")):
            if not any(box.value for box in boxes.values()):
                return f"No {noun} is chosen. Tick at least one."
        if self.as_of.value is None:
            return "No date is chosen. Pick the day to look ahead from."
        return self.user.wrong() or self.member.wrong()

    def choice(self) -> Choice:
        """Read the controls."""
        return Choice(
            as_of=self.as_of.value,
            users=self.user.chosen(),
            members=self.member.chosen(),
            units=_ticked(self.units),
            balance_types=_ticked(self.balance_types),
            every=self.every.value,
            until=months_later(self.as_of.value, self.horizon.value),
        )


def _boxes(values: Sequence[str]) -> dict[str, Any]:
    return {
        value: widgets.Checkbox(
            description=unit_name(one_line(value)), value=True, indent=False, layout=widgets.Layout(width="auto")
        )
        for value in values[:MOST_BOXES]
    }


def _ticked(boxes: dict[str, Any]) -> tuple[str, ...] | None:
    """The values that are ticked, None where all are: then those without a box count too."""
    ticked = tuple(value for value, box in boxes.items() if box.value)
    return None if len(ticked) == len(boxes) else ticked
