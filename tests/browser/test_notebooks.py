"""Each notebook as its reader meets it: in a real JupyterLab, run from top to bottom, in both themes."""

import io
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from PIL import Image

import rewards_analytics as ra
from rewards_analytics.plots.style import DARK, LIGHT
from rewards_analytics.wording import amount
from tests.browser.lab import jupyterlab

ROOT = Path(__file__).parent.parent.parent
SCREENSHOTS = ROOT / "build" / "screenshots"
WITH_TESTS_OF_THEIR_OWN = {"overview", "fetch"}
# What the others show is HTML and pictures, which nbval compares.
WITH_WIDGETS = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb") if "ra.explore(" in path.read_text()}
NOTEBOOKS = sorted(WITH_WIDGETS - WITH_TESTS_OF_THEIR_OWN)

RUN_ALL = """async path => {
    const panel = await jupyterapp.commands.execute("docmanager:open", {path});
    await panel.context.ready;
    await panel.sessionContext.ready;
    await jupyterapp.commands.execute("notebook:clear-all-cell-outputs");
    await jupyterapp.commands.execute("notebook:run-all-cells");
    const cells = panel.content.widgets.filter(cell => cell.model.type === "code");
    return cells.map(cell => ({
        count: cell.model.executionCount,
        outputs: cell.model.outputs.toJSON().map(output => output.output_type),
    }));
}"""

SHUT = """async () => {
    await jupyterapp.commands.execute("docmanager:save");
    await jupyterapp.commands.execute("application:close");
    await jupyterapp.serviceManager.sessions.shutdownAll();
}"""


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """A page of JupyterLab with copies of the notebooks; `lab.messages` is what the console was told."""
    pytest.importorskip("jupyterlab", reason='JupyterLab is missing: pip install "rewards-analytics[lab]"')
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "data", ".github/benchmarks"):
        shutil.copytree(ROOT / name, folder / "work" / name)
    with jupyterlab(folder, folder / "work") as address, chromium.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.messages = []
        page.on("console", lambda message: page.messages.append((message.type, message.text)))
        page.on("pageerror", lambda error: page.messages.append(("error", str(error))))
        page.on("dialog", lambda dialog: (page.messages.append(("dialog", dialog.message)), dialog.dismiss()))
        page.goto(f"{address}lab")
        page.wait_for_function("window.jupyterapp?.restored.then(() => true)")
        page.evaluate("jupyterapp.commands.execute('application:toggle-left-area')")
        yield page


@pytest.fixture
def ran(lab):
    """Open a notebook and run all of it, on a page as tall as it takes."""

    def run(name):
        lab.messages.clear()
        lab.set_viewport_size({"width": 1280, "height": 5000})
        cells = lab.evaluate(RUN_ALL, f"notebooks/{name}.ipynb")
        assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
        assert not [cell for cell in cells if "error" in cell["outputs"]]
        return lab

    yield run
    assert lab.locator("mjx-container").count() == 0, "an amount in dollars became mathematics"
    assert [message for message in lab.messages if message[0] in ("error", "warning", "dialog")] == []
    lab.evaluate(SHUT)


def photograph(page, name):
    """Keep what the reader sees in both themes; every picture is as light or dark as its page. Return their number."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    pictures = page.locator(".rewards-picture img:visible")
    for theme, look in (("Dark", DARK), ("Light", LIGHT)):
        page.evaluate(f"jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
        page.wait_for_function(f"document.body.dataset.jpThemeName === 'JupyterLab {theme}'")
        page.wait_for_timeout(300)
        page.screenshot(path=SCREENSHOTS / f"{name}-{theme.lower()}.png")
        for _ in range(20):  # a busy machine repaints late
            colours = {background(pictures.nth(place)) for place in range(pictures.count())}
            if colours <= {look.page}:
                break
            page.wait_for_timeout(100)
        assert colours <= {look.page}
    return pictures.count()


def background(image):
    """The colour of the top left corner of an image, as the reader sees it."""
    shown = Image.open(io.BytesIO(image.screenshot())).convert("RGB")
    return "#{:02x}{:02x}{:02x}".format(*shown.getpixel((6, 6)))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs_from_top_to_bottom_without_a_word_in_the_console(ran, name):
    page = ran(name)

    page.locator(".rewards-explore:visible, .rewards-shown:visible").first.wait_for()
    pictures = photograph(page, name)
    assert pictures > 0 or name != "expiring"


def test_the_overview_follows_unit_date_and_period_with_the_functions_own_numbers(ran):
    from playwright.sync_api import expect

    page = ran("overview")
    rewards = ra.load(ROOT / "data" / "rewards.json")
    photograph(page, "overview")

    dashboard = page.locator(".rewards-explore").last  # that which code has opened on the timeline of points
    dashboard.get_by_role("button", name="Points", exact=True).first.click()
    dashboard.get_by_role("button", name="Miles", exact=True).first.click()
    dashboard.locator("[data-key=as_of]").fill("2028-03-01")
    dashboard.locator("[data-key=every]").select_option("month")

    miles = rewards.filter(pl.col("unit_type") == "MILES")
    busy = ra.expiring(miles, as_of=date(2028, 3, 1)).filter(pl.col("rewards") > 0)
    amounts = dashboard.get_by_role("region", name="Periods with an expiry").locator("tbody td.number")
    expect(amounts).to_have_text([amount(value, "MILES") for value in busy["expiring"]])
    assert len(busy) > 0


# --- Fetching ---


def choose(form, user):
    """Find a user with the keyboard alone; its member at the test institution comes first."""
    form.get_by_label("User", exact=True).press_sequentially(user.upper())
    form.get_by_label("User", exact=True).press("Enter")
    form.get_by_role("button", name="MX Bank").wait_for()


def test_a_reader_answers_a_question_sees_rewards_arrive_and_stops_waiting(ran):
    from playwright.sync_api import expect

    page = ran("fetch")
    form = page.locator(".rewards-connect").first
    said, arrived = form.get_by_role("status"), form.locator("table caption")
    expect(form.get_by_text("Sandbox", exact=True)).to_be_visible()
    expect(page.get_by_text("The fetch form needs a running kernel").first).to_be_hidden()

    choose(form, "user-0001")
    form.get_by_role("button", name="Fetch rewards").press("Enter")
    expect(form.get_by_text("What city were you born in?")).to_be_visible()
    page.keyboard.type("correct")  # the field has the focus
    page.keyboard.press("Enter")
    expect(said).to_contain_text("of user-0001 at MX Bank, ")
    expect(arrived).to_have_text("4 rewards")
    expect(form.get_by_role("cell", name="5,109")).to_be_visible()
    photograph(page, "fetch")

    form.get_by_role("button", name="Change user").click()
    choose(form, "user-0003")
    form.get_by_role("button", name="Fetch rewards").click()
    expect(form.get_by_role("img", name="Picture for this question")).to_be_visible()
    photograph(page, "fetch-picture")
    form.get_by_role("button", name="Stop waiting").click()
    expect(said).to_contain_text("Stopped")
    outputs = page.evaluate("JSON.stringify(jupyterapp.shell.currentWidget.content.model.toJSON().cells[4].outputs)")
    assert "The fetch form needs a running kernel" in outputs
    assert "correct" not in outputs
