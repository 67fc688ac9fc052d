"""What is written loads back as it was, and appears whole or not at all."""

import re

import polars as pl
import pyarrow as pa
import pytest

import rewards_analytics as ra
from tests.loading.samples import reward

ENDINGS = ["parquet", "pq", "ndjson", "jsonl.gz", "ndjson.zst", "json", "json.gz", "csv", "csv.zst"]
REWARDS = [
    reward(1, balance="12345678901234567.123456789", description="=HYPERLINK(1)", account_guid=None),
    reward(2, balance="-0.000000001", description="'=x", expires_on="0001-01-01"),
    reward(3, balance="100", description="''+1", created_at=None, expires_on=None),
    reward(4, balance="0", description='a,"b"\nc\r\nd\re\tf\0g', created_at="9999-12-31T23:59:59.999999Z"),
    reward(5, description="@x", unit_type="-STARS"),
    reward(6, description="'quoted'", guid="=1+1"),
    reward(7, description=None, created_at="0001-01-01T00:00:00Z"),
    reward(8, description=" é 😀 \u2028 \\n NaN"),
]


@pytest.fixture
def rewards():
    with pytest.warns(ra.RewardsWarning, match="'-STARS'"):
        return ra.load(REWARDS)


@pytest.mark.filterwarnings("ignore:Values that are not documented")
@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_written_loads_back_equal(ending, rewards, tmp_path):
    path = ra.write(rewards, tmp_path / f"rewards.{ending}")

    assert ra.load(path).equals(rewards)
    assert [file.name for file in tmp_path.iterdir()] == [f"rewards.{ending}"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_rewards_are_written_and_load_back_as_none(ending, tmp_path):
    nothing = ra.load([])

    assert ra.load(ra.write(nothing, tmp_path / f"rewards.{ending}")).equals(nothing)


def test_a_cell_that_a_spreadsheet_would_run_is_guarded(rewards, tmp_path):
    cells = pl.read_csv(ra.write(rewards, tmp_path / "rewards.csv"), infer_schema=False)

    assert cells["description"].to_list()[:6] == [
        "'=HYPERLINK(1)", "''=x", "'''+1", 'a,"b"\nc\r\nd\re\tf\0g', "'@x", "'quoted'"
    ]  # fmt: skip
    assert cells["guid"].to_list()[5] == "'=1+1"
    assert cells["unit_type"].to_list()[4] == "'-STARS"
    assert cells["balance"].to_list()[1] == "-0.000000001"


def test_amounts_are_numbers_in_json_with_the_digits_that_they_have(rewards, tmp_path):
    lines = ra.write(rewards, tmp_path / "rewards.ndjson").read_text(encoding="utf-8").split("\n")

    assert [re.search(r'"balance":([^,]*)', line)[1] for line in lines[:4]] == [
        "12345678901234567.123456789", "-0.000000001", "100", "0"
    ]  # fmt: skip


def test_frames_of_every_backend_are_written(tmp_path):
    for backend in ("polars", "pandas", "pyarrow"):
        rewards = ra.load([reward()], backend=backend)
        assert ra.load(ra.write(rewards, tmp_path / "rewards.ndjson")).height == 1


def test_more_rewards_than_are_encoded_at_once(tmp_path):
    many = pa.concat_tables([ra.load([reward(n) for n in range(1500)], backend="pyarrow")] * 100)

    assert ra.check(ra.write(many, tmp_path / "rewards.json")).rows == 150_000


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path):
    rewards = ra.load([reward()])

    with pytest.raises(ra.RewardsError, match=r"Cannot write .*: No such file or directory"):
        ra.write(rewards, tmp_path / "nowhere" / "rewards.csv")
    with pytest.raises(ra.ArgumentError, match=r"does not end in a kind that can be written: .json, .ndjson"):
        ra.write(rewards, tmp_path / "rewards.xlsx")
    with pytest.raises(ra.ArgumentError, match="does not end in a kind"):
        ra.write(rewards, tmp_path / "rewards.parquet.gz")


def test_rewards_that_are_not_valid_leave_what_was_there(tmp_path):
    path = ra.write(ra.load([reward()]), tmp_path / "rewards.ndjson")
    before = path.read_bytes()

    with pytest.raises(ra.InvalidRewardsError, match="balance is missing"):
        ra.write(ra.load([reward()]).with_columns(balance=None), path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
