"""Where output goes: what is closed, full, gone, of few letters, a link, a device or a pipe. Run as real processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import rewards_analytics as ra

if os.name != "posix":
    pytest.skip("needs a POSIX shell", allow_module_level=True)

DATA = Path(__file__).parent.parent.parent / "data"
HEADER = "unit_type,available,expiring,holdings,members,users"
RA = f"{sys.executable} -m rewards_analytics"
TOTALS = f"{RA} totals {DATA / 'rewards.json'}"
REPORT = f"{RA} report {DATA / 'rewards.json'} --as-of 2026-11-23"
SHORT = lambda command: command.removeprefix(RA).replace(str(DATA), "data").strip()  # noqa: E731 - names of tests
full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
descriptors = pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system does not name descriptors")


@pytest.fixture
def shell(tmp_path):
    """Run a line of Bash in an empty folder, with the environment given besides."""

    def run(line, **environment):
        command = ["bash", "-o", "pipefail", "-c", line]
        ended = subprocess.run(
            command, cwd=tmp_path, env=os.environ | environment, capture_output=True, timeout=120, check=False
        )
        assert b"Traceback" not in ended.stderr
        return ended.returncode, ended.stdout.decode(), ended.stderr.decode()

    return run


def reward(kind="TOTAL_BALANCE", **fields):
    return {
        "guid": f"RWD-{kind}",
        "user_guid": "USR-1",
        "member_guid": "MBR-1",
        "account_guid": "ACT-1",
        "balance_type": kind,
        "unit_type": "POINTS",
        "balance": 100,
    } | fields


# --- Standard streams -------------------------------------------------------------------------------


@pytest.mark.parametrize("redirected", [">&-", pytest.param(">/dev/full", marks=full_device)])
@pytest.mark.parametrize("command", [TOTALS, f"{TOTALS} --format csv", f"{RA} --help", f"{RA} check {DATA}"], ids=SHORT)
def test_a_standard_output_that_takes_nothing_is_said_in_a_line(shell, command, redirected):
    why = "it is closed" if redirected == ">&-" else "No space left on device"

    assert shell(f"{command} {redirected}") == (
        1,
        "",
        f"rewards-analytics: Cannot write to standard output: {why}.\n",
    )


@pytest.mark.parametrize(
    "command", [TOTALS, f"{TOTALS} --format json", f"{RA} --help", f"{REPORT} -o /dev/stdout"], ids=SHORT
)
def test_a_reader_that_has_gone_is_no_error(shell, command):
    assert shell(f"{command} | true") == (0, "", "")


def test_a_reader_that_leaves_early_is_no_error(shell):
    assert shell(f"{RA} holdings {DATA / 'rewards.json'} --format csv | head -c 9") == (0, "user_guid", "")


def test_a_file_is_written_although_standard_output_is_closed(shell, tmp_path):
    assert shell(f"{TOTALS} --out totals.csv >&-") == (0, "", "")
    assert (tmp_path / "totals.csv").read_text().startswith(HEADER)


@pytest.mark.parametrize("redirected", ["2>&-", pytest.param("2>/dev/full", marks=full_device)])
def test_messages_that_nobody_takes_change_nothing_else(shell, redirected):
    (status, out, _), missing = (
        shell(f"{TOTALS} --format csv {redirected}"),
        shell(f"{RA} totals absent.csv {redirected}"),
    )

    assert (status, out.partition("\n")[0]) == (0, HEADER)
    assert missing == (1, "", "")


def test_all_streams_closed(shell, tmp_path):
    assert shell(f"{TOTALS} --out totals.csv <&- >&- 2>&-") == (0, "", "")
    assert (tmp_path / "totals.csv").read_text().startswith(HEADER)


@pytest.mark.parametrize("command", [f"{RA} totals -", f"{RA} check -", f"{RA} report - -o page.html"], ids=SHORT)
def test_a_closed_standard_input_is_a_missing_source(shell, command):
    status, out, err = shell(f"{command} <&-")

    assert (status, out) == (1, "")
    assert "Standard input is closed. Name a file" in err


# --- Letters that cannot be encoded -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "Café 日本 ☕"), ("cp1252", "Café ?? ?"), ("latin-1", "Café ?? ?"), ("ascii", "Caf? ?? ?")],
)
def test_what_cannot_be_encoded_is_replaced(tmp_path, encoding, shown):
    path = tmp_path / "r.ndjson"
    rows = [reward(), reward("BALANCE_TO_REWARD", description="Café 日本 ☕")]
    path.write_text("\n".join(map(json.dumps, rows)))

    def said(*arguments):
        command = [sys.executable, "-m", "rewards_analytics", *arguments]
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        return subprocess.run(command, env=environment, capture_output=True, check=True)

    assert shown in said("distance", path).stdout.decode(encoding)
    assert "Café 日本 ☕" in said("distance", path, "--format", "csv").stdout.decode()
    assert json.loads(said("distance", path, "--format", "json").stdout)[0]["description"] == "Café 日本 ☕"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
def test_an_error_about_a_name_that_cannot_be_encoded_has_its_status(encoding):
    command = [sys.executable, "-m", "rewards_analytics", "totals", "日本-\udcff.json"]

    ended = subprocess.run(command, env=os.environ | {"PYTHONIOENCODING": encoding}, capture_output=True, check=False)

    assert ended.returncode == 1
    assert b"does not exist" in ended.stderr
    assert b"Traceback" not in ended.stderr


# --- --out ------------------------------------------------------------------------------------------


@descriptors
def test_output_to_a_descriptor_goes_where_that_stands(shell, tmp_path):
    (tmp_path / "kept.csv").write_text("kept\n")

    status, _, err = shell(
        f"{TOTALS} --format csv --out /dev/stdout >> kept.csv; {TOTALS} --out /dev/fd/7 7> seven.csv"
    )

    assert (status, err) == (0, "")
    assert (tmp_path / "kept.csv").read_text().startswith(f"kept\n{HEADER}\n")
    assert (tmp_path / "seven.csv").read_text().startswith("unit_type  ")


@descriptors
def test_a_page_on_standard_output_is_the_page_alone(shell):
    status, page, err = shell(f"{REPORT} -o /dev/stdout")

    assert (status, err) == (0, "")
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")


@pytest.mark.parametrize("kind", ["parquet", "ndjson", "csv.gz", "json.zst"])
def test_rewards_go_through_a_pipe_whole(shell, tmp_path, kind):
    os.mkfifo(tmp_path / f"pipe.{kind}")

    status, *_ = shell(f"cat pipe.{kind} > got.{kind} & {RA} convert {DATA / 'rewards.json'} -o pipe.{kind}; wait")

    assert status == 0
    assert ra.load(tmp_path / f"got.{kind}").equals(ra.load(DATA / "rewards.json"))
    assert (tmp_path / f"pipe.{kind}").is_fifo()


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_a_link_is_followed_by_every_format(shell, tmp_path, form):
    (tmp_path / "link").symlink_to("target")

    assert shell(f"{TOTALS} --format {form} --out link") == (0, "", "")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").stat().st_size > 100


def test_reports_of_a_batch_follow_links_and_refuse_foreign_files(tmp_path):
    folder, rewards = tmp_path / "reports", [reward(user_guid=f"USR-{n}", guid=f"RWD-{n}") for n in range(3)]
    folder.mkdir()
    (folder / "USR-0.html").symlink_to("../elsewhere.html")
    (folder / "USR-1.html").symlink_to("../mine.html")
    (tmp_path / "mine.html").write_text("mine")

    batch = ra.reports(ra.load(rewards), folder, by="user_guid")

    assert [group for group, _ in batch.written] == ["USR-0", "USR-2"]
    assert "is not a report of this package" in str(batch.failures)
    assert "100 points" in (tmp_path / "elsewhere.html").read_text()
    assert (tmp_path / "mine.html").read_text() == "mine"


# --- Odd arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["totals", ""], 1, "SOURCE is empty"),
        (["totals", "x" * 300], 1, "File name too long"),
        (["totals", "/" + "x/" * 3000], 1, "File name too long"),
        (["totals", "-", "-"], 2, "unexpected extra argument"),
        (["totals", DATA / "rewards.json", "--out", ""], 2, "the path is empty"),
        (["report", DATA / "rewards.json", "--out", ""], 2, "the path is empty"),
        (["pull", "--out", ""], 2, "the path is empty"),
        (["totals", DATA / "rewards.json", "--out", "."], 1, "it is a folder"),
        (["totals", DATA / "rewards.json", "--out", "x" * 300], 1, "File name too long"),
        (["totals", DATA / "rewards.json", "--out", "absent/a.csv"], 1, "No such file or directory"),
        (["convert", DATA / "rewards.json", "--out", "/dev/null/a.csv"], 1, "Not a directory"),
        (["value", DATA / "rewards.json", "--rates", "."], 1, "Is a directory"),
    ],
)
def test_an_argument_that_names_nothing_is_said_to(run, tmp_path, monkeypatch, arguments, status, said):
    monkeypatch.chdir(tmp_path)

    ended = run(*arguments)

    assert (ended.status, ended.out) == (status, "")
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert [*tmp_path.iterdir()] == []
