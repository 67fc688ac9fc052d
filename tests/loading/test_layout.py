"""Records of one layout are read as the parser reads them, or, where one byte differs from the layout, not at all."""

import json
import random

import pytest

from rewards_analytics.loading.chunk import Place
from rewards_analytics.loading.json import layout
from rewards_analytics.loading.json.parser import add_line, parse
from rewards_analytics.loading.records import Records
from rewards_analytics.schema import REQUIRED
from tests import proof
from tests.loading.test_fast_and_slow import VALID, facts

pytestmark = pytest.mark.skipif(layout._LOOPS is None, reason="the package was installed without a C compiler")


VALUES = {
    "guid": ['"R-1"', '"R-2"', '"R-300"', '"é"', '""'],
    "account_guid": ["null", '"A-1"', '"A-22"'],
    "balance_type": ['"BALANCE"', '"TOTAL_BALANCE"', '"BALANCE_TO_REWARD"', '"SOMETHING_ELSE_ALTOGETHER"'],
    "unit_type": ['"MILES"', '"SEGMENTS"'],
    "balance": ["0", "12.5", "-3", "9999999999999999999.999999999", "1e3", '"7.25"', "0.25", "-0.1"],
    "expires_on": ["null", '"2027-01-31"', '"2024-02-29"'],
    "created_at": ["null", '"2020-01-28T21:09:01+0000"', '"2020-01-28T21:09:01-06:00"', '"2020-01-28"'],
    "description": ["null", '"x"', '"{a}, [b]: 日本"', '"' + "long " * 300 + '"'],
    "updated_at": ["null", '"2026-01-01"', "17", "true"],
}
WRONG = {
    "balance": ["null", "0.1234567891", '"1,5"', '"+5"', "10000000000000000000", '"0.1234567891"'],
    "expires_on": ['"2026-13-01"', '"soon"'],
    "created_at": ['"2020-01-28T25:00:00Z"'],
    "unit_type": ["null"],
}
SPOILING = [*b'",:{}[]\\0159.-en \t\r\n\x00\x1f\x80\xe9', ord("null"[0])]


VALID_REWARD = {name: json.loads(value) for name, value in VALID.items()} | {"description": "described"}
ESCAPED = {
    "guid": [r'"\u00e9"', r'"a\"b"', r'"a\\"'],
    "user_guid": [r'"U\/1"', '"U"'],
    "description": [r'"\n"', r'"\\\""', r'"\ud83d\ude00 \u0000"', '"\\\\"'],
}


def is_quoted(value):
    return value.startswith('"') or value == "null"


def some(rng, values):
    """A few of the values, all of them in quotes (or null), or none."""
    one = rng.choice(values)
    alike = [value for value in values if is_quoted(value) == is_quoted(one)]
    return rng.sample(alike, rng.randint(1, len(alike)))


def records(rng, wrong=False, plain=True):
    """Some rewards, all with the same keys in the same order and the same blanks.

    Those that are not plain have escaped characters, leave keys out, and mix numbers and texts.
    """
    names = [*VALID, *rng.choice([[], ["updated_at"]])]
    rng.shuffle(names)
    for optional in ("account_guid", "description"):
        if rng.random() < 0.2:
            names.remove(optional)
    gap, start, end = rng.choice([("", "", ""), (" ", "", ""), (" ", " ", "\t"), ("", "\t ", " ")])
    if plain:
        usual = {name: some(rng, values) for name, values in VALUES.items()}
    else:
        usual = {name: VALUES.get(name, []) + ESCAPED.get(name, []) for name in VALUES | ESCAPED}
    texts = []
    for number in range(rng.choice([1, 2, 3, 40])):
        values = {name: rng.choice(usual.get(name, [VALID.get(name)])) for name in names}
        if wrong and rng.random() < 0.2:
            name = rng.choice(list(WRONG))
            values[name] = rng.choice(WRONG[name])
        for name in names[1:]:
            if not plain and number and (wrong or name not in REQUIRED) and rng.random() < 0.1:
                del values[name]
        members = (f'"{name}":{gap}{value}' for name, value in values.items())
        texts.append("{" + start + f",{gap}".join(members) + end + "}")
    return texts


def parsed_lines(raw):
    rows = Records()
    for number, line in enumerate(raw.split(b"\n")):
        add_line(rows, line, Place("f", number))
    return rows.chunk()


def parsed_elements(raw):
    rows = Records()
    rows.add_elements(parse(b"[" + raw + b"]"), Place("f", None, "$"))
    return rows.chunk()


def read_lines(raw):
    return layout.read_lines(raw, lambda ordinal: Place("f", ordinal))


def read_elements(raw):
    return layout.read_elements(raw, lambda ordinal: Place("f", None, f"$[{ordinal}]"))


@pytest.mark.parametrize("separator", [b"\n", b"\r\n"])
def test_lines_of_one_layout_are_read_as_the_parser_reads_them(separator):
    for seed in range(400):
        raw = separator.join(text.encode() for text in records(random.Random(seed)))

        fast = read_lines(raw)

        assert fast is not None, raw
        assert facts(fast) == facts(parsed_lines(raw)), raw


@pytest.mark.parametrize("separator", [b",", b", ", b" ,\n  ", b",\r\n"])
def test_elements_of_one_layout_are_read_as_the_parser_reads_them(separator):
    for seed in range(300):
        raw = separator.join(text.encode() for text in records(random.Random(seed)))

        fast = read_elements(raw)

        assert fast is not None, raw
        assert facts(fast) == facts(parsed_elements(raw)), raw


def test_escaped_texts_left_out_keys_and_numbers_among_texts_have_one_layout():
    for seed in range(1000):
        raw = b"\n".join(text.encode() for text in records(random.Random(seed), plain=False))

        fast = read_lines(raw)

        assert fast is not None, raw
        assert facts(fast) == facts(parsed_lines(raw)), raw


@pytest.mark.parametrize("text", [r"\x41", r"\u12", r"\ud800", "\\"])
def test_an_invalid_escape_sequence_is_left_to_another_reader(text):
    good = json.dumps(VALID_REWARD)

    assert read_lines(f"{good}\n{good}".encode()) is not None
    assert read_lines((f"{good}\n{good.replace('described', text)}").encode()) is None


def test_a_row_that_is_not_valid_is_rejected_for_the_same_reason():
    rejected = 0
    for seed in range(800):
        raw = b"\n".join(text.encode() for text in records(random.Random(seed), wrong=True, plain=seed % 2 == 0))

        fast = read_lines(raw)

        if fast is not None:
            assert facts(fast) == facts(parsed_lines(raw)), raw
            rejected += len(fast.rejected)
    assert rejected > 100


@pytest.mark.parametrize("part", range(4))
def test_a_changed_byte_is_seen_or_changes_nothing(part):
    read = 0
    for seed in range(1500):
        rng = random.Random(f"{part}-{seed}")
        raw = bytearray(b"\n".join(text.encode() for text in records(rng, plain=seed % 2 == 0)))
        for _ in range(rng.choice([1, 1, 2])):
            at = rng.randrange(len(raw))
            how = rng.random()
            if how < 0.5:
                raw[at] = rng.choice(SPOILING)
            elif how < 0.75:
                del raw[at : at + rng.choice([1, 1, 5, 40])]
            else:
                raw[at:at] = bytes(rng.choice([[rng.choice(SPOILING)], raw[at : at + 30]]))
        raw = bytes(raw.strip(b"\r\n"))

        fast = read_lines(raw) if raw else None

        if fast is not None:
            read += 1
            assert facts(fast) == facts(parsed_lines(raw)), raw
    assert read > 100
    proof.count("damaged texts", seed + 1)


def test_a_quote_that_is_not_escaped_ends_a_text():
    good = json.dumps(VALID_REWARD | {"guid": 'abc"def'})
    bad = good.replace('\\"', '"')
    same_length = good.replace('\\"', "--").replace("abc--def", "abc-defg")

    assert read_lines(f"{same_length}\n{same_length.replace('abc-defg', 'abc-defh')}".encode()).table.num_rows == 2
    assert read_lines(f"{same_length}\n{bad}".encode()) is None
