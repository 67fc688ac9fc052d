"""Days are added to a table as files that were written for it."""

import json

import pytest

import rewards_analytics as ra
from rewards_analytics.history.adding import add, day_folder
from rewards_analytics.history.location import Location
from rewards_analytics.history.table import create
from tests.history.conftest import DAY_1, DAY_2, held, reward


@pytest.fixture
def folder(tmp_path):
    create(Location.of(tmp_path / "history", None))
    return tmp_path / "history"


def written(folder, on, *rewards):
    path = day_folder(folder, on) / f"{rewards[0]['guid']}.parquet"
    path.parent.mkdir(exist_ok=True)
    return ra.write(ra.load([*rewards]), path)


def actions(folder, version):
    lines = (folder / "_delta_log" / f"{version:020}.json").read_text().splitlines()
    return [action["add"] for action in map(json.loads, lines) if "add" in action]


def test_the_files_of_a_day_are_its_snapshot(folder):
    first = written(folder, DAY_1, reward("RWD-1", "5", user_guid="USR-1"))
    add(folder, DAY_1, [first, written(folder, DAY_1, reward("RWD-2", user_guid="USR-2"))])
    add(folder, DAY_2, [written(folder, DAY_2, reward("RWD-3"))])

    assert ra.History(folder).dates() == [DAY_1, DAY_2]
    assert held(ra.History(folder)) == [(DAY_1, "RWD-1", 5), (DAY_1, "RWD-2", 100), (DAY_2, "RWD-3", 100)]


def test_the_log_has_what_readers_leave_files_out_by(folder):
    rewards = [reward("RWD-1", expires_on="2026-11-23"), reward("RWD-2", user_guid="USR-9", expires_on="2026-12-24")]
    path = written(folder, DAY_1, *rewards, reward("RWD-3", user_guid="USR-5"))

    add(folder, DAY_1, [path])

    (action,) = actions(folder, 1)
    assert action["path"] == f"taken_on={DAY_1}/RWD-1.parquet"
    assert action["dataChange"] is True
    assert action["size"] == path.stat().st_size
    assert abs(action["modificationTime"] - path.stat().st_mtime * 1000) < 1
    assert json.loads(action["stats"]) == {
        "numRecords": 3,
        "minValues": {"user_guid": "USR-1", "expires_on": "2026-11-23"},
        "maxValues": {"user_guid": "USR-9", "expires_on": "2026-12-24"},
        "nullCount": {"user_guid": 0, "expires_on": 1},
    }


def test_a_column_of_nulls_has_no_least_and_no_greatest_value(folder):
    add(folder, DAY_1, [written(folder, DAY_1, reward("RWD-1"))])

    assert json.loads(actions(folder, 1)[0]["stats"]) == {
        "numRecords": 1,
        "minValues": {"user_guid": "USR-1"},
        "maxValues": {"user_guid": "USR-1"},
        "nullCount": {"user_guid": 0, "expires_on": 1},
    }


def test_a_day_that_cannot_be_added_is_named(tmp_path):
    with pytest.raises(ra.RewardsError, match=f"The snapshot of {DAY_1} was not written to .*"):
        add(tmp_path / "nothing", DAY_1, [])
