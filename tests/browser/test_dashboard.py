"""The dashboard command: a page for whoever has its address, whose title is there before its numbers, until Ctrl-C.

What the page shows then is tested in `test_explore.py`, in Voila as in other front ends.
"""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.browser import fronts

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data" / "rewards.json"


@pytest.fixture(scope="module")
def served():
    pytest.importorskip("voila", reason='Voila is missing: pip install "rewards-analytics[dashboard]"')
    command = [sys.executable, "-m", "rewards_analytics", "dashboard", str(DATA), "--as-of", "2026-11-23"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().split()[-1]
        yield process, address
        if process.poll() is None:
            process.terminate()


def test_the_title_comes_before_the_numbers_no_stranger_is_let_in_and_ctrl_c_ends_it(chromium, served, artefacts):
    process, address = served
    home = address.partition("?")[0]
    with fronts.watched(chromium, home, color_scheme="dark", viewport={"width": 390, "height": 800}) as page:
        page.goto(address, wait_until="commit")
        page.get_by_role("heading", name="Loyalty balances and expiries").wait_for()
        page.get_by_text("From rewards.json").wait_for()
        is_early = page.locator(".rewards-explore").count() == 0
        page.screenshot(path=artefacts / "dashboard-loading.png")
        assert page.wrong == []
    with chromium.new_context() as stranger:
        refused = stranger.request.get(home, max_redirects=0).status

    assert is_early
    assert refused in (302, 403)

    server_and_kernels = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    _, still_there = psutil.wait_procs(server_and_kernels, timeout=10)

    assert process.returncode == 130
    assert said == ""
    assert len(server_and_kernels) >= 2
    assert still_there == []
