"""The commands that call the API: `fetch` asks on the terminal, `pull` resumes, `sandbox` says how to connect."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from code import InteractiveConsole
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import rewards_analytics as ra
from rewards_analytics.sandbox import Clock, Sandbox, World

COMMAND = [sys.executable, "-m", "rewards_analytics"]


@pytest.fixture(scope="module")
def running():
    with Sandbox(users=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running, monkeypatch):
    """A sandbox whose keys and address are in the environment."""
    # Noon of this day: the members of the world were gathered eight hours before, and so on this day.
    running.reset(World(users=4, clock=Clock(datetime.now(UTC).date()), job_time=0.1))
    monkeypatch.setenv("MX_BASE_URL", running.base_url)
    monkeypatch.setenv("MX_API_KEY", running.api_key)
    monkeypatch.setenv("MX_CLIENT_ID", running.client_id)
    return running


@pytest.fixture
def fetch(run):
    def fetch(member, *arguments, stdin=b""):
        return run("fetch", member.user_guid, member.guid, "--poll-interval", "0.05", *arguments, stdin=stdin)

    return fetch


def make_member(sandbox, password):
    return sandbox.world.create_member(next(iter(sandbox.world.users.values())), "mxbank", password=password)


# --- fetch ---


def test_fetch_asks_on_standard_error_and_prints_the_rewards_on_standard_output(sandbox, fetch):
    member = sandbox.world.member_asking("TEXT")

    ended = fetch(member, "--format", "json", stdin=b"correct\n")

    assert ended.status == 0
    assert "The institution asks: What city were you born in?\nAnswer: " in ended.err
    assert "CONNECTED" in ended.err
    assert [row["guid"] for row in json.loads(ended.out)] == [reward["guid"] for reward in member.rewards]


def test_the_output_of_fetch_can_be_loaded(sandbox, fetch):
    member = make_member(sandbox, "password")

    ended = fetch(member, "--format", "json")

    assert ra.load(ended.out.encode()).height == len(member.rewards)


def test_choices_are_numbered_and_asked_for_until_one_is_valid(sandbox, fetch):
    ended = fetch(make_member(sandbox, "options"), stdin=b"5\nthe first\n1\n")

    assert ended.status == 0
    assert "  1. The right one\n  2. The wrong one\n" in ended.err
    assert ended.err.count("Number (1 to 2): ") == 3
    assert "'5' is not one of the numbers" in ended.err


@pytest.mark.parametrize(("password", "answer"), [("image", b"correct\n"), ("image_options", b"1\n")])
def test_a_picture_is_written_to_a_file_whose_path_is_shown(sandbox, fetch, password, answer):
    ended = fetch(make_member(sandbox, password), stdin=answer)

    assert ended.status == 0
    assert re.search(r"picture-1\.png", ended.err)


def test_without_an_answer_fetch_exits_with_3(sandbox, fetch):
    ended = fetch(make_member(sandbox, "challenge"), stdin=b"")

    assert ended.status == 3
    assert ended.out == ""
    assert "1 of 1 were not answered" in ended.err
    assert "Traceback" not in ended.err


def test_a_throttled_fetch_says_how_old_the_rewards_are(sandbox, fetch):
    member = make_member(sandbox, "password")
    fetch(member)

    ended = fetch(member)

    assert ended.status == 0
    assert "No new job was started: these are the rewards of 20" in ended.err


def test_the_institution_can_be_checked_before_a_job_is_started(sandbox, fetch):
    user = next(iter(sandbox.world.users.values()))
    without_rewards = sandbox.world.create_member(user, "cedar_union")
    asked = ("--dialect", "platform", "--check-institution")

    refused = fetch(without_rewards, *asked)

    assert refused.status == 3
    assert "No job was started" in refused.err
    assert "'cedar_union' does not support rewards" in refused.err
    assert without_rewards.job is None
    assert without_rewards.aggregated_at is None
    assert fetch(make_member(sandbox, "password"), *asked).status == 0


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
def test_both_dialects_can_be_chosen(sandbox, fetch, dialect):
    assert fetch(make_member(sandbox, "password"), "--dialect", dialect).status == 0


def test_a_dated_version_can_be_chosen(sandbox, fetch):
    member = make_member(sandbox, "password")

    assert fetch(member, "--dialect", "platform", "--api-version", "v20250224").status == 0
    refused = fetch(member, "--dialect", "platform", "--api-version", "v20990101")
    assert refused.status == 3
    assert "Accept-Version: v20990101" in refused.err
    assert "https://docs.mx.com/" in refused.err
    assert "--api-version" in refused.err


def test_a_dated_version_of_atrium_is_wrong_usage(sandbox, fetch):
    ended = fetch(make_member(sandbox, "password"), "--api-version", "v20250224")

    assert ended.status == 2
    assert "dialect='platform'" in ended.err


def test_an_unknown_member_is_named(sandbox, run):
    ended = run("fetch", "USR-none", "MBR-none")

    assert ended.status == 3
    assert "There is no user USR-none" in ended.err


# --- pull ---


def test_pull_writes_the_rewards_of_all_members_to_a_folder(sandbox, run, tmp_path):
    ended = run("pull", "--out", tmp_path / "pulled")

    assert ended.status == 0
    assert ended.out == f"{tmp_path / 'pulled'}: the rewards of 9 members.\n8 members gathered today, 1 never.\n"
    assert ended.err == ""
    assert sorted(ra.load(tmp_path / "pulled")["guid"]) == sorted(reward["guid"] for reward in sandbox.world.rewards())


def test_pull_lists_failures_and_resumes_when_called_again(sandbox, run, tmp_path):
    user = next(iter(sandbox.world.users))
    sandbox.faults.next("redirect", on=f"{user}/members?")

    first, second = (run("pull", "--out", tmp_path) for _ in range(2))

    assert first.status == 3
    assert f"not pulled: user {user}, all members: GET /users/{user}/members answered 302" in first.err
    assert "Pull again into the same folder" in first.err
    assert second.status == 0
    assert "members, 7 of them from an earlier pull" in second.out


def test_pull_ends_with_the_ages_of_the_members(sandbox, run, tmp_path):
    first, second, *others = (one for one in sandbox.world.members.values() if one.aggregated_at)
    first.aggregated_at -= timedelta(days=3)
    second.aggregated_at -= timedelta(days=1)

    ended = run("pull", "--out", tmp_path)

    assert (
        ended.out.splitlines()[-1] == f"{len(others)} members gathered today, 1 yesterday, 1 three days ago, 1 never."
    )


def test_the_report_of_a_pull_says_how_much_is_stale(sandbox, run, tmp_path):
    for one in sandbox.world.members.values():
        one.aggregated_at = one.aggregated_at and one.aggregated_at - timedelta(days=5)
    run("pull", "--out", tmp_path / "pulled")

    of_folder = run("report", tmp_path / "pulled", "-o", tmp_path / "1.html")
    of_file = run(
        *("report", tmp_path / "pulled" / "part-00000.parquet", "-o", tmp_path / "2.html"),
        *("--freshness", tmp_path / "pulled" / "_members.parquet"),
    )

    assert (of_folder.status, of_file.status) == (0, 0)
    page = (tmp_path / "1.html").read_text(encoding="utf-8")
    assert "were last gathered more than 2 days before this report" in page
    assert (tmp_path / "2.html").read_text(encoding="utf-8") == page
    by_user = run("report", tmp_path / "pulled", "-o", tmp_path / "users", "--by", "user_guid")
    assert by_user.status == 0
    assert all("before this report" in path.read_text(encoding="utf-8") for path in (tmp_path / "users").glob("USR*"))


def test_members_that_are_not_those_of_a_pull_are_passed_over_or_refused(sandbox, run, tmp_path):
    run("pull", "--out", tmp_path / "pulled")
    ra.load([]).write_parquet(tmp_path / "pulled" / "_members.parquet")

    found = run("report", tmp_path / "pulled", "-o", tmp_path / "1.html")
    named = run("report", tmp_path / "pulled", "-o", tmp_path / "2.html", "--freshness", tmp_path / "absent.parquet")

    assert found.status == 0
    assert "was not written by a pull" in found.err
    assert "The report does not say how fresh the rewards are" in found.err
    assert "before this report" not in (tmp_path / "1.html").read_text(encoding="utf-8")
    assert named.status == 1
    assert "absent.parquet cannot be read" in named.err
    assert "Traceback" not in named.err


def test_a_worker_count_of_0_is_wrong_usage(sandbox, run, tmp_path):
    ended = run("pull", "--out", tmp_path, "--workers", "0")

    assert ended.status == 2
    assert "workers must be an integer ≥ 1, got 0" in ended.err


def test_ctrl_c_ends_a_pull_cleanly_and_keeps_the_finished_members(tmp_path):
    with Sandbox(users=40, latency=0.05) as sandbox:
        environment = {
            "MX_BASE_URL": sandbox.base_url,
            "MX_API_KEY": sandbox.api_key,
            "MX_CLIENT_ID": sandbox.client_id,
        }
        # One call never gets a response: the exit must not wait for it.
        sandbox.faults.next("silence", on="/rewards")
        process = subprocess.Popen(
            [*COMMAND, "pull", "--out", tmp_path, "--workers", "2"],
            env=os.environ | environment,
            stderr=subprocess.PIPE,
        )
        _wait_until(lambda: sum(request.path.endswith("/rewards") for request in sandbox.requests) > 10)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=20)

    assert process.returncode == 130
    assert b"Traceback" not in error
    assert 0 < ra.load(tmp_path)["member_guid"].n_unique() < len(sandbox.world.members)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["_members.parquet", "part-00000.parquet"]


# --- sandbox ---


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="bash or curl is missing")
def test_the_lines_that_sandbox_prints_work_when_pasted(tmp_path, capsys):
    process = subprocess.Popen(
        [*COMMAND, "sandbox", "--users", "3", "--seed", "5", "--latency", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    lines = []
    while not lines or "openapi.json" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1], process.stderr.read()
    blocks = {block.partition("\n")[0]: block for block in "".join(lines).split("\n\n")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def in_bash(block, answer=""):
        settings = {"env": os.environ | {"PATH": path}, "cwd": tmp_path, "capture_output": True, "text": True}
        return subprocess.run(["bash"], input=f"{block}\n{answer}", check=False, timeout=120, **settings)

    shell = in_bash(blocks["# The shell:"].replace("fetch ", "fetch --poll-interval 0.1 "), "correct\n")
    curl = in_bash(blocks["# curl:"])
    platform = in_bash(blocks["# curl, in the dialect of the Platform API:"])
    console = InteractiveConsole()
    for line in blocks["# Python:"].splitlines():
        console.push(line)
    console.locals["client"].close()
    python = capsys.readouterr()
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=20)

    assert "3 synthetic users" in lines[0]
    assert "CONNECTED" in shell.stderr
    assert "the rewards of" in shell.stdout
    assert "available" in shell.stdout
    assert "available" in python.out
    assert "Error" not in python.err
    assert len(json.loads(curl.stdout)["users"]) == 3
    assert json.loads(platform.stdout)["institutions"][0]["supported_products"]
    assert process.returncode == 130
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "not a port"),
        (["--users", "-1"], "users must be an integer ≥ 0, got -1"),
        (["--faults", "2"], "must be a share from 0"),
    ],
)
def test_invalid_sandbox_options_are_wrong_usage(run, arguments, words):
    ended = run("sandbox", *arguments)

    assert ended.status == 2
    assert words in ended.err


def _wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
