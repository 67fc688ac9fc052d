"""A report as PDF: printed by a real browser, whole or not at all."""

import re
import shutil
from pathlib import Path

import pytest
from matplotlib import font_manager
from typer.testing import CliRunner

import rewards_analytics as ra
from rewards_analytics.cli.app import app
from rewards_analytics.reporting import pdf
from rewards_analytics.reporting.report import report_with_pdf
from tests.reporting.pages import AS_OF, REWARDS, read
from tests.reporting.test_page import hostile_rewards

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def chromium():
    if not any(map(shutil.which, pdf.NAMES)):
        pytest.skip("Chromium is missing: apt-get install chromium")


def test_the_pdf_stands_beside_the_page_and_is_the_same_every_time(tmp_path, chromium):
    page, paper = report_with_pdf(REWARDS, tmp_path / "r.html", as_of=AS_OF)
    (again,) = report_with_pdf(REWARDS, tmp_path / "again.PDF", as_of=AS_OF)

    assert (page, paper) == (tmp_path / "r.html", tmp_path / "r.pdf")
    assert page.read_bytes() == ra.report(REWARDS, tmp_path / "alone.html", as_of=AS_OF).read_bytes()
    assert paper.read_bytes() == again.read_bytes()
    assert paper.read_bytes().startswith(b"%PDF-")
    assert set(re.findall(rb"/(?:Creation|Mod)Date \(D:(\d+)", paper.read_bytes())) == {b"20261123000000"}
    assert {path.name for path in tmp_path.iterdir()} == {"r.html", "r.pdf", "again.PDF", "alone.html"}


def test_without_a_font_on_the_machine_those_of_matplotlib_print(tmp_path, monkeypatch, chromium):
    monkeypatch.setattr(font_manager, "findSystemFonts", list)

    (paper,) = report_with_pdf(REWARDS, tmp_path / "r.pdf", as_of=AS_OF)

    fonts = set(re.findall(rb"/FontName /[A-Z]+[+]([A-Za-z]+)", paper.read_bytes()))
    assert {name for name in fonts if not name.startswith(b"DejaVuSans")} == set() != fonts


def test_hostile_text_is_printed_and_runs_nothing(tmp_path, chromium):
    (paper,) = report_with_pdf(hostile_rewards(), tmp_path / "r.pdf", as_of=AS_OF, title="<script>alert(1)</script>")

    # The title of a PDF is UTF-16 or plain text in parentheses.
    assert b"/Title (<script>alert\\(1\\)</script>, 23 November 2026)" in paper.read_bytes()
    assert b"/JavaScript" not in paper.read_bytes()


def test_the_command_writes_both_and_names_them(tmp_path, chromium):
    ended = CliRunner().invoke(app, ["report", str(DATA / "rewards.csv"), "-o", str(tmp_path / "r.html"), "--pdf"])

    assert ended.output.split() == [str(tmp_path / "r.html"), str(tmp_path / "r.pdf")]
    assert read(tmp_path / "r.html").tables
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")


def test_an_output_that_ends_in_pdf_is_a_pdf(tmp_path, chromium):
    ended = CliRunner().invoke(app, ["report", str(DATA / "rewards.csv"), "-o", str(tmp_path / "r.pdf")])

    assert ended.output.split() == [str(tmp_path / "r.pdf")]
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")


def test_without_a_browser_it_is_said_what_to_install_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROME_PATH", raising=False)
    monkeypatch.setattr(pdf, "_MAC", str(tmp_path / "absent"))

    with pytest.raises(ra.MissingDependencyError, match=r"Chrome, and none is on the PATH.*apt-get install"):
        report_with_pdf(REWARDS, tmp_path / "r.html", as_of=AS_OF)

    assert list(tmp_path.iterdir()) == []


def test_a_browser_that_is_named_and_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("CHROME_PATH", str(tmp_path / "chrome"))

    with pytest.raises(ra.MissingDependencyError, match=r"CHROME_PATH names .*chrome, which cannot be run"):
        pdf.browser()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo no display >&2; exit 3", "it ended with status 3. It said: no display"),
        ("exit 0", "it wrote no file. It said: nothing"),
        ("sleep 60 & wait", "it did not finish within 1 s"),
    ],
)
def test_a_browser_that_fails_leaves_no_file_and_its_last_words(tmp_path, monkeypatch, script, said):
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\n{script}\n")
    browser.chmod(0o755)
    monkeypatch.setenv("CHROME_PATH", str(browser))
    monkeypatch.setattr(pdf, "LONGEST_S", 1.0)

    with pytest.raises(ra.RewardsError, match=said):
        report_with_pdf(REWARDS, tmp_path / "r.html", as_of=AS_OF)

    assert [path.name for path in tmp_path.iterdir()] == ["browser"]


def test_a_browser_that_fails_without_a_font_is_told_from_others(tmp_path, monkeypatch):
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\nexit 1\n")
    browser.chmod(0o755)
    monkeypatch.setenv("CHROME_PATH", str(browser))
    monkeypatch.setattr(font_manager, "findSystemFonts", list)

    with pytest.raises(ra.RewardsError, match=r"ended with status 1.*apt-get install fonts-dejavu-core"):
        report_with_pdf(REWARDS, tmp_path / "r.html", as_of=AS_OF)

    assert list(tmp_path.iterdir()) == [browser]
