"""Text that a spreadsheet opens: exact amounts, and nothing that it would run as a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

FORMULA: Final = r"^'*[=+\-@\t\r]"
"""What a text begins with that gets a quote before it: a formula, or a guarded one, so that taking one quote off
always gives the text back. A pattern for Python, Polars, Arrow and JavaScript alike."""

GUARDED: Final = r"^'('*[=+\-@\t\r])"
"""What a guarded text begins with; the group is what it began with before."""


def guarded(text: str) -> str:
    """Return a text with a quote before it where a spreadsheet would run it as a formula.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("Free night")
    ("'=1+1", "''=1+1", 'Free night')
    """
    return f"'{text}" if re.match(FORMULA, text) else text


def as_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    r"""Return records as CSV: exact amounts, ISO dates, an empty cell for null, texts `guarded`.

    >>> as_csv([{"unit_type": "MILES", "available": Decimal("12.500000000")}], ["unit_type", "available"])
    'unit_type,available\nMILES,12.5\n'
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[column]) for column in columns] for row in rows)
    return file.getvalue()


def exact_number(value: object) -> object:
    """Return an amount with every digit, no exponent and no trailing zeros. Other values are returned as they are.

    >>> exact_number(Decimal("12.500000000")), exact_number(Decimal("0E-9")), exact_number(1200)
    ('12.5', '0', 1200)
    """
    if not isinstance(value, Decimal):
        return value
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cell(value: object) -> object:
    return guarded(value) if isinstance(value, str) else exact_number(value)
