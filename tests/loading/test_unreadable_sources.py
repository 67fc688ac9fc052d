"""Sources that cannot be read as a whole end in one line that names them and says what to do."""

import gzip
import io
import os
from pathlib import Path

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.loading import csv
from rewards_analytics.loading.json import lines
from tests.loading.samples import FORMS, _zst, ndjson, reward, text


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal(source, error=ra.SourceError):
    with pytest.raises(error) as caught:
        ra.load(source)
    return str(caught.value)


def test_a_file_that_is_not_there():
    assert refusal("nowhere.json").startswith("nowhere.json does not exist. Check the path; this folder is")
    assert refusal(Path("no/where.csv")).startswith("no/where.csv does not exist.")


def test_a_glob_without_a_match_and_a_folder_without_data():
    Path("notes").mkdir()
    Path("notes/readme.txt").write_text("nothing")

    assert refusal("*.json").startswith("No file matches *.json.")
    assert refusal("notes").startswith("The folder notes holds no rewards: no file in it ends in .json, .ndjson")


@pytest.mark.parametrize("form", ["rewards.ndjson.gz", "rewards.json.zst", "rewards.csv.gz"])
def test_packed_text_that_is_cut_short(form):
    data = FORMS[form]([reward(n) for n in range(200)])
    for length in (len(data) - 1, len(data) // 2, 5):
        Path(form).write_bytes(data[:length])
        assert refusal(form).startswith(f"{form} cannot be read to its end")


def test_packed_text_that_is_damaged():
    data = bytearray(FORMS["rewards.ndjson.gz"]([reward(n) for n in range(200)]))
    data[len(data) // 2] ^= 0xFF
    Path("f.ndjson.gz").write_bytes(data)

    assert "f.ndjson.gz cannot be read to its end" in refusal("f.ndjson.gz")


def test_a_file_that_is_not_packed_as_its_ending_says():
    Path("f.json.gz").write_text(text([reward()]))

    assert refusal("f.json.gz").startswith("f.json.gz is not gzip, as its ending says: it begins with b'[{")


def test_a_document_that_is_not_json_or_cut_short():
    whole = text({"rewards": [reward(1), reward(2)]}).encode()
    for data in (b"<html>", whole[:-5], whole + b"]", b"\xff" + whole):
        Path("f.json").write_bytes(data)
        assert refusal("f.json").startswith(
            ("f.json is not JSON: line 1, ", "f.json, line 1, column 1: the byte 0xFF ")
        )


def test_a_document_that_holds_no_rewards():
    Path("f.json").write_text('{"users": []}')
    Path("e.json").write_text('{"error": {"message": "no such member", "status": 404}}')

    assert refusal("f.json").startswith("f.json is JSON, but holds no rewards: found an object with ['users'].")
    assert "e.json holds an error that the API answered, not rewards: 'no such member'" in refusal("e.json")


def test_a_file_without_content():
    Path("f.json").touch()
    Path("f.csv").touch()

    assert refusal("f.json").startswith("f.json is empty.")
    assert refusal("f.csv").startswith("f.csv lacks the columns 'guid'")
    assert refusal(b"").startswith("the source is empty")


def test_content_of_no_kind():
    assert refusal(b"%!PS-Adobe").startswith("the source begins with b'%!PS-Adobe': that is not JSON, NDJSON, CSV")
    assert refusal(io.BytesIO(b"hello")).startswith("the source begins with b'hello'")


def test_csv_with_a_missing_column_another_separator_or_a_column_twice():
    data = FORMS["rewards.csv"]([reward()])
    Path("f.csv").write_bytes(data.replace(b"expires_on", b"expires"))
    assert refusal("f.csv").startswith("f.csv lacks the column 'expires_on'; found ['guid', ")

    Path("f.csv").write_bytes(data.replace(b",", b";"))
    assert refusal("f.csv") == "f.csv is separated by ';'. Save it as CSV separated by commas."

    Path("f.csv").write_bytes(data.replace(b"description", b"guid,description"))
    assert refusal("f.csv").startswith("f.csv has the column 'guid' twice.")


def test_csv_with_a_quote_that_is_never_closed(monkeypatch):
    monkeypatch.setattr(csv, "_LONGEST_RECORD", 50_000)
    monkeypatch.setattr(csv, "_BLOCK_BYTES", 10_000)
    Path("f.csv").write_bytes(FORMS["rewards.csv"]([reward()]) + b'"' + b"RWD-2,USR-1\n" * 10_000)

    assert refusal("f.csv").startswith("f.csv:3: a record is longer than")


def test_parquet_that_is_damaged_or_lacks_a_column():
    data = FORMS["rewards.parquet"]([reward()])
    for broken in (data[:-10], b"PAR1", data[:4] + b"x" * 100):
        Path("f.parquet").write_bytes(broken)
        assert refusal("f.parquet").startswith("f.parquet is not a Parquet file that can be read")

    ra.load([reward()]).drop("guid").write_parquet("f.parquet")
    assert refusal("f.parquet").startswith("f.parquet lacks the column 'guid'")


def test_a_file_that_changes_while_it_is_read(monkeypatch):
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1000)
    path = Path("f.ndjson")
    path.write_bytes(ndjson(*(reward(n) for n in range(1000))))
    blocks = lines.blocks

    def growing(stream):
        for block in blocks(stream):
            yield block
            with path.open("ab") as file:
                file.write(b"\n")
                os.utime(path, ns=(1, 1))

    monkeypatch.setattr(lines, "blocks", growing)

    assert refusal("f.ndjson").startswith("f.ndjson changed while it was read.")


def test_a_line_too_long_to_be_kept_costs_no_other_row(monkeypatch):
    monkeypatch.setattr(lines, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(lines, "LONGEST_LINE", 5000)
    Path("f.ndjson").write_bytes(ndjson(reward(1)) + b"x" * 3_000_000 + b"\n" + ndjson(reward(2), reward(3)))

    with pytest.raises(ra.InvalidRewardsError, match=r"f.ndjson:2: the row .* is longer than"):
        ra.load("f.ndjson")
    with pytest.warns(ra.RewardsWarning, match="1 row is not a valid reward"):
        assert ra.load("f.ndjson", on_invalid="drop")["guid"].to_list() == ["RWD-1", "RWD-2", "RWD-3"]


def test_a_frame_without_a_column_or_with_one_of_a_type_that_cannot_hold_its_field():
    rewards = ra.load([reward()])

    assert "Column 'expires_on' is missing" in refusal(rewards.drop("expires_on"), ra.MissingColumnError)
    wrong = rewards.with_columns(guid=5)
    assert refusal(wrong, ra.FrameError).startswith("Column 'guid' of the frame has the type int32: text is needed")
    assert refusal(pl.Series([1, 2]), ra.FrameError).startswith("A Series cannot be read as a frame of rewards")


def test_what_is_no_source_at_all(tmp_path):
    Path("f.json").write_text("[]")

    assert refusal(5, ra.ArgumentError).startswith("A int is not a source of rewards. Pass a path")
    assert refusal('[{"guid": 1}]', ra.ArgumentError).startswith("The source is JSON text")
    with Path("f.json").open() as opened:
        assert refusal(opened, ra.ArgumentError).endswith('Open it as bytes: open(path, "rb").')
    assert refusal("a\0b").startswith("'a\\x00b' is not a path")


def test_an_address_that_cannot_be_reached():
    assert refusal("nosuch://bucket/rewards.ndjson").startswith("nosuch://bucket/rewards.ndjson cannot be opened")
    assert refusal("file:///nowhere/rewards.ndjson").startswith("file:///nowhere/rewards.ndjson cannot be opened")


def test_several_members_of_a_gzip_file_are_one_text():
    Path("f.ndjson.gz").write_bytes(gzip.compress(ndjson(reward(1))) + gzip.compress(ndjson(reward(2))))
    Path("f.ndjson.zst").write_bytes(_zst(ndjson(reward(3))) + _zst(ndjson(reward(4))))

    assert ra.load("f.ndjson.*")["guid"].to_list() == ["RWD-1", "RWD-2", "RWD-3", "RWD-4"]
