"""What one unit is worth in dollars: reads the caller's rates exactly."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeAlias

from rewards_analytics.amounts import NOT_A_NUMBER, InvalidValueError, amount
from rewards_analytics.engines import columns_of, from_caller, rereadable
from rewards_analytics.errors import (
    ArgumentError,
    FrameError,
    MissingColumnError,
    RewardsError,
    RewardsWarning,
    SourceError,
)
from rewards_analytics.schema import SCALE, WHOLE_DIGITS
from rewards_analytics.textfiles import csv_table

Rates: TypeAlias = Any
"""A mapping of unit to rate, a frame of any supported kind, or the path of a CSV file."""

REQUIRED: Final = ("unit_type", "rate")
MEMBER: Final = "member_guid"
MOST_NAMED: Final = 5

_FORM: Final = "Rates are a mapping of unit to dollars a unit, a frame, or a CSV file with the columns "
_COLUMNS: Final = f"{', '.join(REQUIRED)} and, where members differ, {MEMBER}"


@dataclass(frozen=True)
class RateTable:
    """Dollars a unit: `of_unit` by unit, and `of_member` by member and unit, which takes precedence."""

    of_unit: Mapping[str, Decimal]
    of_member: Mapping[tuple[str, str], Decimal]

    def warn_of_unused(self, units: Collection[str], members: Collection[tuple[str, str]]) -> None:
        """Warn of the rates that fit no holding, given the units of all, and the members and units with own rates."""
        unused = [(unit, repr(unit)) for unit in self.of_unit if unit not in units]
        unused += [(key[1], f"{key[1]!r} of member {key[0]!r}") for key in self.of_member if key not in members]
        if not unused or not units:
            return
        names, said = {unit.strip().upper(): unit for unit in units}, []
        for unit, what in unused[:MOST_NAMED]:
            nearest = [] if unit in units else get_close_matches(unit.strip().upper(), names, n=1)
            said.append(what + (f" (did you mean {names[nearest[0]]!r}?)" if nearest else ""))
        fit = "A rate fits" if len(unused) == 1 else f"{len(unused):,} rates fit"
        known = ", ".join(map(repr, sorted(units)))
        more = f" and {len(unused) - MOST_NAMED:,} more" if len(unused) > MOST_NAMED else ""
        warnings.warn(
            f"{fit} no reward: {', '.join(said)}{more}. The units of the rewards are {known}.",
            RewardsWarning,
            stacklevel=3,
        )


def read_rates(rates: Rates) -> RateTable:
    """Read rates of any form; a rate given twice, below 0 or not exact is an error that says which and where."""
    if isinstance(rates, RateTable):
        return rates
    rows, error = _rows_of(rates)
    of_unit: dict[str, Decimal] = {}
    of_member: dict[tuple[str, str], Decimal] = {}
    seen: dict[tuple[str | None, str], str] = {}
    for place, unit_type, member_guid, given in rows:
        if not isinstance(unit_type, str) or not unit_type:
            raise error(f"{place}: unit_type {unit_type!r} is not the name of a unit.")
        whose = f"{unit_type!r} of member {member_guid!r}" if member_guid else repr(unit_type)
        key = (member_guid, unit_type)
        if key in seen:
            raise error(f"{place}: the rate of {whose} is given twice, first in {seen[key]}. Leave one of them out.")
        seen[key] = place
        rate = _exact(given, f"{place}: the rate of {whose}", error)
        if member_guid:
            of_member[member_guid, unit_type] = rate
        else:
            of_unit[unit_type] = rate
    return RateTable(of_unit, of_member)


_Row: TypeAlias = tuple[str, Any, str | None, Any]
"""Place, unit, member or None for all members, and the rate as it was given."""


def _rows_of(rates: Rates) -> tuple[Iterable[_Row], type[RewardsError]]:
    """Give the rows, and the class of the errors about them: files are sources, the rest is an argument."""
    if isinstance(rates, Mapping):
        return [(f"rates[{unit!r}]", unit, None, rate) for unit, rate in rates.items()], ArgumentError
    if isinstance(rates, str | os.PathLike):
        return _rows_of_file(Path(rates)), SourceError
    try:
        rates = rereadable(rates, asked_by="value")
    except FrameError as error:
        raise ArgumentError(f"rates is of type {type(rates).__name__}. {_FORM}{_COLUMNS}.") from error
    found = columns_of(rates, asked_by="value")
    _require(found, "rates", MissingColumnError)
    columns = [*REQUIRED, *([MEMBER] if MEMBER in found else [])]
    table = from_caller(rates, columns, asked_by="value", required=())
    rows = table.collect(table.frame).rows(named=True)
    return (
        (f"row {place} of rates", row["unit_type"], row.get(MEMBER) or None, row["rate"])
        for place, row in enumerate(rows)
    ), ArgumentError


def _rows_of_file(path: Path) -> Iterator[_Row]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"Cannot read the rates in {path}: {error.strerror}.") from error
    header, records = csv_table(raw, str(path))
    header = [name.strip() for name in header]
    _require(header, str(path), SourceError)
    for cells, line in records:
        if cells is None:
            raise SourceError(f"{path}:{line} is not CSV.")
        if len(cells) != len(header):
            raise SourceError(
                f"{path}:{line} has {len(cells)} cells where the header has {len(header)}. Quote what holds a comma, "
                "and write decimals with a point."
            )
        row = {name: cell.lstrip() for name, cell in zip(header, cells, strict=True)}
        yield f"{path}:{line}", row["unit_type"], row.get(MEMBER) or None, row["rate"]


def _require(found: Iterable[str], where: str, error: type[RewardsError]) -> None:
    names = list(found)
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise error(f"{where} has no column {missing[0]!r}; found {names}. {_FORM}{_COLUMNS}.")


def _exact(given: Any, what: str, error: type[RewardsError]) -> Decimal:
    """Give a rate as an exact number: from 0 on, with as many digits as an amount may have."""
    if isinstance(given, float):
        raise FrameError.from_float(what, given)
    try:
        rate = amount(given)
    except InvalidValueError as problem:
        if str(problem) == NOT_A_NUMBER:
            raise error(f"{what}, {given!r}, is not a number. Write dollars a unit, such as 0.0125.") from None
        digits = f"{WHOLE_DIGITS} digits before the point or {SCALE} after it"
        raise error(f"{what}, {given}, has more than {digits}.") from None
    if rate < 0:
        raise error(f"{what}, {given}, is not a number at or above 0.")
    return rate
