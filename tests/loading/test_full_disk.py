"""Rewards too many for memory wait on disk; where it has too little room, the error says where and what to do."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import polars as pl
import pytest
from polars.testing import assert_series_equal

import rewards_analytics as ra

PARTS = "from rewards_analytics.loading.lazy import parts; parts.PART_ROWS, parts.MOST_ROWS = 1000, 5000"
SMALL = {
    "parts": PARTS,
    "sorting": f"{PARTS}\n"
    "from rewards_analytics.engines import sorting; sorting.MOST_ROWS, sorting._SPAN_ROWS = 5000, 1000",
    # What a thread needs at least is much, so one of them.
    "duckdb": "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
    "from rewards_analytics.loading.lazy import duckdb_relation; duckdb_relation.MEMORY = '320MB'",
}
"""What makes the memory small that one room takes."""

ON_A_DISK = """
mount -t tmpfs -o "size=$0" none "$TMPDIR" || exit 99
"$@"
status=$?
ls -A "$TMPDIR"
exit $status
"""


class Ended(NamedTuple):
    """Exit status of a command, what it wrote to standard error, and what it left in the folder for temporary files."""

    status: int
    err: str
    left: list[str]


@pytest.fixture
def disk(tmp_path):
    """Where a small disk is mounted."""
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("only root on Linux may mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", folder], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"a small disk cannot be mounted: {tried.stderr}")
    return folder


def run(small: str, folder: Path, *arguments: object, size: str = "", cwd: Path | None = None) -> Ended:
    """Run the command line with little memory, and with a folder for temporary files, or a disk of a size there."""
    mounted = ["unshare", "--mount", "sh", "-c", ON_A_DISK, size] if size else []
    ended = subprocess.run(
        [*mounted, sys.executable, "-c", f"{SMALL[small]}\nfrom rewards_analytics.cli import main; main()", *arguments],
        env=os.environ | {"TMPDIR": str(folder)},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    left = ended.stdout.split() if size else [path.name for path in folder.iterdir()]
    return Ended(ended.returncode, ended.stderr, left)


def rewards(count: int, balance_type: str) -> pl.DataFrame:
    """Rewards of as many users, in their order."""
    users = pl.format("USR-{}", pl.int_range(count).cast(pl.String).str.zfill(9))
    return pl.select(
        guid=users.str.replace("USR", "RWD"),
        user_guid=users,
        member_guid=users,
        account_guid=pl.lit(None, pl.String),
        balance_type=pl.lit(balance_type),
        unit_type=pl.lit("MILES"),
        balance=pl.lit(1).cast(pl.Decimal(38, 9)),
        expires_on=pl.lit(None, pl.Date),
        created_at=pl.lit(None, pl.Datetime("us", "UTC")),
        description=pl.lit(None, pl.String),
    )


def goals(descriptions: int, letters: int) -> pl.DataFrame:
    """Goals that share some long descriptions."""
    texts = random.Random(7)
    shared = pl.Series([f"{texts.getrandbits(4 * letters):x}" for _ in range(descriptions)])
    return rewards(20_000, "BALANCE_TO_LEVEL").with_columns(
        description=shared.sample(20_000, with_replacement=True, seed=7)
    )


def goals_by_user(folder: Path) -> Path:
    goals(20_000, 200).write_parquet(folder / "goals.parquet", row_group_size=1000)
    return folder / "goals.parquet"


def goals_in_any_order(folder: Path) -> Path:
    """The file has each description four times, and each part that waits has it again."""
    shuffled = goals(40, 8000).sample(fraction=1, shuffle=True, seed=7)
    shuffled.write_parquet(folder / "goals.parquet", row_group_size=5000)
    return folder / "goals.parquet"


@pytest.mark.parametrize(("small", "source"), [("parts", goals_in_any_order), ("sorting", goals_by_user)])
def test_a_disk_that_fills_up_is_named_and_left_empty(disk, tmp_path, small, source):
    out = tmp_path / "distance.parquet"
    asked = ("distance", source(tmp_path), "--engine", "polars", "--out", out)

    assert run(small, disk, *asked, size="3m") == (
        1,
        f"rewards-analytics: The rewards are too many for memory, and wait in {disk} meanwhile. The disk is full. "
        "Set TMPDIR to a folder with more room.\n",
        [],
    )
    assert not out.exists()
    assert run(small, disk, *asked, size="30m") == (0, "", [])


def test_a_disk_with_too_little_room_is_named_before_anything_is_written(disk, tmp_path):
    asked = ("distance", goals_in_any_order(tmp_path), "--engine", "polars", "--out", tmp_path / "distance.csv")

    ended = run("parts", disk, *asked, size="1m")

    assert (ended.status, ended.left) == (1, [])
    assert re.fullmatch(
        rf"rewards-analytics: The rewards are too many for memory, and wait in {disk} meanwhile\. That takes about "
        r"\S+ GB, and \S+ GB are free there\. Set TMPDIR to a folder with more room\.\n",
        ended.err,
    )


@pytest.fixture
def long_keys(tmp_path):
    """Rewards of users with long names, which make DuckDB's tables large and the file small."""
    pytest.importorskip("duckdb", reason='DuckDB is missing: pip install "rewards-analytics[duckdb]"')
    users = pl.col("user_guid") + "0" * 800
    return ra.write(rewards(500_000, "BALANCE").with_columns(users), tmp_path / "rewards.parquet")


def test_the_disk_of_duckdb_that_fills_up_is_named_and_left_empty(disk, tmp_path, long_keys):
    out = tmp_path / "holdings.parquet"

    assert run("duckdb", disk, "holdings", long_keys, "--engine", "duckdb", "--out", out, size="4m") == (
        1,
        "rewards-analytics: The rewards are too many for memory, and the disk on which DuckDB keeps them meanwhile is "
        f"full: {disk}, or the temp_directory of a connection of yours. Set TMPDIR or the temp_directory to a folder "
        "with more room.\n",
        [],
    )
    assert not out.exists()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux limits the cores of a process")
def test_what_does_not_fit_in_the_memory_of_duckdb_waits_in_the_folder_for_temporary_files(tmp_path, long_keys):
    meanwhile, working = tmp_path / "meanwhile", tmp_path / "working"
    meanwhile.mkdir()
    working.mkdir()
    out = tmp_path / "holdings.parquet"

    ended = run("duckdb", meanwhile, "holdings", long_keys, "--engine", "duckdb", "--out", out, cwd=working)

    assert ended == (0, "", [])
    assert [*working.iterdir()] == []
    assert_series_equal(pl.read_parquet(out)["user_guid"], pl.read_parquet(long_keys)["user_guid"])
    assert pl.read_parquet(out)["available"].unique().to_list() == [1]
