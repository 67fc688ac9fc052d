"""Which numbers and texts are amounts, and what they are worth, compared with Python's own arithmetic."""

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, strategies as st

from rewards_analytics.amounts import PLAIN_AMOUNT, TOO_FINE, TOO_LARGE, InvalidValueError, amount, is_amount

MOST = 10**19 - 1


@pytest.mark.parametrize("value", [MOST, -MOST, 9**19, 0, np.int64(5), Decimal("-0.5"), Decimal(MOST)])
def test_an_integer_or_a_decimal_is_worth_what_it_is(value):
    assert amount(value) == Decimal(int(value) if isinstance(value, np.integer) else value)
    assert amount(value).as_tuple().exponent == -9


@pytest.mark.parametrize(
    "value", [MOST + 1, -MOST - 1, 10**5000, Decimal(MOST + 1)], ids=["first", "least", "huge", "decimal"]
)
def test_an_integer_of_20_digits_is_too_large_however_long(value):
    with pytest.raises(InvalidValueError, match=TOO_LARGE):
        amount(value)


@pytest.mark.parametrize("value", [True, False, 1.0, None, b"1", [1], np.float64(1), np.bool_(True)])
def test_a_value_of_another_type_is_not_an_amount(value):
    assert not is_amount(value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"0.{'0' * 110}1e100000000000", TOO_LARGE),
        (f"1{'0' * 110}e-100000000000", TOO_FINE),
        ("1e" + "9" * 5000, TOO_LARGE),
        ("1e-" + "9" * 5000, TOO_FINE),
    ],
    ids=["small_large", "large_small", "large", "small"],
)
def test_a_long_exponent_counts_whatever_the_digits_before_it(text, problem):
    with pytest.raises(InvalidValueError, match=problem):
        amount(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e00000000000000000002", 100), ("1e-00000000000000000002", Decimal("0.01")), (f"0e{'9' * 5000}", 0), ("-0", 0)],
    ids=["zeros", "zeros_below", "zero", "minus_zero"],
)
def test_zeros_of_an_exponent_and_any_exponent_of_zero_change_nothing(text, value):
    assert amount(text) == value
    assert not amount(text).is_signed()


DIGITS = st.integers(0, 10**24).map(str)


@given(
    sign=st.sampled_from(["", "-"]),
    whole=DIGITS,
    fraction=st.none() | DIGITS,
    exponent=st.none() | st.integers(-30, 30),
)
def test_a_text_is_worth_what_fractions_say_or_has_a_digit_too_many(sign, whole, fraction, exponent):
    text = f"{sign}{whole}" + (f".{fraction}" if fraction else "") + ("" if exponent is None else f"e{exponent}")
    worth = Fraction(text)

    assert is_amount(text) == (abs(worth) < 10**19 and worth * 10**9 == int(worth * 10**9))
    if is_amount(text):
        assert Fraction(amount(text)) == worth


@pytest.mark.parametrize("text", ["0", "-0.5", str(MOST), f"-{MOST}.{'9' * 9}", f"{MOST}.000000001"])
def test_what_is_plain_is_an_amount_without_an_exponent(text):
    assert re.fullmatch(PLAIN_AMOUNT, text)
    assert amount(text) == Decimal(text)


@pytest.mark.parametrize("text", [str(MOST + 1), "0.0000000001", "1e3", "05", "-", "1.", ".5", "+5"])
def test_nothing_else_is_plain(text):
    assert not re.fullmatch(PLAIN_AMOUNT, text)
