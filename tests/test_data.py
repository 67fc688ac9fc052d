"""The rewards in `data/` are what their README says."""

import runpy
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rewards_analytics as ra
from rewards_analytics.schema import FIELDS

DATA = Path(__file__).parent.parent / "data"
TEXTS = ["rewards.ndjson", "rewards.ndjson.gz", "rewards.ndjson.zst", "rewards.csv", "rewards.csv.gz"]
SAME = ["list.json", "pages.json", "pages", "rewards.parquet", *TEXTS]


def test_the_documented_command_reproduces_the_same_bytes(tmp_path, monkeypatch):
    arguments = ["--users", "25", "--members", "40", "--seed", "2026", "--today", "2026-11-23", "--out", str(tmp_path)]
    assert " ".join(arguments[:-2]) in (DATA / "README.md").read_text()
    monkeypatch.setattr(sys, "argv", ["make.py", *arguments])

    runpy.run_path(str(DATA / "make.py"), run_name="__main__")

    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    kept = {path.relative_to(DATA): path.read_bytes() for path in DATA.rglob("*.*") if path.is_file()}
    del kept[Path("README.md")], kept[Path("make.py")]
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name] and not of_another_pyarrow(made[name], kept[name])] == []


def of_another_pyarrow(made: bytes, kept: bytes) -> bool:
    """Whether a file that should be the same was only written by another version of PyArrow, which it names."""
    if not made.startswith(b"PAR1"):
        return False
    files = [pq.ParquetFile(pa.BufferReader(content)) for content in (made, kept)]
    writers = {file.metadata.created_by for file in files}
    tables = [file.read() for file in files]
    return len(writers) == 2 and tables[0].equals(tables[1], check_metadata=True)


@pytest.mark.parametrize("name", SAME)
def test_every_format_holds_the_same_rewards(name):
    assert ra.load(DATA / name).equals(ra.load(DATA / "rewards.json"))


def test_the_size_is_the_one_in_the_readme():
    rewards = ra.load(DATA / "rewards.json")

    counts = (len(rewards), rewards["user_guid"].n_unique(), rewards["member_guid"].n_unique())
    readme = (DATA / "README.md").read_text()
    assert f"{counts[0]} rewards of {counts[1]} made-up users with {counts[2]} memberships" in readme


def test_the_year_of_snapshots_is_what_the_readme_says():
    readme = (DATA / "README.md").read_text()
    rewards = pl.read_parquet(DATA / "_history" / "rewards.parquet")
    members = pl.read_parquet(DATA / "_history" / "members.parquet")
    days = rewards["taken_on"].unique()

    assert rewards.columns == [*FIELDS, "taken_on"]
    assert members.columns == [
        "user_guid", "member_guid", "connection_status", "aggregated_at", "rewards", "taken_on",
    ]  # fmt: skip
    assert (days.min(), days.max(), len(days)) == (date(2025, 11, 24), date(2026, 11, 23), 365)
    assert f"{len(rewards):,} rewards in 365 snapshots of {members['member_guid'].n_unique()} members" in readme
    assert sum(path.stat().st_size for path in (DATA / "_history").iterdir()) < 1_500_000


@pytest.mark.parametrize("day", [date(2025, 11, 24), date(2026, 11, 23)])
def test_a_day_of_the_year_is_a_list_of_rewards(day):
    rewards = pl.read_parquet(DATA / "_history" / "rewards.parquet").filter(pl.col("taken_on") == day).drop("taken_on")

    assert ra.load(rewards).equals(rewards)


def test_the_truth_of_the_year_closes():
    flows = pl.read_parquet(DATA / "_history" / "flows.parquet")

    assert (flows["opening"] + flows["earned"] - flows["redeemed"] - flows["expired"] == flows["closing"]).all()
    assert (flows["day"].min(), flows["day"].max()) == (date(2025, 11, 24), date(2026, 11, 22))
