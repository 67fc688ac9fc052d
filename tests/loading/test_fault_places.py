"""A fault in JSON is named with its line, its column and the text around it: those of the standard library."""

import json
import random
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.loading.json import documents
from tests.examples import examples
from tests.loading.samples import ndjson, page, refusal, reward, text

REWARDS = [reward(number) for number in range(1, 41)]
INDENTED = json.dumps(REWARDS, indent=2)
PLACE = re.compile(r"is not JSON: line ([0-9]+), column ([0-9]+): ")


FAULTS = {
    "a comma too many in the list": (
        INDENTED[:-2] + ",\n]",
        "line 482, column 1: expected a value, found ']' after '  \"description\": \"Miles\"\\n  },\\n'",
    ),
    "two commas": (
        INDENTED.replace('"RWD-30",', '"RWD-30",,'),
        'line 351, column 22: expected a key in double quotes, found \',\\n    "user_guid": "USR-1",\\n  \'',
    ),
    "no comma": (
        INDENTED.replace('"RWD-30",', '"RWD-30"'),
        'line 352, column 5: expected \',\' or the end of the list or object, found \'"user_guid": "USR-1",\\n',
    ),
    "a tab in a text": (
        INDENTED.replace('"RWD-30"', '"RWD-\t30"'),
        "line 351, column 18: expected a control character to be escaped, found '\\t30\",",
    ),
    "a zero before a number": (
        INDENTED.replace('"12.50"', "007", 1),
        "line 9, column 17: expected ',' or the end of the list or object, found '07,\\n",
    ),
    "an escape": (
        INDENTED.replace('"RWD-30"', r'"RWD-\x30"'),
        "line 351, column 18: expected an escape that JSON has, found '\\\\x30\",",
    ),
    "a key without quotes": (
        INDENTED.replace('"guid": "RWD-30"', 'guid: "RWD-30"'),
        'line 351, column 5: expected a key in double quotes, found \'guid: "RWD-30",',
    ),
    "text after the end": (
        INDENTED + "\n\n]",
        "line 484, column 1: expected the end (a JSON value a line is NDJSON: let its name end in .ndjson), found ']'",
    ),
    "cut short": (
        INDENTED[: INDENTED.index('"RWD-30"') + 9] + "\n\n",
        'line 353, column 1: expected a key in double quotes, found the end after \'},\\n  {\\n    "guid": "RWD-30"',
    ),
    "cut short in a text": (
        INDENTED[: INDENTED.index('"RWD-30"') + 4],
        "line 351, column 13: expected a closing quote for the text that begins here, found '\"RWD'",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_deep_in_a_document_is_named_with_its_place(name, tmp_path):
    document, said = FAULTS[name]
    path = tmp_path / "export.json"
    path.write_text(document)

    assert refusal(path).startswith(f"{path} is not JSON: {said}")
    assert refusal(document.encode()).startswith(f"the source is not JSON: {said}")


def test_blanks_before_a_document_count_and_a_byte_order_mark_does_not():
    bad = text([reward(1)])[:-1] + ",]"
    column = len(bad)

    assert f"line 1, column {column}: expected a value" in refusal(b"\xef\xbb\xbf" + bad.encode())
    assert f"line 3, column {column + 2}: expected a value" in refusal(f"\n \n  {bad}\n\n".encode())


def test_columns_are_counted_in_characters():
    bad = text([reward(1, description="é😀")]).replace("\\u00e9", "é").replace("\\ud83d\\ude00", "😀")[:-1]

    assert f"line 1, column {len(bad) + 1}: expected ',' or the end" in refusal(bad.encode())
    damaged = bad.encode().replace("é".encode(), "é".encode() + b"\xff") + b"]"
    column = bad.index("é") + 2
    assert f"the source, line 1, column {column}: the byte 0xFF is not UTF-8" in refusal(damaged)


def test_columns_of_lines_count_the_blanks_before_them():
    lines = ndjson(reward(1)) + b"  \t" + ndjson(reward(2)).replace(b'"RWD-2",', b'"RWD-2"')

    with pytest.raises(ra.InvalidRewardsError, match=r"line 2: .* \(column 21: expected ',' or the end of the list"):
        ra.load(lines)


def test_the_place_is_that_of_the_file_among_several_and_in_pages_and_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(documents, "PIECE_BYTES", 2000)
    good = json.dumps(page(*REWARDS), indent=1)
    for number in range(5):
        (tmp_path / f"{number}.json").write_text(good if number != 3 else good.replace('"RWD-7"', '"RWD-7'))

    line = good.split('"RWD-7"')[0].count("\n") + 1
    assert refusal(tmp_path).startswith(f"{tmp_path / '3.json'} is not JSON: line {line}, column ")


def test_a_line_that_is_not_json_is_shown_with_the_column_of_the_fault():
    lines = ndjson(reward(1)) + b'{"guid": 007}\n'

    with pytest.raises(ra.InvalidRewardsError) as caught:
        ra.load(lines)
    assert 'line 2: the row "{"guid": 007}" is not JSON (column 11: expected \',\' or the end' in str(caught.value)
    assert caught.value.rejected.rows() == [("line 2", None, "is not JSON", '{"guid": 007}')]


TOKENS = ["null", "-", "{", "}", "[", "]", ",", ":", '"', "\\", "\\u00", "\t", "\n", "\r", "0", "é", "😀", "tru", " "]
SHAPES = [
    lambda: text(REWARDS[:4]),
    lambda: json.dumps(REWARDS[:4], indent=2),
    lambda: json.dumps(page(*REWARDS[:3]), indent=1, ensure_ascii=False),
    lambda: "\n \n" + json.dumps([page(*REWARDS[:2]), page(*REWARDS[2:4])]) + " \n",
]


@settings(max_examples=examples(300), deadline=None)
@given(seed=st.integers(0, 10**9), folded=st.booleans())
def test_a_fault_in_a_document_has_the_place_that_the_standard_library_gives(seed, folded):
    rng = random.Random(seed)
    changed = list(rng.choice(SHAPES)())
    for _ in range(rng.choice([1, 1, 2])):
        at = rng.randrange(1, len(changed))
        match rng.randrange(3):
            case 0:
                changed[at : at + rng.choice([0, 1, 3])] = rng.choice(TOKENS)
            case 1:
                del changed[at : at + rng.choice([1, 2, 20])]
            case _:
                del changed[at + len(changed) // 2 :]
    document = "".join(changed)
    if folded:
        document = document.replace(", ", ",\n")
    if place := place_by_the_standard_library(document):
        assert place_of(document) == place


def place_by_the_standard_library(document):
    try:
        json.loads(document)
    except json.JSONDecodeError as fault:
        return fault.lineno, fault.colno
    return None


def place_of(document):
    """The line and the column that `load` names."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "f.json")
        path.write_bytes(document.encode())
        with pytest.raises(ra.SourceError) as caught:
            ra.load(path)
    found = PLACE.search(str(caught.value))
    return (int(found[1]), int(found[2])) if found else str(caught.value)
