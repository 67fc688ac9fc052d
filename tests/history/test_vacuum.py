"""A vacuum removes what no version needs, once it is old enough, and nothing else."""

import json
import os
import time

import polars as pl
import pytest

import rewards_analytics as ra
from tests.history.conftest import DAY_1, DAY_2, held, reward
from tests.history.test_members import members

EIGHT_DAYS = 8 * 86_400


def age(path):
    then = time.time() - EIGHT_DAYS
    os.utime(path, (then, then))


@pytest.fixture
def left(history, tmp_path):
    """A history of two days, one of them replaced, and what killed writers left."""
    folder = tmp_path / "history"
    history.append([reward("RWD-1")], DAY_1, members("MBR-1"))
    history.append([reward("RWD-2")], DAY_1, members("MBR-2"))
    history.append([reward("RWD-3")], DAY_2)
    files = [
        folder / f"taken_on={DAY_1}" / "part-killed.parquet",
        folder / f"taken_on={DAY_1}" / "part-killed.parquet#1",
        folder / "_delta_log" / "00000000000000000004.json#1",
        folder / "_members" / f"taken_on={DAY_1}" / "4711.parquet",
    ]
    for path in files:
        path.write_bytes(b"PAR1")
    return files


def kept(folder):
    """Every file but those of the log that are in place."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path for path in files if path.parent.name != "_delta_log" or "#" in path.name}


def test_files_that_no_version_needs_are_removed_once_they_are_old(history, left, tmp_path):
    folder = tmp_path / "history"
    before = kept(folder)
    history.vacuum()
    assert kept(folder) == before

    for path in left:
        age(path)
    history.vacuum()

    assert kept(folder) == before - {*left}
    assert held(history) == [(DAY_1, "RWD-2", 100), (DAY_2, "RWD-3", 100)]
    assert history.members()["member_guid"].to_list() == ["MBR-2"]


def test_files_of_replaced_days_are_removed_too(history, left, tmp_path):
    history.vacuum(retention_hours=0)
    history.vacuum(retention_hours=0)

    names = sorted(path.relative_to(tmp_path / "history").parts[0] for path in kept(tmp_path / "history"))
    assert names == ["_members", f"taken_on={DAY_1}", f"taken_on={DAY_2}"]
    assert held(history) == [(DAY_1, "RWD-2", 100), (DAY_2, "RWD-3", 100)]
    assert history.members()["member_guid"].to_list() == ["MBR-2"]
    assert pl.scan_delta(str(tmp_path / "history")).collect().height == 2


def test_a_vacuum_writes_a_checkpoint(history, left, tmp_path):
    history.vacuum()

    log = tmp_path / "history" / "_delta_log"
    version = json.loads((log / "_last_checkpoint").read_text())["version"]
    assert (log / f"{version:020}.checkpoint.parquet").exists()
    assert ra.History(tmp_path / "history").dates() == [DAY_1, DAY_2]


def test_files_stay_for_a_week_unless_told_otherwise(history, left, tmp_path):
    """One file is a minute younger than a week, and one a minute older."""
    now = time.time()
    for path, seconds in zip(left[1:3], (7 * 86_400 - 60, 7 * 86_400 + 60), strict=True):
        os.utime(path, (now - seconds, now - seconds))

    history.vacuum()

    assert [path.exists() for path in left[1:3]] == [True, False]


def test_files_can_be_kept_for_ever(history, tmp_path):
    history.append([reward("RWD-1")], DAY_1)
    history.append([reward("RWD-2")], DAY_1)

    history.vacuum(retention_hours=10**30)

    assert len([*(tmp_path / "history").rglob("taken_on=*/*.parquet")]) == 2
