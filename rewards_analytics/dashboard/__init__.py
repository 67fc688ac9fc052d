"""The dashboard as a web page on this machine, for people without JupyterLab: Voila serves it.

The rewards are read and checked once, here, and handed over as a Parquet file in a folder of their own; `page` is what
each visitor's kernel runs. Nothing of the source or its name becomes code. The page asks no other host for anything
(`share/` holds a template of Voila without its outside addresses), and its address carries a key, because a port on
loopback is open to everyone on the machine.
"""

from __future__ import annotations

import json
import os
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
from tempfile import TemporaryDirectory
from typing import Any, Final

from rewards_analytics.errors import ArgumentError, MissingDependencyError, RewardsError
from rewards_analytics.loading.write import write

LOOPBACK: Final = "127.0.0.1"
SHARE: Final = Path(__file__).parent / "share"
START_TIME_S: Final = 90.0
END_TIME_S: Final = 15.0
IDLE_TIME_S: Final = 600

NOTEBOOK: Final = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "page",
            "metadata": {},
            "outputs": [],
            "source": "from rewards_analytics.dashboard.page import page\n\npage()",
        }
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def serve(
    rewards: Any, name: str, *, as_of: date | None = None, port: int = 0, announce: Callable[[str], None] = print
) -> None:
    """Serve the dashboard of rewards on 127.0.0.1 until interrupted.

    Parameters
    ----------
    rewards
        Rewards as `load` returns them.
    name
        What to call them on the page.
    as_of
        Day that the page looks ahead from at first, today in UTC if None.
    port
        Port on 127.0.0.1; a free one if 0.
    announce
        Called with the page's address once it answers.
    """
    if find_spec("voila") is None:
        raise MissingDependencyError.for_extra("Voila", "dashboard")
    port = _free(port)
    key = secrets.token_urlsafe(16)
    with TemporaryDirectory(prefix="rewards-dashboard-") as made:
        folder = Path(made)
        write(rewards, folder / "rewards.parquet")
        (folder / "page.json").write_text(json.dumps({"name": name, "as_of": as_of and as_of.isoformat()}))
        (folder / "Rewards.ipynb").write_text(json.dumps(NOTEBOOK))
        (folder / "voila.json").write_text(json.dumps(_settings(port, key)))
        with (folder / "log").open("wb") as log:
            # In a session of its own: Ctrl-C is ours alone, and ends the server by order.
            server = subprocess.Popen(
                [sys.executable, "-m", "voila", "Rewards.ipynb"],
                cwd=folder,
                env=os.environ | {"JUPYTER_PATH": os.pathsep.join([str(SHARE), os.environ.get("JUPYTER_PATH", "")])},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            _wait_for(server, port, folder / "log")
            announce(f"http://{LOOPBACK}:{port}/?token={key}")
            while server.poll() is None:
                # Not server.wait(): Polars takes Ctrl-C in a way after which a blocking call goes on.
                time.sleep(0.2)
            raise RewardsError(f"The dashboard has ended by itself. {_last_words(folder / 'log')}")
        finally:
            _end(server)


def _settings(port: int, key: str) -> dict[str, Any]:
    """Voila's settings, in a file: on a command line, everyone could read the key."""
    return {
        "Voila": {"ip": LOOPBACK, "port": port, "port_retries": 0, "open_browser": False, "token": key},
        "VoilaConfiguration": {"template": "rewards", "preheat_kernel": True, "default_pool_size": 1},
        "MappingKernelManager": {"cull_idle_timeout": IDLE_TIME_S, "cull_interval": 60},
    }


def _free(port: int) -> int:
    """Port that can be listened on: the one that is asked for, or a free one for 0."""
    if not 0 <= port <= 65_535:
        raise ArgumentError(f"port={port} is not a port. Give a number from 1 to 65535, or 0 for a free one.")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, port))
        except OSError as error:
            raise RewardsError(
                f"The dashboard cannot listen on {LOOPBACK}:{port}: {error.strerror}. Choose another port (0 takes a "
                "free one)."
            ) from error
        free: int = listener.getsockname()[1]
        return free


def _wait_for(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the server listens."""
    deadline = time.monotonic() + START_TIME_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise RewardsError(f"The dashboard did not start. {_last_words(log)}")
        with suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1):
            return
        time.sleep(0.1)
    raise RewardsError(f"The dashboard did not start within {START_TIME_S:g} s. {_last_words(log)}")


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"Voila's last words: {lines[-1]}" if lines else "Voila said nothing."


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server and the kernels that it started."""
    server.terminate()
    try:
        server.wait(END_TIME_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
