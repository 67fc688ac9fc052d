"""Text that a spreadsheet opens: exact amounts, and nothing that it would run as a formula."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import polars as pl

_STARTERS: Final = r"=+\-@\t\r\n" + "\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20"
"""What a formula begins with, in its wide and small forms too, and the line ends that begin a row."""

_UNSEEN: Final = (
    r"\x00-\x20\x7f-\xa0\xad"
    "\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""What a spreadsheet may pass over before a formula: blanks, control characters, and others without a shape."""

FORMULA: Final = f"^'*[{_UNSEEN}]*[{_STARTERS}]"
"""What a text begins with that gets a quote before it: a formula, or a guarded one, so that taking one quote off
always gives the text back. A pattern for Python, Polars, Arrow and JavaScript alike."""

GUARDED: Final = f"^'('*[{_UNSEEN}]*[{_STARTERS}])"
"""What a guarded text begins with; the group is what it began with before."""

_FORMULA: Final = re.compile(FORMULA)
_TO_QUOTE: Final = re.compile('[",\r\n]')


def guarded(text: str) -> str:
    """Return a text with a quote before it where a spreadsheet would run it as a formula.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("Free night")
    ("'=1+1", "''=1+1", 'Free night')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def as_csv(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> str:
    r"""Return records as CSV: exact amounts, ISO dates, an empty cell for null, texts and headers `guarded`.

    >>> as_csv([{"unit_type": "MILES", "available": Decimal("12.500000000")}], ["unit_type", "available"])
    'unit_type,available\nMILES,12.5\n'
    """
    lines = [map(_cell, columns), *([_cell(row[column]) for column in columns] for row in rows)]
    # A line of one empty cell would not be a row.
    return "".join((",".join(line) or '""') + "\n" for line in lines)


def frame_as_csv(frame: pl.DataFrame, *amounts: pl.Expr, **options: Any) -> bytes:
    """Return a frame as CSV, texts and headers `guarded`; `amounts` are columns of numbers to write as texts.

    `options` go to Polars, which quotes each cell with a line end or a carriage return.
    """
    import polars as pl

    texts = pl.col(pl.String, pl.Categorical, pl.Enum).cast(pl.String).str.replace(FORMULA, "'${0}")
    csv: str = frame.with_columns(texts).with_columns(*amounts).rename(guarded).write_csv(**options)
    return csv.encode()


def exact_number(value: object) -> object:
    """Return an amount with every digit, no exponent and no trailing zeros. Other values are returned as they are.

    >>> exact_number(Decimal("12.500000000")), exact_number(Decimal("0E-9")), exact_number(1200)
    ('12.5', '0', 1200)
    """
    if not isinstance(value, Decimal):
        return value
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _cell(value: object) -> str:
    """Return a value as CSV. A cell with a carriage return is quoted too, which the standard library leaves bare."""
    text = "" if value is None else guarded(value) if isinstance(value, str) else str(exact_number(value))
    return '"{}"'.format(text.replace('"', '""')) if _TO_QUOTE.search(text) else text
