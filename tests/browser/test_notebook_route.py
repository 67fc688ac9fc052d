"""A report from a notebook in a real browser: as complete, alone, safe and readable as the direct one."""

from io import BytesIO
from pathlib import Path

import matplotlib.image
import pytest

import rewards_analytics as ra
from tests.reporting.notebooks import DATA, PRODUCT_REPORT
from tests.reporting.test_page import HOSTILE, hostile_rewards

DAY = {"as_of": "2026-11-23"}


@pytest.fixture(scope="module")
def report(chromium, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "r.html"
    return ra.notebook_report(PRODUCT_REPORT, path, parameters=DAY | {"source": str(DATA / "rewards.json")})


@pytest.fixture(scope="module")
def hostile(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    hostile_rewards().write_parquet(folder / "rewards.parquet")
    parameters = DAY | {"source": str(folder / "rewards.parquet"), "title": HOSTILE[0]}
    with pytest.warns(ra.RewardsWarning, match="product_report.ipynb, code cell 2"):
        return ra.notebook_report(PRODUCT_REPORT, folder / "r.html", parameters=parameters)


@pytest.fixture(scope="module")
def dashboard(chromium, tmp_path_factory):
    """Another notebook, with PNGs and the dashboard that code changes, from what it stores."""
    from rewards_analytics.reporting.notebook.exporting import exported
    from rewards_analytics.reporting.notebook.running import read

    path = tmp_path_factory.mktemp("dashboard") / "overview.html"
    node = read(PRODUCT_REPORT.with_name("overview.ipynb"))
    # Without the tables that the dashboard shows under the same names: landmarks of a page need names of their own.
    node.cells = [cell for cell in node.cells if "ra.show." not in cell.source or "summary" in cell.source]
    (shown,) = [cell for cell in node.cells if "points = ra.explore" in cell.source]
    shown.metadata.tags.remove("remove-cell")
    path.write_text(exported(node, folder=DATA), encoding="utf-8")
    return path


@pytest.fixture
def pages(report, hostile, dashboard):
    return {"notebook": report, "notebook-hostile": hostile, "notebook-dashboard": dashboard}


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_it_asks_for_nothing_and_shows_everything(opened, report, scripts):
    with opened(report, java_script_enabled=scripts) as page:
        page.locator("img").last.scroll_into_view_if_needed()

        assert page.requests == []
        assert page.messages == []
        assert page.locator("h1:visible").count() == 1
        assert page.locator("h2:visible").count() == 8
        assert page.locator("table:visible").count() == 7
        assert page.locator("details").count() == 4
        images = page.locator("img").all()
        assert len(images) == 6
        assert all(image.bounding_box()["height"] > 60 for image in images)
        bars = page.locator(".bar .fill").all()
        # 9 amounts in the timeline, 8 in the aging schedule, 9 bands, 12 goals.
        assert [bar.bounding_box()["width"] > 3 for bar in bars].count(True) == 38


def corner(page):
    """The colour in the corner of the first picture, as it is drawn."""
    drawn = matplotlib.image.imread(BytesIO(page.locator("img").first.screenshot()), format="png")
    return tuple(round(255 * float(part)) for part in drawn[2, 2, :3])


def test_every_picture_is_drawn_and_dark_readers_get_dark_ones(opened, pages):
    script = "getComputedStyle(document.body).backgroundColor"
    for path in pages.values():
        with opened(path) as page:
            assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 100)")
    with opened(pages["notebook"]) as light, opened(pages["notebook"], color_scheme="dark") as dark:
        pages_are = light.evaluate(script), dark.evaluate(script)
        pictures_are = corner(light), corner(dark)

    assert pages_are == ("rgb(255, 255, 255)", "rgb(22, 27, 33)")
    assert pictures_are == ((255, 255, 255), (22, 27, 33))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen_but_tables_which_scroll_and_axe_finds_nothing(
    opened, pages, artefacts, violations, scheme
):
    # What is hostile is hostile in any colour.
    for name in pages if scheme == "light" else ("notebook", "notebook-dashboard"):
        with opened(pages[name], color_scheme=scheme, bypass_csp=True) as page:
            assert violations(page) == []
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                page.screenshot(path=artefacts / f"{name}-{width}-{scheme}.png", full_page=True)
                assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.requests == []


def test_paper_gets_light_pictures_and_open_definitions(opened, report, artefacts):
    with opened(report, color_scheme="dark") as page:
        page.emulate_media(media="print")

        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert page.get_by_text("The distance to a level or a reward").is_visible()
        assert not page.get_by_text("Download CSV").first.is_visible()
        paper = page.pdf(path=artefacts / "notebook-print.pdf", prefer_css_page_size=True)

    assert 3 <= paper.count(b"/Type /Page\n") <= 6


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_nothing_that_a_provider_writes_runs(opened, hostile, scripts):
    with opened(hostile, java_script_enabled=scripts) as page:
        assert page.requests == []
        assert page.messages == []
        assert page.title() == HOSTILE[0]
        shown = page.locator("table bdi").all_text_contents()
        assert {text for text in HOSTILE if len(text) < 60 and "‮" not in text} <= set(shown)
        assert "right to left" in shown


def test_a_dashboard_is_what_it_showed_last(opened, dashboard):
    with opened(dashboard, java_script_enabled=False) as page:
        assert page.locator("input, select, button").count() == 0
        # Of its tabs, the one that was chosen.
        assert page.get_by_role("region", name="Periods with an expiry").get_by_text("287,288").is_visible()
        assert page.get_by_text("24,308 points have no date").first.is_visible()
        assert not page.get_by_text("Quality checks").is_visible()


def test_a_table_sorts_and_downloads_as_in_the_direct_report(opened, report):
    with opened(report) as page:
        table = page.locator("table", has_text="Totals per unit")
        table.get_by_role("button", name="Available").press("Enter")
        assert table.locator("tbody th").all_text_contents() == ["Segments", "Dollars", "Miles", "Points"]

        with page.expect_download() as download:
            page.locator("a[download='Totals per unit.csv']").click()
        text = Path(download.value.path()).read_text(encoding="utf-8")

    assert text.splitlines()[:2] == ["unit_type,available,expiring,holdings,members,users", "DOLLARS,2438.5,0,12,11,10"]
