"""The functions on a real `History`, day after day in a Delta table."""

from datetime import date
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rewards_analytics as ra
from rewards_analytics.analysis import holdings
from rewards_analytics.analysis.over_time import pairs, snapshots
from rewards_analytics.analysis.over_time.balance import balance_by_day
from rewards_analytics.engines import parts as engine_parts
from rewards_analytics.errors import SourceError
from rewards_analytics.loading.lazy import parts
from tests import frames
from tests.analysis.over_time.histories import snapshot, table
from tests.frames import balance, lot, to_level, total

FUNCTIONS = [*frames.OVER_TIME.values()]
DAYS = {
    "2026-11-01": [balance("MILES", "10", account_guid=None), lot("MILES", "3", on="2026-11-02", account_guid=None)],
    "2026-11-03": [balance("MILES", "12", account_guid=None), total("POINTS", "9999999999999999999.999999999")],
    "2026-11-04": [total("POINTS", "0.000000001"), to_level("POINTS", "7", description="Gold")],
    "2026-11-05": [total("POINTS", "2"), to_level("POINTS", "7", description="Gold")],
}
USERS = ("U1", "U2", "U3")
FRAME = frames.polars_frame(table(reward for day, rewards in DAYS.items() for reward in snapshot(day, *rewards)))


@pytest.fixture(params=[0, snapshots.MOST_REWARDS], ids=["day by day", "together"])
def history(request, monkeypatch, tmp_path):
    """The four days in a Delta table, read one by one or together."""
    for module in (pairs, snapshots):
        monkeypatch.setattr(module, "MOST_REWARDS", request.param)
    kept = ra.History(tmp_path)
    for day, rewards in DAYS.items():
        kept.append(frames.table(rewards), date.fromisoformat(day))
    return kept


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_history_gives_what_its_days_in_one_frame_give(history, function):
    result = function(history)

    assert isinstance(result, pl.LazyFrame)
    assert result.collect().equals(function(FRAME))


def _rows(result):
    return result if isinstance(result, list) else result.rows()


@pytest.mark.parametrize("function", [*FUNCTIONS, balance_by_day], ids=lambda function: function.__name__)
def test_large_days_are_taken_some_users_at_a_time(tmp_path, monkeypatch, function):
    monkeypatch.setattr(snapshots, "MOST_OF_A_DAY", 4)
    monkeypatch.setattr(engine_parts, "_EVERY", 1)
    days = {
        day: [reward | {"user_guid": user, "guid": user + reward["guid"]} for user in USERS for reward in rewards]
        for day, rewards in DAYS.items()
    }
    kept = ra.History(tmp_path)
    for day, rewards in days.items():
        kept.append(frames.table(rewards), date.fromisoformat(day))
    frame = frames.polars_frame(table(reward for day, rewards in days.items() for reward in snapshot(day, *rewards)))

    spans = snapshots.from_history(kept, holdings.COLUMNS, asked_by="changes").by_users()

    assert [span.users for span in spans] == [(None, "U2"), ("U2", None)]
    result = function(kept)
    found = result.collect() if isinstance(result, pl.LazyFrame) else result
    assert _rows(found) == _rows(function(frame))


def test_a_reward_of_no_user_is_refused_also_where_users_are_taken_one_after_another(tmp_path, monkeypatch):
    monkeypatch.setattr(snapshots, "MOST_OF_A_DAY", 2)
    monkeypatch.setattr(engine_parts, "_EVERY", 1)
    kept = ra.History(tmp_path)
    for day in (1, 2):
        kept.append(frames.table([balance("MILES", "1", user_guid=user) for user in USERS * 2]), date(2026, 11, day))
    for file in tmp_path.glob("taken_on=2026-11-02/*.parquet"):  # as only another writer can make it
        rewards = pq.read_table(file)
        users = pa.array([None, *rewards["user_guid"].to_pylist()[1:]], pa.string())
        pq.write_table(rewards.set_column(rewards.schema.get_field_index("user_guid"), "user_guid", users), file)

    with pytest.raises(ra.FrameError, match="'user_guid' in every row, and it is null"):
        ra.changes(kept).collect()


@pytest.mark.parametrize("largest", ["2026-11-01", "2026-11-03"])
def test_the_users_are_split_as_the_largest_day_needs(tmp_path, monkeypatch, largest):
    monkeypatch.setattr(snapshots, "MOST_OF_A_DAY", 2)
    monkeypatch.setattr(engine_parts, "_EVERY", 1)
    kept = ra.History(tmp_path)
    for day in ("2026-11-01", "2026-11-02", "2026-11-03"):
        users = ("U1", "U2", "U3", "U4") if day == largest else ("U9",)
        kept.append(frames.table([balance("MILES", "1", user_guid=user) for user in users]), date.fromisoformat(day))

    spans = snapshots.from_history(kept, holdings.COLUMNS, asked_by="changes").by_users()

    assert [span.users for span in spans] == [(None, "U3"), ("U3", None)]


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_a_result_is_of_the_version_at_the_call(history, function):
    result = function(history)

    history.append([frames.table(DAYS["2026-11-01"]).to_pylist()[0] | {"guid": "RWD-N"}], date(2026, 11, 4))
    history.append(frames.table(DAYS["2026-11-05"]), date(2026, 11, 6))

    assert result.collect().equals(function(FRAME))


def test_a_day_of_a_holding_that_cannot_be_read_is_named(history, tmp_path):
    (file,) = tmp_path.glob("taken_on=2026-11-05/*.parquet")
    file.unlink()

    with pytest.raises(
        SourceError, match=r"A snapshot from 2026-11-01 to 2026-11-05 cannot be read: .* append the day"
    ):
        ra.plot_due(history, ra.holdings(FRAME).row(0, named=True))


def test_a_day_of_many_rewards_that_cannot_be_read_is_named(history, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "PART_ROWS", 1)
    (file,) = tmp_path.glob("taken_on=2026-11-05/*.parquet")
    file.unlink()

    with pytest.raises(SourceError, match=r"2026-11-05 cannot be read: .* append the day again"):
        ra.changes(history).collect()


def test_a_scan_of_a_history_is_a_frame(history):
    assert ra.changes(history.scan()).collect().equals(ra.changes(FRAME))


def test_a_history_without_a_snapshot_says_so(tmp_path):
    with pytest.raises(SourceError, match="has no snapshot yet"):
        ra.changes(ra.History(tmp_path / "empty"))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"PAR1")], ids=["gone", "cut"])
def test_a_day_that_cannot_be_read_is_named(history, tmp_path, function, damage):
    (file,) = tmp_path.glob("taken_on=2026-11-05/*.parquet")
    damage(file)
    # One that only asks of the first day of a month stops once it knows what became of that.
    options = {"every": "day"} if function is ra.backtest else {}

    with pytest.raises(
        SourceError,
        match=r"(The snapshot of|A snapshot from 2026-11-0[134] to) 2026-11-05 cannot be read: .* append the day again",
    ):
        function(history, **options).collect()
