"""The dashboard shows the numbers of the public functions, for whatever is chosen."""

import datetime as dt
import re
from base64 import b64decode
from html import unescape

import ipywidgets as widgets
import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.wording import amount
from tests import frames

AS_OF = dt.date(2026, 11, 23)
REWARDS = frames.polars_frame(
    frames.table(
        [
            frames.total("MILES", "1204500", user_guid="USR-1"),
            frames.lot("MILES", "84000", "2027-01-31", user_guid="USR-1"),
            frames.to_level("MILES", "25000", description="<b>Gold</b> for $5", user_guid="USR-1"),
            frames.total("DOLLARS", "12.5", "2026-12-01", user_guid="USR-2"),
        ]
    )
)


@pytest.fixture
def dashboard():
    return ra.explore(REWARDS, as_of=AS_OF)


def cells(view):
    """The rows of a view's table, as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", view.value, re.DOTALL)
    texts = [[unescape(re.sub("<.*?>", "", cell)) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]
    return texts[1:]


def views(dashboard):
    return dashboard.totals, dashboard.expiring, dashboard.aging, dashboard.distance


def every_widget(widget):
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in every_widget(child))]


def test_all_users_and_units_are_shown_at_first(dashboard):
    assert cells(dashboard.totals) == [
        ["Dollars", "$12.50", "$12.50", "1", "1", "1"],
        ["Miles", "1,204,500", "84,000", "1", "1", "1"],
    ]
    assert cells(dashboard.expiring) == [
        ["Dec 2026", "Dollars", "$12.50", "1", "$12.50"],
        ["Jan 2027", "Miles", "84,000", "1", "84,000"],
    ]
    assert cells(dashboard.aging)[2:4] == [["31 to 60 days", "$0.00", "0"], ["61 to 90 days", "$0.00", "84,000"]]
    assert cells(dashboard.distance) == [["<b>Gold</b> for $5", "Level", "USR-1", "Miles", "25,000", "98%"]]


def test_a_user_is_chosen_by_the_whole_guid(dashboard):
    dashboard.user.value = "USR-2"

    assert cells(dashboard.totals) == [["Dollars", "$12.50", "$12.50", "1", "1", "1"]]
    assert "No goals ahead in this selection." in dashboard.distance.value


def test_a_unit_that_is_not_ticked_is_left_out(dashboard):
    dashboard.units["DOLLARS"].value = False

    assert [row[0] for row in cells(dashboard.totals)] == ["Miles"]
    assert [row[1] for row in cells(dashboard.expiring)] == ["Miles"]
    assert "Dollars" not in dashboard.aging.value


def test_the_date_moves_timeline_and_aging_schedule(dashboard):
    dashboard.as_of.value = dt.date(2026, 12, 2)

    assert [row[0] for row in cells(dashboard.expiring)] == ["Jan 2027"]
    assert cells(dashboard.aging)[0] == ["Expired", "$12.50", "0"]


@pytest.mark.parametrize(("every", "period"), [("day", "31 Jan 2027"), ("quarter", "Q1 2027"), ("year", "2027")])
def test_the_period_groups_the_timeline(dashboard, every, period):
    dashboard.every.value = every

    assert cells(dashboard.expiring)[1][0] == period


def test_the_horizon_ends_the_timeline(dashboard):
    dashboard.as_of.value = dt.date(2026, 10, 31)
    dashboard.horizon.value = 3

    assert [row[0] for row in cells(dashboard.expiring)] == ["Dec 2026"]
    assert "until 30 January 2027" in dashboard.expiring.value


@pytest.mark.parametrize(
    ("choose", "sentence"),
    [
        (lambda d: [setattr(box, "value", False) for box in d.units.values()], "No unit is chosen. Tick at least one."),
        (lambda d: setattr(d.as_of, "value", None), "No date is chosen."),
        (lambda d: setattr(d.user, "value", "USR-"), "No user is called 'USR-'. Choose one of the 2 that contain it"),
        (lambda d: setattr(d.user, "value", "<b>"), "No user is called '<b>'."),
    ],
    ids=["no unit", "no date", "part of a guid", "unknown user"],
)
def test_a_choice_that_shows_nothing_says_so_and_can_be_undone(dashboard, choose, sentence):
    before = [view.value for view in views(dashboard)]

    choose(dashboard)
    assert sentence in unescape(dashboard.status.value)
    assert {view.value for view in views(dashboard)} == {""}

    dashboard.user.value, dashboard.as_of.value = "", AS_OF
    for box in dashboard.units.values():
        box.value = True
    assert dashboard.status.value == ""
    assert [view.value for view in views(dashboard)] == before


def test_the_first_and_the_last_day_of_the_calendar_can_be_chosen(dashboard):
    for day in (dt.date.max, dt.date(2, 1, 1)):
        dashboard.as_of.value = day
        assert "Nothing expires from" in dashboard.expiring.value


def test_no_rewards_are_said_to_be_none():
    assert "There are no rewards to explore." in ra.explore(REWARDS.clear()).status.value


def test_typing_offers_the_users_that_match():
    rewards = frames.polars_frame(
        frames.table([frames.total("MILES", "1", user_guid=f"USR-{n:05}") for n in range(2_000)])
    )
    dashboard = ra.explore(rewards, as_of=AS_OF)

    assert len(dashboard.user.options) == 50
    dashboard.user.value = "0199"
    assert dashboard.user.options == ("USR-00199", *(f"USR-0199{n}" for n in range(10)))


def test_controls_have_labels(dashboard):
    controls = [w for w in every_widget(dashboard) if isinstance(w, widgets.ValueWidget) and "HTML" not in str(type(w))]

    assert len(controls) >= 6
    assert all(control.value if isinstance(control, widgets.Label) else control.description for control in controls)


def test_pictures_have_words(dashboard):
    for view in views(dashboard):
        assert re.findall(r'<svg role="img" aria-label="[^"]{20,}"', view.value)


def test_the_repr_is_the_same_at_every_run(dashboard):
    assert repr(dashboard) == repr(ra.explore(REWARDS)) == "Explore(2 users; units: DOLLARS, MILES)"


def test_a_change_makes_no_new_widget(dashboard):
    before = every_widget(dashboard)

    dashboard.every.value = "week"
    dashboard.user.value = "USR-1"

    assert every_widget(dashboard) == before
    assert not any(isinstance(widget, widgets.Output) for widget in before)


def test_text_of_the_provider_is_text(dashboard):
    assert "<b>Gold" not in dashboard.distance.value
    assert "&lt;b&gt;Gold&lt;/b&gt; for $5" in dashboard.distance.value


def test_a_picture_takes_its_colours_from_the_page_and_leaves_the_page_alone(dashboard):
    for view in views(dashboard):
        assert "<style" not in view.value
        assert not re.search(r"(?<!, )#[0-9a-f]{6}", view.value)


@pytest.mark.parametrize("kind", ["polars_lazy", "pandas", "pandas_plain", "pyarrow", "duckdb"])
def test_every_kind_of_frame_gives_the_same_dashboard(dashboard, kind):
    other = ra.explore(frames.ENGINES[kind](REWARDS.to_arrow()), as_of=AS_OF)
    other.user.value = dashboard.user.value = "USR-1"

    assert [cells(view) for view in views(other)] == [cells(view) for view in views(dashboard)]


@pytest.mark.parametrize("column", ["balance", "user_guid"])
def test_a_frame_without_a_column_is_told_in_the_dashboard(column):
    dashboard = ra.explore(REWARDS.drop(column))

    assert f"Column '{column}' is missing (explore() reads them)" in unescape(dashboard.status.value)


def test_what_is_no_frame_is_an_error():
    with pytest.raises(ra.FrameError, match="Load it first"):
        ra.explore([{"guid": "RWD-1"}])


@pytest.mark.parametrize("kind", ["polars", "polars_lazy", "pandas", "pyarrow", "duckdb"])
@pytest.mark.parametrize("user", ["", "USR-1", 'USR-"2'])
def test_the_code_for_a_view_gives_its_table(kind, user):
    rewards = frames.ENGINES[kind](REWARDS.with_columns(pl.col("user_guid").str.replace("USR-2", 'USR-"2')).to_arrow())
    dashboard = ra.explore(rewards, as_of=AS_OF)
    dashboard.user.value = user
    *lines, call = unescape(re.search("<pre>(.*?)</pre>", dashboard.expiring.value, re.DOTALL)[1]).splitlines()

    names = {"rewards": rewards}
    exec("\n".join(lines), names)
    timeline = frames.collected(eval(call, names))

    shown = [row[4] for row in cells(dashboard.expiring)]
    busy = timeline.filter(pl.col("rewards") > 0).sort("period", "unit_type")
    assert shown == [amount(*row) for row in busy.select("cumulative", "unit_type").rows()]


def test_the_rows_of_a_view_can_be_taken_away_as_csv(dashboard):
    address = re.search('href="data:text/csv;charset=utf-8;base64,(.*?)"', dashboard.totals.value)[1]

    assert b64decode(address).decode().splitlines() == [
        "unit_type,available,expiring,holdings,members,users",
        "DOLLARS,12.5,12.5,1,1,1",
        "MILES,1204500,84000,1,1,1",
    ]
