"""A report in a real browser: complete, alone, safe, readable everywhere."""

import csv
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import rewards_analytics as ra
from tests import frames
from tests.reporting.pages import AS_OF, REWARDS
from tests.reporting.test_page import HOSTILE, hostile_rewards

ROOT = Path(__file__).parents[2]
SINCE = date(2026, 8, 31)

SEVERAL_MILES = frames.polars_frame(
    frames.table([frames.lot("MILES", str(n), "2026-12-01", account_guid=f"A{n:02}") for n in (90, 1000, 5)])
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    return ra.report(REWARDS, path, as_of=AS_OF, rates={"MILES": "0.0125"})


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """With a history of some months, in which all that can move did."""
    days = pl.read_parquet(ROOT / "data" / "_history" / "rewards.parquet").filter(pl.col("taken_on") >= SINCE)
    path = tmp_path_factory.mktemp("moved") / "r.html"
    return ra.report(REWARDS, path, as_of=AS_OF, history=days)


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
        assert page.locator("h2:visible").count() == 9
        assert page.locator("table:visible").count() == 8
        assert images.count() == 2
        assert all(image.bounding_box()["height"] > 100 for image in images.all())
        bars = page.locator(".bar .fill")
        assert bars.count() == 53
        assert [bar.bounding_box()["width"] > 3 for bar in bars.all()].count(True) == 12


def test_a_bar_is_as_long_as_its_amount(opened, report):
    with opened(report) as page:
        miles = page.locator("table", has_text="Aging schedule").locator("tbody td:nth-child(3) .bar")
        shares = miles.evaluate_all(
            "bars => bars.map(({lastElementChild: fill, parentElement}) => "
            "fill.getBoundingClientRect().width / parentElement.firstElementChild.getBoundingClientRect().width)"
        )

    # Of 84,000 miles that expire in 61 to 90 days: 1,000 are past, 500 in over 365 days.
    assert shares == pytest.approx([1000 / 84000, 0, 0, 1, 0, 0, 0.012, 0], abs=0.001)


def test_every_picture_is_drawn(opened, report, moved):
    for path in (report, moved):
        with opened(path) as page:
            assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 100)")


def test_what_moved_has_two_pictures_for_each_unit_and_asks_for_nothing(opened, moved):
    with opened(moved) as page:
        section = page.get_by_role("region", name="What moved", exact=True).first

        assert section.locator("figure:visible").count() == 8
        assert section.get_by_role("row").count() == 5 + 1 + 4 * 3
        assert (page.requests, page.messages) == ([], [])


def test_dark_readers_get_dark_pictures(opened, report):
    script = "[getComputedStyle(document.body).backgroundColor, document.images[0].currentSrc]"
    with opened(report) as light, opened(report, color_scheme="dark") as dark:
        light_page, light_picture = light.evaluate(script)
        dark_page, dark_picture = dark.evaluate(script)

    assert (light_page, dark_page) == ("rgb(255, 255, 255)", "rgb(22, 27, 33)")
    assert light_picture != dark_picture


def test_on_a_phone_the_columns_that_matter_are_in_view(opened, tmp_path):
    rewards = ra.load(ROOT / "data" / "rewards.json")
    path = ra.report(rewards, tmp_path / "r.html", as_of=AS_OF, rates={"MILES": "0.0125", "POINTS": "0.01"})
    seen = {
        "Nearest goals": ["Goal", "To go", "Progress"],
        "Next expiries": ["Day", "Expiring", "Unit", "Days left"],
        "Value in dollars": ["Unit", "Available", "Rate", "Value"],
        "Totals per unit": ["Unit", "Available", "Expiring", "Holdings"],
        "Holdings by available balance": ["Balance", "Dollars", "Miles", "Points", "Segments"],
    }
    with opened(path, viewport={"width": 390, "height": 844}) as page:
        for caption, names in seen.items():
            headers = page.locator("table", has_text=caption).locator("thead th")
            boxes = {header.inner_text(): header.bounding_box() for header in headers.all()}
            ends = [boxes[name]["x"] + boxes[name]["width"] for name in names]
            assert max(ends) <= 390, caption


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen_but_tables_which_scroll_and_axe_finds_nothing(
    opened, report, moved, hostile, artefacts, violations, scheme
):
    # What is hostile is hostile in any colour.
    for path in (report, moved, hostile) if scheme == "light" else (report, moved):
        with opened(path, color_scheme=scheme, bypass_csp=True) as page:
            assert violations(page) == []
            for width in (320, 390, 768, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                if width in (390, 1280):
                    name = path.parent.name.rstrip("0123456789")
                    page.screenshot(path=artefacts / f"{name}-{width}-{scheme}.png", full_page=True)


def test_paper_gets_light_pictures_open_definitions_and_numbered_pages(opened, report, artefacts):
    with opened(report, color_scheme="dark") as page:
        page.emulate_media(media="print")

        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.locator(".definitions dd").first.is_visible()
        assert not page.locator(".download").first.is_visible()
        paper = page.pdf(path=artefacts / "report-print.pdf", prefer_css_page_size=True)

    assert 3 <= paper.count(b"/Type /Page\n") <= 6


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
        amounts = table.locator("tbody td:nth-child(2)")
        button = table.get_by_role("button", name="Expiring")
        assert amounts.all_text_contents() == ["1,000", "90", "5"]

        button.press("Enter")
        assert amounts.all_text_contents() == ["5", "90", "1,000"]
        assert table.locator("[aria-sort=ascending]").text_content() == "Expiring"
        button.press("Enter")
        assert amounts.all_text_contents() == ["1,000", "90", "5"]


def test_a_table_is_copied_as_it_stands_with_exact_amounts_and_whole_guids(opened, tmp_path):
    from playwright.sync_api import expect

    goals = [
        frames.to_level("MILES", "5.000000001", description="=HYPERLINK(1)\tGold"),
        frames.to_level("MILES", "6", description=None, user_guid="USR-d74cb14f-fd0a-449f-991b-e0362a63d9c6"),
    ]
    rewards = frames.polars_frame(frames.table(goals))
    with opened(ra.report(rewards, tmp_path / "r.html", as_of=AS_OF)) as page:
        copy = page.get_by_role("button", name="Nearest goals not reached yet")
        copy.click()
        assert page.get_by_role("status").filter(has_text="Copied").count() == 1
        assert copy.evaluate("button => button === document.activeElement")

        paper = page.context.new_page()
        paper.set_content("<textarea></textarea>")
        text = paper.locator("textarea")
        text.press("Control+V")
        expect(text).not_to_have_value("")

        assert text.input_value().splitlines() == [
            "Goal\tTo go\tProgress\tUnit\tKind\tUser",
            "'=HYPERLINK(1) Gold\t5.000000001\t\tMiles\tLevel\tU1",
            "No name given\t6\t\tMiles\tLevel\tUSR-d74cb14f-fd0a-449f-991b-e0362a63d9c6",
        ]


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
