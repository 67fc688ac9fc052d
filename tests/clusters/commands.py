"""What the command line does when a cluster is lost or was never there."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.clusters.processes import Workers

Command = Callable[..., subprocess.Popen[str]]


def assert_ends_without_workers(run: subprocess.Popen[str], workers: Workers, cluster: str, seconds: int) -> None:
    """Kill all workers; the command must end with an error soon after the seconds that its engine waits."""
    workers.kill_all()
    lost = time.monotonic()
    out, err = run.communicate()

    assert (run.returncode, out) == (1, "")
    assert f"No worker of the {cluster} was there for {seconds} seconds" in err
    assert time.monotonic() - lost < 120


def error_without_anyone_listening(command: Command, folder: Path, scheme: str, *options: str) -> tuple[str, str]:
    """Run the command with an address where nothing listens; return the address and the error."""
    (folder / "rewards.json").write_text("[]")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{scheme}://127.0.0.1:{free.getsockname()[1]}"  # bound, but not listening
        run = command("totals", "rewards.json", *options, address)
        _, err = run.communicate()

    assert run.returncode == 1
    return address, err
