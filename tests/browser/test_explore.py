"""The dashboard in a real JupyterLab: what a reader chooses, the numbers on the page follow."""

import json
import os
import subprocess
import sys
import time

import pytest

import rewards_analytics as ra

DATA = [
    {"guid": "RWD-1", "balance_type": "TOTAL_BALANCE", "unit_type": "MILES", "balance": 1204500, "user_guid": "USR-1"},
    {"guid": "RWD-2", "balance_type": "EXPIRING_BALANCE", "unit_type": "MILES", "balance": 84000,
     "expires_on": "2027-01-31", "user_guid": "USR-1"},
    {"guid": "RWD-3", "balance_type": "TOTAL_BALANCE", "unit_type": "DOLLARS", "balance": 12, "user_guid": "USR-2"},
    {"guid": "RWD-4", "balance_type": "BALANCE_TO_LEVEL", "unit_type": "MILES", "balance": 500, "user_guid": "USR-1",
     "description": "<img src=x onerror=alert(1)> $5 to $10"},
]  # fmt: skip
DATA = [{**row, "member_guid": "MBR-1"} for row in DATA]
CELL = f"""
from datetime import date
import rewards_analytics as ra
ra.explore(ra.load({DATA!r}), as_of=date(2026, 11, 23))
"""


@pytest.fixture
def jupyterlab(tmp_path):
    """The address of a JupyterLab of its own, with one notebook."""
    pytest.importorskip("jupyterlab", reason='JupyterLab is missing: pip install "rewards-analytics[lab]"')
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    (tmp_path / "work").mkdir()
    nbformat.write(notebook, tmp_path / "work" / "explore.ipynb")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0", "--ip=127.0.0.1"]
    options = ["--IdentityProvider.token=", f"--ServerApp.root_dir={tmp_path / 'work'}"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *options, "--LabApp.expose_app_in_browser=True"],
            env=os.environ | _folders_of_its_own(tmp_path),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield _address(tmp_path / "runtime")
        finally:
            server.terminate()
            server.wait(timeout=30)


def _folders_of_its_own(folder):
    settings = folder / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    return {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
    }


def _address(runtime):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for file in runtime.glob("jpserver-*.json"):
            try:
                return json.loads(file.read_text())["url"]
            except json.JSONDecodeError:
                break  # still being written
        time.sleep(0.2)
    raise TimeoutError("JupyterLab did not start within a minute")


def run_all(page, address):
    page.goto(f"{address}lab/tree/explore.ipynb")
    page.wait_for_function(
        "document.querySelector('#jp-main-statusbar')?.textContent.includes('Python 3 (ipykernel) | Idle')"
    )
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.locator(".rewards-explore svg").first.wait_for()


def test_numbers_on_the_page_follow_the_controls(chromium, jupyterlab):
    from playwright.sync_api import expect

    totals = ra.totals(ra.load(DATA)).rows(named=True)
    dialogs = []
    with chromium.new_context(viewport={"width": 1280, "height": 2400}) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        run_all(page, jupyterlab)
        amounts = page.get_by_role("region", name="Totals per unit").locator("tbody td:nth-child(2)")
        assert amounts.all_text_contents() == [f"${totals[0]['available']:,.2f}", f"{totals[1]['available']:,.0f}"]
        assert "<img src=x onerror=alert(1)> $5 to $10" in page.locator("bdi").all_text_contents()

        page.get_by_role("checkbox", name="Dollars").uncheck()
        expect(amounts).to_have_text(["1,204,500"])
        page.get_by_label("Period", exact=True).select_option("Year")
        expect(page.locator(".rewards-explore th", has_text="Year")).to_have_text("Year")
        page.get_by_label("As of", exact=True).fill("2027-02-01")
        expect(page.get_by_text("Nothing expires from 1 February 2027")).to_be_visible()
        page.get_by_label("User", exact=True).fill("USR-9")
        expect(page.get_by_text("No user is called 'USR-9'.")).to_be_visible()

    assert dialogs == []
