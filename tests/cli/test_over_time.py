"""The commands that ask a history."""

import json
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

import rewards_analytics as ra

COMMANDS = ["changes", "roll-forward", "pace", "dues", "lapse", "forecast", "backtest", "activity"]
REWARD = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}


@pytest.fixture
def folder(tmp_path):
    """A history of three days."""
    history = ra.History(tmp_path / "history")
    for day, held in ((10, "1000.5"), (12, "1600.5"), (13, "1300.5")):
        rewards = [
            REWARD | {"guid": f"RWD-{day}", "balance_type": "BALANCE", "balance": held},
            REWARD | {"guid": "RWD-G", "balance_type": "BALANCE_TO_LEVEL", "balance": 900, "description": "Gold"},
        ]
        history.append(rewards, date(2026, 11, day))
    return tmp_path / "history"


def plain(value):
    return f"{value:f}" if isinstance(value, Decimal) else str(value) if isinstance(value, date) else value


def test_each_command_prints_what_its_function_returns(run, folder):
    for command in COMMANDS:
        ended = run(command, folder, "--format", "json")

        expected = getattr(ra, command.replace("-", "_"))(ra.History(folder)).collect()
        assert (ended.status, ended.err) == (0, "")
        assert [[*row.values()] for row in json.loads(ended.out)] == [
            [plain(value) for value in row] for row in expected.rows()
        ]


def test_the_options_are_those_of_the_functions(run, folder):
    week = json.loads(run("roll-forward", folder, "--every", "week", "--format", "json").out)
    pace = json.loads(run("pace", folder, "--window", "1", "--format", "json").out)
    activity = json.loads(run("activity", folder, "--window", "1", "--format", "json").out)

    assert [row["period"] for row in week] == ["2026-11-09"]
    assert pace[0]["earned_per_day"] == "0.000000000"
    assert (activity[0]["earned"], activity[0]["redeemed"]) == ("0.000000000", "300.000000000")
    assert run("pace", folder, "--window", "0").status == 2


def test_the_options_of_what_becomes_of_dues_are_those_of_the_functions(run, tmp_path):
    history = ra.History(tmp_path)
    for day, due, on in ((1, 80, "2026-11-08"), (8, 40, "2026-11-08"), (9, 30, "2026-11-16"), (17, 5, "2026-12-24")):
        lot = REWARD | {"guid": "RWD-L", "balance_type": "EXPIRING_BALANCE", "balance": due, "expires_on": on}
        history.append([REWARD | {"guid": "RWD-B", "balance_type": "BALANCE", "balance": 90}, lot], date(2026, 11, day))

    def answer(command, *options):
        return json.loads(run(command, tmp_path, *options, "--format", "json").out)

    assert [row["outcome"] for row in answer("dues")] == ["expired", "expired", "ahead"]
    assert [row["lead_days"] for row in answer("lapse", "--leads", "3,5")] == [5]
    until = ("--every", "week", "--until", "2026-11-22")
    assert [(row["period"], row["expected"]) for row in answer("forecast", "--as-of", "2026-11-15", *until)] == [
        ("2026-11-09", "0.000000000"),
        ("2026-11-16", "15.000000000"),
    ]
    assert [row["due"] for row in answer("backtest", "--every", "day", "--horizon-days", "7")] == [
        "80.000000000",
        "40.000000000",
        "30.000000000",
    ]
    words = run("lapse", tmp_path, "--leads", "7;30")
    assert (words.status, words.out) == (2, "")
    assert "--leads: '7;30' is not a number of days." in words.err
    refused = run("forecast", tmp_path, "--as-of", "2026-10-31")
    assert (refused.status, refused.out) == (2, "")
    assert "as_of=2026-10-31 is before the first snapshot. Pass 2026-11-01 or a later day." in refused.err
    assert [
        run(*asked).status
        for asked in (("lapse", tmp_path, "--leads", "0,7"), ("backtest", tmp_path, "--horizon-days", "0"))
    ] == [2, 2]


def test_parquet_is_written_whole_and_in_order(run, folder, tmp_path):
    ended = run("changes", folder, "--out", tmp_path / "changes.parquet")

    assert (ended.status, ended.out, ended.err) == (0, "", "")
    assert pl.read_parquet(tmp_path / "changes.parquet").equals(ra.changes(ra.History(folder)).collect())


def test_a_history_of_one_day_says_what_it_lacks(run, tmp_path):
    ra.History(tmp_path / "day").append(
        [REWARD | {"guid": "RWD-1", "balance_type": "BALANCE", "balance": 1}], date(2026, 11, 10)
    )

    ended = run("changes", tmp_path / "day", "--format", "json")

    assert (ended.status, ended.out) == (0, "[]\n")
    assert "compares one snapshot with the next, and the history has only that of 2026-11-10" in ended.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_folder_that_is_not_a_history_is_one_line_and_status_1(run, tmp_path, command):
    for path in (tmp_path, tmp_path / "nowhere", ""):
        ended = run(command, path)

        assert (ended.status, ended.out) == (1, "")
        assert len(ended.err.splitlines()) == 1


def test_a_report_is_given_the_history_and_so_is_one_of_a_group(run, folder, tmp_path):
    rewards = tmp_path / "rewards.parquet"
    ra.History(folder).scan(date(2026, 11, 13)).drop("taken_on").sink_parquet(rewards)
    options = ["report", rewards, "--as-of", "2026-11-13", "--history", folder]

    ended = run(*options, "-o", tmp_path / "report.html")
    by = run(*options, "--by", "user_guid", "-o", tmp_path / "groups")
    none = run(*options[:-1], tmp_path / "none", "-o", tmp_path / "none.html")

    assert (ended.status, by.status, none.status) == (0, 0, 1)
    expected = ra.report(ra.load(rewards), tmp_path / "2.html", as_of=date(2026, 11, 13), history=ra.History(folder))
    assert (tmp_path / "report.html").read_bytes() == expected.read_bytes()
    batch = ra.reports(
        ra.load(rewards), tmp_path / "2", by="user_guid", as_of=date(2026, 11, 13), history=ra.History(folder)
    )
    assert by.out == f"{tmp_path / 'groups' / 'index.html'}\n"
    for _, path in batch.written:
        assert (tmp_path / "groups" / path.name).read_bytes() == path.read_bytes()
    assert "has no snapshot yet" in none.err
