"""The folder that Voila serves: the rewards, a notebook that shows them, and Voila's settings."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.loading.write import write
from rewards_analytics.wording import one_line

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame

LOOPBACK: Final = "127.0.0.1"
IDLE_TIME_S: Final = 600
NOTEBOOKS_ALONE: Final = ("@jupyter-notebook/lab-extension", "@voila-dashboards/jupyterlab-preview")
"""Extensions of JupyterLab that fail on a page without a notebook, where they are installed."""

TITLE: Final = "Loyalty balances and expiries"

_SHARE: Final = Path(__file__).parent / "share"


def write_site(folder: Path, rewards: IntoFrame, name: str, as_of: date | None, *, port: int, token: str) -> None:
    """Write everything that Voila needs to serve the rewards on a port."""
    # In a file: everyone on the machine can read a token on a command line.
    settings = {
        "Voila": {"ip": LOOPBACK, "port": port, "port_retries": 0, "open_browser": False, "token": token},
        "VoilaConfiguration": {
            "template": "rewards",
            "preheat_kernel": True,
            "default_pool_size": 1,
            "extension_denylist": list(NOTEBOOKS_ALONE),
        },
        "MappingKernelManager": {"cull_idle_timeout": IDLE_TIME_S, "cull_interval": 60},
    }
    write(rewards, folder / "rewards.parquet")
    (folder / "page.json").write_text(json.dumps({"as_of": as_of and as_of.isoformat()}))
    (folder / "Rewards.ipynb").write_text(json.dumps(_notebook(name)))
    (folder / "voila.json").write_text(json.dumps(settings))


def environment(folder: Path) -> dict[str, str]:
    """Environment in which Voila finds the page's template, and keeps its own files in the folder."""
    path = os.pathsep.join([str(_SHARE), os.environ.get("JUPYTER_PATH", "")])
    return os.environ | {"JUPYTER_PATH": path, "JUPYTER_RUNTIME_DIR": str(folder / "runtime"), "TMPDIR": str(folder)}


def _notebook(name: str) -> dict[str, Any]:
    """Return the notebook that shows the page; its template puts the title and the source's name on top."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "page",
        "metadata": {},
        "outputs": [],
        "source": "from rewards_analytics.dashboard.page import page\n\npage()",
    }
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    metadata = {"kernelspec": kernel, "title": TITLE, "source": one_line(name)}
    return {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
