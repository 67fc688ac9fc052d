"""Real signals to the real command, on a pseudo-terminal: each ends it with its status, and leaves nothing behind.

Counted are the processes that carry the command's environment, the temporary files, and the files of its folder.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

if sys.platform != "linux":
    pytest.skip("reads /proc", allow_module_level=True)

import fcntl
import pty
import termios

INT, TERM, HUP, KILL = signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL
REWARDS = Path(__file__).parent.parent.parent / "data" / "rewards.json"
LONGEST_S = 60
END_S = 10
"""The product's own limit is two seconds; a busy machine may take longer."""


class Command:
    """The command line in a session of its own, with its controlling terminal, in a folder of its own."""

    def __init__(self, folder, *arguments, stdin=None):
        self.folder, self.mark = folder, f"RUN={uuid4()}"
        for name in ("tmp", "jupyter"):
            (folder / name).mkdir()
        self.before = {path.name for path in folder.iterdir()}
        self.terminal, other = pty.openpty()
        fcntl.fcntl(self.terminal, fcntl.F_SETFL, os.O_NONBLOCK)
        self.said = b""
        # The mark as the last entry: what a child inherits is found by it.
        environment = os.environ | {"TMPDIR": str(folder / "tmp"), "JUPYTER_RUNTIME_DIR": str(folder / "jupyter")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rewards_analytics", *map(str, arguments)],
            cwd=folder,
            env=environment | dict([self.mark.split("=")]),
            stdin=other if stdin is None else stdin,
            stdout=other,
            stderr=other,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(1, termios.TIOCSCTTY, 0),
        )
        os.close(other)

    def read(self):
        try:
            while part := os.read(self.terminal, 1 << 16):
                self.said += part
        except OSError:  # nothing now, or no process has the terminal open
            pass
        return self.said.decode()

    def wait_until(self, condition):
        deadline = time.monotonic() + LONGEST_S
        while not condition():
            assert self.process.poll() is None, self.read()
            assert time.monotonic() < deadline, self.read()
            time.sleep(0.01)

    def handles_signals(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("SigCgt:")[2].split()[0], 16) >> (TERM - 1) & 1

    def is_blocked(self):
        """Whether it waits, and has used no processor time for a while."""
        used = [self._used(), time.sleep(0.4), self._used()]
        return self.handles_signals() and used[0] == used[2]

    def _used(self):
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]

    def send(self, number):
        """Send a signal as it comes in practice: Ctrl-C from the terminal, to all processes that it has."""
        if number == INT:
            os.write(self.terminal, b"\x03")
        else:
            self.process.send_signal(number)

    def processes(self):
        found = []
        for environment in Path("/proc").glob("[0-9]*/environ"):
            try:
                if self.mark.encode() in environment.read_bytes().split(b"\0"):
                    found.append((environment.parent / "cmdline").read_text().replace("\0", " "))
            except OSError:  # gone
                pass
        return found

    def end(self):
        """Exit status, what is left of processes and files, and what was said since the signal."""
        before = len(self.read())
        deadline = time.monotonic() + END_S
        while (self.process.poll() is None or self.processes()) and time.monotonic() < deadline:
            self.read()
            time.sleep(0.05)
        left = self.processes(), self.temporary()
        self.kill()
        return self.process.returncode, *left, self.read()[before:]

    def temporary(self):
        return sorted(str(path.relative_to(self.folder)) for path in (self.folder / "tmp").rglob("*"))

    def made(self):
        return sorted({path.name for path in self.folder.iterdir()} - self.before)

    def kill(self):
        self.process.kill()
        self.process.wait()
        for environment in Path("/proc").glob("[0-9]*/environ"):
            try:
                if self.mark.encode() in environment.read_bytes().split(b"\0"):
                    os.kill(int(environment.parent.name), KILL)
            except OSError:
                pass


@pytest.fixture
def start(tmp_path):
    started = []

    def start(*arguments, **options):
        started.append(Command(tmp_path, *arguments, **options))
        return started[-1]

    yield start
    for command in started:
        command.kill()
        os.close(command.terminal)


def assert_ended(command, number):
    status, processes, files, said = command.end()

    assert (status, processes, files) == (-number if number == KILL else 128 + number, [], [])
    assert "Traceback" not in said
    assert "Error" not in said
    assert "Exception" not in said


# --- The table --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [INT, TERM, HUP])
def test_while_it_starts(start, number):
    command = start("totals", REWARDS)
    command.wait_until(command.handles_signals)

    command.send(number)

    assert_ended(command, number)


@pytest.mark.parametrize("number", [INT, TERM, HUP])
def test_while_it_reads_from_the_terminal(start, number):
    command = start("totals", "-")
    command.wait_until(lambda: "Reading rewards from the terminal until Ctrl-D" in command.read())
    command.wait_until(command.is_blocked)

    command.send(number)

    assert_ended(command, number)


@pytest.mark.parametrize("number", [INT, TERM])
def test_while_it_waits_for_the_reader_of_a_pipe(start, tmp_path, number):
    os.mkfifo(tmp_path / "pipe")
    command = start("totals", REWARDS, "--out", "pipe")
    command.wait_until(command.is_blocked)

    command.send(number)

    assert_ended(command, number)
    assert command.made() == []
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("number", [INT, TERM, HUP, KILL])
def test_while_it_writes_reports_in_processes(start, tmp_path, number):
    command = start("report", REWARDS, "--by", "guid", "--out", "reports")
    command.wait_until(lambda: len([*tmp_path.glob("reports/*.html")]) > 2)

    command.send(number)

    assert_ended(command, number)
    assert [path.name for path in (tmp_path / "reports").iterdir() if path.suffix != ".html"] == []
    assert all(path.read_text().rstrip().endswith("</html>") for path in (tmp_path / "reports").iterdir())
    assert not (tmp_path / "reports" / "index.html").exists()


@pytest.mark.parametrize("number", [INT, TERM])
def test_while_its_processes_start(start, tmp_path, number):
    command = start("report", REWARDS, "--by", "guid", "--out", "reports")
    command.wait_until(lambda: any("spawn_main" in line for line in command.processes()))

    command.send(number)

    assert_ended(command, number)


def notebook(folder, source):
    cells = [
        {"cell_type": "code", "execution_count": None, "id": f"c{number}", "outputs": [], "source": text}
        | {"metadata": {"tags": ["parameters"] if number == 0 else []}}
        for number, text in enumerate(("source = ''", source))
    ]
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.mark.notebooks
@pytest.mark.parametrize("number", [INT, TERM, KILL])
def test_while_a_cell_of_a_notebook_runs(start, tmp_path, number):
    path = notebook(tmp_path, "len(open(source).read()); open('begun', 'w'); import time; time.sleep(99)")
    with REWARDS.open("rb") as rewards:
        command = start("report", "-", "--notebook", path, "--out", "page.html", stdin=rewards)
    command.wait_until((tmp_path / "begun").exists)

    command.send(number)

    assert_ended(command, number)
    assert command.made() == ["begun"]


@pytest.mark.notebooks
def test_while_the_kernel_of_a_notebook_starts(start, tmp_path):
    command = start("report", REWARDS, "--notebook", notebook(tmp_path, "1"), "--out", "page.html")
    command.wait_until(lambda: any("ipykernel" in line for line in command.processes()))

    command.send(INT)

    assert_ended(command, INT)
    assert command.made() == []


@pytest.mark.notebooks
@pytest.mark.parametrize("number", [INT, TERM, HUP, KILL])
def test_while_it_serves_the_dashboard(start, number):
    pytest.importorskip("voila", reason='pip install "rewards-analytics[dashboard]"')
    command = start("dashboard", REWARDS)
    command.wait_until(lambda: "The dashboard is on" in command.read())
    command.wait_until(lambda: any("ipykernel" in line for line in command.processes()))

    command.send(number)

    assert_ended(command, number)


@pytest.mark.parametrize("number", [INT, TERM, KILL])
def test_while_a_browser_prints(start, tmp_path, monkeypatch, number):
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\nsetsid sleep 99 & echo begun; wait\n")
    browser.chmod(0o755)
    monkeypatch.setenv("CHROME_PATH", str(browser))
    command = start("report", REWARDS, "--pdf", "--out", "page.html")
    command.wait_until(lambda: any(line.startswith("sleep 99") for line in command.processes()))

    command.send(number)

    assert_ended(command, number)
    assert command.made() == []


def test_an_interrupt_within_text_that_is_executed_ends_with_130_too(tmp_path):
    """As while a dataclass is made: Python would end by the signal, because `-m` began it."""
    script = (
        "from rewards_analytics.cli import entry\nentry._run = lambda: exec('raise KeyboardInterrupt')\nentry.main()"
    )
    (tmp_path / "interrupted.py").write_text(script)
    ended = subprocess.run([sys.executable, "-m", "interrupted"], cwd=tmp_path, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr) == (130, b"")


# --- Signals that the caller ignores ----------------------------------------------------------------


def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path):
    script = "trap '' HUP; \"$@\" <&0 & sleep 1; kill -HUP $!; wait $!"
    command = ["bash", "-c", script, "-", sys.executable, "-m", "rewards_analytics", "totals", "-", "--format", "csv"]

    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1.5)
    _, err = process.communicate(REWARDS.read_bytes(), timeout=LONGEST_S)

    assert (process.returncode, err) == (0, b"")
