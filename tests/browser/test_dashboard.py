"""The dashboard command in a real browser: Voila serves it, to whoever has the address, and asks no other host."""

import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import psutil
import pytest

import rewards_analytics as ra
from rewards_analytics.wording import amount

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "data" / "rewards.json"
DOLLARS = "$5 to $10, \\(x^2\\)"
SCREENSHOTS = ROOT / "build" / "screenshots"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    pytest.importorskip("voila", reason='Voila is missing: pip install "rewards-analytics[dashboard]"')
    path = tmp_path_factory.mktemp("data") / DATA.name
    ra.write(ra.load(DATA).with_columns(description=pl.lit(DOLLARS)), path)
    command = [sys.executable, "-m", "rewards_analytics", "dashboard", str(path), "--as-of", "2026-11-23"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().split()[-1]
        yield process, address
        if process.poll() is None:
            process.terminate()


def test_the_page_shows_the_functions_numbers_asks_no_other_host_and_ends_at_ctrl_c(chromium, served):
    from playwright.sync_api import expect

    process, address = served
    home = address.partition("?")[0]
    totals = ra.totals(ra.load(DATA)).rows(named=True)
    with chromium.new_context(viewport={"width": 1280, "height": 1000}) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        requests, wrong = [], []
        page.on("request", lambda request: requests.append(request.url))
        # Warnings are Voila's own: it is built on an older JupyterLab than the one installed.
        page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address)
        amounts = page.get_by_role("region", name="Totals per unit").locator("tbody td:nth-child(2)")
        expect(amounts).to_have_text([amount(row["available"], row["unit_type"]) for row in totals], timeout=60_000)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / "dashboard.png")
        page.get_by_role("checkbox", name="Miles", exact=True).uncheck()
        expect(amounts).to_have_count(len(totals) - 1)
        page.get_by_role("tab", name="Expiring").click()
        page.get_by_label("Period", exact=True).select_option("Year")
        expect(page.get_by_role("columnheader", name="Year").first).to_be_visible()
        page.get_by_role("tab", name="Distance").click()
        page.get_by_role("region", name="Nearest goals").wait_for()
        assert set(page.locator(".rewards-explore bdi").all_text_contents()) == {DOLLARS}
        assert page.locator("mjx-container, .MathJax").count() == 0, "text became mathematics"
        assert "304 rewards of 25 users, from rewards.json" in page.text_content("body")
    with chromium.new_context() as stranger:
        refused = stranger.request.get(home, max_redirects=0).status

    assert wrong == []
    assert [url for url in requests if not url.startswith((home, "data:", "blob:"))] == []
    assert refused in (302, 403)

    server_and_kernels = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    _, still_there = psutil.wait_procs(server_and_kernels, timeout=10)

    assert process.returncode == 130
    assert said == ""
    assert len(server_and_kernels) >= 2
    assert still_there == []
