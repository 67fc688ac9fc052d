"""The folder that Voila serves: the rewards, a notebook that shows them, and Voila's settings."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rewards_analytics.loading.write import write

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

LOOPBACK: Final = "127.0.0.1"
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

_SHARE: Final = Path(__file__).parent / "share"


def write_site(folder: Path, rewards: IntoFrame, name: str, as_of: date | None, *, port: int, token: str) -> None:
    """Write everything that Voila needs to serve the rewards on a port."""
    # In a file: everyone on the machine can read a token on a command line.
    settings = {
        "Voila": {"ip": LOOPBACK, "port": port, "port_retries": 0, "open_browser": False, "token": token},
        "VoilaConfiguration": {"template": "rewards", "preheat_kernel": True, "default_pool_size": 1},
        "MappingKernelManager": {"cull_idle_timeout": IDLE_TIME_S, "cull_interval": 60},
    }
    write(rewards, folder / "rewards.parquet")
    (folder / "page.json").write_text(json.dumps({"name": name, "as_of": as_of and as_of.isoformat()}))
    (folder / "Rewards.ipynb").write_text(json.dumps(NOTEBOOK))
    (folder / "voila.json").write_text(json.dumps(settings))


def environment(folder: Path) -> dict[str, str]:
    """Environment in which Voila finds the page's template, and keeps its own files in the folder."""
    path = os.pathsep.join([str(_SHARE), os.environ.get("JUPYTER_PATH", "")])
    return os.environ | {"JUPYTER_PATH": path, "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "TMPDIR": str(folder)}
