"""Adding up amounts in Python, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from decimal import Context, Decimal, localcontext
from fractions import Fraction

from rewards_analytics.schema import PRECISION, SCALE


def exact() -> AbstractContextManager[Context]:
    """Compute without rounding: Python's own context keeps 28 digits, a sum may have 38, its product with a rate 76."""
    return localcontext(prec=3 * PRECISION)


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Add up amounts without rounding.

    >>> exact_sum([Decimal("12345678901234567890.000000001"), Decimal("0.000000001")])
    Decimal('12345678901234567890.000000002')
    """
    with exact():
        return sum(amounts, Decimal(0))


def rounded(amount: Fraction) -> Decimal:
    """Round an amount to 9 decimals, half to even.

    >>> rounded(Fraction(1, 3)), rounded(Fraction(25, 10**10)), rounded(Fraction(-35, 10**10))
    (Decimal('0.333333333'), Decimal('2E-9'), Decimal('-4E-9'))
    """
    with exact():
        return Decimal(round(amount * 10**SCALE)).scaleb(-SCALE)


def sum_of_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add up the amounts that are known; None if none is.

    >>> sum_of_known([None, Decimal("1.5")]), sum_of_known([None])
    (Decimal('1.5'), None)
    """
    known = [amount for amount in amounts if amount is not None]
    return exact_sum(known) if known else None
