"""Sums and rounding in Python, exactly."""

from decimal import Decimal
from fractions import Fraction

from rewards_analytics.analysis.sums import exact, exact_sum, rounded, sum_of_known

LONG = "9" * 76
"""As many digits as the product of an amount and a rate may have."""


def test_sums_of_products_are_exact():
    assert exact_sum([Decimal(LONG), Decimal(LONG)]) == 2 * int(LONG)
    assert sum_of_known([Decimal(LONG), None, Decimal(LONG)]) == 2 * int(LONG)
    with exact():
        assert Decimal("9" * 38) * Decimal("9" * 38) == int("9" * 38) ** 2


def test_no_amounts_are_0_and_unknown_ones_unknown():
    assert exact_sum([]) == 0
    assert sum_of_known([]) is None
    assert sum_of_known([None, None]) is None
    assert sum_of_known([Decimal(0), None]) == 0


def test_amounts_are_rounded_half_to_even_at_the_ninth_decimal():
    halves = [Fraction(number, 2 * 10**9) for number in (-3, -1, 1, 3, 5)]

    assert [rounded(half) * 10**9 for half in halves] == [-2, 0, 0, 2, 2]
    assert rounded(Fraction(10**30, 7)) == Decimal("142857142857142857142857142857.142857143")
