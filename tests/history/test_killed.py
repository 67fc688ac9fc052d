"""A writer that is killed leaves whole days only, whenever it is killed."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import rewards_analytics as ra
from tests import proof
from tests.history import killed
from tests.history.killed import DAY, MOMENTS, NEW, OLD

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="files are watched as Linux does it")


@pytest.fixture(scope="module")
def counter(tmp_path_factory):
    """The library that counts calls, compiled."""
    compiler = shutil.which("gcc")
    if compiler is None:
        pytest.skip("gcc is missing: apt-get install gcc")
    library = tmp_path_factory.mktemp("counter") / "calls.so"
    source = Path(__file__).with_name("calls.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A history whose next commit is the one after which deltalake writes a checkpoint; DAY has OLD."""
    folder = tmp_path_factory.mktemp("base")
    history = ra.History(folder)
    for _ in range(8):
        history.append(killed.rewards(OLD), DAY, killed.freshness(OLD))
    return folder


def ends_of(mode, base, folder, counter=None):
    """How the writers of a mode ended."""
    environment = os.environ | ({"LD_PRELOAD": str(counter)} if counter else {})
    command = [sys.executable, "-m", "tests.history.killed", mode, str(base), str(folder)]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    ends = json.loads(run.stdout)
    proof.count("crash points", ends.count(-signal.SIGKILL))
    return ends


def state_of(folder):
    """Numbers of the rewards of DAY, which its members confirm; None without a snapshot."""
    history = ra.History(folder)
    if not history.dates():
        return None
    assert history.dates() == [DAY]
    numbers = sorted(int(guid.removeprefix("RWD-")) for guid in history.scan().collect()["guid"])
    assert history.members()["member_guid"].sort().to_list() == sorted(f"MBR-{n}" for n in numbers)
    assert pl.scan_delta(str(folder)).collect().height == len(numbers)
    return range(numbers[0], numbers[-1] + 1) if len(numbers) == numbers[-1] + 1 - numbers[0] else numbers


def assert_the_next_writer_is_not_hindered(folder):
    """A further append comes through, and a vacuum then leaves the files of one version alone."""
    history = ra.History(folder)
    history.append(killed.rewards(NEW), DAY, killed.freshness(NEW))
    history.vacuum(retention_hours=0)

    assert state_of(folder) == NEW
    files = sorted(path.relative_to(folder).parts[0] for path in folder.rglob("*") if path.is_file())
    assert [name for name in files if name != "_delta_log"] == ["_members", f"taken_on={DAY}"]
    assert not [*folder.rglob("*#*")]


def test_a_writer_killed_after_any_call_leaves_a_whole_day(counter, base, tmp_path):
    ends = ends_of("calls", base, tmp_path, counter)
    states = [state_of(tmp_path / str(number)) for number in range(len(ends))]

    # Killed after each of its calls in turn, the last writer comes through, because it makes no more.
    assert ends[-1] == 0
    assert {*ends[:-1]} == {-signal.SIGKILL}
    assert len(ends) > 15
    # The day changes at one call, and stays changed.
    changed = states.index(NEW)
    assert 5 < changed < len(ends) - 2
    assert states == [OLD] * changed + [NEW] * (len(ends) - changed)
    for number in range(len(ends)):
        assert_the_next_writer_is_not_hindered(tmp_path / str(number))


def test_a_writer_killed_after_any_call_of_the_first_append_leaves_a_history(counter, tmp_path):
    ends = ends_of("calls", tmp_path / "none", tmp_path, counter)
    states = [state_of(tmp_path / str(number)) for number in range(len(ends))]

    assert ends == [-signal.SIGKILL] * (len(ends) - 1) + [0]
    changed = states.index(NEW)
    assert states == [None] * changed + [NEW] * (len(ends) - changed)
    for number in range(len(ends)):
        assert_the_next_writer_is_not_hindered(tmp_path / str(number))


def test_a_writer_killed_at_any_moment_leaves_a_whole_day(base, tmp_path):
    ends = ends_of("moments", base, tmp_path)

    assert {*ends} == {0, -signal.SIGKILL}
    assert ends.count(-signal.SIGKILL) == MOMENTS
    for number in range(len(ends)):
        assert state_of(tmp_path / str(number)) in (OLD, NEW)


def test_a_writer_on_a_full_disk_says_so_and_leaves_the_day(base, tmp_path):
    said = ends_of("full", base, tmp_path)

    assert len(said) == len(killed.FULL)
    for number, message in enumerate(said):
        folder = tmp_path / str(number)
        assert message.startswith(f"The snapshot of {DAY} was not written to {folder}: ")
        assert "File too large" in message
        assert state_of(folder) == OLD


def test_a_fork_of_a_process_that_used_deltalake_says_so(base):
    program = """
import os, sys
import rewards_analytics as ra
history = ra.History(sys.argv[1])
history.dates()
if not os.fork():
    try:
        history.dates()
    except ra.RewardsError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
"""
    command = [sys.executable, "-W", "ignore", "-c", program, str(base)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.startswith("This process was forked from one that had used deltalake")


def test_the_counter_sees_every_call_that_strace_sees(counter, base, tmp_path):
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is missing: apt-get install strace")
    folder = shutil.copytree(base, tmp_path / "history")
    log = tmp_path / "calls.log"
    writer = [sys.executable, "-m", "tests.history.killed", "once", str(base), str(folder)]
    trace = [strace, "-f", "-y", "-qq", "-e", "trace=%file,%desc,%network", "-e", "signal=none", "-o", str(log)]
    run = subprocess.run([*trace, *writer], cwd=ROOT, capture_output=True, text=True, check=False)
    if "ptrace" in run.stderr:
        pytest.skip("this machine lets no process trace another")
    assert run.returncode == 0, run.stderr

    changing = re.compile(
        r"\d+ +(mkdir|rmdir|unlink|rename|link|truncate|creat)\w*\(.*"
        r"|\d+ +open\w*\(.*O_(CREAT|TRUNC|TMPFILE).*"
        r"|\d+ +(p?write\w*|ftruncate|fallocate|fsync|fdatasync|fchmod|copy_file_range|sendfile|splice)\(.*"
    )
    seen = [line for line in log.read_text().splitlines() if str(folder) in line and changing.match(line)]
    counted = len(ends_of("calls", base, tmp_path / "counted", counter)) - 1
    assert len(seen) == counted
