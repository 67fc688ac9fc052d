"""The dashboard's module in Chromium: what it sends, and what it keeps when Python's next view is put in place.

The page is small HTML by hand that keeps to the contract in `widgets/explore/README.md`, and the kernel is played by
the test. `test_explore.py` has the real ones.
"""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from rewards_analytics.spreadsheet import FORMULA
from rewards_analytics.widgets.explore.module import module

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "rewards_analytics" / "widgets" / "explore").glob("*.js"))
ADDRESS = "https://module.test/"
LINES = '<p data-live aria-live="polite"></p><p data-alert role="alert"></p>'


def html(*parts, attributes=""):
    return f'<section class="rewards-explore" {attributes}>{"".join(parts)}{LINES}</section>'


def button(text, do, *given, tag="button", **attributes):
    own = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f"<{tag} data-do=\"{do}\" data-with='{json.dumps(given)}'{own}>{text}</{tag}>"


def marks(*days, group="marks"):
    """A timeline of bars, 40 pixels each."""
    bars = "".join(
        f'<g id="{group}-{day}" role="button" tabindex="{0 if not index else -1}" aria-label="{day}: 5 miles"'
        f' data-do="toggle" data-with=\'["period","{day}"]\' data-tip="5 miles in {day}">'
        f'<rect x="{40 * index}" width="39" height="60"/></g>'
        for index, day in enumerate(days)
    )
    return (
        f'<svg width="400" height="60" aria-label="Timeline"><g role="group" data-marks id="{group}">{bars}</g></svg>'
    )


def people(*guids):
    """The search, with the options that Python found."""
    options = (button(guid, "toggle", "users", guid, tag="li", role="option", id=guid) for guid in guids)
    return (
        '<input id="search" data-search role="combobox" aria-label="Find" aria-expanded="false" aria-controls="found">'
        f'<ul id="found" role="listbox" data-matches hidden>{"".join(options)}</ul>'
    )


@contextmanager
def tab_with_the_module(chromium):
    """A page with the module, at an address as secure as that of a notebook on this machine."""
    files = {"": Path(__file__).with_name("module.html").read_text(encoding="utf-8"), "explore.js": module()}
    kinds = {"": "text/html", "explore.js": "text/javascript"}

    def answer(route):
        name = route.request.url.removeprefix(ADDRESS)
        route.fulfill(body=files[name], content_type=kinds[name])

    with chromium.new_context(permissions=["clipboard-read", "clipboard-write"], has_touch=True) as context:
        context.route("**/*", answer)
        page = context.new_page()
        page.set_default_timeout(5_000)
        page.wrong = []
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.goto(ADDRESS)
        yield page


@pytest.fixture(scope="module")
def tab(chromium):
    with tab_with_the_module(chromium) as page:
        yield page


@pytest.fixture
def view(tab):
    """Shows HTML in a new view and returns the page."""
    yield partial(show_first, tab)
    tab.evaluate("finish()")
    assert tab.wrong == []


def show_first(page, *parts, attributes="", **options):
    page.evaluate("given => begin(given)", {"html": html(*parts, attributes=attributes), **options})
    return page


def show(page, *parts, attributes=""):
    """Python's next view."""
    page.evaluate("html => show(html)", html(*parts, attributes=attributes))


def sent(page):
    return [(each["do"], *each["with"]) for each in page.evaluate("sent")]


def live(page):
    return page.locator("[data-live]").first.text_content().strip("\u00a0")


def focused(page):
    return page.evaluate("document.activeElement.id.replace(/^v[a-z0-9]+-/, '')")


# --- Messages ---------------------------------------------------------------------------------------


def test_a_click_and_a_key_send_the_message_that_the_element_names(view):
    page = view(
        button("Miles", "toggle", "units", "MILES"),
        button("Bar", "toggle", "period", "2026-12-01", tag="div", role="button", tabindex="0"),
    )

    page.get_by_role("button", name="Miles").click()
    page.get_by_role("button", name="Miles").press("Enter")
    page.get_by_role("button", name="Bar").press("Enter")
    page.get_by_role("button", name="Bar").press("Space")

    assert sent(page) == [("toggle", "units", "MILES")] * 2 + [("toggle", "period", "2026-12-01")] * 2


def test_one_message_is_on_its_way_the_newest_of_a_kind_waits_and_no_toggle_is_lost(view):
    names = ("MILES", "POINTS", "DOLLARS")
    tabs = [button(name, "set", "tab", name.lower()) for name in ("Totals", "Expiring", "Quality")]
    page = view(*(button(name, "toggle", "units", name) for name in names), *tabs, isPrompt=False)

    for name in ("MILES", "Totals", "POINTS", "Expiring", "DOLLARS", "Quality"):
        page.get_by_role("button", name=name).click()
    assert sent(page) == [("toggle", "units", "MILES")]
    for _ in range(5):
        page.evaluate("answer()")

    assert sent(page) == [*(("toggle", "units", name) for name in names), ("set", "tab", "quality")]


def test_a_kernel_without_an_answer_is_said_after_15_seconds_and_the_next_answer_takes_it_back(chromium):
    with tab_with_the_module(chromium) as page:
        page.clock.install(time=0)
        page.clock.pause_at(100_000)
        show_first(page, button("Miles", "toggle", "units", "MILES"), isPrompt=False)
        alert, busy = page.get_by_role("alert"), page.locator("[data-busy]")
        page.get_by_role("button", name="Miles").click()
        page.clock.run_for(199)
        assert busy.count() == 0
        page.clock.run_for(2)
        assert busy.count() == 1
        page.clock.run_for(15_000)
        assert alert.text_content().startswith("The kernel does not answer. What you see stays readable. To go on, ")
        assert busy.count() == 0

        page.get_by_role("button", name="Miles").click()
        page.evaluate("answer()")

        assert len(sent(page)) == 2
        assert alert.text_content() == ""


def test_a_kernel_that_is_dead_is_said_at_once(view):
    page = view(button("Miles", "toggle", "units", "MILES"))
    page.evaluate("isDead = true")

    page.get_by_role("button", name="Miles").click()

    assert "does not answer" in page.get_by_role("alert").text_content()


# --- The next view ----------------------------------------------------------------------------------


def test_an_element_with_an_id_stays_the_same_wherever_the_next_view_has_it(view):
    page = view('<p id="a">A</p><div><button id="b">B</button></div>')
    page.evaluate("window.kept = document.querySelector('[id$=-b]')")
    page.get_by_role("button", name="B").focus()

    show(page, '<div><span>new</span></div><p id="c">C</p><button id="b">B, moved</button>')

    assert page.locator("#here section > *").all_text_contents()[:3] == ["new", "C", "B, moved"]
    assert page.evaluate("kept === document.activeElement && kept.textContent") == "B, moved"


def test_the_next_view_is_what_a_new_view_would_be(view):
    first = '<ul><li id="x">1</li><li>2</li></ul><table><tr><td>a</td></tr></table><p>text <b>bold</b> end</p>'
    then = '<p class="n">text</p><ul><li>0</li><li id="y">3</li><li id="x" lang="en">1</li></ul><svg><g id="z"/></svg>'
    page = view(first)
    show(page, then)
    strip = "document.querySelector('#here section').outerHTML.replaceAll(/v[a-z0-9]{6,}-/g, '')"
    patched = page.evaluate(strip)

    assert patched == view(then).evaluate(strip)


def test_what_people_opened_and_what_was_said_is_left_alone(view):
    part = "<details><summary>Code</summary>{}</details>"
    page = view(part.format("1"), button("Copy", "files", "totals"))
    page.get_by_text("Code").click()
    page.evaluate("document.querySelector('[data-live]').textContent = 'Copied'")

    show(page, part.format("2"))

    assert page.locator("details").evaluate("it => it.open && it.lastChild.data") == "2"
    assert live(page) == "Copied"


def test_the_focus_goes_to_the_nearest_chip_when_its_chip_is_removed(view):
    def chips(*names):
        removers = (button(name, "toggle", "units", name, id=name) for name in names)
        return f'<div id="chips">{"".join(removers)}</div><button id="reset">Reset</button>'

    page = view(chips("MILES", "POINTS", "DOLLARS"))
    page.get_by_role("button", name="POINTS").focus()

    for left, has_focus in [(["MILES", "DOLLARS"], "DOLLARS"), (["MILES"], "MILES"), ([], "reset")]:
        show(page, chips(*left))
        assert focused(page) == has_focus


def test_a_select_with_the_focus_is_not_set_back_while_a_choice_of_it_waits(view):
    def select(chosen):
        options = (f'<option value="{each}"{" selected" * (each == chosen)}>{each}</option>' for each in "abc")
        return f'<select data-change="set" data-key="every" aria-label="Period">{"".join(options)}</select>'

    page = view(select("a"), isPrompt=False)
    control = page.get_by_label("Period")
    control.focus()
    control.select_option("b")
    control.select_option("c")
    show(page, select("b"))
    assert control.input_value() == "c"

    page.evaluate("answer()")
    show(page, select("a"))  # the kernel refused "c"
    page.evaluate("answer()")

    assert sent(page) == [("set", "every", "b"), ("set", "every", "c")]
    assert control.input_value() == "a"


def test_two_views_of_one_model_have_ids_of_their_own_and_both_follow(view):
    page = view('<label for="a">A</label><input id="a"><b id="b">1</b>', button("Miles", "toggle"), views=2)

    show(page, '<label for="a">A</label><input id="a"><b id="b">2</b>', button("Miles", "toggle"))
    page.get_by_label("A").nth(1).fill("second")

    ids = page.evaluate("[...document.querySelectorAll('#here [id]')].map(({ id }) => id)")
    assert len(ids) == len(set(ids)) == 10  # with a tooltip and two lines for what is said each
    assert page.locator("#here b").all_text_contents() == ["2", "2"]
    assert page.get_by_label("A").first.input_value() == ""


def test_the_static_copy_is_hidden_while_a_view_lives(view):
    page = view("<p>The widget</p>")
    static = page.get_by_text("The static copy")
    assert not static.is_visible()

    page.evaluate("finish()")

    assert static.is_visible()


# --- Finding people ---------------------------------------------------------------------------------


def test_no_letter_is_lost_however_often_the_view_changes_while_someone_types(view):
    page = view(people())
    search = page.get_by_role("combobox")
    search.focus()
    for letter in "6c1f":
        page.keyboard.press(letter)
        show(page, people("USR-6c1f", f"USR-{letter}"))
    page.wait_for_function("sent.length > 0")

    assert search.input_value() == "6c1f"
    assert sent(page) == [("find", "6c1f")]


def test_letters_being_composed_are_searched_when_they_are_complete(view):
    page = view(people())
    page.get_by_role("combobox").focus()
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "ｄ", "selectionStart": 1, "selectionEnd": 1})
    page.wait_for_timeout(200)
    assert sent(page) == []

    session.send("Input.insertText", {"text": "で"})
    page.wait_for_function("sent.length > 0")

    assert sent(page) == [("find", "で")]
    session.detach()


def test_arrows_walk_the_list_enter_picks_and_the_input_is_ready_for_the_next(view):
    page = view(people("USR-1", "USR-2", "USR-3"))
    search = page.get_by_role("combobox")
    search.press_sequentially("u")
    page.wait_for_function("sent.length === 1")
    assert search.get_attribute("aria-expanded") == "true"
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"):
        search.press(key)
    assert page.locator("[role=option].active").text_content() == "USR-2"
    assert search.get_attribute("aria-activedescendant") == page.get_by_text("USR-2").get_attribute("id")

    search.press("Enter")
    page.wait_for_function("sent.length === 3")

    assert sent(page)[-2:] == [("toggle", "users", "USR-2"), ("find", "")]
    assert search.input_value() == ""
    assert not page.get_by_role("listbox").is_visible()
    assert focused(page) == "search"


def test_enter_waits_for_the_matches_of_the_letters_that_stand_there(view):
    page = view(people("USR-of-nothing"), isPrompt=False)
    page.get_by_role("combobox").press_sequentially("u6")
    page.keyboard.press("Enter")
    page.wait_for_function("sent.length === 1")
    show(page, people("USR-6"))
    page.evaluate("answer()")

    assert sent(page) == [("find", "u6"), ("toggle", "users", "USR-6")]


def test_a_click_on_an_option_picks_it_and_escape_closes_the_list_before_it_resets(view):
    page = view(people("USR-1", "USR-2"))
    search = page.get_by_role("combobox")
    search.press_sequentially("u")
    page.get_by_role("option", name="USR-1").click()
    page.wait_for_function("sent.at(-1)?.do === 'find' && sent.at(-1).with[0] === ''")
    assert sent(page)[-2:] == [("toggle", "users", "USR-1"), ("find", "")]
    assert focused(page) == "search"

    search.press_sequentially("u")
    search.press("Escape")
    assert (search.input_value(), page.get_by_role("listbox").is_visible()) == ("", False)
    assert ("reset",) not in sent(page)
    search.press("Escape")

    assert ("reset",) in sent(page)


def test_a_date_is_sent_once_it_is_written(view):
    page = view('<input type="date" aria-label="As of" data-change="set" data-key="as_of" value="2026-11-23">')
    control = page.get_by_label("As of")
    control.focus()
    for key in "06012027":
        page.keyboard.press(key)
    page.wait_for_function("sent.length > 0")

    assert sent(page) == [("set", "as_of", "2027-06-01")]


# --- Marks ------------------------------------------------------------------------------------------

DAYS = ("2026-11-01", "2026-12-01", "2027-01-01", "2027-02-01")


def test_arrows_home_and_end_walk_the_marks_which_are_said_and_explained(view):
    page = view(marks(*DAYS))
    page.locator("#outside").focus()
    page.keyboard.press("Tab")
    at = [focused(page)]
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "End", "ArrowRight", "Home", "ArrowUp"):
        page.keyboard.press(key)
        at.append(focused(page))

    assert [DAYS.index(each.removeprefix("marks-")) for each in at] == [0, 1, 2, 1, 3, 3, 0, 0]
    assert live(page) == "5 miles in 2026-11-01"
    assert page.get_by_role("tooltip").text_content() == "5 miles in 2026-11-01"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    show(page, marks(*DAYS))
    assert sent(page) == [("toggle", "period", DAYS[1])]
    assert page.locator("[data-marks] [tabindex='0']").get_attribute("id").endswith(DAYS[1])


def test_no_key_of_the_widget_reaches_the_notebook_but_its_own_commands_do(view):
    page = view(marks(*DAYS), button("Miles", "toggle"))
    page.get_by_role("button", name="Miles", exact=True).focus()

    for key in ("a", "d", "Escape", "ArrowDown", "Enter", "Shift+Enter", "Control+s"):
        page.keyboard.press(key)

    assert page.evaluate("keys.filter((key) => !['Shift', 'Control'].includes(key))") == ["s"]


def test_escape_resets_and_control_z_undoes(view):
    page = view(marks(*DAYS), people())
    page.locator("[data-marks] g").first.focus()

    page.keyboard.press("Control+z")
    page.keyboard.press("Escape")
    page.get_by_role("combobox").press_sequentially("ab")
    page.keyboard.press("Control+z")
    page.wait_for_timeout(150)

    assert sent(page)[:2] == [("undo",), ("reset",)]
    assert ("undo",) not in sent(page)[2:], "in a text it takes back letters"


@pytest.mark.parametrize("start", [0, 3])
def test_a_range_is_dragged_and_its_end_is_no_click(view, start):
    page = view(marks(*DAYS), isPrompt=False)
    boxes = [page.locator("[data-marks] g").nth(index).bounding_box() for index in range(4)]
    x, y = (lambda index: boxes[index]["x"] + 20), boxes[0]["y"] + 30
    page.mouse.move(x(start), y)
    page.mouse.down()
    page.mouse.move(x(1), y)
    page.mouse.move(x(2), y + 200, steps=3)  # below the timeline
    assert page.locator("[data-brushed]").count() == (3 if start == 0 else 2)

    page.mouse.up()

    assert sent(page) == [("brush", *((DAYS[0], DAYS[2]) if start == 0 else (DAYS[2], DAYS[3])))]
    assert page.locator("[data-brushed]").count() == 0
    page.evaluate("answer()")
    page.locator("[data-marks] g").first.click()
    assert sent(page)[1:] == [("toggle", "period", DAYS[0])]


def test_shift_and_arrows_extend_a_range_which_escape_gives_up(view):
    page = view(marks(*DAYS))
    page.locator("[data-marks] g").nth(1).focus()
    page.keyboard.down("Shift")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert live(page) == "5 miles in 2026-12-01 – 5 miles in 2027-02-01"
    page.keyboard.press("Escape")
    page.keyboard.up("Shift")
    assert sent(page) == []

    page.locator("[data-marks] g").nth(1).focus()
    page.keyboard.down("Shift")
    page.keyboard.press("ArrowRight")
    page.keyboard.up("Shift")

    assert sent(page) == [("brush", DAYS[1], DAYS[2])]


def test_arrows_walk_tabs_without_choosing_them(view):
    names = ("Totals", "Expiring", "Quality")
    tabs = (
        button(name, "set", "tab", name.lower(), role="tab", aria_selected=str(name == "Totals").lower())
        for name in names
    )
    page = view(f'<div role="tablist">{"".join(tabs)}</div>')
    page.get_by_role("tab", name="Totals").focus()

    page.keyboard.press("ArrowRight")
    assert sent(page) == []
    page.keyboard.press("Enter")

    assert sent(page) == [("set", "tab", "expiring")]


# --- Tooltips and the clipboard ---------------------------------------------------------------------


def test_a_term_is_explained_by_pointer_focus_and_touch_and_escape_closes_it(view):
    term = '<button data-tip="What is held">Available</button>'
    page = view(term)
    tip = page.get_by_role("tooltip")
    word = page.get_by_role("button", name="Available")
    word.hover()
    assert tip.text_content() == "What is held"
    tip.hover()  # it stays while the pointer is on it
    page.wait_for_timeout(250)
    assert tip.is_visible()
    page.locator("#outside").hover()
    tip.wait_for(state="hidden")

    word.focus()
    assert word.get_attribute("aria-describedby") == tip.get_attribute("id")
    page.keyboard.press("Escape")
    assert not tip.is_visible()

    word.tap()

    assert tip.is_visible()
    assert sent(page) == []


def test_a_text_and_a_table_are_copied_and_no_cell_runs_as_a_formula(view):
    number = '<td class="number" data-value="{}">{}</td>'
    rows = (
        '<tr><th>Unit</th><th class="number">Available</th><th>Goal</th></tr>'
        f'<tr><td><code data-value="x">…</code></td>{number.format("-1200.5", "−1,200.50")}<td>=1+1</td></tr>'
        f'<tr><td data-value="USR-whole"><code>USR-…</code></td>{number.format("", "")}<td>a\tb\nc</td></tr>'
    )
    page = view(
        f'<table id="goals">{rows}</table><button data-copy-of="goals">Copy table</button>',
        '<button data-copy="ra.totals(rewards)">Copy code</button>',
        attributes=f'data-formula="{FORMULA}"',
    )
    page.get_by_role("button", name="Copy table").click()
    page.wait_for_function("document.querySelector('[data-copied]')")
    assert live(page) == "Copied"
    assert page.evaluate("navigator.clipboard.readText()").splitlines() == [
        "Unit\tAvailable\tGoal",
        "…\t-1200.5\t'=1+1",
        "USR-whole\t\ta b c",
    ]

    page.get_by_role("button", name="Copy code").click()
    page.wait_for_function("document.querySelectorAll('[data-copied]').length === 2")

    assert page.evaluate("navigator.clipboard.readText()") == "ra.totals(rewards)"


def test_a_page_without_the_clipboard_copies_all_the_same(view):
    page = view('<button id="copy" data-copy="MILES">Copy</button>')
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('denied')) }")

    page.get_by_role("button", name="Copy").click()
    page.wait_for_function("document.querySelector('[data-copied]')")

    assert page.evaluate("navigator.clipboard.readText()") == "MILES"
    assert focused(page) == "copy"
    page.evaluate("delete navigator.clipboard.writeText")


def test_a_view_in_a_shadow_root_works_the_same(view):
    page = view(people("USR-1"), marks(*DAYS), isShadow=True)
    search = page.get_by_role("combobox")
    search.press_sequentially("us")
    show(page, people("USR-1", "USR-2"), marks(*DAYS))
    search.press("Enter")
    page.wait_for_function("sent.at(-1)?.do === 'find' && sent.at(-1).with[0] === ''")
    page.locator("[data-marks] g").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    assert ("toggle", "users", "USR-1") in sent(page)
    assert sent(page)[-1] == ("toggle", "period", DAYS[1])


# --- Forms ------------------------------------------------------------------------------------------


def form(*parts):
    return f'<form data-submit="answer">{"".join(parts)}<button>Submit</button></form>'


ASKED = '<label>Answer <input id="answer" name="0" required data-secret></label>'


def test_enter_sends_the_fields_of_a_form_and_leaves_nothing_in_them(view):
    page = view(form(ASKED, '<label><input type="radio" name="1" value="0" data-secret>Blue</label>'))
    page.get_by_label("Blue").check()

    page.get_by_label("Answer").fill("Zug")
    page.get_by_label("Answer").press("Enter")

    assert sent(page) == [("answer", "0", "Zug", "1", "0")]
    assert page.get_by_label("Answer").input_value() == ""
    assert not page.get_by_label("Blue").is_checked()
    assert page.evaluate("keys") == []


def test_a_form_without_a_required_answer_is_not_sent(view):
    page = view(form(ASKED))

    page.get_by_label("Answer").press("Enter")
    page.get_by_role("button", name="Submit").click()

    assert sent(page) == []


def test_a_button_of_a_form_sends_its_own_value(view):
    page = view(form('<button name="0" value="0">Cat</button><button name="0" value="1">Dog</button>'))

    page.get_by_role("button", name="Dog").click()

    assert sent(page) == [("answer", "0", "1")]


def test_the_next_view_leaves_a_secret_that_is_being_typed(view):
    page = view(form(ASKED), button("Larger", "enlarge", id="larger"))
    page.get_by_label("Answer").fill("Zu")
    page.get_by_role("button", name="Larger").focus()

    show(page, form(ASKED), button("Smaller", "enlarge", id="larger"))

    assert page.get_by_label("Answer").input_value() == "Zu"


def test_what_has_appeared_to_be_answered_gets_the_focus_from_this_view_only(view):
    page = view(button("Fetch", "fetch", id="fetch"))
    asked = ASKED.replace("data-secret", "data-secret data-focus")
    page.get_by_role("button", name="Fetch").focus()
    show(page, form(asked))
    assert focused(page) == "answer"

    show(page, button("Fetch", "fetch", id="fetch"))
    page.get_by_role("button", name="Outside").focus()
    show(page, form(asked))

    assert focused(page) == "outside"


def test_a_search_may_list_people_before_a_letter_is_typed(view):
    page = view(people("USR-1").replace("data-search", 'data-search="always"'))

    page.get_by_role("combobox").focus()
    page.get_by_role("option", name="USR-1").click()

    assert sent(page)[0] == ("toggle", "users", "USR-1")


# --- Its text ---------------------------------------------------------------------------------------


def test_the_linter_finds_nothing():
    linter, node = os.environ.get("ESLINT"), shutil.which("node")
    if linter is None or node is None:
        pytest.skip("ESLINT does not name eslint.js, or node is missing: npm install eslint")
    command = [node, linter, "--config", ROOT / ".ci" / "eslint.config.mjs", *FILES]
    assert subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout == ""


def test_the_module_asks_for_nothing():
    assert [word for word in ("import ", "import(", "fetch(", "http", "eval(", "Function(") if word in module()] == []
