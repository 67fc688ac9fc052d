"""The dashboard in a real JupyterLab, Notebook 7, Voila and marimo: what is picked is what the functions count."""

import json
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path

import nbformat
import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.wording import amount, count, one_line
from tests.browser import fronts, lab
from tests.browser.widget_page import WidgetPage

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
AS_OF = date(2026, 11, 23)
SINCE = date(2026, 8, 31)
HOSTILE = "無料宿泊 $5 to $10 \\(x^2\\) \u202eRTL <script>alert(1)</script> <img src=x onerror=alert(2)>"
HOSTILE_USER = "USR-<img src=x onerror=alert(3)> $a$"


@pytest.fixture(scope="session")
def source(tmp_path_factory):
    """Rewards whose goals and one user have names that would run or become mathematics in a careless page."""
    goal = pl.col("balance_type").is_in(["BALANCE_TO_LEVEL", "BALANCE_TO_REWARD"])
    rewards = ra.load(ROOT / "data" / "rewards.parquet")
    last = rewards["user_guid"].max()
    path = tmp_path_factory.mktemp("source") / "rewards.parquet"
    return ra.write(
        rewards.with_columns(
            description=pl.when(goal).then(pl.lit(HOSTILE)).otherwise("description"),
            user_guid=pl.when(pl.col("user_guid") == last).then(pl.lit(HOSTILE_USER)).otherwise("user_guid"),
        ),
        path,
    )


@pytest.fixture(scope="session")
def chosen(source):
    """What a state chooses, for the public functions to count."""
    dashboard = ra.explore(ra.load(source), as_of=AS_OF)
    before = dashboard.state

    def of(**state):
        dashboard.state = before | {"check": None} | state
        return dashboard.selection

    return of


@pytest.fixture(scope="module")
def server(tmp_path_factory, source):
    """A server with the same notebook for each front end that shows notebooks."""
    pytest.importorskip("jupyterlab", reason='JupyterLab is missing: pip install "rewards-analytics[lab]"')
    folder = tmp_path_factory.mktemp("jupyter")
    (folder / "work").mkdir()
    for name in ("jupyterlab", "notebook"):
        fronts.write_dashboard(folder / "work" / f"{name}.ipynb", source)
    fronts.write_notebook(folder / "work" / "connect.ipynb", "import rewards_analytics as ra", fronts.CONNECT)
    with lab.jupyterlab(folder, folder / "work") as address:
        yield address


@pytest.fixture(scope="module", params=["jupyterlab", "notebook", "voila", "marimo"])
def front(request, chromium, source, tmp_path_factory):
    """The page of a front end that shows the dashboard."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        if request.param in ("jupyterlab", "notebook"):
            address = request.getfixturevalue("server")
            opened = getattr(fronts, request.param)(chromium, address, f"{request.param}.ipynb")
        else:
            opened = getattr(fronts, request.param)(chromium, folder, source)
        page = stack.enter_context(opened)
        page.wrong.clear()  # what a front end says about itself while it starts
        page.name = request.param
        yield page


@pytest.fixture
def page(front):
    """The dashboard as it was at first; whatever a test did, nothing ran, failed or asked another host."""
    front.set_viewport_size({"width": 1400, "height": 1000})
    if dashboard(front).locator("[data-search]").input_value():
        dashboard(front).locator("[data-search]").press("Escape")
    tab(front, "Expiring")
    dashboard(front).locator("[data-key=every]").select_option("month")
    tab(front, "Totals")
    if button(front, "Reset").count():
        button(front, "Reset").click()
    shows(front).to_have_text("All rewards")
    yield front
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    front.screenshot(path=SCREENSHOTS / f"explore-{front.name}.png")
    assert front.wrong == []
    assert front.locator(".rewards-explore mjx-container").count() == 0, "text became mathematics"


def shows(page):
    from playwright.sync_api import expect

    return expect(dashboard(page).locator("[id$=-filtered] > span").first)


def dashboard(page):
    return page.locator("div.rewards-explore:has([data-live])")


def button(page, name, **options):
    return dashboard(page).get_by_role("button", name=name, exact=True, **options)


def tab(page, name):
    dashboard(page).get_by_role("tab", name=name, exact=True).click()
    dashboard(page).locator(f"[role=tab][aria-selected=true]:text-is('{name}')").wait_for()


def table(page, name):
    return dashboard(page).locator(f"table[id$=table-{name}]")


def values(page, name, column):
    """The exact values of a column."""
    return (
        table(page, name)
        .locator(f"tbody tr > :nth-child({column})")
        .evaluate_all("cells => cells.map(({ dataset, textContent }) => dataset.value ?? textContent)")
    )


def counts(page, selection):
    """Assert that the page counts these rewards, and shows their totals."""
    from playwright.sync_api import expect

    nouns = {"user_guid": "user", "member_guid": "member"}
    words = [count(selection[column].n_unique(), noun) for column, noun in nouns.items()]
    expect(dashboard(page).locator("[id$=-counted]")).to_have_text(", ".join([*words, count(len(selection), "reward")]))
    tab(page, "Totals")
    for row in ra.totals(selection).rows(named=True):
        card = dashboard(page).locator(".card").filter(has_text=row["unit_type"].capitalize())
        expect(card.locator(".figure")).to_have_text(amount(row["available"], row["unit_type"]))


def press(locator, how):
    if how == "mouse":
        locator.click()
    else:
        locator.press(how)


@pytest.mark.parametrize("how", ["mouse", "Enter"])
def test_a_unit_a_guid_a_bar_and_a_bucket_are_picked_and_the_functions_count_the_same(page, chosen, how):
    press(dashboard(page).locator(".card").get_by_role("button", name="Miles"), how)
    counts(page, chosen(units=["MILES"]))
    press(button(page, "Reset"), how)

    tab(page, "Expiring")
    picked = table(page, "upcoming").locator("button[data-with*='\"users\"']").first
    user = picked.get_attribute("data-with")
    press(picked, how)
    shows(page).to_have_text("Filtered by")
    counts(page, chosen(users=[json.loads(user)[1]]))
    press(button(page, "Reset"), how)

    tab(page, "Expiring")
    press(dashboard(page).locator("[data-marks] [data-with*='2027-01-01']").first, how)
    shows(page).to_have_text("Filtered by")
    counts(page, chosen(period="2027-01-01"))
    press(button(page, "Reset"), how)

    tab(page, "Expiring")
    press(button(page, "31 to 60 days"), how)
    shows(page).to_have_text("Filtered by")
    counts(page, chosen(bucket="31-60"))


WATCH = """root => {
    root.ownerDocument.blank = 0;
    const panel = () => root.querySelector(".panel");
    const isShown = () => panel()?.textContent.trim() && panel().offsetHeight;
    const look = () => (root.ownerDocument.blank += isShown() ? 0 : 1);
    new MutationObserver(look).observe(root, { childList: true, subtree: true, characterData: true });
}"""


def test_letters_typed_quickly_find_people_and_the_page_is_never_blank(page, chosen):
    from playwright.sync_api import expect

    dashboard(page).evaluate(WATCH)
    search = dashboard(page).locator("[data-search]")
    user = next(guid for guid in chosen()["user_guid"].sort() if guid.startswith("USR-6c"))

    search.press_sequentially("6C", delay=10)
    expect(dashboard(page).get_by_role("option").first).to_be_visible()
    search.press_sequentially(user[6:9], delay=10)
    assert search.input_value() == f"6C{user[6:9]}"
    expect(dashboard(page).get_by_role("option")).to_have_count(1)
    search.press("ArrowDown")
    search.press("Enter")
    counts(page, chosen(users=[user]))
    assert search.input_value() == ""

    search.press_sequentially("$a$")
    search.press("Enter")
    counts(page, chosen(users=[user, HOSTILE_USER]))
    search.press_sequentially("nobody")
    expect(dashboard(page).get_by_text("No user or member matches.")).to_be_visible()
    search.press("Escape")
    expect(dashboard(page).get_by_text("No user or member matches.")).to_be_hidden()
    search.press("Escape")

    shows(page).to_have_text("All rewards")
    assert page.evaluate("document.blank") == 0


def test_a_table_is_sorted_shown_whole_and_copied(page, chosen):
    from playwright.sync_api import expect

    tab(page, "Expiring")
    dues = ra.upcoming(chosen(), as_of=AS_OF, until=date(2027, 11, 22))
    button(page, "Expiring").click()
    header = table(page, "upcoming").locator("th[aria-sort]")
    expect(header).to_have_text("Expiring")
    amounts = dues["expiring"].sort(descending=header.get_attribute("aria-sort") == "descending")
    shown = [Decimal(value) for value in values(page, "upcoming", 4)]
    assert shown == amounts.head(len(shown)).to_list()

    dashboard(page).locator("[data-copy-of$=table-upcoming]").click()
    expect(dashboard(page).locator("[data-live]")).to_have_text("Copied")
    head, *rows = (line.split("\t") for line in page.evaluate("navigator.clipboard.readText()").splitlines())
    assert head == ["Day", "Days left", "Unit", "Expiring", "User", "Member", "Account"]
    assert [Decimal(row[3]) for row in rows] == shown
    assert {row[4] for row in rows} <= set(dues["user_guid"])

    tab(page, "Distance")
    goals = ra.distance(chosen()).filter(~pl.col("reached"))
    rows = table(page, "distance").locator("tbody tr")
    while (listed := rows.count()) < len(goals):
        button(page, "Show more").click()
        expect(rows).not_to_have_count(listed)
    expect(button(page, "Show more")).to_have_count(0)
    assert set(table(page, "distance").locator("bdi").all_text_contents()) == {one_line(HOSTILE)}


def test_reset_undo_and_copied_state_bring_views_back(page, chosen):
    tab(page, "Expiring")
    dashboard(page).locator("[data-key=every]").select_option("quarter")
    button(page, "Points", pressed=False).first.click()
    shows(page).to_have_text("Filtered by")
    button(page, "Copy state").click()
    dashboard(page).locator("[data-copied]").wait_for()
    state = json.loads(page.evaluate("navigator.clipboard.readText()"))
    assert (state["units"], state["every"], state["tab"]) == (["POINTS"], "quarter", "expiring")
    until = date(2027, 11, 22)
    timeline = ra.expiring(chosen(units=["POINTS"]), as_of=AS_OF, every="quarter", until=until)
    assert [Decimal(value) for value in values(page, "periods", 2)] == timeline["expiring"].to_list()

    dashboard(page).get_by_role("tab", name="Expiring").press("Escape")
    shows(page).to_have_text("All rewards")
    button(page, "Undo").click()
    shows(page).to_have_text("Filtered by")
    button(page, "Undo").press("Control+z")

    shows(page).to_have_text("All rewards")


def test_a_range_of_the_timeline_sets_how_far_it_looks_ahead(page, chosen):
    tab(page, "Expiring")
    marks = dashboard(page).locator("[data-marks] [role=button]")
    marks.first.scroll_into_view_if_needed()
    start, end = (marks.nth(index).bounding_box() for index in (1, 4))
    page.mouse.move(start["x"] + 5, start["y"] + 40)
    page.mouse.down()
    page.mouse.move(end["x"] + 5, end["y"] + 40, steps=4)
    page.mouse.up()
    dashboard(page).locator("figcaption", has_text="until Apr 2027").wait_for()
    timeline = ra.expiring(chosen(), as_of=AS_OF, until=date(2027, 4, 22))
    assert [Decimal(value) for value in values(page, "periods", 2)] == timeline["expiring"].to_list()

    dashboard(page).get_by_role("tab", name="Expiring").press("Control+z")
    dashboard(page).locator("figcaption", has_text="until Nov 2027").wait_for()
    marks.nth(1).focus()
    page.keyboard.down("Shift")
    page.keyboard.press("ArrowRight")
    page.keyboard.up("Shift")
    dashboard(page).locator("figcaption", has_text="until Feb 2027").wait_for()
    assert "Jan 2027: 21,448 points" in dashboard(page).locator("[data-live]").text_content()
    dashboard(page).get_by_role("tab", name="Expiring").press("Control+z")
    dashboard(page).locator("figcaption", has_text="until Nov 2027").wait_for()


LIGHTNESS = (
    "it => getComputedStyle(it).color.match(/\\d+/g).slice(0, 3).reduce((sum, each) => sum + Number(each), 0) / 3"
)
TABS = ("Totals", "Expiring", "Distance", "Quality")
# Notebook 7 shows what JupyterLab does; neither leaves a phone much room.
WIDTHS = {"jupyterlab": (1400,), "notebook": (900,), "voila": (1400, 390), "marimo": (390,)}
LOOKED_AT = {"jupyterlab": TABS, "notebook": ("Expiring",), "voila": TABS, "marimo": TABS}
OVERFLOW = "it => it.scrollWidth - it.clientWidth"


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_every_tab_reads_in_the_theme_and_on_a_phone(page, violations, theme):
    fronts.show_theme(page, theme)
    for _ in range(100):  # a front end may take a moment for it
        if (dashboard(page).evaluate(LIGHTNESS) > 128) == (theme == "Dark"):
            break
        page.wait_for_timeout(50)
    assert (dashboard(page).evaluate(LIGHTNESS) > 128) == (theme == "Dark")
    if page.name == "voila":
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"Light": "rgb(255, 255, 255)", "Dark": "rgb(22, 27, 33)"}[theme]
    dashboard(page).locator(".card").get_by_role("button", name="Points").click()
    for width in WIDTHS[page.name]:
        page.set_viewport_size({"width": width, "height": 1000})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for name in LOOKED_AT[page.name]:
            tab(page, name)
            dashboard(page).screenshot(path=SCREENSHOTS / f"{page.name}-{name.lower()}-{theme.lower()}-{width}.png")
            assert dashboard(page).evaluate(OVERFLOW) <= 0
            assert violations(page, dashboard(page)) == []
    search = dashboard(page).locator("[data-search]")
    search.press_sequentially("6")
    dashboard(page).get_by_role("option").first.wait_for()
    assert violations(page, dashboard(page)) == []
    dashboard(page).screenshot(path=SCREENSHOTS / f"{page.name}-list-{theme.lower()}.png")
    search.press("Escape")
    fronts.show_theme(page, "Light")


def walk_through_the_fetch_form(page):
    """Find a user, fetch and answer with the keyboard alone."""
    from playwright.sync_api import expect

    form = page.locator(".rewards-connect")
    form.get_by_role("button", name="Try the sandbox").press("Enter")
    form.get_by_label("User", exact=True).press_sequentially("USER-0001")
    page.keyboard.press("Enter")
    form.get_by_role("button", name="Fetch rewards").press("Enter")
    form.get_by_text("What city were you born in?").wait_for()
    page.keyboard.type("correct")  # the field has the focus
    page.keyboard.press("Enter")
    expect(form.get_by_role("status").first).to_contain_text("of user-0001 at MX Bank, ")
    assert form.get_by_role("row").count() > 1
    assert form.evaluate(OVERFLOW) <= 0
    assert form.locator("mjx-container").count() == 0


def test_the_fetch_form_is_walked_through_with_the_keyboard(page, chromium, server):
    if page.name != "voila":
        walk_through_the_fetch_form(page)
        return
    # The page that the command serves offers no cells to add, because Voila shows a notebook of its own.
    with fronts.watched(chromium, server, viewport={"width": 390, "height": 800}) as other:
        other.goto(f"{server}voila/render/connect.ipynb")
        other.locator(".rewards-connect").wait_for()
        other.wrong.clear()  # what Voila's own template asks for
        walk_through_the_fetch_form(other)
        other.screenshot(path=SCREENSHOTS / "connect-voila.png")
        assert other.wrong == []


# --- What is the same everywhere, in JupyterLab ------------------------------------------------------

in_jupyterlab = pytest.mark.parametrize("front", ["jupyterlab"], indirect=True)


@in_jupyterlab
def test_the_static_copy_is_there_and_hidden_and_mathematics_around_is_typeset(page):
    static = page.locator(".rewards-explore[data-static-of]")

    assert static.count() == 1
    assert not static.is_visible()
    page.locator(".jp-OutputArea mjx-container").first.wait_for()  # of the cell below


@pytest.mark.parametrize("front", ["jupyterlab", "notebook"], indirect=True)
def test_keys_in_the_dashboard_are_no_commands_of_the_notebook(page):
    tab(page, "Expiring")
    dashboard(page).locator("[data-marks] [role=button]").first.focus()

    for key in ("a", "b", "x", "d", "d", "m", "ArrowDown", "Shift+Enter"):
        page.keyboard.press(key)

    assert page.locator(".jp-CodeCell").count() == 4


@in_jupyterlab
def test_two_views_of_one_dashboard_and_code_in_the_kernel_follow_each_other(page, chosen):
    from playwright.sync_api import expect

    page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
    fronts.command(page, "notebook:create-output-view")
    expect(dashboard(page)).to_have_count(2)
    one, other = dashboard(page).first, dashboard(page).nth(1)
    other.locator(".card").get_by_role("button", name="Miles").click()
    words = f"9 users, 9 members, {count(len(chosen(units=['MILES'])), 'reward')}"
    for view in (one, other):
        expect(view.locator("[id$=-counted]")).to_have_text(words)
        assert not page.locator(".rewards-explore[data-static-of]").nth(0 if view is one else 1).is_visible()
    ids = dashboard(page).locator("[id]").evaluate_all("elements => elements.map(({ id }) => id)")
    assert len(ids) == len(set(ids))
    page.evaluate("jupyterapp.shell.currentWidget.close()")
    expect(dashboard(page)).to_have_count(1)

    fronts.execute(page, "dashboard.state = {'units': ['POINTS']}")
    counts(page, chosen(units=["POINTS"]))


@in_jupyterlab
def test_a_second_front_end_on_the_same_kernel_shows_the_same_and_they_follow_each_other(
    page, chromium, server, chosen
):
    from playwright.sync_api import expect

    fronts.command(page, "docmanager:save")
    with fronts.watched(chromium, server) as second:
        second.goto(f"{server}notebooks/jupyterlab.ipynb")
        dashboard(second).wait_for()
        dashboard(second).locator(".card").get_by_role("button", name="Miles").click()
        counts(second, chosen(units=["MILES"]))
        counts(page, chosen(units=["MILES"]))
        button(page, "Reset").click()
        shows(second).to_have_text("All rewards")
        expect(button(second, "Reset")).to_have_count(0)


@in_jupyterlab
def test_an_untrusted_notebook_and_its_default_export_show_the_static_page(page, server, opened, tmp_path_factory):
    from nbconvert import HTMLExporter
    from playwright.sync_api import expect

    fronts.command(page, "docmanager:save")
    work = next(tmp_path_factory.getbasetemp().glob("jupyter*/work"))
    saved = nbformat.read(work / "jupyterlab.ipynb", as_version=4)
    saved.cells[0].source = "# not what was signed"
    nbformat.write(saved, work / "untrusted.ipynb")
    fronts.command(page, "docmanager:open", path="untrusted.ipynb")
    panel = page.locator(".jp-NotebookPanel:visible")
    static = panel.locator(".rewards-explore")
    expect(static.locator(".figure")).to_have_text(["$2,438.50", "170,834", "770,479", "135"])
    assert not page.evaluate("jupyterapp.shell.currentWidget.content.model.cells.get(1).trusted")
    panel.screenshot(path=SCREENSHOTS / "explore-untrusted.png")
    page.evaluate("jupyterapp.shell.currentWidget.close()")

    with pytest.warns(UserWarning, match="not able to be represented"):  # the widget, after the page
        html, _ = HTMLExporter().from_filename(work / "untrusted.ipynb")
    (work / "untrusted.html").write_text(html, encoding="utf-8")
    with opened(work / "untrusted.html") as exported:
        static = exported.locator(".rewards-explore")
        expect(static.locator(".figure")).to_have_text(["$2,438.50", "170,834", "770,479", "135"])
        assert static.is_visible()
        exported.screenshot(path=SCREENSHOTS / "explore-nbconvert.png")


def test_two_static_copies_in_one_page_have_nothing_in_common(opened, source, violations, tmp_path):
    dashboard = ra.explore(ra.load(source), as_of=AS_OF, state={"tab": "expiring"})
    page = '<!doctype html><html lang="en"><meta charset="utf-8"><title>A notebook</title><main><h1>1</h1><h2>2</h2>'
    (tmp_path / "twice.html").write_text(page + 2 * dashboard.to_html() + "</main></html>", encoding="utf-8")
    with opened(tmp_path / "twice.html") as both:
        assert both.locator("[id]").count() == 0
        assert both.locator(".rewards-explore table").count() == 6
        assert violations(both, both.locator("main")) == []
        assert both.messages == []


def test_the_tab_of_a_history_reads_in_both_themes_and_on_a_phone_and_gives_its_files(chromium, violations):
    days = pl.scan_parquet(ROOT / "data" / "_history" / "rewards.parquet")
    days = days.filter(pl.col("taken_on") >= SINCE, pl.col("unit_type") == "MILES").collect()
    dashboard = ra.explore(ra.load(ROOT / "data" / "rewards.json"), as_of=AS_OF, history=days, state={"tab": "history"})
    with chromium.new_context() as context:
        shown = WidgetPage(context.new_page(), dashboard)
        for scheme, width in (("light", 1200), ("dark", 390)):
            shown.page.emulate_media(color_scheme=scheme)
            shown.page.set_viewport_size({"width": width, "height": 900})
            shown.page.screenshot(path=SCREENSHOTS / f"history-{scheme}-{width}.png", full_page=True)
            assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
            assert violations(shown.page, shown.page.locator("#output")) == []
        shown.page.get_by_role("button", name="Prepare downloads").click()
        shown.until(lambda: shown.page.get_by_role("status").get_by_role("link").count() == 16)
        shown.page.locator("[data-copy-of$=table-forecast]").click()
        shown.page.locator("[data-copied]").wait_for()


@in_jupyterlab
def test_a_kernel_that_dies_is_said_and_the_page_stays_readable(front):
    fronts.execute(front, "import os; os._exit(1)")
    front.get_by_role("dialog").get_by_role("button", name="Ok").click()
    front.clock.install()
    dashboard(front).locator(".toggle", has_text="Miles").click()
    front.clock.fast_forward(16_000)

    dashboard(front).get_by_text("The kernel does not answer. What you see stays readable.").wait_for()
    assert dashboard(front).locator(".panel").is_visible()
    front.screenshot(path=SCREENSHOTS / "explore-dead-kernel.png")
