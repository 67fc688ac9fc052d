"""The processes of a cluster, each in a session of its own, so that a machine can be lost or frozen as a whole."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 90.0
"""Seconds for a process to start, on a machine that is busy with other tests."""


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"Waited {PATIENCE_S:g} s for {what}."
        time.sleep(0.05)


@dataclass
class Machine:
    """A process with all that it starts, and what it prints."""

    process: subprocess.Popen[bytes]
    log: Path

    def said(self, pattern: str) -> re.Match[str] | None:
        """Find a pattern in what the process has printed."""
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        return re.search(pattern, self.log.read_text())

    def signal(self, number: int) -> None:
        """Send a signal to the process and all that it has started."""
        os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End it at once, as a machine that loses its power."""
        self.signal(signal.SIGKILL)
        self.process.wait()


@dataclass
class Machines:
    """The machines of a cluster; all of them end with the `with` block."""

    folder: Path
    environment: Mapping[str, str]
    _started: list[Machine] = field(default_factory=list)

    def __enter__(self) -> Machines:
        return self

    def __exit__(self, *_: object) -> None:
        for machine in reversed(self._started):
            if machine.process.poll() is None:
                machine.kill()

    def start(self, command: Sequence[str], ready: str) -> tuple[Machine, str]:
        """Start a machine, and return it with what it prints once it is ready."""
        log = self.folder / f"{len(self._started)}.log"
        # With this process, also where that is killed, each machine ends.
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*guard, *command],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment},
                cwd=self.folder,
                start_new_session=True,
            )
        machine = Machine(process, log)
        self._started.append(machine)
        wait_for(lambda: machine.said(ready), f"{command} to print {ready!r}")
        found = machine.said(ready)
        assert found
        return machine, found[1]


@dataclass
class Workers:
    """Two workers: one that is lost can be replaced."""

    start_one: Callable[[], Machine]
    machines: list[Machine] = field(default_factory=list)

    def restore(self) -> None:
        """Start a worker for each that is lost."""
        self.machines = [machine for machine in self.machines if machine.process.poll() is None]
        while len(self.machines) < 2:
            self.machines.append(self.start_one())

    def kill_all(self) -> None:
        """Lose all of them."""
        for machine in self.machines:
            machine.kill()
