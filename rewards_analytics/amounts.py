"""The grammar of amounts: which numbers and texts are amounts, and what they are worth.

Loading, the client and the rates all read amounts here. An amount has the form of a JSON number: exponents are
allowed; `+5`, `05`, `.5` and `1_000` are not amounts.
"""

from __future__ import annotations

import re
from decimal import Decimal
from numbers import Integral
from typing import Final

from rewards_analytics.schema import SCALE, WHOLE_DIGITS

NOT_A_NUMBER: Final = "is not a number"
TOO_LARGE: Final = f"has more than {WHOLE_DIGITS} digits before the point"
TOO_FINE: Final = f"has more than {SCALE} decimals"

NUMBER: Final = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
"""A JSON number, as a pattern for Python, Arrow and Polars."""

PLAIN_AMOUNT: Final = rf"-?(0|[1-9][0-9]{{0,{WHOLE_DIGITS - 1}}})(\.[0-9]{{1,{SCALE}}})?"
"""An amount that has no exponent and no digit too many: a cast to decimal reads it as `amount` does."""

_PARTS: Final = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")


class InvalidValueError(ValueError):
    """A value that a field cannot have. Its only argument is the problem, worded to follow the value."""


def amount(value: object) -> Decimal:
    """The exact amount of a text in the form of a JSON number, of an integer or of a Decimal.

    >>> amount("1.25e3")
    Decimal('1250.000000000')
    """
    if isinstance(value, bool) or not isinstance(value, str | Integral | Decimal):
        raise InvalidValueError(NOT_A_NUMBER)
    if isinstance(value, Integral):
        value = int(value)  # NumPy has integers of its own
        if abs(value) >= 10**WHOLE_DIGITS:
            raise InvalidValueError(TOO_LARGE)  # before str(), which refuses integers of thousands of digits
    match = _PARTS.fullmatch(str(value))
    if match is None:
        raise InvalidValueError(NOT_A_NUMBER)
    sign, whole, fraction, exponent = match.groups(default="")
    digits = (whole + fraction).lstrip("0")
    if not digits:
        return Decimal("0." + "0" * SCALE)
    significant = digits.rstrip("0")
    power = _exponent(exponent) - len(fraction) + len(digits) - len(significant)
    if power < -SCALE:
        raise InvalidValueError(TOO_FINE)
    if len(significant) + power > WHOLE_DIGITS:
        raise InvalidValueError(TOO_LARGE)
    scaled = (significant + "0" * (power + SCALE)).zfill(SCALE + 1)
    return Decimal(f"{sign}{scaled[:-SCALE]}.{scaled[-SCALE:]}")


def is_amount(value: object) -> bool:
    """Whether `amount` accepts the value.

    >>> [is_amount(text) for text in ("12.5", "1e3", "05", "+5", "1e19")]
    [True, True, False, False, False]
    """
    try:
        amount(value)
    except InvalidValueError:
        return False
    return True


def _exponent(text: str) -> int:
    """The exponent, or one as far out of range: `int` refuses thousands of digits."""
    digits = text.lstrip("+-0")
    size = int(digits or 0) if len(digits) < 12 else 10**12
    return -size if text.startswith("-") else size
