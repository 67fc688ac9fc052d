"""The data behind the tables of a report, as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    r"""Give records as CSV: exact amounts, ISO dates, an empty cell for null.

    Text that a spreadsheet would run as a formula gets an apostrophe in front, because descriptions are the
    providers' and the file is made to be opened.

    >>> as_csv([{"unit_type": "MILES", "available": Decimal("12.500000000")}], ["unit_type", "available"])
    'unit_type,available\nMILES,12.5\n'
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return file.getvalue()


def plain(value: Any) -> Any:
    """Give an amount as programs read it: every digit, no exponent, no zeros after the last; other values as they are.

    >>> plain(Decimal("12.500000000")), plain(Decimal("0E-9")), plain(1200)
    ('12.5', '0', 1200)
    """
    if not isinstance(value, Decimal):
        return value
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA):
        return f"'{value}"
    return plain(value)
