"""`snapshot`, as cron runs it: nothing on success, one line on failure, safe to run twice."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import rewards_analytics as ra
from tests.history.conftest import reward
from tests.history.test_members import members

DAY = date(2026, 11, 23)


def held(path):
    return ra.History(path).scan().select("taken_on", "guid", "balance").collect().rows()


def test_a_snapshot_is_kept_without_a_word(run, rewards_json, tmp_path):
    assert run("snapshot", rewards_json, tmp_path / "history", "--on", "2026-11-23") == (0, "", "")

    assert ra.History(tmp_path / "history").dates() == [DAY]
    kept = ra.History(tmp_path / "history").scan().drop("taken_on").collect()
    assert kept.sort("guid").equals(ra.load(rewards_json).sort("guid"))


def test_a_snapshot_is_of_today_in_utc(run, rewards_json, tmp_path):
    before = datetime.now(UTC).date()
    assert run("snapshot", rewards_json, tmp_path / "history").status == 0

    assert ra.History(tmp_path / "history").dates() in ([before], [datetime.now(UTC).date()])


def test_a_snapshot_can_be_taken_twice(run, tmp_path):
    source, history = tmp_path / "rewards.ndjson", tmp_path / "history"
    for amount in ("5", "7"):
        ra.write(ra.load([reward(balance=amount)]), source)
        assert run("snapshot", source, history, "--on", "2026-11-23") == (0, "", "")

    assert held(history) == [(DAY, "RWD-1", Decimal(7))]


def test_standard_input_is_a_source(run, rewards_json, tmp_path):
    ended = run("snapshot", "-", tmp_path / "history", "--on", "2026-11-23", stdin=rewards_json.read_bytes())

    assert ended == (0, "", "")
    assert ra.History(tmp_path / "history").dates() == [DAY]


def test_the_members_that_a_pull_leaves_are_kept(run, tmp_path):
    source, history = tmp_path / "pulled", tmp_path / "history"
    source.mkdir()
    ra.write(ra.load([reward()]), source / "part-00000.parquet")
    assert run("snapshot", source, history, "--on", "2026-11-22").status == 0
    members("MBR-1").write_parquet(source / "_members.parquet")
    assert run("snapshot", source, history, "--on", "2026-11-23") == (0, "", "")

    assert ra.History(history).members().select("member_guid", "taken_on").rows() == [("MBR-1", DAY)]


def test_a_vacuum_follows_the_snapshot(run, tmp_path):
    history = tmp_path / "history"
    source = ra.write(ra.load([reward()]), tmp_path / "rewards.ndjson")
    assert run("snapshot", source, history, "--on", "2026-11-23", "--vacuum") == (0, "", "")

    assert (history / "_delta_log" / "_last_checkpoint").exists()


@pytest.mark.parametrize(
    ("status", "options", "says"),
    [
        (1, {"source": "none.ndjson"}, "none.ndjson does not exist. "),
        (
            1,
            {"source": "bad.ndjson"},
            '2 rows are not valid rewards (balance is not a number: 2). bad.ndjson:1: balance "x"',
        ),
        (1, {"source": "empty.ndjson"}, "The snapshot of 2026-11-23 has no rewards, as after a failed pull. "),
        (1, {"source": "members"}, "_members.parquet is not a Parquet file that can be read "),
        (1, {"history": "folder"}, "is not a history: it holds other files, such as 'letter.txt'. "),
        (1, {"history": "rewards.ndjson"}, "is not a history: Not a directory. "),
        (1, {"history": "s3://bucket/history"}, "The history s3://bucket/history cannot be read: "),
        (2, {"on": "2999-01-01"}, "on=2999-01-01 is in the future: "),
        (2, {"history": ""}, "'' is not the path of a history. "),
    ],
)
def test_a_failure_is_one_line_and_a_status(run, tmp_path, monkeypatch, status, options, says):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    good = ra.write(ra.load([reward()]), "rewards.ndjson").read_bytes()
    (tmp_path / "bad.ndjson").write_text("".join(f"{json.dumps(reward(guid, 'x'))}\n" for guid in "AB"))
    (tmp_path / "empty.ndjson").touch()
    for folder, file in (("members", "_members.parquet"), ("folder", "letter.txt")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "rewards.ndjson").write_bytes(good)
        (tmp_path / folder / file).write_text("Dear reader")
    chosen = {"source": "rewards.ndjson", "history": "history", "on": "2026-11-23"} | options

    ended = run("snapshot", chosen["source"], chosen["history"], "--on", chosen["on"])

    assert (ended.status, ended.out, ended.err.count("\n")) == (status, "", 1)
    assert ended.err.startswith("rewards-analytics: ")
    assert says in ended.err
    assert not (tmp_path / "history" / "taken_on=2026-11-23").exists()


def test_a_snapshot_of_a_pull_from_the_sandbox(run, tmp_path):
    """The line for operators: pull, then snapshot."""
    from rewards_analytics.sandbox import Sandbox

    with Sandbox(users=2) as served:
        client = ra.AtriumClient(served.api_key, served.client_id, served.base_url)
        pulled = ra.pull(client, out=tmp_path / "pulled")
    assert run("snapshot", tmp_path / "pulled", tmp_path / "history", "--on", "2026-11-23") == (0, "", "")

    history = ra.History(tmp_path / "history")
    assert history.scan().drop("taken_on").collect().sort("guid").equals(pulled.rewards.sort("guid"))
    assert history.members().equals(pulled.freshness.with_columns(taken_on=DAY))
