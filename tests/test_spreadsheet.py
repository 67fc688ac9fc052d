"""Texts in files that spreadsheets open: none runs, and each reads back as it was."""

import re
from decimal import Decimal

import pytest

from rewards_analytics.spreadsheet import GUARDED, as_csv, guarded


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "'=1", "''-1"])
def test_a_text_that_would_run_gets_a_quote_and_taking_it_off_gives_the_text_back(text):
    assert guarded(text) == f"'{text}"
    assert re.sub(GUARDED, r"\1", guarded(text)) == text


@pytest.mark.parametrize("text", ["", "Free night", "'Free'", "1+1", " =1"])
def test_other_texts_stay_as_they_are(text):
    assert guarded(text) == text
    assert re.sub(GUARDED, r"\1", text) == text


def test_numbers_are_exact_and_not_guarded():
    assert as_csv([{"a": Decimal("-0.500"), "b": None, "c": "-0.5"}], "abc") == "a,b,c\n-0.5,,'-0.5\n"
