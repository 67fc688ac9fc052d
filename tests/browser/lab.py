"""A server of JupyterLab and Notebook 7 with folders of its own, for as long as a `with` block runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def jupyterlab(folder: Path, root: Path) -> Iterator[str]:
    """Address of a JupyterLab that shows `root` and keeps all else in `folder`; the application is `jupyterapp`."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0", "--ip=127.0.0.1"]
    options = ["--IdentityProvider.token=", f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"]
    options.append("--JupyterNotebookApp.expose_app_in_browser=True")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *options], env=os.environ | _folders(folder), stdout=log, stderr=subprocess.STDOUT
        )
        try:
            yield _address(folder / "runtime")
        finally:
            server.terminate()
            server.wait(timeout=30)


def _folders(folder: Path) -> dict[str, str]:
    """Folders that no other JupyterLab uses, with the settings that keep pop-ups away."""
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    own = {f"JUPYTER_{name}": str(folder / name.partition("_")[0].lower()) for name in names}
    return own | {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }


def _address(runtime: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for file in runtime.glob("jpserver-*.json"):
            try:
                address: str = json.loads(file.read_text())["url"]
            except json.JSONDecodeError:
                break  # still being written
            return address
        time.sleep(0.1)
    raise TimeoutError("JupyterLab did not start within a minute")
