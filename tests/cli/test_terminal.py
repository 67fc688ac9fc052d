"""What a real pseudo-terminal receives while the API, files and arguments hold terminal sequences: none of these.

The API is the sandbox with such texts in every field that is text, or a server whose responses are bytes.
"""

from __future__ import annotations

import csv
import json
import os
import re
import struct
import subprocess
import sys
import unicodedata
from datetime import date

import pytest

import rewards_analytics as ra
from rewards_analytics.sandbox import Sandbox, jobs
from tests.client.wire import Wire

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)

import fcntl
import pty
import termios

EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\b\b\x7f\u202egnp\u2066\u200b\u200f\ufeff\u2028x\u0085y\rFORGED\nFORGED"
"""Clears the screen, sets the window's title, colours, deletes, turns text around, hides, and begins a line anew."""

BYTES = b"\x1b[2J\x1b]0;owned\x07\x9b31m\xc2\x9b31m\b\b\x7f\xe2\x80\xae"
ROW = {"user_guid": f"USR-{EVIL}", "member_guid": f"MBR-{EVIL}", "account_guid": f"ACT-{EVIL}", "balance": 5}
REWARDS = [
    ROW | {"guid": f"RWD-1{EVIL}", "balance_type": "BALANCE", "unit_type": "MILES", "description": EVIL},
    ROW | {"guid": f"RWD-2{EVIL}", "balance_type": "BALANCE_TO_LEVEL", "unit_type": "MILES", "description": EVIL},
    ROW | {"guid": f"RWD-3{EVIL}", "balance_type": "EXPIRING_BALANCE", "unit_type": "MILES", "description": EVIL},
    ROW | {"guid": f"RWD-4{EVIL}", "balance_type": "BALANCE", "unit_type": f"STARS{EVIL}", "description": EVIL},
    ROW | {"guid": f"RWD-5{EVIL}", "balance_type": f"KIND{EVIL}", "unit_type": "POINTS", "description": EVIL},
]
REWARDS = [reward | {"expires_on": "2026-12-24"} for reward in REWARDS]


PROGRAM = """
import json, sys
from pathlib import Path
from rewards_analytics.cli import main

statuses = []
for arguments in json.loads(sys.argv[1]):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as end:
        statuses.append(end.code)
Path("statuses").write_text(json.dumps(statuses))
"""


def on_terminal(*commands, folder, typed="", **environment):
    """Exit statuses of commands on a terminal 2,000 columns wide, one after another, and what they show there."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 2000, 0, 0))
    silent = termios.tcgetattr(its)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(its, termios.TCSANOW, silent)
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps([[*map(os.fspath, command)] for command in commands])],
        cwd=folder,
        env=os.environ | {"COLUMNS": "2000"} | environment,
        stdin=its,
        stdout=its,
        stderr=its,
    )
    os.close(its)
    os.write(ours, typed.encode())
    shown = b""
    try:
        while part := os.read(ours, 1 << 16):
            shown += part
    except OSError:  # Linux's way to say that no process has the terminal open
        pass
    os.close(ours)
    assert process.wait() == 0, shown
    return json.loads((folder / "statuses").read_text()), shown.decode()


def assert_safe(shown, *words):
    """Nothing but visible text and line ends; a bar of tqdm begins with a carriage return of its own."""
    unsafe = {c for c in shown if not c.isprintable() and unicodedata.category(c) != "Zs"} - {"\r", "\n"}
    assert not unsafe, shown
    assert not re.search(r"^(FORGED|y|x)", shown.replace("\r", "\n"), re.MULTILINE), shown
    assert "Traceback" not in shown
    for said in words:
        assert said in shown


@pytest.fixture
def files(tmp_path):
    """A folder whose name is hostile, with rewards whose texts are."""
    folder = tmp_path / f"folder {EVIL.replace('/', '')}"
    folder.mkdir()
    (folder / f"rewards{EVIL}.ndjson").write_text("".join(json.dumps(reward) + "\n" for reward in REWARDS))
    return folder


# --- Analyses, check, convert, report ---


def test_no_sequence_of_a_reward_reaches_the_terminal_in_a_table(files):
    commands = [[command, files] for command in ("balances", "holdings", "distance", "quality")]

    statuses, shown = on_terminal(*commands, folder=files.parent)

    assert statuses == [0, 0, 0, 0]
    assert_safe(shown, "STARS\\x1b[2J", "warning")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_nor_as_csv_or_json_which_stay_exact_where_no_terminal_is(files, form):
    statuses, shown = on_terminal(["holdings", files, "--format", form], folder=files.parent)
    kept = subprocess.run(
        [sys.executable, "-m", "rewards_analytics", "holdings", files, "--format", form],
        capture_output=True,
        check=True,
    ).stdout.decode()

    assert statuses == [0]
    assert not {"\x1b", "\x9b", "\x7f", "\u202e", "\b"} & set(shown)
    rows = json.loads(kept) if form == "json" else [*csv.DictReader(kept.splitlines(keepends=True))]
    assert {row["user_guid"] for row in rows} == {f"USR-{EVIL}"}


def test_nor_from_a_folder_that_cannot_be_loaded(files):
    (files / f"broken{EVIL}.ndjson").write_text(json.dumps(REWARDS[0] | {"guid": EVIL, "balance": EVIL}) + "\n")

    statuses, shown = on_terminal(
        ["totals", files],
        ["check", files],
        ["convert", files, "--out", f"{EVIL}.csv"],
        ["report", files, "--out", f"{EVIL}.html"],
        folder=files.parent,
    )

    assert statuses == [1, 1, 1, 1]
    assert_safe(shown)
    assert shown.count(': balance "\\x1b[2J') == shown.count("broken\\x1b[2J") == 4


def test_nor_the_names_of_what_is_written(files):
    names = [f"{EVIL}.csv", f"{EVIL}.html", f"{EVIL}.json"]

    statuses, shown = on_terminal(
        ["convert", files, "--out", names[0]],
        ["report", files, "--out", names[1]],
        ["totals", files, "--out", names[2]],
        folder=files.parent,
    )

    assert statuses == [0, 0, 0]
    assert all((files.parent / name).exists() for name in names)
    assert_safe(shown)


def test_nor_an_argument_that_is_refused(files):
    wrong = [
        [f"command{EVIL}"],
        ["totals", f"absent{EVIL}.json"],
        ["totals", files, f"--option{EVIL}"],
        ["totals", files, f"another{EVIL}"],
        ["totals", files, "--by", EVIL],
        ["totals", files, "--format", EVIL],
        ["aging", files, "--as-of", EVIL],
        ["expiring", files, "--every", EVIL],
        ["value", files, "--rates", f"absent{EVIL}.csv"],
        ["report", files, "--out", "r.html", "--by", EVIL],
        ["report", files, "--out", "r.html", "--notebook", f"absent{EVIL}.ipynb"],
        ["report", files, "--out", f"absent{EVIL}/r.html"],
        ["pull", "--out", f"pulled{EVIL}"],
    ]

    statuses, shown = on_terminal(*wrong, folder=files.parent, MX_API_KEY="", MX_CLIENT_ID="")

    assert set(statuses) == {1, 2}
    assert len(statuses) == len(wrong)
    assert_safe(shown)


# --- fetch and pull ---


@pytest.fixture
def sandbox():
    """A sandbox whose world holds a hostile text in every field that is text."""
    with Sandbox(users=2, job_time=0.1, today=date(2026, 11, 23)) as sandbox:
        for member in sandbox.world.members.values():
            for number, reward in enumerate(member.rewards):
                texts = {name: f"{reward[name]}{EVIL}" for name in ("description", "unit_type", "balance_type")}
                reward |= texts | {"guid": f"RWD-{member.guid}{number}{EVIL}", "account_guid": EVIL}
        yield sandbox


def settings(sandbox):
    return {"MX_BASE_URL": sandbox.base_url, "MX_API_KEY": sandbox.api_key, "MX_CLIENT_ID": sandbox.client_id}


def test_no_sequence_of_an_institution_reaches_the_terminal_in_fetch(sandbox, tmp_path, monkeypatch):
    user = next(iter(sandbox.world.users.values()))
    choices = [{"label": f"Choice{EVIL}", "value": "correct"}]
    for kind, question in jobs.QUESTIONS.items():
        others = {"options": choices} if "options" in question else {}
        monkeypatch.setitem(jobs.QUESTIONS, kind, question | {"label": f"Question{EVIL}"} | others)
    text = sandbox.world.create_member(user, "mxbank", password="challenge")
    options = sandbox.world.create_member(user, "mxbank", password="options")

    statuses, shown = on_terminal(
        *(["fetch", user.guid, member.guid, "--poll-interval", "0.05"] for member in (text, options)),
        folder=tmp_path,
        typed="correct\n" + f"9{EVIL}".replace("\n", "") + "\n1\n",
        **settings(sandbox),
    )

    assert statuses == [0, 0]
    assert_safe(shown, "The institution asks: Question", "1. Choice", "is not one of the numbers", "CONNECTED")


@pytest.mark.parametrize("stopped", [f"SOMETHING{EVIL}", f"DENIED{EVIL}"])
def test_nor_a_status(sandbox, tmp_path, stopped):
    user = next(iter(sandbox.world.users.values()))
    member = sandbox.world.create_member(user, "mxbank", password="password")
    member.connection_status = stopped
    member.aggregated_at = member.successfully_aggregated_at = sandbox.world.clock.now()  # within the throttle

    statuses, shown = on_terminal(
        ["fetch", user.guid, member.guid, "--poll-interval", "0.05", "--timeout", "0.3"],
        folder=tmp_path,
        **settings(sandbox),
    )

    assert statuses == [3]
    assert_safe(shown, stopped[:6] + stopped[6:].partition("\x1b")[0] + "\\x1b[2J")


def test_nor_a_guid_that_is_pulled(sandbox, tmp_path):
    user = next(iter(sandbox.world.users.values()))
    user.members.append(f"MBR-{EVIL}")
    sandbox.world.members[f"MBR-{EVIL}"] = sandbox.world.members[user.members[0]]
    sandbox.world.users[f"USR-{EVIL}"] = type(user)(f"USR-{EVIL}", EVIL, members=[EVIL])
    sandbox.world.members[EVIL] = type(sandbox.world.members[user.members[0]])(f"MBR-2{EVIL}", EVIL, "mxbank")

    statuses, shown = on_terminal(["pull", "--out", f"pulled{EVIL}"], folder=tmp_path, **settings(sandbox))

    assert statuses == [3], shown
    assert_safe(shown, "not pulled: user USR-", "MBR-2\\x1b[2J", "the rewards of")
    with pytest.warns(ra.RewardsWarning, match="not documented"):
        assert ra.load(tmp_path / f"pulled{EVIL}").height


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 400 Bad " + BYTES.replace(b"\n", b"") + b"\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 403 No\r\nX-Request-ID: "
        + BYTES
        + b"\r\nContent-Type: "
        + BYTES
        + b"\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 404 No\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(BYTES), BYTES),
        b"HTTP/1.1 422 No\r\nRetry-After: " + BYTES + b"\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 302 No\r\nLocation: " + BYTES + b"\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["reason", "request id", "body", "wait", "location"],
)
def test_nor_a_byte_of_a_response_that_is_an_error(tmp_path, response):
    with Wire() as server:
        server.answers += [response] * 9
        statuses, shown = on_terminal(
            ["fetch", "USR-1", f"MBR-{EVIL}"],
            folder=tmp_path,
            MX_BASE_URL=server.base_url,
            MX_API_KEY="key",
            MX_CLIENT_ID="id",
        )

    assert statuses == [3]
    assert_safe(shown, "GET /users/USR-1/members/MBR-%1B%5B2J")


def test_nor_a_message_of_an_error_body(tmp_path):
    body = json.dumps({"error": {"message": f"Refused{EVIL}", "status": EVIL, "type": EVIL}}).encode()
    with Wire() as server:
        server.answers.append(b"HTTP/1.1 404 No\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        statuses, shown = on_terminal(
            ["fetch", "USR-1", "MBR-1"],
            folder=tmp_path,
            MX_BASE_URL=server.base_url,
            MX_API_KEY="key",
            MX_CLIENT_ID="id",
        )

    assert statuses == [3]
    assert_safe(shown, "answered 404: Refused")


def test_a_base_url_that_is_refused_is_shown_safely(tmp_path):
    statuses, shown = on_terminal(
        ["pull", "--out", "pulled"],
        folder=tmp_path,
        MX_BASE_URL=f"https://mx.com/{EVIL}",
        MX_API_KEY="key",
        MX_CLIENT_ID="id",
    )

    assert statuses == [2]
    assert_safe(shown, "is not the address of an API")
