"""The dashboard's input fields, and the choice that they stand for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Final

import ipywidgets as widgets

from rewards_analytics.analysis.calendar import EVERY, last_day_of_span
from rewards_analytics.widgets.choice import Choice
from rewards_analytics.wording import count, one_line, unit_name

if TYPE_CHECKING:
    from rewards_analytics.widgets.selection import Selection

HORIZONS: Final = {"3 months": 3, "1 year": 12, "2 years": 24, "5 years": 60, "10 years": 120}
"""Months that the timeline looks ahead."""

MOST_SUGGESTED: Final = 50
"""Guids suggested while one is typed: a list of thousands would make the page slow."""

MOST_BOXES: Final = 24
"""Values of a column with a checkbox each. The API documents far fewer."""

_AS_TEXT: Final = str.maketrans("$\\", "＄＼")
"""Descriptions are typeset as mathematics whatever class they have. Wide forms begin no formula."""

_STYLE: Final = {"description_width": "6em"}


class GuidSearch:
    """A field for one guid, or several separated by commas. It suggests guids that contain the last one typed."""

    def __init__(self, noun: str, guids: Sequence[str]) -> None:
        self._noun, self._guids, self._known = noun, guids, frozenset(guids)
        self.field = widgets.Combobox(
            description=noun.capitalize(),
            placeholder=f"All {count(len(guids), noun)}: type to search",
            options=tuple(guids[:MOST_SUGGESTED]),
            style=_STYLE,
            layout=widgets.Layout(width="25em", max_width="100%"),
        )
        self.field.observe(self._suggest, "value")

    def chosen(self) -> tuple[str, ...]:
        """The chosen guids; none stands for all."""
        return tuple(dict.fromkeys(self._entries()))

    def problem(self) -> str:
        """The first entry that is not a guid and what to do about it, empty if all are guids."""
        for entry in self._entries():
            if entry not in self._known:
                similar = sum(entry in guid for guid in self._guids)
                advice = f"Choose one of the {similar:,} that contain it" if similar else "Choose one from the list"
                return (
                    f"No {self._noun} has guid {one_line(entry)!r}. {advice}, or clear the field for all {self._noun}s."
                )
        return ""

    def _entries(self) -> list[str]:
        whole = self.field.value.strip()
        # Guids are free text from the API: one may contain a comma.
        return [whole] if whole in self._known else [part for each in whole.split(",") if (part := each.strip())]

    def _suggest(self, _change: object) -> None:
        *before, typed = self._entries() or [""]
        if typed in self._known:
            before, typed = [*before, typed], ""
        start = ", ".join(before) + ", " if before else ""
        matching = (start + guid for guid in self._guids if typed in guid and guid not in before)
        self.field.options = tuple(islice(matching, MOST_SUGGESTED))


class Filters:
    """The input fields of a dashboard.

    Attributes
    ----------
    user, member
        Searchable fields for guids.
    units, balance_types
        A checkbox for each value.
    as_of, every, horizon
        First day, period, and number of months of the timeline.
    """

    def __init__(self, selection: Selection, as_of: date) -> None:
        self.user = GuidSearch("user", selection.users)
        self.member = GuidSearch("member", selection.members)
        self.units = _checkboxes(selection.units)
        self.balance_types = _checkboxes(selection.balance_types)
        look = {"style": _STYLE, "layout": widgets.Layout(width="16em")}
        periods = [(name.capitalize(), name) for name in EVERY]
        self.as_of = widgets.DatePicker(description="As of", value=as_of, **look)
        self.every = widgets.Dropdown(description="Period", options=periods, value="month", **look)
        self.horizon = widgets.Dropdown(description="Look ahead", options=list(HORIZONS.items()), value=24, **look)

    def all(self) -> list[widgets.Widget]:
        """Every field, in the order of the page."""
        boxes = [*self.units.values(), *self.balance_types.values()]
        return [self.user.field, self.member.field, self.as_of, self.every, self.horizon, *boxes]

    def problem(self) -> str:
        """The first field without a valid value and what to do about it, empty if all have one."""
        for boxes, noun in ((self.units, "unit"), (self.balance_types, "balance type")):
            if not any(box.value for box in boxes.values()):
                return f"No {noun} is selected. Select at least one."
        if self.as_of.value is None:
            return "As of has no date. Enter the first day of the timeline."
        return self.user.problem() or self.member.problem()

    def choice(self) -> Choice:
        """Read the fields."""
        return Choice(
            as_of=self.as_of.value,
            users=self.user.chosen(),
            members=self.member.chosen(),
            units=_checked(self.units),
            balance_types=_checked(self.balance_types),
            every=self.every.value,
            until=last_day_of_span(self.as_of.value, self.horizon.value),
        )


def _checkboxes(values: Sequence[str]) -> dict[str, widgets.Checkbox]:
    layout = widgets.Layout(width="auto")
    return {
        value: widgets.Checkbox(
            description=unit_name(value).translate(_AS_TEXT), value=True, indent=False, layout=layout
        )
        for value in values[:MOST_BOXES]
    }


def _checked(boxes: Mapping[str, widgets.Checkbox]) -> tuple[str, ...] | None:
    """The checked values. None if all are, so that values without a checkbox are included."""
    checked = tuple(value for value, box in boxes.items() if box.value)
    return None if len(checked) == len(boxes) else checked
