"""The fast readers return what the slow ones return, or None.

Blocks are made at random from values and structures that readers are known to disagree on. Wherever a fast reader
returns rows, its rows, places, problems and rejected values must be those of the slow one, which is the authority.
"""

import random
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import chain

import pytest

from rewards_analytics.errors import FrameError, SourceError
from rewards_analytics.loading import memory
from rewards_analytics.loading.chunk import Place
from rewards_analytics.loading.csv import blocks
from rewards_analytics.loading.json import documents, layout, lines
from rewards_analytics.loading.json.decode import decode
from rewards_analytics.loading.json.documents import Document, Documents
from rewards_analytics.loading.memory import Dicts
from rewards_analytics.loading.records import Records
from rewards_analytics.loading.stream import Stream
from rewards_analytics.loading.validate import in_words, rejected_frame
from rewards_analytics.schema import FIELDS

VALID = {
    "guid": '"R"', "user_guid": '"U"', "member_guid": '"M"', "account_guid": "null", "balance_type": '"BALANCE"',
    "unit_type": '"MILES"', "balance": "12.5", "expires_on": '"2027-01-01"',
    "created_at": '"2020-01-28T21:09:01+0000"', "description": '"x"',
}  # fmt: skip
TOKENS = """
null true 1 0 -0 -1.5 1e5 1E-9 1.0000000000 0.1234567891 9999999999999999999 1e19 -9999999999999999999.999999999 01 +1
.5 5. 1e400 0e500 99999999999999999999999999999 1e-10 10e-10 NaN Inf -Infinity [] {} [1,{"guid":"z"}]
{"balance":"x"} tru
"5" "+5" "05" ".5" "5." "1e3" "1E+3" "" "NaN" "Infinity" "1_000" "1,000" "0x10" "-0" "00" "-" "1e" "１２" "١" "=1"
"2026-13-01" "2026-02-29" "2024-02-29" "0000-01-01" "0001-01-01" "9999-12-31" "2020-01-28" "2020-01-28T21"
"2020-01-28T21Z" "2020-01-28T21:09:01.1234567" "2020-01-28T21:09:01.5-06:00" "0001-01-01T00:00:00+0500"
"9999-12-31T23:59:59-0500" "0000-12-31T23:59:59-0500" "2020-01-28T21:09:60Z" "\\ud800" "\\ud83d\\ude00"
"\\u0000" "a\\u0062" "\\n" "{" "}" "}null"
"\\"rewards\\"" "balance\\":\\"5" "guid" "rewards" "reward" "abc 'a' "é"
""".split()  # noqa: SIM905
CELLS = [
    "", '""', 'a"b', '"a""b"', '"a"b', '"a,b"', '"a\nb"', "'=x", "''=x", "'x", '"\'=a"', "\r", "a\rb", "\0", "+5",
    "05", "1e3", "1e19", "0.1234567891", "é", "\udcff", "NaN", "null", '""""', 'a"', '" x "', " x", "2026-13-01",
         '"12.5"', "-5", "2020-01-28T21:09:01", "yesterday", "=1",
]  # fmt: skip
EAST = timezone(timedelta(hours=5))
VALUES = [
    None, True, 1, 0, -1, 10**19, 10**19 - 1, 10**28, 10**5000, *map(Decimal, ["-0", "1E+3", "1e-9", "1e-10", "0e400",
    "1.0000000000", "9999999999999999999.999999999", "-1e19", "NaN", "-Infinity", "sNaN", "1e400"]), 1.5, float("nan"),
    "5", "+5", "05", ".5", "1e3", "", "1_000", "１２", "0.1234567891", "10000000000000000000", "2027-01-01",
    "2026-02-29", "0000-01-01", "2020-01-28T21", "2020-01-28T21:09:01.1234567", "0001-01-01T00:00:00+0500",
    "\ud800", "\0", "é", date(2027, 1, 1), date.min, datetime(2027, 1, 1), datetime(2027, 1, 1, tzinfo=EAST),
    datetime.min.replace(tzinfo=EAST), datetime.max.replace(tzinfo=EAST), b"x", [], {}, [1],
]  # fmt: skip
SEEDS = range(600)


def an_object(rng):
    names = list(VALID)
    if rng.random() < 0.1:
        names.remove(rng.choice(names))
    if rng.random() < 0.05:
        names.append(rng.choice(names))
    if rng.random() < 0.1:
        names.insert(rng.randrange(len(names)), rng.choice(["x", "rewards", "reward", ""]))
    odd = set(rng.sample(names, rng.choice([0, 0, 0, 1, 2])))
    gap = rng.choice(["", "", " ", "\t"])
    values = {name: rng.choice(TOKENS) if name in odd or name not in VALID else VALID[name] for name in names}
    return "{" + ",".join(f'"{_key(rng, name)}"{gap}:{gap}{values[name]}' for name in names) + "}"


def _key(rng, name):
    return f"\\u{ord(name[0]):04x}{name[1:]}" if name and rng.random() < 0.02 else name


def a_line(rng):
    if rng.random() < 0.9:
        return an_object(rng)
    one, two = an_object(rng), an_object(rng)
    return rng.choice([
        f'{{"rewards":[{one},{two}]}}', f'{{"pagination":{{}},"rewards":[{one}]}}', f'{{"reward":{one}}}',
        f"{one} null",
        one + two, one + ",", one[:-3], one + " ", one + "\r", "null", "[]", "{}", "5", '{"rewards":null}',
        '{"rewards":[null]}', f'{one[:-1]},"rewards":[{two}]}}', one.replace(":", ":\0", 1),
        '{"a":' * 50 + "1" + "}" * 50,
    ])  # fmt: skip


def facts(chunk):
    """Everything that a caller could see of a chunk."""
    kept = [chunk.place_of_valid(index) for index in range(chunk.table.num_rows)]
    rejected = list(map(in_words, chunk.rejected))
    return chunk.table.to_pylist(), kept, rejected, rejected_frame(chunk.rejected).rows()


def joined(parts):
    """The facts of chunks that follow each other."""
    return tuple(list(chain(*lists)) for lists in zip(*parts, strict=True))


@pytest.mark.parametrize("part", range(4))
def test_lines_are_read_as_the_parser_reads_them(part, monkeypatch):
    monkeypatch.setattr(lines, "_FEW_LINES", 0)
    by_arrow = 0
    for seed in SEEDS:
        rng = random.Random(f"{part}-{seed}")
        raw = "\n".join(a_line(rng) for _ in range(rng.choice([1, 1, 2, 3]))).encode().rstrip(b"\r\n")
        few = lines.Lines(raw, 1, None)
        by_arrow += few.by_arrow() is not None
        for fast in filter(None, (few.by_layout(), few.by_arrow())):
            assert facts(fast) == facts(few.by_parser()), raw
    assert by_arrow > len(SEEDS) / 5


def test_documents_are_read_as_the_parser_reads_them():
    by_arrow = 0
    for seed in SEEDS:
        doc = Documents([a_document(random.Random(seed))])
        by_arrow += doc.by_arrow() is not None
        for fast in filter(None, (doc.by_layout(), doc.by_arrow())):
            assert facts(fast) == facts(doc.by_parser()), doc.documents
    assert by_arrow > len(SEEDS) / 5


def a_document(rng):
    inside = ",".join(an_object(rng) if rng.random() < 0.8 else a_line(rng) for _ in range(rng.randrange(3)))
    return in_a_document(rng, inside)


def a_long_document(rng):
    """Most of its rewards are written alike."""
    same = "{" + ",".join(f'"{name}":{value}' for name, value in VALID.items()) + "}"
    odd = rng.choice([0, 0.05, 0.2])
    inside = (a_line(rng) if rng.random() < odd else same.replace('"R"', f'"R{number}"') for number in range(12))
    return in_a_document(rng, ",".join(inside))


SHAPES = [
    '{"rewards":[%s]}', "[%s]", '[{"rewards":[%s]}]', '[%s], "x":[1]', '{"guid":"a","rewards":[%s]}',
    '{"pagination":{"page":1},"rewards":[ %s ]}', '{"rewards":[%s],"links":["x"]}', '[{"rewards":[%s]}],[]',
    '[{"rewards":[%s]}, {"rewards":[]}]', '[{"rewards":[%s],"pagination":{}}], "x":[]',
]  # fmt: skip


def in_a_document(rng, inside):
    return Document((rng.choice(SHAPES) % inside).encode(), None)


@pytest.mark.parametrize("piece_bytes", [300, 900, 10_000])
def test_documents_in_pieces_are_read_as_the_parser_reads_them(monkeypatch, piece_bytes):
    monkeypatch.setattr(documents, "PIECE_BYTES", piece_bytes)
    split = 0
    for seed in SEEDS:
        doc = Documents([a_long_document(random.Random(seed))])
        try:
            expected = facts(doc.by_parser())
        except SourceError:
            with pytest.raises(SourceError):
                decode(doc)
            continue
        chunks = decode(doc)
        split += len(chunks) > 1
        assert joined(map(facts, chunks)) == expected, doc.documents
    assert split > (len(SEEDS) / 10 if piece_bytes < 10_000 else -1)


def test_lists_of_one_layout_are_read_at_once_as_one_by_one():
    by_layout = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        reward = "{" + ",".join(f'"{name}":{value}' for name, value in VALID.items()) + "}"
        gap = rng.choice([",", ", "])
        docs = []
        for number in range(rng.randrange(1, 5)):
            some = [reward.replace('"R"', f'"R-{number}-{i}"') for i in range(rng.randrange(4))]
            some = [text.replace('"x"', rng.choice(['"x"', '"{x},{y}"'])) for text in some]
            some = [text.replace("2027-01", rng.choice(["2027-01", "2027-01", "2027-13"])) for text in some]
            if some and rng.random() < 0.1:
                some[-1] = an_object(rng)
            shape = rng.choice(['{"rewards":[%s],"pagination":{"page":1}}', "[%s]", '{"a":"b", "rewards": [ %s ]}'])
            docs.append(Document.of((shape % gap.join(some)).encode(), str(number)))
        by_layout += Documents(docs).by_layout() is not None
        for fast in filter(None, (Documents(docs).by_layout(), Documents(docs).by_arrow())):
            assert facts(fast) == joined(facts(Documents([doc]).by_parser()) for doc in docs), docs
    assert layout._LOOPS is None or by_layout > len(SEEDS) / 2


def a_dict(rng):
    reward = {
        "guid": "R", "user_guid": "U", "member_guid": "M", "account_guid": None, "balance_type": "BALANCE",
        "unit_type": "MILES", "balance": rng.choice([Decimal("12.5"), 12, "12.5"]), "description": "x",
        "expires_on": rng.choice(["2027-01-01", date(2027, 1, 1), None]),
        "created_at": rng.choice(["2020-01-28T21:09:01+0000", datetime(2020, 1, 28, tzinfo=UTC), None]),
    }  # fmt: skip
    if rng.random() < 0.3:
        reward[rng.choice([*FIELDS, "x"])] = rng.choice(VALUES)
    if rng.random() < 0.05:
        del reward[rng.choice(FIELDS)]
    shapes = [{"rewards": [reward]}, {"reward": reward}, [reward], None, reward | {"rewards": [reward]}]
    return reward if rng.random() < 0.95 else rng.choice(shapes)


def one_by_one(values, first):
    records = Records()
    for place, value in enumerate(values, first):
        records.add(value, Place(None, None, f"$[{place}]"))
    return records.chunk()


def test_columns_of_dicts_are_read_as_one_by_one(monkeypatch):
    monkeypatch.setattr(memory, "_FEW", 0)
    sure = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        values = [a_dict(rng) for _ in range(rng.choice([1, 1, 2, 3]))]
        fast = Dicts(values, 7).by_arrow()
        if fast:
            sure += 1
            assert facts(fast) == facts(one_by_one(values, 7)), values
    assert sure > len(SEEDS) / 5


def test_many_dicts_with_a_few_bad_ones_are_read_as_one_by_one():
    rng = random.Random(3)
    values = [value for value in (a_dict(rng) for _ in range(2000)) if not _holds_a_float(value)]

    chunks = decode(Dicts(values, 0))

    assert len(chunks) > 8
    expected = facts(one_by_one(values, 0))
    assert expected[2] != []
    assert joined(map(facts, chunks)) == expected


def test_a_float_among_many_dicts_is_refused_with_its_place():
    good = dict.fromkeys(FIELDS, "2027-01-01") | {"balance": Decimal(1)}
    values = [good | {"guid": f"R{number}"} for number in range(3000)]
    values[2345]["balance"] = 12.5

    with pytest.raises(FrameError, match=r"\$\[2345\]\.balance is the float 12\.5"):
        decode(Dicts(values, 0))


def _holds_a_float(value):
    rewards = [value.get("reward"), *(value.get("rewards") or []), value] if isinstance(value, dict) else []
    return any(isinstance(reward, dict) and isinstance(reward.get("balance"), float) for reward in rewards)


def test_csv_is_read_by_arrow_as_by_python():
    sure = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        rows = []
        for _ in range(rng.randrange(1, 4)):
            row = [value.strip('"').replace("null", "") for value in VALID.values()]
            for _ in range(rng.choice([0, 1, 1, 2])):
                row[rng.randrange(len(row))] = rng.choice(CELLS)
            rows.append(",".join(row[: rng.choice([9, *[10] * 20])]) + rng.choice(["", "", "\r", "\n", "\n "]))
        data = "\n".join([",".join(FIELDS), *rows]).encode(errors="surrogateescape")
        for block in blocks(Stream(data, None)):
            if fast := block.by_arrow():
                sure += 1
                assert facts(fast) == facts(block.by_parser()), data
    assert sure > len(SEEDS) / 5
