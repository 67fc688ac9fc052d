"""The dashboard in a real JupyterLab: the numbers on the page follow the filters."""

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.wording import amount, one_line
from tests.browser import lab

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "data" / "rewards.parquet"
SCREENSHOTS = ROOT / "build" / "screenshots"
AS_OF = date(2026, 11, 23)
HOSTILE = "無料宿泊 $5 to $10 <script>alert(1)</script> <img src=x onerror=alert(2)>"
CELL = f"""
import datetime
import polars as pl
import rewards_analytics as ra
rewards = ra.load({str(SOURCE)!r})
goal = pl.col("balance_type").is_in(["BALANCE_TO_LEVEL", "BALANCE_TO_REWARD"])
rewards = rewards.with_columns(description=pl.when(goal).then(pl.lit({HOSTILE!r})).otherwise("description"))
dashboard = ra.explore(rewards, as_of=datetime.date(2026, 11, 23))
dashboard
"""
MATHEMATICS = "from IPython.display import Markdown\nMarkdown('$5 to $10')"


@pytest.fixture(scope="module")
def jupyterlab(tmp_path_factory):
    """The address of a JupyterLab of its own, with one notebook."""
    pytest.importorskip("jupyterlab", reason='JupyterLab is missing: pip install "rewards-analytics[lab]"')
    nbformat = pytest.importorskip("nbformat")
    folder = tmp_path_factory.mktemp("jupyterlab")
    notebook = nbformat.v4.new_notebook(cells=[*map(nbformat.v4.new_code_cell, (CELL, MATHEMATICS))])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3 (ipykernel)"}
    (folder / "work").mkdir()
    nbformat.write(notebook, folder / "work" / "explore.ipynb")
    with lab.jupyterlab(folder, folder / "work") as address:
        yield address


@pytest.fixture(scope="module")
def notebook(chromium, jupyterlab):
    """The notebook in a page; `page.messages` has what its console said once the dashboard was there."""
    with chromium.new_context(viewport={"width": 1280, "height": 1900}) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{jupyterlab}lab/tree/explore.ipynb")
        page.wait_for_function(
            "document.querySelector('#jp-main-statusbar')?.textContent.includes('Python 3 (ipykernel) | Idle')"
        )
        page.messages = []
        page.on("console", lambda each: page.messages.append(each.text) if each.type == "error" else None)
        page.on("pageerror", lambda error: page.messages.append(str(error)))
        page.on("dialog", lambda dialog: (page.messages.append(dialog.message), dialog.dismiss()))
        yield page


@pytest.fixture
def page(notebook):
    """A new dashboard in the notebook."""
    command(notebook, "notebook:run-all-cells")
    notebook.wait_for_function("document.querySelectorAll('.rewards-explore .rewards-card').length === 4")
    notebook.messages.clear()
    yield notebook
    notebook.evaluate("document.querySelector('.rewards-explore').remove()")


def command(page, name, **arguments):
    page.evaluate("([name, given]) => window.jupyterapp.commands.execute(name, given)", [name, arguments])


def choose(page, tab):
    page.locator(".rewards-explore").get_by_role("tab", name=tab).click()


def table(page, caption):
    return page.get_by_role("region", name=caption).locator("tbody tr")


def rewards():
    return ra.load(SOURCE)


def written(rows, column):
    return [amount(row[column], row["unit_type"]) for row in rows.rows(named=True)]


def busy(**arguments):
    """The periods of the timeline in which something expires, as the page lists them."""
    timeline = ra.expiring(rewards(), as_of=AS_OF, until=date(2028, 11, 22), **arguments)
    return timeline.filter(pl.col("rewards") > 0).sort("period", "unit_type").head(40)


def test_totals_on_the_page_follow_users_units_and_types(page):
    from playwright.sync_api import expect

    available = page.get_by_role("region", name="Totals per unit").locator("tbody td:nth-child(2)")
    expect(available).to_have_text(written(ra.totals(rewards()), "available"))

    page.get_by_role("checkbox", name="Miles", exact=True).uncheck()
    expect(available).to_have_text(written(ra.totals(rewards().filter(pl.col("unit_type") != "MILES")), "available"))

    page.get_by_role("checkbox", name="Miles", exact=True).check()
    page.get_by_role("checkbox", name="Total balance").uncheck()
    plain = rewards().filter(pl.col("balance_type") != "TOTAL_BALANCE")
    expect(available).to_have_text(written(ra.totals(plain), "available"))

    page.get_by_role("checkbox", name="Total balance").check()
    user = rewards()["user_guid"].sort()[0]
    page.get_by_label("User", exact=True).press_sequentially(user)
    expect(available).to_have_text(written(ra.totals(rewards().filter(pl.col("user_guid") == user)), "available"))

    page.get_by_label("User", exact=True).fill("USR-nobody")
    expect(page.get_by_text("No user has guid 'USR-nobody'.")).to_be_visible()
    assert page.messages == []


def test_the_timeline_on_the_page_follows_date_and_period(page):
    from playwright.sync_api import expect

    choose(page, "Expiring")
    amounts = page.get_by_role("region", name="From 23 November 2026 until").locator("tbody td:nth-child(3)")
    expect(amounts).to_have_text(written(busy(), "expiring"))

    page.get_by_label("Period", exact=True).select_option("Quarter")
    expect(amounts).to_have_text(written(busy(every="quarter"), "expiring"))

    page.get_by_label("As of", exact=True).fill("2027-06-01")
    aging = ra.aging(rewards(), as_of=date(2027, 6, 1)).filter(pl.col("unit_type") == "POINTS")
    schedule = page.get_by_role("region", name="Expiring amounts by days from 1 June 2027")
    expect(schedule.locator("tbody td:nth-child(3)")).to_have_text(written(aging, "expiring"))
    assert page.messages == []


def test_changes_that_come_faster_than_redraws_are_not_queued(page):
    from playwright.sync_api import expect

    choose(page, "Expiring")
    page.locator(".rewards-timeline").first.wait_for()
    page.get_by_label("Period", exact=True).evaluate(
        """(select) => {
            const shown = document.querySelector(".rewards-timeline").closest(".widget-html-content");
            window.redraws = 0;
            new MutationObserver(() => (window.redraws += 1)).observe(shown, { childList: true });
            for (let turn = 0; turn < 61; turn += 1) {
                select.selectedIndex = turn % 5;
                select.dispatchEvent(new Event("change", { bubbles: true }));
            }
        }"""
    )
    timeline = page.get_by_role("region", name="From 23 November 2026 until")
    expect(timeline.get_by_role("columnheader").first).to_have_text("Day")
    page.wait_for_timeout(300)

    assert page.get_by_label("Period", exact=True).evaluate("(select) => select.selectedIndex") == 0
    assert page.evaluate("window.redraws") <= 3


def test_text_from_a_provider_is_escaped_on_the_page(page):
    choose(page, "Distance")
    page.get_by_role("region", name="Nearest goals").wait_for()

    names = page.locator(".rewards-explore bdi").all_text_contents()

    assert len(names) == 12
    assert set(names) == {one_line(HOSTILE)}
    assert page.messages == []


def test_dollars_in_text_are_not_typeset_where_mathematics_is(page):
    from playwright.sync_api import expect

    expect(page.locator(".jp-OutputArea mjx-container")).to_have_count(1)  # of the cell below
    choose(page, "Distance")
    page.get_by_role("region", name="Nearest goals").wait_for()
    page.get_by_label("User", exact=True).fill("$5 to $10")
    expect(page.get_by_text("No user has guid '$5 to $10'.")).to_be_visible()
    page.wait_for_timeout(500)

    assert page.locator(".rewards-explore mjx-container").count() == 0


def test_the_keyboard_is_enough(page):
    from playwright.sync_api import expect

    page.get_by_role("checkbox", name="Dollars", exact=True).press("Space")
    expect(table(page, "Totals per unit")).to_have_count(3)

    page.get_by_role("tab", name="Totals").press("ArrowRight")
    page.get_by_role("tab", name="Expiring").press("Enter")
    expect(table(page, "Next expiries, one row")).to_have_count(10)  # 4 of miles, the first 6 of points

    page.get_by_label("Period", exact=True).press("q")
    expect(page.get_by_role("columnheader", name="Quarter")).to_be_visible()

    code = page.locator(".rewards-code:visible summary").first
    code.press("Enter")
    expect(page.locator(".rewards-code:visible pre").first).to_contain_text('every="quarter"')


def test_a_table_and_a_picture_can_be_downloaded(page):
    page.get_by_role("button", name="Prepare downloads").locator("visible=true").press("Enter")
    files = {}
    for name in ("CSV", "PARQUET", "SVG", "PNG"):
        with page.expect_download() as download:
            page.locator(".rewards-explore").get_by_role("link", name=name).click()
        files[download.value.suggested_filename] = Path(download.value.path()).read_bytes()

    assert list(files) == ["totals.csv", "totals.parquet", "totals.svg", "totals.png"]
    assert pl.read_parquet(files["totals.parquet"]).equals(ra.totals(rewards()))
    assert files["totals.csv"].decode().splitlines()[0] == "unit_type,available,expiring,holdings,members,users"


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_every_tab_reads_in_the_theme(page, theme):
    command(page, "apputils:change-theme", theme=f"JupyterLab {theme}")
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{str(theme == 'Light').lower()}'")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    for tab in ("Totals", "Expiring", "Distance", "Quality"):
        choose(page, tab)
        page.locator(".rewards-explore .table:visible").first.wait_for()
        page.locator(".rewards-explore").screenshot(path=SCREENSHOTS / f"explore-{tab.lower()}-{theme.lower()}.png")
        assert faintest(page) >= 4.5


def faintest(page):
    """The least contrast of a text on the dashboard with the page behind it."""
    return page.evaluate(
        """() => {
            const parse = (text) => text.match(/[\\d.]+/g).map(Number);
            const light = (rgb) => {
                const linear = (c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                const [r, g, b] = rgb.slice(0, 3).map((c) => linear(c / 255));
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const behind = (element) => {
                for (let at = element; at; at = at.parentElement) {
                    const colour = parse(getComputedStyle(at).backgroundColor);
                    if (colour.length === 3 || colour[3] > 0.9) return colour;
                }
                return [255, 255, 255];
            };
            const contrast = (element) => {
                const style = getComputedStyle(element);
                const ink = parse(element.tagName === "text" ? style.fill : style.color), page = behind(element);
                const share = ink.length > 3 ? ink[3] : 1;
                const mixed = ink.slice(0, 3).map((c, i) => share * c + (1 - share) * page[i]);
                const [a, b] = [light(mixed), light(page)];
                return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            };
            const hasText = (e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
            const texts = [...document.querySelectorAll(".rewards-explore .widget-html *")];
            const seen = texts.filter((e) => e.checkVisibility() && hasText(e));
            return Math.min(...seen.map(contrast));
        }"""
    )


def test_axe_finds_nothing_at_level_aa(page):
    axe = os.environ.get("AXE_CORE")
    if axe is None:
        pytest.skip("AXE_CORE does not name axe.min.js: npm install axe-core")
    page.evaluate(Path(axe).read_text(encoding="utf-8"))
    for tab in ("Totals", "Expiring", "Distance", "Quality"):
        choose(page, tab)
        page.locator(".rewards-explore .table:visible").first.wait_for()
        found = page.evaluate(
            "axe.run('.rewards-explore', {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
        )
        assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found["violations"]] == []
