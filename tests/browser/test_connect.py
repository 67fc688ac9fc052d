"""The fetch form in Chromium, in each of its states, themes and widths; `test_notebooks.py` has it in JupyterLab."""

import os
from datetime import date
from pathlib import Path
from threading import Event

import pytest

import rewards_analytics as ra
from rewards_analytics.client import ImageChallenge, ImageOption, ImageOptionsChallenge, Option, OptionsChallenge
from rewards_analytics.sandbox import Clock, Sandbox, World
from rewards_analytics.sandbox.jobs import PIXEL
from rewards_analytics.widgets.connect.questions import question_of
from rewards_analytics.widgets.connect.view import View
from tests.browser.widget_page import WidgetPage

TODAY = date(2026, 11, 23)
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CAT = ImageOption("Cat", "1", f"data:image/png;base64,{PIXEL}")
HOSTILE = "<img src=x onerror=alert(1)> $5 to $10 \u202eold " + "x" * 10_000


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(world=World(users=12, clock=Clock(TODAY, frozen=True), job_time=10)) as running:
        first, *_ = running.world.users.values()
        for password in ("image_options", "UNAUTHORIZED"):
            running.world.create_member(first, "mxbank", password=password)
        running.world.create_user(HOSTILE)
        yield running


@pytest.fixture(scope="module")
def tab(chromium):
    with chromium.new_context(viewport={"width": 1000, "height": 800}) as context:
        page = context.new_page()
        page.set_default_timeout(5_000)
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("console", lambda message: page.wrong.append(message.text))
        page.on("request", lambda request: request.url.startswith(("blob:", "data:")) or page.wrong.append(request.url))
        yield page


@pytest.fixture
def time_passes():
    """Set unless a test holds a job where it is."""
    event = Event()
    event.set()
    yield event
    event.set()


@pytest.fixture
def shown(tab, sandbox, time_passes):
    """The form with a client of the sandbox, in a page."""

    def sleep(seconds):
        time_passes.wait(30)
        sandbox.world.advance(seconds=seconds)

    client = ra.AtriumClient(
        sandbox.api_key,
        sandbox.client_id,
        sandbox.base_url,
        sleep=sleep,
        clock=lambda: sandbox.world.clock.now().timestamp(),
    )
    form = ra.connect(client)
    form.wait()
    yield WidgetPage(tab, form)
    form.close()
    client.close()
    assert tab.wrong == []


@pytest.fixture(scope="module")
def looks(tab, artefacts):
    """Look at a state in both themes and on a phone: what axe-core finds, and whether it is wider than the page."""
    axe = os.environ.get("AXE_CORE")
    if axe is None:
        pytest.skip("AXE_CORE does not name axe.min.js: npm install axe-core")
    program = Path(axe).read_text(encoding="utf-8")

    def look(name):
        found = []
        if not tab.evaluate("Boolean(window.axe)"):
            tab.evaluate(program)
        for scheme, width in (("light", 1000), ("dark", 390)):
            tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            tab.set_viewport_size({"width": width, "height": 800})
            result = tab.evaluate("levels => axe.run('#output', {runOnly: levels})", LEVELS)
            found += [(scheme, width, each["id"], each["nodes"][0]["html"][:200]) for each in result["violations"]]
            found += [(scheme, width, "overflow")] * tab.evaluate("document.documentElement.scrollWidth > innerWidth")
            tab.locator("#output").screenshot(path=artefacts / f"connect-{name}-{scheme}-{width}.png")
        tab.set_viewport_size({"width": 1000, "height": 800})
        assert found == []

    return look


def choose(shown, user, member=None):
    shown.widget.choose_user(user)
    shown.widget.wait()
    if member is not None:
        shown.widget.choose_member(member)
    shown.carry()


def fetch(shown, sandbox, password):
    """Start a job on the member of the test institution with this password, with the button."""
    member = next(each for each in sandbox.world.members.values() if each.password == password)
    choose(shown, member.user_guid, member.guid)
    shown.page.get_by_role("button", name="Fetch rewards").click()
    shown.until(lambda: any(map(shown.shows, ("asking", "fetched", "failed"))))


def focused(page):
    return page.evaluate("document.activeElement.id.replace(/^v[a-z0-9]+-/, '')")


# --- With the keyboard ---


def test_the_keyboard_alone_finds_fetches_is_refused_and_answers(shown, sandbox):
    page, form = shown.page, shown.widget
    page.get_by_label("User", exact=True).focus()
    assert page.get_by_role("option").count() == 13  # before a letter is typed

    page.keyboard.type("USER-0001")
    page.keyboard.press("Enter")  # before the list is here
    shown.until(lambda: "MX Bank" in form.html)
    assert focused(page) == "do-fetch"
    page.keyboard.press("Enter")
    shown.until(lambda: shown.shows("asking"))
    assert focused(page) == "answer-1-0"
    page.keyboard.press("Enter")  # without an answer nothing is sent
    shown.carry()
    assert form.state == "asking"
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    shown.until(lambda: shown.shows("failed"))
    assert "That answer was refused. Try again." in page.get_by_role("alert").first.inner_text()
    page.keyboard.press("Enter")  # Try again has the focus
    shown.until(lambda: shown.shows("asking"))
    page.keyboard.type("correct")
    page.keyboard.press("Enter")
    shown.until(lambda: shown.shows("fetched"))

    assert page.get_by_role("table").locator("tbody tr").count() == len(form.rewards)
    assert [each["with"] for each in shown.sent if each["do"] == "answer"] == [["0", "wrong"], ["0", "correct"]]
    assert "wrong" not in page.content()


def test_a_press_on_a_picture_answers(shown, sandbox):
    fetch(shown, sandbox, "image_options")

    shown.page.get_by_role("button", name="The right one").click()
    shown.until(lambda: shown.shows("fetched"))

    assert not shown.widget.rewards.is_empty()


def test_an_answer_that_is_being_typed_survives_a_larger_picture(shown, sandbox):
    fetch(shown, sandbox, "image")
    page = shown.page
    page.get_by_label("Answer").fill("corr")

    page.get_by_role("button", name="Larger").click()
    shown.until(lambda: page.get_by_role("button", name="Smaller").count() == 1)

    assert page.get_by_label("Answer").input_value() == "corr"
    shown.widget.stop()


def test_a_longer_wait_is_chosen_where_the_message_says_so(shown, sandbox):
    shown.widget.timeout = 5
    choose(shown, "user-0004")
    sandbox.world.advance(days=1)
    shown.page.get_by_role("button", name="Fetch rewards").click()
    shown.until(lambda: shown.shows("failed"))
    assert "has not finished after 5 seconds" in shown.page.get_by_role("alert").first.inner_text()

    shown.page.get_by_label("Wait at most").select_option("10 minutes")
    shown.until(lambda: shown.widget.timeout == 600)
    shown.page.get_by_role("button", name="Try again").click()
    shown.until(lambda: shown.shows("fetched"))


# --- With other eyes ---


def test_the_start_the_list_and_the_members_have_no_violation(shown, looks):
    page = shown.page
    looks("start")
    page.get_by_label("User", exact=True).fill("zzz")
    shown.until(lambda: "No user matches." in page.content())
    looks("no-match")
    page.get_by_label("User", exact=True).fill("x")
    shown.until(lambda: page.get_by_role("option").count() == 1)
    page.keyboard.press("ArrowDown")
    looks("list")
    choose(shown, "user-0001")
    looks("members")


@pytest.mark.parametrize("password", ["challenge", "options", "image", "image_options"])
def test_each_kind_of_question_has_no_violation(shown, sandbox, looks, password):
    sandbox.world.advance(days=1)
    fetch(shown, sandbox, password)
    assert shown.widget.state == "asking"

    looks(f"asks-{password}")

    shown.widget.stop()
    shown.widget.wait()


def test_the_running_the_refused_the_failed_and_the_done_form_have_no_violation(shown, sandbox, looks, time_passes):
    page = shown.page
    sandbox.world.advance(days=1)
    fetch(shown, sandbox, "challenge")
    time_passes.clear()
    page.get_by_label("Answer").fill("wrong")
    page.get_by_role("button", name="Submit").click()
    shown.until(lambda: shown.shows("fetching"))
    looks("running")
    time_passes.set()
    shown.until(lambda: shown.shows("failed"))
    page.get_by_text("Details", exact=True).click()
    looks("refused")
    fetch(shown, sandbox, "UNAUTHORIZED")
    looks("failed")
    fetch(shown, sandbox, "password")
    looks("done")


def test_the_form_without_keys_and_several_questions_at_once_have_no_violation(tab, looks, monkeypatch):
    for name in ("MX_API_KEY", "MX_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)
    form = ra.connect()
    form.wait()
    page = WidgetPage(tab, form)
    looks("no-keys")

    picture = question_of(ImageOptionsChallenge("C1", "IMAGE_OPTIONS", "Which?", image_options=[CAT, CAT]))
    words = question_of(OptionsChallenge("C2", "OPTIONS", HOSTILE, options=[Option(HOSTILE, "1"), Option("B", "2")]))
    text = question_of(ImageChallenge("C3", "IMAGE_DATA", HOSTILE, image_data="none"))
    form.html = View(state="asking", questions=[text, picture, words]).html()
    page.carry()
    looks("several-questions")
    form.close()
