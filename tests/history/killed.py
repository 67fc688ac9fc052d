"""Writers that are killed: `python -m tests.history.killed MODE BASE FOLDER`, with `calls.c` loaded before all else.

BASE is a history that has the rewards and members of `OLD` for `DAY`, or is absent. Each writer replaces them by those
of `NEW`, in a copy of its own: `FOLDER/0`, `FOLDER/1`, … It is a fork of a process that has loaded the libraries and
computed nothing. Prints how each ended, as JSON.

- `calls`: writer n is killed after its n-th call that changes a file of the history, until one comes through;
- `moments`: writers are killed at random moments of the time that one takes, until thirty were killed;
- `once`: one writer comes through;
- `full`: the files of a writer may have few bytes, as if the disk were full; prints what it says.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import deltalake  # noqa: F401 - before the forks, because it takes long
import polars as pl
import tenacity  # noqa: F401

import rewards_analytics as ra
from rewards_analytics.history import frames, members, vacuum  # noqa: F401

DAY = date(2026, 1, 1)
OLD, NEW = range(1), range(1, 300)
"""Numbers of the rewards, and members of DAY, before and after the append."""

MOMENTS = 30

FULL = (100, 1000, 6000)
"""Bytes that a file may have: less than a commit, than the members, and than the rewards need."""


def rewards(numbers: range) -> list[dict[str, object]]:
    """Rewards with these numbers."""
    names = ("guid", "user_guid", "member_guid", "balance_type", "unit_type", "balance")
    rows = ((f"RWD-{n}", f"USR-{n}", f"MBR-{n}", "BALANCE", "MILES", str(n)) for n in numbers)
    return [dict(zip(names, row, strict=True)) for row in rows]


def freshness(numbers: range) -> pl.DataFrame:
    """Members with these numbers."""
    count = len(numbers)
    return pl.DataFrame(
        {
            "user_guid": [f"USR-{n}" for n in numbers],
            "member_guid": [f"MBR-{n}" for n in numbers],
            "connection_status": ["CONNECTED"] * count,
            "aggregated_at": [datetime(2026, 1, 1, 4, tzinfo=UTC)] * count,
            "rewards": [1] * count,
        }
    )


def _write(folder: Path) -> None:
    ra.History(folder).append(rewards(NEW), DAY, freshness(NEW))


def _copy(base: Path, folder: Path, number: int) -> Path:
    copy = folder / str(number)
    if base.exists():
        shutil.copytree(base, copy)
    return copy


def _forked(work: Callable[[], None]) -> int:
    child = os.fork()
    if not child:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def _ended(child: int) -> int:
    """Exit status of a child, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _killed_after_calls(base: Path, folder: Path) -> list[int]:
    calls = ctypes.CDLL(os.environ["LD_PRELOAD"])
    ends: list[int] = []
    while not ends or ends[-1] == -signal.SIGKILL:
        number = len(ends)
        copy = _copy(base, folder, number)

        def work(copy: Path = copy, number: int = number) -> None:
            calls.calls_kill_after(os.fsencode(copy), ctypes.c_long(number + 1))
            _write(copy)

        ends.append(_ended(_forked(work)))
    return ends


def _killed_at_moments(base: Path, folder: Path) -> list[int]:
    chance, taken_s, ends = random.Random(2026), math.inf, []
    while ends.count(-signal.SIGKILL) < MOMENTS:
        copy = _copy(base, folder, len(ends))
        began = time.monotonic()
        child = _forked(lambda copy=copy: _write(copy))
        if ends:
            time.sleep(chance.uniform(0, taken_s))
            os.kill(child, signal.SIGKILL)
        ends.append(_ended(child))
        if ends[-1] == 0:  # the first one, or one that was faster than those before
            taken_s = min(taken_s, time.monotonic() - began)
    return ends


def _on_a_full_disk(base: Path, folder: Path) -> list[str]:
    said = []
    for number, size in enumerate(FULL):
        copy = _copy(base, folder, number)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        try:
            _write(copy)
        except ra.RewardsError as error:
            said.append(str(error))
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return said


def _main(mode: str, base: Path, folder: Path) -> None:
    if mode == "once":
        _write(folder)
        return
    modes: dict[str, Callable[[Path, Path], list[object]]] = {
        "calls": _killed_after_calls,
        "moments": _killed_at_moments,
        "full": _on_a_full_disk,
    }
    sys.stdout.write(json.dumps(modes[mode](base, folder)))


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
