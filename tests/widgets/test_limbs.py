"""Amounts are added up by group without a rounding, as Python's decimals are."""

from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, strategies as st

from rewards_analytics.analysis.sums import exact, exact_sum
from rewards_analytics.schema import PRECISION, SCALE, WHOLE_DIGITS
from rewards_analytics.widgets.explore.limbs import Amounts

LARGEST = 10 ** (WHOLE_DIGITS + SCALE) - 1
BILLIONTHS = st.one_of(st.integers(-LARGEST, LARGEST), st.integers(-(2**50), 2**50), st.sampled_from([0, 1, -1]))
AMOUNTS = st.lists(BILLIONTHS.map(lambda number: Decimal(number).scaleb(-SCALE)), max_size=40)


def decimals(values):
    return pl.Series(values, dtype=pl.Decimal(PRECISION, SCALE))


@given(amounts=AMOUNTS)
def test_limbs_keep_every_digit(amounts):
    assert Amounts.of(decimals(amounts)).series().to_list() == amounts


@given(amounts=AMOUNTS, seed=st.integers(0, 2**32))
def test_groups_add_up_exactly_and_so_do_their_sums(amounts, seed):
    groups = np.random.default_rng(seed).integers(0, 3, len(amounts))

    sums = Amounts.of(decimals(amounts)).by(groups, 4)

    assert sums.series().to_list() == [
        exact_sum(amount for amount, group in zip(amounts, groups, strict=True) if group == each) for each in range(4)
    ]
    assert sums.by(np.zeros(4, dtype=np.int64), 1).series().to_list() == [exact_sum(amounts)]


def test_many_of_the_largest_amounts_add_up_exactly():
    largest = Decimal(LARGEST).scaleb(-SCALE)
    rows = 100_000

    sums = (
        Amounts.of(decimals([largest, -largest, -largest]))
        .at(np.array([0] * rows + [1] * rows + [2]))
        .by(np.array([0] * rows + [1] * rows + [0]), 2)
    )

    with exact():
        assert sums.series().to_list() == [largest * (rows - 1), -largest * rows]


@pytest.mark.parametrize("places", [np.array([2, 0]), np.array([True, False, True])], ids=["places", "a mask"])
def test_some_amounts_are_found_by_place(places):
    amounts = Amounts.of(decimals([Decimal("1.5"), Decimal("-2"), Decimal("1234567890123456789.000000001")]))

    assert sorted(amounts.at(places).series().to_list()) == [Decimal("1.5"), Decimal("1234567890123456789.000000001")]
