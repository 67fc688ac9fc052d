"""`sandbox --history` writes a year of days into a history, with the truth next to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.sandbox.year import Year

ONE_DAY = timedelta(days=1)


def test_the_history_holds_the_snapshots_of_the_world_and_the_folder_next_to_it_the_truth(run, tmp_path):
    history = tmp_path / "year"

    ended = run("sandbox", "--history", history, "--days", 5, "--members", 20, "--from", "2026-03-29", "--seed", 7)

    world = Year(members=20, seed=7, start=date(2026, 3, 29), days=5)
    expected = pl.concat(
        snapshot.rewards.with_columns(taken_on=pl.lit(snapshot.taken_on)) for snapshot in world.snapshots()
    )
    kept = ra.History(history).scan().collect()
    assert (ended.status, ended.out.split()) == (
        0,
        f"History: {history} Truth: {history}-truth (README.md describes it)".split(),
    )
    assert kept.sort("taken_on", "guid").equals(expected.select(kept.columns).sort("taken_on", "guid"))
    assert pl.read_parquet(tmp_path / "year-truth" / "flows.parquet").equals(world.truth.flows())
    assert (tmp_path / "year-truth" / "README.md").read_text().startswith("# What really happened")


def test_without_a_day_to_begin_with_the_last_snapshot_is_of_today(run, tmp_path):
    assert run("sandbox", "--history", tmp_path / "year", "--days", 3, "--members", 5).status == 0

    today = datetime.now(UTC).date()
    assert ra.History(tmp_path / "year").dates()[-1] in (today, today - ONE_DAY)  # midnight may have passed


def test_a_history_that_has_days_is_left_alone(run, tmp_path):
    arguments = ["sandbox", "--history", tmp_path / "year", "--days", 2, "--members", 5, "--from"]
    run(*arguments, "2026-03-29")
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))

    ended = run(*arguments, "2026-05-01")

    assert ended.status == 2
    assert "already has the snapshots of 2 days, 2026-03-29 to 2026-03-30. Name a new folder." in ended.err
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--days", 0], "days must be an integer ≥ 1, got 0"),
        (["--members", 0], "members must be an integer ≥ 1, got 0"),
        (["--from", "2999-01-01"], "365 days from 2999-01-01 end in the future. Pass --from "),
        (["--days", 10**9], "--days 1000000000 is more than the calendar has"),
        (["--from", "0001-01-01"], "outside the calendar"),
        (["--from", "soon"], "soon"),
        (["--port", 8080], "--port has no effect with --history"),
    ],
)
def test_what_cannot_be_made_is_wrong_usage_and_nothing_is_written(run, tmp_path, arguments, message):
    ended = run("sandbox", "--history", tmp_path / "year", *arguments)

    assert ended.status == 2
    assert message in ended.err
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--days", 30], "--days needs --history"),
        (["--members", 30], "--members needs --history"),
        (["--from", "2026-01-01"], "--from needs --history"),
        (["--history", "s3://bucket/year"], "--history s3://bucket/year is not a folder"),
        (["--history", "/"], "--history '/' has no name"),
        (["--history", ""], "--history '' has no name"),
    ],
)
def test_options_of_a_history_need_one_in_a_folder(run, arguments, message):
    ended = run("sandbox", *arguments)

    assert ended.status == 2
    assert message in ended.err


def test_a_truth_that_cannot_be_written_stops_it_before_the_first_day(run, tmp_path):
    (tmp_path / "year-truth").write_text("a file")

    ended = run("sandbox", "--history", tmp_path / "year", "--days", 2, "--members", 5)

    assert ended.status == 1
    assert f"{tmp_path}/year-truth" in ended.err
    assert [path.name for path in tmp_path.iterdir()] == ["year-truth"]


def test_a_folder_with_something_else_in_it_is_left_alone(run, tmp_path):
    (tmp_path / "year").mkdir()
    (tmp_path / "year" / "notes.txt").write_text("mine")

    ended = run("sandbox", "--history", tmp_path / "year", "--days", 2, "--members", 5)

    assert ended.status in (1, 2)
    assert str(tmp_path / "year") in ended.err
    assert [path.name for path in tmp_path.rglob("*")] == ["year", "notes.txt"]
