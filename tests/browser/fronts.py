"""The dashboard in each front end that shows notebooks: how it is served, opened and found."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

from tests import proof

MATHEMATICS = "from IPython.display import Markdown\nMarkdown('$5 to $10')"
DASHBOARD = """
import datetime
import rewards_analytics as ra
dashboard = ra.explore(ra.load({path!r}), as_of=datetime.date(2026, 11, 23))
"""
CONNECT = """
import os
os.environ.pop("MX_API_KEY", None)  # no test asks MX
ra.connect()
"""
MARIMO = """
# /// script
# [tool.marimo.display]
# theme = "system"
# ///
import marimo

app = marimo.App(width="full")


@app.cell
def _():
    {code}
    {shown}
    return


@app.cell
def _():
    {connect}
    return
"""


@contextmanager
def watched(chromium: Any, home: str, **settings: Any) -> Iterator[Any]:
    """A page whose `wrong` has what its console, its errors, its dialogs and requests to other hosts said."""
    options = {"viewport": {"width": 1400, "height": 1000}, "permissions": ["clipboard-read", "clipboard-write"]}
    with chromium.new_context(**options | settings) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.wrong = []
        # A front end's own server may refuse something; an address elsewhere counts below, whatever came of it.
        page.on(
            "console",
            lambda each: (
                page.wrong.append(each.text)
                if each.type == "error" and not each.text.startswith("Failed to load resource")
                else None
            ),
        )
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("dialog", lambda dialog: (page.wrong.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: _note(page.wrong, request.url, home))
        yield page


def _note(wrong: list[str], address: str, home: str) -> None:
    proof.count("requests of pages")
    if not address.startswith((home, home.replace("http", "ws", 1), "data:", "blob:")):
        wrong.append(f"asked {address}")


def write_dashboard(path: Path, rewards: Path) -> None:
    """A notebook with the dashboard, below it a cell whose text becomes mathematics, and the fetch form."""
    write_notebook(path, DASHBOARD.format(path=str(rewards)), "dashboard", MATHEMATICS, CONNECT)


def write_notebook(path: Path, *cells: str) -> None:
    """A notebook with cells of code."""
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, cells)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    nbformat.write(notebook, path)


RUN_ALL = """async () => {
    const { context, sessionContext } = jupyterapp.shell.currentWidget;
    await context.ready;
    await sessionContext.ready;
    await jupyterapp.commands.execute("notebook:run-all-cells");
}"""


@contextmanager
def jupyterlab(chromium: Any, server: str, name: str) -> Iterator[Any]:
    """A page of JupyterLab with a notebook, run from top to bottom."""
    with _run(chromium, server, f"lab/tree/{name}") as page:
        command(page, "application:toggle-left-area")
        yield page


@contextmanager
def notebook(chromium: Any, server: str, name: str) -> Iterator[Any]:
    """A page of Notebook 7 with a notebook, run from top to bottom."""
    with _run(chromium, server, f"notebooks/{name}") as page:
        yield page


@contextmanager
def _run(chromium: Any, server: str, path: str) -> Iterator[Any]:
    with watched(chromium, server) as page:
        page.goto(f"{server}{path}")
        page.wait_for_function("window.jupyterapp?.shell?.currentWidget?.sessionContext")
        page.evaluate(RUN_ALL)
        page.locator("div.rewards-explore [data-live]").wait_for(state="attached")
        yield page


def command(page: Any, name: str, **arguments: Any) -> Any:
    """Run a command of JupyterLab or Notebook."""
    return page.evaluate("([name, given]) => jupyterapp.commands.execute(name, given)", [name, arguments])


def execute(page: Any, code: str) -> None:
    """Execute code in the kernel of the notebook that a page shows, without waiting for it."""
    kernel = "[...jupyterapp.shell.widgets('main')].find((each) => each.sessionContext).sessionContext.session.kernel"
    page.evaluate(f"code => void {kernel}.requestExecute({{ code }})", code)


def show_theme(page: Any, name: str) -> None:
    """Show a front end, whichever it is, in its theme Light or Dark."""
    page.emulate_media(color_scheme=name.lower())
    if page.evaluate("window.jupyterapp?.commands.hasCommand('apputils:change-theme')"):
        command(page, "apputils:change-theme", theme=f"JupyterLab {name}")
        page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(name == 'Light').lower()}'")


@contextmanager
def marimo(chromium: Any, folder: Path, rewards: Path, shown: str = "dashboard") -> Iterator[Any]:
    """A page of a marimo app that shows the dashboard and the fetch form."""
    code, connect = (
        "\n    ".join(each.strip().splitlines()) for each in (DASHBOARD.format(path=str(rewards)), CONNECT)
    )
    app = folder / "app.py"
    app.write_text(MARIMO.format(code=code, shown=shown, connect=connect))
    command = ["marimo", "run", str(app), "--headless", "--no-token", "--host=127.0.0.1"]
    with served(command, folder) as server, watched(chromium, server) as page:
        page.goto(server)
        page.locator("div.rewards-explore [data-live]").wait_for(state="attached")
        yield page


@contextmanager
def served(command: list[str], folder: Path) -> Iterator[str]:
    """The address that a server prints first."""
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", *command], stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=os.environ
        )
        try:
            yield _address(log, server)
        finally:
            server.terminate()
            server.wait(timeout=30)


def _address(log: Path, server: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        for word in log.read_text(encoding="utf-8", errors="replace").split():
            if word.startswith("http://"):
                return word.rstrip("/") + "/"
        time.sleep(0.1)
    raise TimeoutError(f"No address in {log.read_text()!r}")


@contextmanager
def voila(chromium: Any, _folder: Path, rewards: Path) -> Iterator[Any]:
    """The page that `rewards-analytics dashboard` serves."""
    command = [sys.executable, "-m", "rewards_analytics", "dashboard", str(rewards), "--as-of", "2026-11-23"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            address = server.stdout.readline().split()[-1]  # type: ignore[union-attr]
            with watched(chromium, address.partition("?")[0]) as page:
                page.goto(address)
                page.locator("div.rewards-explore [data-live]").wait_for(state="attached")
                yield page
        finally:
            server.terminate()
