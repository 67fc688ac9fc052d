"""Texts in files that spreadsheets open: none runs, none begins a row, and each reads back as it was."""

import csv
import io
import re
import sys
import unicodedata
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given, strategies as st

import rewards_analytics as ra
from rewards_analytics.spreadsheet import FORMULA, GUARDED, as_csv, frame_as_csv, guarded
from tests.loading.samples import reward

STARTERS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b"
UNSEEN = " \xa0\ufeff\u200b\u2060\u3000\u00ad\x00\x1f\u2028\u180e\U000e0020"
VISIBLE_SIGNS = {0x600, 0x601, 0x602, 0x603, 0x604, 0x605, 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
REWARD = reward(balance="-0.5")


@pytest.mark.parametrize("unseen", ["", *UNSEEN, "'", " \ufeff", "''"])
@pytest.mark.parametrize("starter", STARTERS)
def test_a_text_that_would_run_gets_a_quote_and_taking_it_off_gives_the_text_back(unseen, starter):
    text = f"{unseen}{starter}1"

    assert guarded(text) == f"'{text}"
    assert re.sub(GUARDED, r"\1", guarded(text)) == text


@pytest.mark.parametrize("text", ["", "Free night", "'Free'", "1+1", "'", " ", "\ufeffx", "x\r=1", "x'=1"])
def test_other_texts_stay_as_they_are(text):
    assert guarded(text) == text
    assert re.sub(GUARDED, r"\1", text) == text


def test_every_blank_and_control_character_is_passed_over():
    unseen = [
        chr(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in ("Cc", "Cf", "Zs", "Zl", "Zp")
        and code not in VISIBLE_SIGNS
        and not 0x13430 <= code <= 0x1343F  # hieroglyph joiners
    ]

    assert [hex(ord(character)) for character in unseen if not re.match(FORMULA, f"{character}=")] == []


def test_numbers_are_exact_and_not_guarded_and_headers_are_texts():
    rows = [{"=a": Decimal("-0.500"), "b": None, "c": "-0.5"}]

    assert as_csv(rows, ["=a", "b", "c"]) == "'=a,b,c\n-0.5,,'-0.5\n"
    assert frame_as_csv(pl.DataFrame(rows)) == b"'=a,b,c\n-0.500,,'-0.5\n"


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical, pl.Enum(["=1"])])
def test_each_kind_of_text_in_a_frame_is_guarded(kind):
    assert frame_as_csv(pl.DataFrame({"a": ["=1"]}, schema={"a": kind})) == b"a\n'=1\n"


@pytest.mark.parametrize("text", ["x\r=cmd|calc", "x\n=cmd|calc", "x\r\n=cmd|calc", '"', "a,b"])
def test_what_would_begin_a_row_or_a_cell_is_quoted(text):
    quoted = '"' + text.replace('"', '""') + '"'

    assert as_csv([{"a": text}], ["a"]) == f"a\n{quoted}\n"
    assert frame_as_csv(pl.DataFrame({"a": [text]})) == f"a\n{quoted}\n".encode()


def test_a_row_of_one_empty_cell_is_a_row():
    assert as_csv([{"a": None}, {"a": "x"}], ["a"]) == 'a\n""\nx\n'


TEXTS = st.text(st.one_of(st.sampled_from(STARTERS + UNSEEN + "'\"x,"), st.characters(codec="utf-8")), min_size=1)


@given(st.lists(TEXTS, min_size=1, max_size=4))
@example(["x\r=cmd|calc", "'=1", "''=1", "\r\n"])
@example(["\n", "\r", "'\r", " '"])
def test_what_is_written_is_loaded_as_the_same_text(tmp_path_factory, texts):
    rewards = ra.load([REWARD | {"guid": f"{n}{text}", "description": text} for n, text in enumerate(texts)])
    path = ra.write(rewards, tmp_path_factory.getbasetemp() / "texts.csv")

    assert ra.load(path).rows() == rewards.rows()


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_records_as_csv_read_back_as_the_guarded_texts(texts):
    text = as_csv([{"a": each} for each in texts], ["a"])

    assert [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:] == [guarded(each) for each in texts]
