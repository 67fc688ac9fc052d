"""Text from outside is safe to print: in every error and warning of the package, and in what its objects show."""

from __future__ import annotations

import inspect
import pickle
import unicodedata
import warnings

import pytest
from hypothesis import given, strategies as st

import rewards_analytics as ra
from rewards_analytics import errors
from rewards_analytics.client import Challenge, OptionsChallenge
from rewards_analytics.client.aggregation import MemberState
from rewards_analytics.client.challenges import Option
from rewards_analytics.sandbox import Sandbox
from rewards_analytics.show.tables import table
from rewards_analytics.terminal import printable, printable_lines

HOSTILE = {
    "clear screen": "\x1b[2J",
    "window title": "\x1b]0;owned\x07",
    "C1 sequence": "\x9b31m",
    "backspaces": "ok\b\bno",
    "null": "a\0b",
    "delete": "a\x7fb",
    "override": "\u202egnp.exe",
    "isolate": "\u2066a\u2069",
    "mark": "\u200f",
    "zero width": "pay\u200bpal\u2060\ufeff",
    "lone surrogate": "\udc80",
    "line break": "a\nFORGED",
    "carriage return": "a\rFORGED",
    "next line": "a\x85FORGED",
    "separators": "a\u2028FORGED\u2029FORGED",
}
"""What a terminal or a reader could take for something else."""

EVERYTHING = "".join(HOSTILE.values())
VALID = EVERYTHING.replace("\udc80", "")
"""The same as valid Unicode, which a frame can hold and a URL can carry."""

ERRORS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ra.RewardsError)]


def is_safe(text: str) -> bool:
    """Whether each line of a text has visible characters and blanks only."""
    return all(c == "\n" or c.isprintable() or unicodedata.category(c) == "Zs" for c in text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_an_invisible_character_is_shown_as_its_escape_and_a_break_as_a_blank(text):
    assert is_safe(printable(text))
    assert "\n" not in printable(text)
    assert printable("\x1b[2J \u202e \x9b \udc80") == "\\x1b[2J \\u202e \\x9b \\udc80"
    assert printable("a\r\n\tb\u2028c") == "a b c"


def test_visible_text_of_every_script_stays_as_it_is():
    text = "Café, マイル\u3000航空, العربية, हिन्दी, 1\u00a0000 €, 🎁"

    assert printable(text) == text


@given(st.text(st.characters(codec=None)))
def test_no_text_at_all_is_unsafe_and_a_safe_one_is_not_changed(text):
    assert is_safe(printable(text))
    assert "\n" not in printable(text)
    assert printable(printable(text)) == printable(text)
    assert is_safe(printable_lines(text))
    assert printable_lines(text).count("\n") == text.count("\n")


# --- Errors and warnings ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ERRORS)
def test_no_error_of_the_package_carries_an_invisible_character(kind):
    error = kind(f"It holds {EVERYTHING}.")

    assert is_safe(str(error))
    assert is_safe(repr(error))
    assert error.args == (str(error),)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_an_error_says_what_it_says_on_one_line_whatever_it_quotes(tmp_path):
    path = tmp_path / "a\nERROR: forged.json"
    path.write_text("<html>")

    with pytest.raises(ra.SourceError) as refused:
        ra.load(path)

    assert "\n" not in str(refused.value)
    assert "a ERROR: forged.json" in str(refused.value)


def test_rejected_rows_have_a_line_each_whatever_the_names_of_their_files(tmp_path):
    path = tmp_path / "a\nb\x1b[2J.ndjson"
    path.write_text('{"guid": "RWD-1"}\n{"guid": "RWD-\\u001b[2J\\n2"}\n')

    with pytest.raises(ra.InvalidRewardsError) as rejected:
        ra.load(path)
    with pytest.warns(ra.RewardsWarning) as warned:
        ra.load(path, on_invalid="drop")
    texts = [str(rejected.value), str(warned[0].message), str(ra.check(path))]

    assert all(is_safe(text) for text in texts)
    assert all("a b\\x1b[2J.ndjson:1" in text for text in texts)


def test_the_values_that_are_not_documented_are_warned_of_safely():
    reward = {"guid": "RWD-1", "user_guid": "USR-1", "member_guid": "MBR-1", "balance": 1, "balance_type": "BALANCE"}

    with pytest.warns(ra.RewardsWarning) as warned:
        ra.load([reward | {"unit_type": VALID}])
    with warnings.catch_warnings(record=True) as kept:
        warnings.simplefilter("always")
        warnings.warn(EVERYTHING, ra.RewardsWarning, stacklevel=1)

    assert is_safe(str(warned[0].message))
    assert is_safe(str(kept[0].message))
    assert is_safe(str(ra.check([reward | {"unit_type": VALID}])))


# --- Objects ----------------------------------------------------------------------------------------


def test_objects_show_text_from_outside_safely():
    option = Option(EVERYTHING, EVERYTHING)
    shown = [
        MemberState({"connection_status": EVERYTHING}, started=True),
        Challenge(EVERYTHING, EVERYTHING, EVERYTHING, EVERYTHING),
        OptionsChallenge("CRD-1", "OPTIONS", EVERYTHING, options=[option]),
    ]
    with Sandbox(users=0) as sandbox, ra.AtriumClient("key", "id", sandbox.base_url) as client:
        with pytest.raises(ra.AtriumError) as refused:
            client.read_reward("USR-1", VALID, "RWD-1")
        shown += [sandbox, client, refused.value]

    for each in shown:
        assert is_safe(repr(each))
        assert is_safe(str(each))
        assert "\n" not in repr(each)


def test_tables_and_the_dashboard_in_a_notebook_show_text_from_outside_safely():
    reward = {"guid": "RWD-1", "user_guid": VALID, "member_guid": VALID, "balance": 1, "balance_type": "BALANCE"}
    with pytest.warns(ra.RewardsWarning, match="not documented"):
        rewards = ra.load([reward | {"unit_type": VALID, "description": VALID}])

    assert is_safe(repr(table(ra.holdings(rewards), VALID)))
    assert is_safe(repr(ra.explore(rewards)))
