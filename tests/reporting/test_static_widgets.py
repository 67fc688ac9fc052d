"""Widgets on a page: what they show, from the state that a notebook stores; real widgets, without a kernel."""

import base64
import datetime as dt
import json

import ipywidgets as widgets
import pytest

from rewards_analytics.reporting.notebook.outputs import shown_by
from rewards_analytics.reporting.notebook.sanitise import clean
from rewards_analytics.reporting.notebook.static_widgets import STATE, VIEW, Widgets
from tests.reporting.pages import Page

DOT = base64.b64decode("R0lGODlhAQABAAAAACw=")


def shown(widget):
    """The HTML of a widget's stored state, as nbclient stores it: bytes in base64."""
    state = widgets.Widget.get_manager_state(drop_defaults=False)["state"]
    state = json.loads(json.dumps(state))
    stored = Widgets({"widgets": {STATE: {"state": state}}}, show=lambda output: shown_by(output, stored))
    return clean(stored.html(widget.model_id))


def words(widget):
    return Page(shown(widget)).text


@pytest.mark.parametrize(
    ("widget", "said"),
    [
        (widgets.HTML("<p>1,200 <b>miles</b></p>"), "1,200 miles"),
        (widgets.Label("<b>1,200</b> miles"), "<b>1,200</b> miles"),
        (widgets.Dropdown(options=[("Month", 1), ("Year", 2)], value=2, description="Period"), "Period Year"),
        (widgets.SelectMultiple(options=["MILES", "POINTS"], value=["MILES", "POINTS"]), "MILES, POINTS"),
        (widgets.RadioButtons(options=["a"], value=None, description="Choice"), "Choice"),
        (widgets.IntSlider(value=7, description="Days"), "Days 7"),
        (widgets.IntRangeSlider(value=(3, 9), description="Days"), "Days 3 – 9"),
        (widgets.Checkbox(value=True, description="Miles"), "Miles yes"),
        (widgets.DatePicker(value=dt.date(2026, 11, 23), description="As of"), "As of 2026-11-23"),
        (widgets.Text("<script>", description="User"), "User <script>"),
        (widgets.Text(), ""),
        (widgets.Button(description="Press"), ""),
        (widgets.Password(value="s3cret", description="Key"), ""),
        (widgets.VBox([widgets.Label("one"), widgets.HBox([widgets.Label("two")])]), "onetwo"),
        (widgets.Stack([widgets.Label("one"), widgets.Label("two")], selected_index=1), "two"),
        (widgets.HTML("hidden", layout={"visibility": "hidden"}), ""),
        (widgets.VBox([widgets.Label("hidden")], layout={"display": "none"}), ""),
        (widgets.VBox([widgets.Label("hidden", layout={"display": "none"}), widgets.Label("seen")]), "seen"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, widgets.Widget) else value or "nothing",
)
def test_a_widget_is_what_it_shows(widget, said):
    assert words(widget) == said


@pytest.mark.parametrize("kind", [widgets.Tab, widgets.Accordion])
def test_the_pages_of_tabs_open_without_a_script_and_the_chosen_one_is_open(kind):
    page = Page(shown(kind([widgets.Label("one"), widgets.Label("two")], titles=["First"], selected_index=1)))

    assert [attributes for tag, attributes in page.tags if tag == "details"] == [{}, {"open": ""}]
    assert page.text == "FirstonePart 2two"


def test_an_image_has_its_words():
    image = Page(shown(widgets.Image(value=DOT, format="gif", tooltip="A dot"))).images[0]

    assert (image["src"], image["alt"]) == (f"data:image/gif;base64,{base64.b64encode(DOT).decode()}", "A dot")


def test_what_an_output_holds_is_shown():
    held = widgets.Output(outputs=({"output_type": "stream", "name": "stdout", "text": "12 miles\n"},))

    assert words(held) == "12 miles"


def test_nothing_in_a_widget_runs():
    page = Page(shown(widgets.HTML("<img src=x onerror=alert(1)><script>alert(1)</script><b>seen</b>")))

    assert not {"script", "img"} & {tag for tag, _ in page.tags}
    assert page.text.endswith("seen")


def test_a_widget_in_itself_is_no_endless_page():
    box = widgets.VBox([widgets.Label("one")])
    box.children = (box, *box.children)

    assert words(box) == "one"


def test_a_view_without_a_stored_state_is_its_text():
    output = {"output_type": "display_data", "data": {VIEW: {"model_id": "gone"}, "text/plain": "Explore(25 users)"}}

    assert [Page(block).text for block in shown_by(output, Widgets({}, show=lambda _: []))] == ["Explore(25 users)"]
