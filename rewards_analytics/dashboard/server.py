"""Starts Voila for the dashboard, waits for it, and ends it with its kernels."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rewards_analytics.children import child
from rewards_analytics.dashboard.site import LOOPBACK, environment, write_site
from rewards_analytics.errors import ArgumentError, MissingDependencyError, RewardsError
from rewards_analytics.files import temporary_folder

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

START_TIMEOUT_S: Final = 90.0


def serve(
    rewards: IntoFrame, name: str, *, as_of: date | None = None, port: int = 0, announce: Callable[[str], None] = print
) -> None:
    """Serve a dashboard of rewards on 127.0.0.1 until interrupted.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them.
    name
        Name of the source, shown on the page.
    as_of
        Initial as-of date of the page, today in UTC if None.
    port
        Port on 127.0.0.1; any free one if 0.
    announce
        Called with the page's address once it answers.
    """
    if find_spec("voila") is None:
        raise MissingDependencyError.for_extra("Voila", "dashboard")
    port, token = _free_port(port), secrets.token_urlsafe(16)
    with temporary_folder("rewards-dashboard-") as folder:
        log = folder / "log"
        write_site(folder, rewards, name, as_of, port=port, token=token)
        command = [sys.executable, "-m", "voila", "Rewards.ipynb"]
        with log.open("wb") as output, child(command, folder, output, environment(folder)) as server:
            _wait_for(server, port, log)
            announce(f"http://{LOOPBACK}:{port}/?token={token}")
            while server.poll() is None:
                # Not server.wait(): a blocking call would go on after Ctrl-C, because Polars handles the signal.
                time.sleep(0.2)
            raise RewardsError(f"The dashboard's server stopped unexpectedly. {_last_line(log)}")


def _free_port(port: int) -> int:
    """Give the requested port, or any free one for 0."""
    if not 0 <= port <= 65_535:
        raise ArgumentError.not_a_port(port)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            raise RewardsError(
                f"The dashboard cannot listen on {LOOPBACK}:{port}: {error.strerror}. Choose another port, or 0 for "
                "any free one."
            ) from error
        free: int = listener.getsockname()[1]
        return free


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server listens."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RewardsError(f"The dashboard did not start. {_last_line(log)}")
        with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            return
        time.sleep(0.1)
    raise RewardsError(f"The dashboard did not start within {START_TIMEOUT_S:g} s. {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"Last line of Voila's log: {lines[-1]}" if lines else "Voila's log is empty."
