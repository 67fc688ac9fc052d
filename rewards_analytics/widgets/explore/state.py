"""The state of a dashboard: its normal form, what is refused, and what is dropped when the data differ.

A state is a dict of JSON values with the keys of `EMPTY`, and `check` while a quality check is chosen. An empty list
means all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from rewards_analytics.analysis.aging import BUCKETS
from rewards_analytics.analysis.calendar import EVERY, last_day_of_span, period_of
from rewards_analytics.analysis.quality import CHECKS
from rewards_analytics.errors import ArgumentError
from rewards_analytics.widgets.explore.choice import Choice
from rewards_analytics.wording import one_line

State: TypeAlias = Mapping[str, Any]

LISTS: Final = ("users", "members", "units", "balance_types")
"""The keys with a list of values of the rewards."""

HOLDINGS: Final = ("period", "bucket", "check")
"""The keys that choose holdings by what they have."""

TABS: Final = ("totals", "expiring", "distance", "quality", "history")

EMPTY: Final[State] = MappingProxyType(
    dict.fromkeys(LISTS, ()) | {"every": "month", "horizon_months": 12, "tab": "totals", "period": None, "bucket": None}
)
"""What is chosen at first, apart from `as_of`."""

_SINGULAR: Final = dict(zip(LISTS, ("user", "member", "unit", "balance type"), strict=True))


@dataclass(frozen=True)
class Known:
    """The values that a state may name: those of the rewards, as sets, and the tabs."""

    users: frozenset[str] = frozenset()
    members: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    balance_types: frozenset[str] = frozenset()
    tabs: Sequence[str] = field(default=TABS[:-1])


def changed(present: State, given: object, known: Known) -> dict[str, Any]:
    """Return a state with some keys given anew; a period that no longer fits is dropped.

    Raises
    ------
    ArgumentError
        If a key is unknown or a value is wrong.
    """
    values = _checked(given)
    for name in LISTS:
        for value in values.get(name, ()):
            if value not in getattr(known, name):
                raise ArgumentError(
                    f"state[{name!r}] names {one_line(value)!r}, and the rewards have no such {_SINGULAR[name]}. "
                    f"Leave it out; ra.explore(rewards, state=…) drops what the rewards do not have."
                )
    if "tab" in values and values["tab"] not in known.tabs:
        raise ArgumentError.not_one_of("state['tab']", values["tab"], known.tabs)
    return _completed(present, values)


def restored(present: State, given: object, known: Known) -> tuple[dict[str, Any], list[str]]:
    """Return a state saved for these or other rewards, and say in words which of its values these do not have.

    Raises
    ------
    ArgumentError
        If a key is unknown or a value is wrong.
    """
    values, dropped = _checked(given), []
    for name in LISTS:
        if name in values:
            gone = [value for value in values[name] if value not in getattr(known, name)]
            dropped += [f"{_SINGULAR[name]} {one_line(value)}" for value in gone]
            values[name] = [value for value in values[name] if value not in gone]
    if values.get("tab", known.tabs[0]) not in known.tabs:
        dropped.append("the tab History, which needs history=")
        del values["tab"]
    return _completed(present, values), dropped


def without(state: State, *names: str) -> dict[str, Any]:
    """Return a state in which nothing is chosen under some keys.

    A view in which the reader chooses is computed without that choice, and marks the chosen part.
    """
    left = {name: value for name, value in state.items() if name != "check" or name not in names}
    return left | {name: [] if name in LISTS else None for name in names if name != "check"}


def choice_of(state: State) -> Choice:
    """Return the choice that a state stands for."""
    as_of = date.fromisoformat(state["as_of"])
    return Choice(
        as_of,
        **{name: tuple(state[name]) for name in LISTS},
        every=state["every"],
        until=_until(state),
        period=None if state["period"] is None else date.fromisoformat(state["period"]),
        bucket=state["bucket"],
        check=state.get("check"),
    )


def _until(state: State) -> date | None:
    months = state["horizon_months"]
    return None if months is None else last_day_of_span(date.fromisoformat(state["as_of"]), months)


def _completed(present: State, values: State) -> dict[str, Any]:
    """Return the state with all its keys in their order, and with a period only where it is one of the timeline."""
    merged = {**present, **values}
    if merged["period"] is not None and (problem := _problem_of_period(merged)):
        if values.get("period") is not None:
            raise ArgumentError(problem)
        merged["period"] = None
    keys = (*LISTS, "as_of", "every", "horizon_months", "tab", "period", "bucket")
    state = {name: list(merged[name]) if name in LISTS else merged[name] for name in keys}
    return state | ({"check": merged["check"]} if merged.get("check") is not None else {})


def _problem_of_period(state: State) -> str:
    period, every = date.fromisoformat(state["period"]), state["every"]
    first = period_of(period, every)
    if first != period:
        return f"state['period']={state['period']!r} is not the first day of a {every}. Pass {first.isoformat()!r}."
    begin, until = period_of(date.fromisoformat(state["as_of"]), every), _until(state)
    if period < begin or (until is not None and period > until):
        end = "" if until is None else f" to {until.isoformat()}"
        return f"state['period']={state['period']!r} is outside the timeline, which goes from {begin.isoformat()}{end}."
    return ""


# --- One value ----------------------------------------------------------------------------------------


def _checked(given: object) -> dict[str, Any]:
    """Return the given values in their normal form; refuse what no rewards could make right."""
    if not isinstance(given, Mapping):
        raise ArgumentError(f"state={given!r} is not a mapping. Pass a dict such as dashboard.state.")
    known = (*LISTS, "as_of", "every", "horizon_months", "tab", "period", "bucket", "check")
    for name in given:
        if name not in known:
            raise ArgumentError.not_one_of("a key of state", name, known)
    return {name: _value(name, given[name]) for name in known if name in given}


def _value(name: str, value: object) -> Any:
    match name:
        case "as_of":
            return _day(name, value)
        case "period":
            return None if value is None else _day(name, value)
        case "every":
            return _one_of(name, value, EVERY)
        case "tab":
            return _one_of(name, value, TABS)
        case "bucket":
            return None if value is None else _one_of(name, value, BUCKETS)
        case "check":
            return None if value is None else _one_of(name, value, CHECKS)
        case "horizon_months":
            return _months(value)
        case _:
            return _texts(name, value)


def _texts(name: str, value: object) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise ArgumentError(f"state[{name!r}]={value!r} is not a list of texts. Pass a list, empty for all.")
    return list(dict.fromkeys(value))


def _day(name: str, value: object) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    try:
        if isinstance(value, str) and len(value) == 10:
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise ArgumentError(f"state[{name!r}]={value!r} is not a day. Pass it as ISO text, for example '2026-11-23'.")


def _one_of(name: str, value: object, allowed: Iterable[str]) -> str:
    if isinstance(value, str) and value in allowed:
        return value
    raise ArgumentError.not_one_of(f"state[{name!r}]", value, allowed)


def _months(value: object) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    raise ArgumentError(f"state['horizon_months']={value!r} is not a number of months from 1, or None for no end.")
