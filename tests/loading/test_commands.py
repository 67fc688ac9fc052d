"""The commands `check` and `convert`: what they print where, and how they end."""

import subprocess
import sys

import rewards_analytics as ra
from rewards_analytics.cli.loading import convert
from rewards_analytics.loading import by_user
from tests.loading.samples import ndjson, reward


def command(*arguments, given=b""):
    return subprocess.run(
        [sys.executable, "-m", "rewards_analytics", *map(str, arguments)], input=given, capture_output=True, check=False
    )


def test_check_prints_the_report_and_ends_with_0_where_every_row_is_valid():
    run = command("check", "-", given=ndjson(reward(1), reward(2)))

    assert run.stdout.startswith(b"2 rows read: 2 rewards, 0 rejected, 0 further copies.")
    assert (run.stderr, run.returncode) == (b"", 0)


def test_check_ends_with_1_where_a_row_would_be_rejected():
    run = command("check", "-", given=ndjson(reward(1), reward(2, balance="12,50")))

    assert b'line 2: balance "12,50" is not a number' in run.stdout
    assert run.returncode == 1


def test_a_source_that_cannot_be_read_is_one_line_and_1(tmp_path):
    run = command("check", tmp_path / "nowhere.json")

    assert run.stderr.count(b"\n") == 1
    assert b"nowhere.json does not exist" in run.stderr
    assert (run.stdout, run.returncode) == (b"", 1)


def test_convert_writes_the_same_rewards_in_another_form(tmp_path):
    run = command("convert", "-", "-o", tmp_path / "rewards.csv.gz", given=ndjson(reward(1), reward(2)))

    assert (run.stdout, run.returncode) == (b"", 0)
    assert run.stderr.startswith(b"2 rewards written to ")
    assert ra.load(tmp_path / "rewards.csv.gz").equals(ra.load([reward(1), reward(2)]))


def test_convert_to_parquet_brings_the_rewards_of_a_user_together_where_they_are_many(tmp_path, monkeypatch):
    rows = [reward(number) | {"user_guid": f"USR-{number % 2}"} for number in range(4)]
    (tmp_path / "rewards.ndjson").write_bytes(ndjson(*rows))

    for most, expected in ((3, "0213"), (4, "0123")):
        monkeypatch.setattr(by_user, "ROW_GROUP", most)
        convert(str(tmp_path / "rewards.ndjson"), tmp_path / "rewards.parquet")
        assert "".join(guid[-1] for guid in ra.load(tmp_path / "rewards.parquet")["guid"]) == expected


def test_convert_refuses_invalid_rows_unless_they_are_to_be_dropped(tmp_path):
    lines = ndjson(reward(1), reward(2, expires_on="soon"))

    refused = command("convert", "-", "-o", tmp_path / "a.parquet", given=lines)
    dropped = command("convert", "-", "-o", tmp_path / "b.parquet", "--on-invalid", "drop", given=lines)

    assert (refused.returncode, dropped.returncode) == (1, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["b.parquet"]
    assert b'line 2: expires_on "soon" is not a date' in dropped.stderr


def test_convert_to_a_kind_that_it_cannot_write_is_wrong_usage(tmp_path):
    run = command("convert", "-", "-o", tmp_path / "rewards.xlsx", given=ndjson(reward(1)))

    assert b"does not end in a kind that can be written" in run.stderr
    assert run.returncode == 2
