"""A report in a real browser: complete, alone, safe, readable everywhere."""

import csv
import os
from pathlib import Path

import pytest

import rewards_analytics as ra
from tests import frames
from tests.reporting.pages import AS_OF, REWARDS
from tests.reporting.test_page import HOSTILE, hostile_rewards

SEVERAL_MILES = frames.polars_frame(
    frames.table([frames.lot("MILES", str(n), "2026-12-01", account_guid=f"A{n:02}") for n in (90, 1000, 5)])
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return ra.report(REWARDS, tmp_path_factory.mktemp("report") / "r.html", as_of=AS_OF)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    return ra.report(hostile_rewards(), tmp_path_factory.mktemp("hostile") / "r.html", as_of=AS_OF, title=HOSTILE[0])


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_report_asks_for_nothing_and_shows_everything(opened, report, scripts):
    with opened(report, java_script_enabled=scripts) as page:
        images = page.locator("img")
        images.last.scroll_into_view_if_needed()

        assert page.requests == []
        assert page.messages == []
        assert page.locator("h2:visible").count() == 7
        assert page.locator("table:visible").count() == 6
        assert images.count() == 9
        assert all(image.bounding_box()["height"] > 30 for image in images.all())


def test_every_picture_is_drawn(opened, report):
    with opened(report) as page:
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 100)")


def test_dark_readers_get_dark_pictures(opened, report):
    script = "[getComputedStyle(document.body).backgroundColor, document.images[0].currentSrc]"
    with opened(report) as light, opened(report, color_scheme="dark") as dark:
        light_page, light_picture = light.evaluate(script)
        dark_page, dark_picture = dark.evaluate(script)

    assert (light_page, dark_page) == ("rgb(255, 255, 255)", "rgb(22, 27, 33)")
    assert light_picture != dark_picture


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_screen_scrolls_tables_and_not_the_page(opened, report, hostile, width):
    for path in (report, hostile):
        with opened(path, viewport={"width": width, "height": 800}) as page:
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_gets_light_pictures_and_open_definitions(opened, report):
    with opened(report, color_scheme="dark") as page:
        page.emulate_media(media="print")

        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator(".definitions dd").first.is_visible()
        assert not page.locator(".download").first.is_visible()
        assert len(page.pdf()) > 20_000


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_nothing_that_a_provider_writes_runs(opened, hostile, scripts):
    with opened(hostile, java_script_enabled=scripts) as page:
        assert page.requests == []
        assert page.messages == []
        assert page.title().startswith(HOSTILE[0])
        shown = page.locator("table bdi").all_text_contents()
        assert {text for text in HOSTILE if len(text) < 60 and "‮" not in text} <= set(shown)
        assert "right to left" in shown


def test_a_column_sorts_when_its_name_is_pressed_and_back_again(opened, tmp_path):
    with opened(ra.report(SEVERAL_MILES, tmp_path / "r.html", as_of=AS_OF)) as page:
        table = page.locator("table", has_text="Next expiries")
        amounts = table.locator("tbody td:last-child")
        button = table.get_by_role("button", name="Expiring")
        assert amounts.all_text_contents() == ["1,000", "90", "5"]

        button.press("Enter")
        assert amounts.all_text_contents() == ["5", "90", "1,000"]
        assert table.locator("[aria-sort=ascending]").text_content() == "Expiring"
        button.press("Enter")
        assert amounts.all_text_contents() == ["1,000", "90", "5"]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_data_behind_a_table_downloads_as_csv(opened, report, scripts):
    with opened(report, java_script_enabled=scripts) as page:
        with page.expect_download() as download:
            page.locator("a[download='totals.csv']").click()

        text = Path(download.value.path()).read_text(encoding="utf-8")

    assert download.value.suggested_filename == "totals.csv"
    assert [row["available"] for row in csv.DictReader(text.splitlines())] == [
        "12.5",
        "1204500",
        "12345678901234567.123456789",
        "",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_at_level_aa(opened, report, hostile, scheme):
    axe = os.environ.get("AXE_CORE")
    if axe is None:
        pytest.skip("AXE_CORE does not name axe.min.js: npm install axe-core")
    for path in (report, hostile):
        with opened(path, color_scheme=scheme, bypass_csp=True) as page:
            page.evaluate("document.querySelector('details').open = true")
            page.evaluate(Path(axe).read_text(encoding="utf-8"))
            found = page.evaluate(
                "axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
            )
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == []
