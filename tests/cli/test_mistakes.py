"""User errors: a clear message, the right exit status, no traceback, and no partial output."""

import json
import socket
import subprocess
import sys

import pytest

from tests.loading.samples import reward

REWARD = reward(balance=5)


def is_clear(ended, status, *said):
    assert ended.status == status
    assert ended.out == ""
    assert "Traceback" not in ended.err
    for words in said:
        assert words in ended.err


def test_a_missing_file_is_named(run, tmp_path):
    is_clear(run("totals", tmp_path / "absent.json"), 1, "absent.json")


def test_a_file_that_is_not_json_is_named(run, tmp_path):
    (tmp_path / "page.json").write_text("<html>504 Gateway Time-out</html>")

    is_clear(run("totals", tmp_path / "page.json"), 1, "page.json", "JSON")


def test_a_bad_row_is_named_with_its_place_and_reason(run, tmp_path):
    rows = [REWARD, REWARD | {"guid": "RWD-2", "balance": "12,50"}]
    (tmp_path / "rewards.ndjson").write_text("\n".join(map(json.dumps, rows)))

    is_clear(run("totals", tmp_path / "rewards.ndjson"), 1, "rewards.ndjson:2", 'balance "12,50" is not a number')


def test_an_unknown_period_is_wrong_usage(run, rewards_json):
    is_clear(run("expiring", rewards_json, "--every", "fortnight"), 2, "fortnight", "month")


def test_an_invalid_date_is_wrong_usage(run, rewards_json):
    is_clear(run("aging", rewards_json, "--as-of", "2026-02-30"), 2, "2026-02-30")


def test_a_column_that_is_not_one_to_group_by_is_wrong_usage_with_the_nearest_match(run, rewards_json):
    is_clear(run("totals", rewards_json, "--by", "user_gid"), 2, "by='user_gid'", "Did you mean 'user_guid'?")


def test_until_before_as_of_is_wrong_usage(run, rewards_json):
    arguments = ("--as-of", "2026-11-23", "--until", "2026-11-22")

    is_clear(run("expiring", rewards_json, *arguments), 2, "until=2026-11-22 is before as_of=2026-11-23")


def test_an_invalid_line_of_a_rates_file_is_named(run, rewards_json, tmp_path):
    (tmp_path / "rates.csv").write_text("unit_type,rate\nMILES,cheap\n")

    wrong = run("value", rewards_json, "--rates", tmp_path / "rates.csv")
    is_clear(wrong, 1, "rates.csv:2", "'cheap', is not a number")
    is_clear(run("value", rewards_json, "--rates", tmp_path / "absent.csv"), 1, "absent.csv: No such file")
    report = run("report", rewards_json, "-o", tmp_path / "r.html", "--rates", tmp_path / "rates.csv")
    is_clear(report, 1, "rates.csv:2", "'cheap', is not a number")
    assert not (tmp_path / "r.html").exists()


def test_an_unknown_command_is_wrong_usage(run):
    is_clear(run("totalz"), 2, "totalz")


def test_an_output_that_cannot_be_written_leaves_nothing(run, rewards_json, tmp_path):
    (tmp_path / "file").write_text("in the way")

    is_clear(run("totals", rewards_json, "--out", tmp_path / "file" / "totals.csv"), 1, "Cannot write")
    is_clear(run("report", rewards_json, "--out", tmp_path / "absent" / "report.html"), 1, "Cannot write")
    is_clear(run("demo", "--out", tmp_path / "file"), 1, "Cannot write")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_port_in_use_is_wrong_usage_and_another_is_suggested(run):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]

        is_clear(run("sandbox", "--port", port), 2, str(port), "another port")


def test_missing_credentials_are_wrong_usage(run, monkeypatch):
    for name in ("MX_API_KEY", "MX_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)

    is_clear(run("fetch", "USR-1", "MBR-1"), 2, "MX_API_KEY")


def test_a_wrong_key_is_refused_by_the_api_and_never_shown(run, monkeypatch, tmp_path):
    from rewards_analytics.sandbox import Sandbox

    with Sandbox() as sandbox:
        monkeypatch.setenv("MX_API_KEY", "not-the-key-7731")
        monkeypatch.setenv("MX_CLIENT_ID", sandbox.client_id)
        monkeypatch.setenv("MX_BASE_URL", sandbox.base_url)
        ended = run("pull", "--out", tmp_path / "pulled")

    is_clear(ended, 3, "401", "MX_API_KEY")
    assert "not-the-key-7731" not in ended.err


def test_an_unknown_unit_is_a_warning_on_one_line(run):
    ended = run("totals", "-", "--format", "csv", stdin=json.dumps(REWARD | {"unit_type": "STARS"}).encode())

    assert ended.status == 0
    assert "STARS,5.000000000" in ended.out
    assert "warning" in ended.err
    assert "STARS" in ended.err
    assert ".py" not in ended.err


def test_a_reader_that_goes_away_is_not_an_error(rewards_json):
    command = f"{sys.executable} -m rewards_analytics holdings {rewards_json} --format csv | head -1"

    ended = subprocess.run(["/bin/bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)

    assert ended.stderr == ""
    assert ended.stdout.startswith("user_guid,")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["totals", "--help"]])
def test_version_and_help_are_results(run, arguments):
    ended = run(*arguments)

    assert ended.status == 0
    assert ended.out
    assert ended.err == ""
