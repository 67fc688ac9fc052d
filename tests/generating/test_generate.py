"""Made-up rewards: valid, sorted by user, the same for the same seed, in any number, and never half written."""

import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import polars as pl
import pyarrow.parquet as pq
import pytest

import rewards_analytics as ra
from rewards_analytics.generating import generate, writing
from rewards_analytics.schema import BALANCE_TYPES, FIELDS, KEY, UNIT_TYPES

ONE_DAY = timedelta(days=1)
AS_OF = date(2026, 11, 23)


@pytest.fixture(scope="module")
def rewards(tmp_path_factory):
    path = generate(tmp_path_factory.mktemp("generated") / "rewards.parquet", rewards=50_000, seed=7)
    return ra.load(path)


# --- What is made -----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 9, 1_000, 12_345])
def test_there_are_as_many_rewards_as_were_asked_for(tmp_path, count):
    assert len(ra.load(generate(tmp_path / "r.parquet", rewards=count))) == count


def test_every_reward_is_valid_and_no_value_is_unknown(tmp_path):
    report = ra.check(generate(tmp_path / "r.parquet", rewards=20_000))

    assert (report.rows, len(report.rejected), report.duplicates, len(report.unknown)) == (20_000, 0, 0, 0)


def test_guids_look_like_those_of_the_api_and_are_unique(rewards):
    uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    for name, prefix in {"guid": "RWD", "user_guid": "USR", "member_guid": "MBR", "account_guid": "ACT"}.items():
        assert rewards[name].drop_nulls().str.contains(f"^{prefix}-{uuid}$").all()
    assert rewards["guid"].is_unique().all()


def test_a_member_belongs_to_one_user_and_an_account_to_one_member(rewards):
    owners = rewards.group_by("member_guid").agg(pl.col("user_guid").n_unique())
    holders = rewards.drop_nulls("account_guid").group_by("account_guid").agg(pl.col("member_guid").n_unique())

    assert owners["user_guid"].max() == holders["member_guid"].max() == 1


def test_the_shares_are_plausible(rewards):
    types = dict(rewards["balance_type"].value_counts(normalize=True).rows())
    units = dict(rewards["unit_type"].value_counts(normalize=True).rows())

    assert types.keys() == {*BALANCE_TYPES}
    assert 0.3 < types["EXPIRING_BALANCE"] < 0.55
    assert 0.2 < types["BALANCE"] < 0.45
    assert units.keys() == {*UNIT_TYPES}
    assert min(units.values()) > 0.1
    assert 0.1 < rewards["account_guid"].null_count() / len(rewards) < 0.4
    assert 0.2 < rewards["expires_on"].null_count() / len(rewards) < 0.6
    assert rewards["description"].n_unique() > 30


def test_amounts_are_whole_or_whole_cents_and_never_negative(rewards):
    dollars = pl.col("unit_type") == "DOLLARS"
    steps = rewards.select(pl.when(dollars).then(pl.col("balance") * 100).otherwise("balance")).to_series()

    assert steps.cast(pl.Decimal(38, 0)).cast(pl.Decimal(38, 9)).equals(steps.cast(pl.Decimal(38, 9)))
    assert rewards["balance"].min() >= 0


def test_nothing_has_expired_and_no_part_exceeds_its_balance(rewards):
    found = dict(ra.quality(rewards, as_of=AS_OF).select("check", "rewards").rows())

    for check in ("negative_balance", "date_past", "expiring_exceeds_available", "created_in_future", "unknown_value"):
        assert found[check] == 0


def test_rows_stand_in_the_order_of_the_holdings_keys(rewards):
    assert rewards.select(KEY).equals(rewards.select(KEY).sort(KEY, nulls_last=True))


def test_a_block_of_users_is_a_row_group_and_the_file_says_that_users_stand_together(tmp_path, monkeypatch):
    monkeypatch.setattr("rewards_analytics.generating.writing._USERS", 100)
    path = generate(tmp_path / "r.parquet", rewards=5_000)

    metadata = pq.read_metadata(path)
    users = [metadata.row_group(number).column(1).statistics for number in range(metadata.num_row_groups)]
    assert len(users) > 3
    assert all(before.max < after.min for before, after in pairwise(users))
    assert metadata.row_group(0).sorting_columns == (pq.SortingColumn(1),)


def test_the_columns_have_the_types_of_what_write_writes(tmp_path):
    made = generate(tmp_path / "made.parquet", rewards=100)
    written = ra.write(ra.load(made), tmp_path / "written.parquet")

    assert pl.read_parquet_schema(made) == pl.read_parquet_schema(written)
    assert pq.read_schema(made).remove_metadata() == pq.read_schema(written).remove_metadata()
    assert pq.read_schema(made).names == [*FIELDS]


# --- The same for the same seed ---------------------------------------------------------------------


@pytest.mark.parametrize("name", ["r.parquet", "r.ndjson", "r.csv.gz", "r.json.zst"])
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, name):
    files = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / folder).mkdir()
        files.append(generate(tmp_path / folder / name, rewards=3_000, seed=seed).read_bytes())

    assert files[0] == files[1] != files[2]


@pytest.mark.parametrize("users", [1, 37, 5_000])
def test_the_size_of_a_block_does_not_change_a_row(tmp_path, monkeypatch, rewards, users):
    monkeypatch.setattr("rewards_analytics.generating.writing._USERS", users)

    made = generate(tmp_path / "r.parquet", rewards=50_000 if users > 1 else 500, seed=7)

    if users > 1:
        assert ra.load(made).equals(rewards)
    else:
        assert len(ra.load(made)) == 500


def test_every_kind_of_file_and_a_folder_hold_the_same_rewards(tmp_path, monkeypatch):
    monkeypatch.setattr("rewards_analytics.generating.writing._USERS", 20)
    monkeypatch.setattr("rewards_analytics.generating.writing._BLOCKS_OF_A_FILE", 2)
    expected = ra.load(generate(tmp_path / "r.parquet", rewards=1_500))

    folder = generate(tmp_path / "folder", rewards=1_500)

    assert len(list(folder.glob("part-*.parquet"))) > 2
    for source in (
        folder,
        *(generate(tmp_path / f"r.{kind}", rewards=1_500) for kind in ("ndjson", "json", "csv.zst")),
    ):
        assert ra.load(source).equals(expected)


# --- A history --------------------------------------------------------------------------------------


def test_a_history_has_the_days_up_to_the_last_and_on_that_the_rewards_of_the_file(tmp_path):
    path = generate(tmp_path / "history", rewards=2_000, seed=3, days=4)

    history = ra.History(path)
    last = history.scan(AS_OF).drop("taken_on").collect()
    assert history.dates() == [AS_OF - 3 * ONE_DAY, AS_OF - 2 * ONE_DAY, AS_OF - ONE_DAY, AS_OF]
    assert last.equals(ra.load(generate(tmp_path / "r.parquet", rewards=2_000, seed=3)))
    assert history.scan().group_by("taken_on").len().collect()["len"].to_list() == [2_000] * 4


def test_a_history_can_be_read_by_day_and_added_to(tmp_path):
    history = ra.History(generate(tmp_path / "history", rewards=500, days=2, as_of=date(2026, 3, 1)))
    more = ra.load(generate(tmp_path / "r.parquet", rewards=500, as_of=date(2026, 3, 2)))

    history.append(more, date(2026, 3, 2))

    assert [len(history.scan(day, day).collect()) for day in history.dates()] == [500] * 3
    assert "3 snapshots, 2026-02-28 to 2026-03-02, 1,500 rewards" in repr(history)


def test_the_statistics_of_the_table_leave_no_row_out(tmp_path):
    import duckdb

    path = generate(tmp_path / "history", rewards=3_000, days=2)
    scanned = pl.scan_delta(str(path))
    user = ra.History(path).scan(AS_OF).select("user_guid").first().collect().item()

    by_user = scanned.filter(pl.col("user_guid") == user).collect()
    assert len(by_user) == len(scanned.collect().filter(pl.col("user_guid") == user)) > 0
    day = AS_OF + 40 * ONE_DAY
    assert len(scanned.filter(pl.col("expires_on") < day).collect()) == len(
        scanned.collect().filter(pl.col("expires_on") < day)
    )
    files = f"{path}/*/*.parquet"
    assert len(duckdb.read_parquet(files, hive_partitioning=True).pl()) == 6_000


def test_what_moves_from_day_to_day_is_plausible(tmp_path):
    history = ra.History(generate(tmp_path / "history", rewards=4_000, days=40))

    flows = ra.changes(history).collect()
    outcomes = ra.dues(history).collect()["outcome"].value_counts()
    month = ra.roll_forward(history).collect()
    assert flows["status"].unique().to_list() == ["held"]
    moved = (pl.col("earned") > 0) | (pl.col("redeemed") > 0) | (pl.col("expired") > 0)
    assert 0.02 < len(flows.filter(moved)) / len(flows) < 0.2
    assert {"expired", "saved", "ahead"} <= {*outcomes["outcome"]}
    assert (month["expired"] > 0).all()
    assert (month["earned"] > 0).all()


# --- Bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rewards": 0}, "rewards must be an integer ≥ 1, got 0"),
        ({"rewards": -5}, "rewards must be an integer ≥ 1, got -5"),
        ({"rewards": 10**13}, "rewards=10,000,000,000,000 is more than 1,000,000,000,000"),
        ({"rewards": 1, "seed": -1}, "seed must be an integer ≥ 0, got -1"),
        ({"rewards": 1, "days": 0}, "days must be an integer ≥ 1, got 0"),
        (
            {"rewards": 1, "days": 10**6},
            "The snapshots of 1,000,000 days up to 2026-11-23 are not all between 2000 and 2200",
        ),
        ({"rewards": 1, "as_of": date(1999, 12, 31)}, "1 days up to 1999-12-31 are not all between 2000 and 2200"),
    ],
)
def test_a_number_out_of_range_is_an_error_and_nothing_is_written(tmp_path, arguments, message):
    with pytest.raises(ra.ArgumentError, match=message):
        generate(tmp_path / "r", **arguments)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["r.xlsx", "r.parquet.gz", "r.txt", "r.gz"])
def test_an_unknown_ending_is_an_error_that_lists_the_known_ones(tmp_path, name):
    with pytest.raises(ra.ArgumentError, match=r"does not end in a kind that can be written: \.json, \.ndjson"):
        generate(tmp_path / name, rewards=10)


@pytest.mark.parametrize("days", [None, 2])
def test_a_folder_that_holds_something_is_left_alone(tmp_path, days):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "mine.txt").write_text("mine")

    with pytest.raises(ra.RewardsError, match=r"The folder .*r is not empty\. Name a new folder\."):
        generate(tmp_path / "r", rewards=10, days=days)

    assert [path.name for path in tmp_path.rglob("*")] == ["r", "mine.txt"]


@pytest.mark.parametrize("days", [None, 2])
def test_an_empty_folder_is_filled(tmp_path, days):
    (tmp_path / "r").mkdir()

    assert generate(tmp_path / "r", rewards=10, days=days) == tmp_path / "r"

    assert list((tmp_path / "r").iterdir())


@pytest.mark.parametrize(("url", "days"), [("s3://bucket/history", 2), ("s3://key:secret@bucket/r.parquet", None)])
def test_the_address_of_a_store_is_refused_without_its_keys(url, days):
    with pytest.raises(ra.ArgumentError, match=r"^s3://bucket/\S+ is not a place on this machine"):
        generate(url, rewards=10, days=days)


@pytest.mark.parametrize("days", [None, 2])
def test_a_folder_in_one_that_does_not_exist_is_an_error(tmp_path, days):
    with pytest.raises(ra.RewardsError, match=r"Cannot write the folder .*: No such file or directory"):
        generate(tmp_path / "none" / "r", rewards=10, days=days)


@pytest.mark.parametrize("name", ["r.parquet", "r.ndjson.zst", "r"])
def test_a_disk_that_is_too_small_is_found_before_anything_is_written(tmp_path, monkeypatch, name):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10**9))

    with pytest.raises(ra.RewardsError, match=r"it takes at least .* GB, and the disk has 1\.0 GB"):
        generate(tmp_path / name, rewards=10**9)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("days", [None, 2])
def test_after_an_error_in_the_middle_nothing_is_left(tmp_path, monkeypatch, days):
    monkeypatch.setattr("rewards_analytics.generating.writing._USERS", 100)
    made = []
    snapshot = writing.snapshot

    def fails_at_the_third(people, on):
        made.append(people)
        if len(made) == 3:
            raise OSError(28, "No space left on device")
        return snapshot(people, on)

    monkeypatch.setattr(writing, "snapshot", fails_at_the_third)

    with pytest.raises(ra.RewardsError, match=r"Cannot write the folder .*: No space left on device"):
        generate(tmp_path / "r", rewards=10_000, days=days)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("out", "rewards", "more"),
    [("r.parquet", 30, []), ("r", 30, []), ("r", 2, ["--days", "30"]), ("r.ndjson", 10, [])],
)
def test_ctrl_c_leaves_nothing_half_written(tmp_path, out, rewards, more):
    """Millions of rewards: enough to be interrupted, and few enough for most disks."""
    command = [sys.executable, "-m", "rewards_analytics", "generate", out, "--rewards", f"{rewards}000000", *more]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not _is_writing(process.pid, tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)

    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def _is_writing(pid, folder):
    """Whether a process has bytes in a file of a folder, with a name or without one."""
    from pathlib import Path

    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            if str(handle.readlink()).startswith(str(folder)) and handle.stat().st_size > 10**5:
                return True
        except OSError:
            continue
    return False


def test_amounts_are_exact_decimals(rewards):
    assert rewards["balance"].dtype == pl.Decimal(38, 9)
    assert rewards["balance"].sum() == sum(rewards["balance"].to_list(), Decimal(0))
