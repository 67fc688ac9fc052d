"""A file is read as what it is, whatever its name; what cannot be read whole is an error in both modes."""

import gzip
import io
import json
import warnings
from pathlib import Path

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics import textfiles
from rewards_analytics.loading import stream
from rewards_analytics.loading.lazy import splits
from tests.loading import samples
from tests.loading.samples import FORMS, _zst, from_zst, ndjson, page, reward, text

REWARDS = [reward(number) for number in range(1, 6)]
LINES = ndjson(*REWARDS).decode().splitlines()
CSV = FORMS["rewards.csv"](REWARDS)


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refusal(source, error=ra.SourceError):
    """What `load` and `check` say, and a scan at its call or when it is computed."""
    scans = [lambda source: ra.scan(source).collect()] if isinstance(source, str | Path) else []
    return samples.refusal(source, error, *scans)


def named(name, data):
    Path(name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return name


# --- Another encoding -------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-16-le", "UTF-16-be", "UTF-32", "UTF-32-le", "UTF-32-be"])
@pytest.mark.parametrize("name", ["f.csv", "f.json", "f.ndjson", "f.ndjson.gz", "f"])
def test_utf_16_and_utf_32_are_named_with_and_without_a_mark(name, encoding):
    data = {"csv": CSV.decode(), "json": text(REWARDS)}.get(name[2:], "\n".join(LINES)).encode(encoding)
    named(name, gzip.compress(data) if name.endswith(".gz") else data)

    assert refusal(name) == f"{name} is written in {encoding[:6]}. Save it in UTF-8."
    assert refusal(data) == f"the source is written in {encoding[:6]}. Save it in UTF-8."


def test_csv_in_windows_1252_is_named_with_line_column_and_text():
    named("f.csv", FORMS["rewards.csv"]([REWARDS[0], reward(2, description="Café – 5€")]).decode().encode("cp1252"))

    assert refusal("f.csv") == (
        "f.csv, line 3, column 84: the byte 0xE9 is not UTF-8 (read as Windows-1252, the text there is "
        "'28T21:09:01+0000,Café – 5€'). Save the file in UTF-8 (in Excel: 'CSV UTF-8')."
    )


@pytest.mark.parametrize("rows", [2, 200])
@pytest.mark.parametrize("form", [name for name in FORMS if "csv" not in name and name != "rewards.parquet"])
def test_json_that_is_not_utf_8_is_refused_whole_with_line_and_column(form, rows):
    rewards = [reward(number, description="Gold") for number in range(rows)]
    data = FORMS[form]([*rewards, reward(rows, description="Caf% au lait")])
    whole = gzip.decompress(data) if form.endswith("gz") else from_zst(data) if form.endswith("zst") else data
    before, _, after = whole.partition(b"%")
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    damaged = before + b"\xe9" + after
    named(form, {".gz": gzip.compress, "zst": _zst}.get(form[-3:], bytes)(damaged))

    message = refusal(form)
    assert message.startswith(f"{form}, line {line}, column {column}: the byte 0xE9 is not UTF-8 (read as Windows-1252")
    assert "Café au lait" in message
    assert message.endswith("Save the file in UTF-8.")


@pytest.mark.parametrize("place", ["key", "outside", "unread", "last line"])
def test_one_byte_that_is_not_utf_8_is_refused_wherever_it_is(place):
    line = LINES[1]
    damaged = {
        "key": line.replace('"description"', '"descripti\xf3n"'),
        "outside": line[:-1] + "\xa0}",
        "unread": line[:-1] + ', "note": "\xff"}',
        "last line": line + "\xfe",
    }[place]
    lines = [LINES[0], *LINES[2:] * 20, damaged]
    named("f.ndjson", "\n".join(lines).encode("latin-1"))

    column = next(at for at, letter in enumerate(damaged, 1) if not letter.isascii())
    assert refusal("f.ndjson").startswith(f"f.ndjson, line {len(lines)}, column {column}: the byte 0x")


@pytest.mark.parametrize("place", ["header", "before the header", "a column that is not read", "a late record"])
def test_csv_that_is_not_utf_8_is_refused_wherever_the_byte_is(place):
    header, first, *rest = CSV.splitlines()
    lines, line = {
        "header": ([header + b",caf\xe9", first + b",1"], 1),
        "before the header": ([b" \xa0,", header, first], 1),
        "a column that is not read": ([header + b",note", first + b",\xe9"], 2),
        "a late record": ([header, first, *rest * 5_000, rest[0].replace(b"Miles", b"M\xefles")], 20_003),
    }[place]
    named("f.csv", b"\n".join(lines))

    assert refusal("f.csv").startswith(f"f.csv, line {line}, column ")


def test_a_mark_of_utf_8_is_no_part_of_a_large_file_that_is_split(monkeypatch):
    monkeypatch.setattr(splits, "SPAN_BYTES", 500)
    named("f.ndjson", b"\xef\xbb\xbf" + ndjson(*REWARDS))
    named("list.ndjson", text(REWARDS))

    assert len(splits.splits([*map(splits.File.named, ["f.ndjson"])])) > 1
    assert ra.load(ra.scan("f.ndjson", engine="dask")).sort("guid").equals(ra.load(REWARDS))
    assert ra.load(ra.scan("list.ndjson", engine="dask")).equals(ra.load(REWARDS))


# --- Another format than the name says --------------------------------------------------------------

SAME = {
    "a list over lines.ndjson": "[\n" + ",\n".join(LINES) + "\n]\n",
    "a list on a line.jsonl": "[" + ",".join(LINES) + "]",
    "an indented list.ndjson": json.dumps(REWARDS, indent=2),
    "an indented page.ndjson": json.dumps(page(*REWARDS), indent=1),
    "lines.json": "\n".join(LINES),
    "lines of pages.json": ndjson(page(*REWARDS[:2]), page(*REWARDS[2:])),
    "a list.csv": text(REWARDS),
    "lines.csv": "\n".join(LINES),
    "csv.json": CSV,
    "csv.ndjson": b"\xef\xbb\xbf" + CSV,
    "csv.parquet": CSV,
    "lines.parquet": "\n".join(LINES),
    "parquet.csv": FORMS["rewards.parquet"](REWARDS),
    "parquet.json": FORMS["rewards.parquet"](REWARDS),
    "parquet.ndjson": FORMS["rewards.parquet"](REWARDS),
    "compressed.json": gzip.compress(text(REWARDS).encode()),
    "compressed.csv": _zst(CSV),
    "compressed.parquet": gzip.compress(FORMS["rewards.parquet"](REWARDS)),
    "compressed list.ndjson.gz": gzip.compress(text(REWARDS).encode()),
}


@pytest.mark.parametrize("name", SAME)
def test_a_file_under_another_name_is_read_as_what_it_is(name):
    named(name, SAME[name])

    assert ra.load(name).equals(ra.load(REWARDS))
    assert ra.load(name, on_invalid="drop").equals(ra.load(REWARDS))
    assert ra.load(ra.scan(name)).equals(ra.load(REWARDS))
    assert ra.check(name).rows == 5


def test_a_list_without_its_brackets_is_refused_whole():
    named("after.ndjson", ",\n".join(LINES))
    named("before.ndjson", "\n,".join(LINES))

    assert refusal("after.ndjson").startswith("after.ndjson, line 1: commas are between the values, as inside a JSON")
    assert refusal("before.ndjson").startswith("before.ndjson, line 2: commas are between the values")


@pytest.mark.parametrize("name", ["f.ndjson", "f.jsonl", "f.json", "f.csv", "f"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"])
def test_lines_of_lists_are_read(name, end):
    lists = [f"[{LINES[0]}, {LINES[1]}]", "[]", f'[{{"rewards": [{LINES[2]}]}}]', f"[{LINES[3]},{LINES[4]}]"]
    for lines in (lists, lists[1:] + lists[:1], [LINES[0], *lists], [*lists, LINES[0]]):
        named(name, end.join(lines) + end)
        assert ra.load(name).sort("guid").equals(ra.load(REWARDS))
        assert ra.load(ra.scan(name).unique()).sort("guid").equals(ra.load(REWARDS))


def test_a_bad_reward_in_a_line_of_lists_has_its_line_and_index():
    good = [f"[{text(reward(2 * n))}, {text(reward(2 * n + 1))}]" for n in range(100)]
    bad = f"[{LINES[0].replace('MBR-1', '')}, {LINES[0]}, 5]".replace('"member_guid": ""', '"member_guid": null')

    report = ra.check(named("f.ndjson", "\n".join([*good, bad, '["RWD-1", 5]'])))
    assert report.rejected.select("place", "problem").rows() == [
        ("f.ndjson:101:$[0].member_guid", "is missing"),
        ("f.ndjson:101:$[2]", "is not an object"),
        ("f.ndjson:102", "is not an object"),
    ]
    assert report.rows == 204


def test_lines_of_lists_that_hold_no_rewards_are_refused_whole():
    for lines in ('["RWD-1", 5]\n["RWD-2", 7]\n', f"[{LINES[0]}]\nGateway Timeout\n", f"[{LINES[0]}]\n]\n"):
        assert refusal(named("f.ndjson", lines)).startswith(
            "f.ndjson is not JSON: line 2, column 1: expected the end (a JSON value a line"
        )


def test_lines_whose_first_is_spoiled_are_still_lines():
    for first in (LINES[0][:40], '{"guid": "RWD-1",', "x", LINES[0] + "}"):
        named("f.ndjson", "\n".join([first, *LINES[1:]]))
        assert ra.check("f.ndjson").rejected["place"].to_list() == ["f.ndjson:1"]


@pytest.mark.parametrize("name", ["f.ndjson", "f.json", "f.csv", "f.parquet", "f"])
def test_what_is_no_rewards_at_all_is_refused_whole(name):
    for data in ("<!DOCTYPE html>\n<html>\n</html>", "Gateway Timeout\n", "\0" * 100):
        assert refusal(named(name, data)).startswith((f"{name} is not", f"{name} lacks", f"{name} begins"))


@pytest.mark.parametrize("name", ["f.csv", "f.xlsx", "f.json", "f.ndjson", "f.parquet", "f"])
def test_other_formats_are_named_with_the_way_out(name):
    for magic, said in (
        (b"PK\x03\x04\x14", "a zip archive, as an Excel workbook (.xlsx) is. Save the sheet as CSV in UTF-8"),
        (b"\xd0\xcf\x11\xe0", "a workbook of an older Excel (.xls). Save the sheet as CSV"),
        (gzip.compress(gzip.compress(CSV)), "compressed with gzip twice. Decompress it once."),
        (b"BZh91AY&SY", "compressed with bzip2. Decompress it first"),
    ):
        assert refusal(named(name, magic)).startswith(f"{name} is {said}")


# --- CSV as spreadsheets leave it -------------------------------------------------------------------


def test_lines_and_rows_without_content_are_passed_over():
    commas = b"," * 9 + b"\r\n"
    for before in (b"sep=,\r\n", b'"sep=,"\n', commas, b"\r\n \r\n", b"SEP=,\r\n" + commas):
        data = before + CSV.replace(b"\r\n", b"\r\n" + commas, 3) + b",,\r\n" + commas * 2
        assert ra.load(named("f.csv", data)).equals(ra.load(REWARDS))
        assert ra.load(ra.scan("f.csv")).equals(ra.load(REWARDS))


def test_the_line_of_a_bad_row_counts_what_is_passed_over():
    data = b"sep=,\n" + FORMS["rewards.csv"]([reward(1), reward(2, balance="x")]).replace(b"\r\n", b"\n,,\n", 2)

    assert ra.check(named("f.csv", data)).rejected["place"].to_list() == ["f.csv:6"]


def test_another_separator_and_carriage_returns_alone_are_named():
    assert refusal(named("f.csv", b"sep=;\r\n" + CSV.replace(b",", b";"))) == (
        "f.csv is separated by ';'. Save it as CSV separated by commas."
    )
    assert refusal(named("f.csv", CSV.replace(b"\r\n", b"\r"))).startswith(
        "f.csv, line 1: a carriage return (CR) alone ends the line. Save the file with line ends LF or CRLF"
    )


def test_null_as_text_stays_text_and_is_no_day():
    data = FORMS["rewards.csv"]([reward(1, account_guid="NULL")])

    assert ra.load(data)["account_guid"].to_list() == ["NULL"]
    with pytest.raises(ra.InvalidRewardsError, match='line 2: expires_on "NULL" is not a date'):
        ra.load(FORMS["rewards.csv"]([reward(1, expires_on="NULL")]))


def test_small_tables_have_the_same_errors():
    assert list(textfiles.csv_table(b"\xef\xbb\xbfa,b\n,\n1,2\n", "f.csv")[1]) == [(["1", "2"], 3)]
    for data, said in (
        ("a,b\n".encode("utf-16"), "f.csv is written in UTF-16."),
        (b"a;b\n1;2", "f.csv is separated by ';'."),
        (b"a,b\n\xe9,2", "f.csv, line 2, column 1: the byte 0xE9 is not UTF-8"),
        (b"PK\x03\x04", "f.csv is a zip archive"),
        (b"a,b\r1,2\r", "f.csv, line 1: a carriage return"),
    ):
        with pytest.raises(ra.SourceError) as caught:
            textfiles.csv_table(data, "f.csv")
        assert str(caught.value).startswith(said)


# --- Bombs, and text instead of a path --------------------------------------------------------------


@pytest.mark.parametrize("filling", [b" ", b"{},", b"[", b'{"guid":"RWD-1"},'])
@pytest.mark.parametrize("ending", ["json.gz", "json.zst", "json"])
def test_a_compressed_document_that_grows_without_bounds_is_refused(filling, ending, monkeypatch):
    monkeypatch.setattr(stream, "_UNSUSPECTED", 1 << 20)
    data = b"[" + filling * ((40 << 20) // len(filling)) + b"{}]"
    packed = _zst(data) if ending.endswith("zst") else gzip.compress(data, 6)

    message = refusal(named(f"f.{ending}", packed))
    assert message.startswith(
        f"f.{ending} is longer than 16 MB once it is decompressed, and has to be in memory whole."
    )
    assert refusal(packed).startswith("the source is longer than 16 MB")


def test_a_compressed_document_of_rewards_is_read_however_long():
    rewards = [reward(number) for number in range(5_000)]

    assert ra.load(gzip.compress(text(rewards).encode())).height == 5_000


@pytest.mark.parametrize(
    ("source", "what"),
    [
        (LINES[0], "JSON text"),
        ("\n".join(LINES), "JSON text"),
        (f"  [{LINES[0]}]", "JSON text"),
        ("[]", "JSON text"),
        (CSV.decode(), "text"),
        (CSV.decode().splitlines()[0], "text"),
        ("rewards.csv\nmore.csv", "text"),
    ],
)
def test_text_in_place_of_a_path_says_how_to_pass_it(source, what):
    for call in (ra.load, ra.check, ra.scan):
        with pytest.raises(ra.ArgumentError) as caught:
            call(source)
        assert str(caught.value) == (
            f"The source is {what}, but a str is read as a path. Pass it as bytes: text.encode(). It begins with "
            f"{source[:40]!r}."
        )


def test_a_path_that_looks_like_text_is_a_path_where_it_exists():
    for name in ("[2026] rewards.csv", "{1}.csv", "guid,x.csv", "two\nlines.csv"):
        assert ra.load(named(name, CSV)).height == 5
    assert ra.load("[{]1}.csv").height == 5


@pytest.mark.parametrize("path", ["x" * 300 + ".csv", "x" * 5000, "a/" * 3000])
def test_a_path_that_is_too_long_is_refused_in_a_short_message(path):
    for call in (ra.load, ra.check, ra.scan):
        with pytest.raises(ra.SourceError, match="cannot be opened: File name too long") as caught:
            call(path)
        assert len(str(caught.value)) < 500


def test_an_empty_path_is_refused_and_not_this_folder():
    named("f.csv", CSV)

    for source in ("", ["f.csv", ""]):
        with pytest.raises(ra.ArgumentError, match=r"The path is empty. Name a file, a folder or a glob."):
            ra.load(source)


def test_a_scan_of_files_and_of_what_cannot_be_read_again_is_refused():
    named("f.csv", CSV)

    with pytest.raises(ra.ArgumentError, match="reads files again for each computation"):
        ra.scan(["f.csv", io.BytesIO(CSV)])


def test_an_open_file_is_read_as_what_it_is_too():
    with warnings.catch_warnings(), Path(named("f.ndjson", text(REWARDS))).open("rb") as opened:
        assert ra.load(opened).equals(ra.load(REWARDS))
    assert isinstance(ra.load(io.BytesIO(CSV)), pl.DataFrame)
