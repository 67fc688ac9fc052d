"""Chromium, and what axe-core finds in it, for the tests that look at a page as a reader does."""

import os
import shutil
from pathlib import Path

import pytest
from matplotlib.font_manager import findSystemFonts

from tests import proof

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is missing: pip install playwright")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("Chromium is missing: apt-get install chromium")
    if not findSystemFonts():
        pytest.skip("Chromium shows no page without a font: apt-get install fonts-dejavu-core")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def violations():
    """What axe-core finds on a page, or within a part of it, against WCAG 2.2 AA, with all details open."""
    axe = os.environ.get("AXE_CORE")
    if axe is None:
        pytest.skip("AXE_CORE does not name axe.min.js: npm install axe-core")
    program = Path(axe).read_text(encoding="utf-8")
    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

    def of(page, within=None):
        page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")
        if not page.evaluate("'axe' in window"):
            page.evaluate(program)
        # The best practices are about a document as a whole, such as the order of its headings.
        tags, within = ([*levels, "best-practice"], page.locator("html")) if within is None else (levels, within)
        proof.count("axe-core checks")
        found = within.evaluate("(within, tags) => axe.run(within, {runOnly: tags})", tags)
        return [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]]

    return of
