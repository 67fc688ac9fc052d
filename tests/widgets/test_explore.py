"""The dashboard shows the numbers of the public functions, for any filters."""

import datetime as dt
import re
from html import unescape

import ipywidgets as widgets
import polars as pl
import pytest

import rewards_analytics as ra
from tests import frames
from tests.widgets.pages import cells, chosen, controls, every_widget, plain

AS_OF = dt.date(2026, 11, 23)
REWARDS = frames.polars_frame(
    frames.table(
        [
            frames.total("MILES", "1204500", user_guid="USR-1", guid="RWD-1"),
            frames.balance("MILES", "1204000", user_guid="USR-1", guid="RWD-2"),
            frames.lot("MILES", "84000", "2027-01-31", user_guid="USR-1", guid="RWD-3"),
            frames.to_level("MILES", "25000", description="<b>Gold</b> for $5", user_guid="USR-1", guid="RWD-4"),
            frames.total("DOLLARS", "12.5", "2026-12-01", user_guid="USR-2", member_guid="M2", guid="RWD-5"),
        ]
    )
)
TABS = ["Totals", "Expiring", "Distance", "Quality"]


@pytest.fixture
def dashboard():
    return ra.explore(REWARDS, as_of=AS_OF)


def views(dashboard):
    return (
        dashboard.totals, dashboard.expiring, dashboard.aging, dashboard.upcoming, dashboard.distance, dashboard.quality
    )  # fmt: skip


def text_of(dashboard):
    """The views of the selected tab."""
    return dashboard._tabs[dashboard.tabs.selected_index].views


# --- What is shown ----------------------------------------------------------------------------------


def test_all_users_and_units_are_shown_at_first(dashboard):
    assert cells(dashboard.totals) == [
        ["Dollars", "$12.50", "$12.50", "1", "1", "1"],
        ["Miles", "1,204,500", "84,000", "1", "1", "1"],
    ]
    chosen(dashboard, "Expiring")
    assert cells(dashboard.expiring) == [
        ["Dec 2026", "Dollars", "$12.50", "1", "$12.50"],
        ["Jan 2027", "Miles", "84,000", "1", "84,000"],
    ]
    assert cells(dashboard.aging)[1:3] == [["0 to 30 days", "$12.50", "0"], ["31 to 60 days", "$0.00", "0"]]
    assert cells(dashboard.upcoming) == [
        ["1 Dec 2026", "8", "Dollars", "$12.50", "USR-2", "M2", "A1"],
        ["31 Jan 2027", "69", "Miles", "84,000", "USR-1", "M1", "A1"],
    ]
    chosen(dashboard, "Distance")
    assert cells(dashboard.distance) == [["<b>Gold</b> for $5", "98%", "25,000", "Miles", "Level", "USR-1", "M1"]]
    chosen(dashboard, "Quality")
    assert [row for row in cells(dashboard.quality) if row[2] != "0"] == [
        ["A holding whose total differs from its balance", "Warning", "1", "RWD-1"]
    ]


def test_the_key_figures_come_first(dashboard):
    cards = re.findall(r'<div class="rewards-card .*?</div></div>', dashboard.totals.value)

    assert [plain(card) for card in cards] == [
        "Dollars$12.50$12.50 expiring within 90 days (100%)AvailableExpiring",
        "Miles1,204,50084,000 expiring within 90 days (7%)AvailableExpiring",
    ]


def test_the_bars_of_a_card_share_one_scale_where_a_negative_amount_has_no_length():
    lots = [frames.lot("MILES", "50", "2027-01-31"), frames.lot("POINTS", "-9", "2027-01-31")]
    totals = [frames.total("MILES", "200"), frames.total("POINTS", "90")]
    dashboard = ra.explore(frames.polars_frame(frames.table([*totals, *lots])), as_of=AS_OF)

    widths = re.findall(r'class="fill" width="(.*?)"', dashboard.totals.value)

    assert widths == ["100.0%", "25.0%", "100.0%", "0%"]


def test_a_sentence_sums_up_the_filters(dashboard):
    dashboard.user.value = "USR-1"
    dashboard.units["DOLLARS"].value = False

    shown = "Showing 1 of 2 users, all 2 members, 1 of 2 units, all 4 balance types."
    assert dashboard.status.value == f'<p role="status">{shown}</p>'


# --- Filters ----------------------------------------------------------------------------------------


def test_a_user_is_chosen_by_the_whole_guid(dashboard):
    dashboard.user.value = "USR-2"

    assert cells(dashboard.totals) == [["Dollars", "$12.50", "$12.50", "1", "1", "1"]]
    assert "No goals ahead with these filters." in chosen(dashboard, "Distance").distance.value


def test_several_users_are_chosen_with_commas(dashboard):
    dashboard.user.value = "USR-2, USR-1"

    assert [row[0] for row in cells(dashboard.totals)] == ["Dollars", "Miles"]


def test_a_guid_with_a_comma_is_one_guid():
    rewards = frames.polars_frame(frames.table([frames.total("MILES", "5", user_guid=u) for u in ("a,b", "a", "b")]))
    dashboard = ra.explore(rewards, as_of=AS_OF)
    dashboard.user.value = "a,b"

    assert cells(dashboard.totals)[0][1] == "5"


def test_a_member_is_chosen_by_the_whole_guid(dashboard):
    dashboard.member.value = "M2"

    assert [row[0] for row in cells(dashboard.totals)] == ["Dollars"]


def test_an_unchecked_unit_is_left_out(dashboard):
    dashboard.units["DOLLARS"].value = False

    assert [row[0] for row in cells(dashboard.totals)] == ["Miles"]
    chosen(dashboard, "Expiring")
    assert [row[1] for row in cells(dashboard.expiring)] == ["Miles"]
    assert "Dollars" not in dashboard.aging.value


def test_without_the_total_balances_the_plain_ones_are_what_is_available(dashboard):
    dashboard.balance_types["TOTAL_BALANCE"].value = False

    assert cells(dashboard.totals) == [["Miles", "1,204,000", "84,000", "1", "1", "1"]]


def test_the_date_moves_timeline_and_aging_schedule(dashboard):
    chosen(dashboard, "Expiring")
    dashboard.as_of.value = dt.date(2026, 12, 2)

    assert [row[0] for row in cells(dashboard.expiring)] == ["Jan 2027"]
    assert cells(dashboard.aging)[0] == ["Expired", "$12.50", "0"]


@pytest.mark.parametrize(("every", "period"), [("day", "31 Jan 2027"), ("quarter", "Q1 2027"), ("year", "2027")])
def test_the_period_groups_the_timeline(dashboard, every, period):
    chosen(dashboard, "Expiring")
    dashboard.every.value = every

    assert cells(dashboard.expiring)[1][0] == period


def test_the_horizon_ends_the_timeline_and_the_next_expiries(dashboard):
    chosen(dashboard, "Expiring")
    dashboard.as_of.value = dt.date(2026, 10, 31)
    dashboard.horizon.value = 3

    assert [row[0] for row in cells(dashboard.expiring)] == ["Dec 2026"]
    assert [row[0] for row in cells(dashboard.upcoming)] == ["1 Dec 2026"]
    assert "until 30 January 2027" in dashboard.expiring.value


def test_typing_offers_the_users_that_match():
    rewards = frames.polars_frame(
        frames.table([frames.total("MILES", "1", user_guid=f"USR-{n:05}") for n in range(2_000)])
    )
    dashboard = ra.explore(rewards, as_of=AS_OF)

    assert len(dashboard.user.options) == 50
    dashboard.user.value = "0199"
    assert dashboard.user.options == ("USR-00199", *(f"USR-0199{n}" for n in range(10)))
    dashboard.user.value = "USR-00007, 0199"
    assert dashboard.user.options[:2] == ("USR-00007, USR-00199", "USR-00007, USR-01990")


# --- Nothing to show --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choose", "sentence"),
    [
        (
            lambda d: [setattr(box, "value", False) for box in d.units.values()],
            "No unit is selected. Select at least one.",
        ),
        (lambda d: [setattr(box, "value", False) for box in d.balance_types.values()], "No balance type is selected."),
        (lambda d: setattr(d.as_of, "value", None), "As of has no date."),
        (lambda d: setattr(d.user, "value", "USR-"), "No user has guid 'USR-'. Choose one of the 2 that contain it"),
        (lambda d: setattr(d.user, "value", "<b>"), "No user has guid '<b>'."),
        (lambda d: setattr(d.member, "value", "M2, M9"), "No member has guid 'M9'. Choose one from the list"),
    ],
    ids=["no unit", "no balance type", "no date", "part of a guid", "unknown user", "unknown member"],
)
@pytest.mark.parametrize("tab", TABS)
def test_a_choice_that_shows_nothing_says_so_and_can_be_undone(dashboard, tab, choose, sentence):
    shown = text_of(chosen(dashboard, tab))
    before = [view.value for view in shown]

    choose(dashboard)
    assert sentence in unescape(dashboard.status.value)
    assert {view.value for view in shown} == {""}

    dashboard.user.value, dashboard.member.value, dashboard.as_of.value = "", "", AS_OF
    for box in [*dashboard.units.values(), *dashboard.balance_types.values()]:
        box.value = True
    assert [view.value for view in shown] == before


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("kind", ["polars", "duckdb"])
def test_an_empty_selection_says_so_and_can_be_left(tab, kind):
    dashboard = chosen(ra.explore(frames.ENGINES[kind](REWARDS.to_arrow()), as_of=AS_OF), tab)
    before = [view.value for view in text_of(dashboard)]

    dashboard.user.value, dashboard.member.value = "USR-1", "M2"
    shown = [plain(view.value) for view in text_of(dashboard)]
    assert shown[0].startswith("No rewards match these filters.")
    assert set(shown[1:]) <= {""}

    dashboard.user.value, dashboard.member.value = "", ""
    assert [view.value for view in text_of(dashboard)] == before


def test_units_and_types_that_never_go_together_are_an_empty_selection(dashboard):
    dashboard.units["MILES"].value = False
    dashboard.balance_types["TOTAL_BALANCE"].value = False

    assert "No rewards match these filters." in dashboard.totals.value


def test_rewards_without_an_expiry_or_a_goal_say_so():
    rewards = frames.polars_frame(frames.table([frames.total("MILES", "5")]))
    dashboard = chosen(ra.explore(rewards, as_of=AS_OF), "Expiring")

    assert "Nothing expires from 23 November 2026 until" in dashboard.expiring.value
    assert "No balance expires with these filters." in dashboard.aging.value
    assert "Nothing expires in this period." in dashboard.upcoming.value
    assert "No goals ahead with these filters." in chosen(dashboard, "Distance").distance.value
    assert "No check found an issue." in chosen(dashboard, "Quality").quality.value


def test_the_first_and_the_last_day_of_the_calendar_can_be_chosen(dashboard):
    chosen(dashboard, "Expiring")
    for day in (dt.date.max, dt.date(2, 1, 1)):
        dashboard.as_of.value = day
        assert "Nothing expires from" in dashboard.expiring.value


def test_a_frame_without_rewards_says_so():
    assert "There are no rewards to explore." in ra.explore(REWARDS.clear()).status.value


@pytest.mark.parametrize("column", ["balance", "user_guid"])
def test_a_frame_without_a_column_is_reported_in_the_dashboard(column):
    dashboard = ra.explore(REWARDS.drop(column))

    assert f"Column '{column}' is missing (explore() reads them)" in unescape(dashboard.status.value)


@pytest.mark.parametrize(
    ("column", "tab", "view"), [("description", "Distance", "distance"), ("created_at", "Quality", "quality")]
)
def test_a_column_that_only_one_tab_reads_may_be_missing_for_the_others(column, tab, view):
    dashboard = chosen(ra.explore(REWARDS.drop(column), as_of=AS_OF), tab)

    assert f"Column '{column}' is missing ({view}() reads it)" in unescape(getattr(dashboard, view).value)
    dashboard._tabs[TABS.index(tab)].button.click()
    assert "nothing to download" in dashboard._tabs[TABS.index(tab)].links.value
    chosen(dashboard, "Totals").user.value = "USR-2"
    assert cells(dashboard.totals)[0][1] == "$12.50"


def test_amounts_that_are_floats_are_reported_in_the_dashboard():
    floats = REWARDS.to_pandas().astype({"balance": float})

    assert "Column 'balance' holds floats" in unescape(ra.explore(floats).status.value)


def test_anything_but_a_frame_is_an_error():
    with pytest.raises(ra.FrameError, match="Load it first"):
        ra.explore([{"guid": "RWD-1"}])


def test_two_hundred_thousand_users_make_no_long_page():
    rewards = frames.polars_frame(frames.table([frames.total("MILES", "1", guid="R")])).sample(
        200_000, with_replacement=True
    )
    guid = pl.int_range(pl.len()).cast(pl.String)
    rewards = rewards.with_columns(user_guid="USR-" + guid, member_guid="M-" + guid)
    dashboard = ra.explore(rewards, as_of=AS_OF)
    dashboard.user.value = "199999"

    assert dashboard.user.options == ("USR-199999",)
    size = sum(len(str(widget.get_state())) for widget in every_widget(dashboard))
    assert size < 100_000


def test_a_thousand_units_make_no_long_page():
    lots = [frames.lot(f"UNIT_{n:04}", "5", "2026-12-01") for n in range(1_000)]
    dashboard = ra.explore(frames.polars_frame(frames.table(lots)), as_of=AS_OF)

    assert "960 more units not shown." in dashboard.totals.value
    chosen(dashboard, "Expiring")
    assert sum(len(view.value) for view in views(dashboard)) < 200_000
    assert len(every_widget(dashboard)) < 100


@pytest.mark.parametrize("column", ["user_guid", "unit_type"])
def test_a_null_where_none_may_be_is_reported_in_the_dashboard(column):
    rewards = REWARDS.with_columns(pl.when(pl.col("balance") > 20).then(column).alias(column))

    assert f"explore() needs '{column}' in every row" in unescape(ra.explore(rewards).status.value)


def test_a_very_long_description_is_cut():
    rewards = frames.polars_frame(frames.table([frames.to_level("MILES", "5", description="long " * 2_000)]))
    dashboard = chosen(ra.explore(rewards, as_of=AS_OF), "Distance")

    assert len(cells(dashboard.distance)[0][0]) <= 60


# --- How it is made ---------------------------------------------------------------------------------


def test_only_the_selected_tab_is_drawn(dashboard):
    chosen(dashboard, "Expiring")
    dashboard.user.value = "USR-1"
    assert dashboard.totals.value == dashboard.distance.value == dashboard.quality.value == ""

    assert cells(chosen(dashboard, "Totals").totals)[0][0] == "Miles"


def test_a_change_makes_no_new_widget(dashboard):
    before = every_widget(dashboard)

    for tab in TABS:
        chosen(dashboard, tab)
        dashboard.every.value = "week"
        dashboard.user.value = "USR-1"
    chosen(dashboard, "Quality")._tabs[3].button.click()

    assert every_widget(dashboard) == before
    assert not any(isinstance(widget, widgets.Output | widgets.Password) for widget in before)


def test_a_view_that_stays_the_same_is_not_sent_again(dashboard):
    chosen(dashboard, "Expiring").every.value = "week"
    sent = []
    for view in views(dashboard):
        view.observe(lambda change: sent.append(change["owner"]), "value")

    dashboard.every.value = "year"

    assert sent == [dashboard.expiring]


def test_the_repr_is_the_same_at_every_run(dashboard):
    assert repr(dashboard) == repr(ra.explore(REWARDS)) == "Explore(2 users; units: DOLLARS, MILES)"


@pytest.mark.parametrize("kind", ["polars_lazy", "polars_categorical", "pandas", "pandas_plain", "pyarrow", "duckdb"])
@pytest.mark.parametrize("user", ["", "USR-1"])
def test_every_kind_of_frame_gives_the_same_dashboard(dashboard, kind, user):
    other = ra.explore(frames.ENGINES[kind](REWARDS.to_arrow()), as_of=AS_OF)

    for tab in TABS:
        chosen(other, tab).user.value = chosen(dashboard, tab).user.value = user
        assert [cells(view) for view in views(other)] == [cells(view) for view in views(dashboard)]


# --- For every reader -------------------------------------------------------------------------------


def test_controls_have_labels(dashboard):
    assert len(controls(dashboard)) >= 11
    assert all(control.description for control in controls(dashboard) if not isinstance(control, widgets.Tab))


def test_pictures_have_words(dashboard):
    for tab, view in (("Totals", "totals"), ("Expiring", "expiring")):
        shown = getattr(chosen(dashboard, tab), view).value
        assert len(re.findall(r'role="img" aria-label="[^"]{20,}"', shown)) == 2


@pytest.mark.parametrize("tab", TABS)
def test_tables_have_a_caption_and_headers_with_their_scope(dashboard, tab):
    chosen(dashboard, tab)
    for view in views(dashboard):
        for table in re.findall(r"<table.*?</table>", view.value, re.DOTALL):
            assert table.count("<caption>") == 1
            assert table.count('<th scope="col"') + table.count('<th scope="row"') == table.count("<th ")
            assert table.count('<th scope="row"') == table.count("<tr>") - 1


def test_text_from_a_provider_is_escaped(dashboard):
    chosen(dashboard, "Distance")

    assert "<b>Gold" not in dashboard.distance.value
    assert "&lt;b&gt;Gold&lt;/b&gt; for $5" in dashboard.distance.value


@pytest.mark.parametrize("tab", TABS)
def test_colours_come_from_the_page(dashboard, tab):
    chosen(dashboard, tab)
    for view in views(dashboard):
        assert "<style" not in view.value
        assert "style=" not in view.value
        # A colour of the light theme stands in where the page sets none, as in a downloaded drawing.
        assert not re.search(r"#[0-9a-f]{6}", re.sub(r"var\(--rewards-\d+, #[0-9a-f]{6}\)", "", view.value))


def test_what_expires_after_the_timeline_is_said():
    far = [
        frames.lot("MILES", "5", "9999-12-31"),
        frames.lot("DOLLARS", "0.5", "2028-11-23"),
        frames.lot("MILES", "1", "2026-12-01"),
    ]
    dashboard = chosen(ra.explore(frames.polars_frame(frames.table(far)), as_of=AS_OF), "Expiring")

    assert "Expiring after 22 November 2028: $0.50, 5 miles." in plain(dashboard.expiring.value)
    dashboard.horizon.value = 60
    assert "Expiring after 22 November 2031: 5 miles." in plain(dashboard.expiring.value)


def test_what_no_timeline_can_show_is_said_under_it():
    lots = [
        frames.lot("POINTS", "24308"),
        frames.lot("MILES", "1", "2026-12-01"),
        frames.lot("MILES", "2", "2026-11-22"),
    ]
    dashboard = chosen(ra.explore(frames.polars_frame(frames.table(lots)), as_of=AS_OF), "Expiring")

    said = "Not in the timeline: 24,308 points have no date; 2 miles expired before 23 November 2026."
    assert said in plain(dashboard.expiring.value)


def test_nothing_in_the_timeline_still_says_what_expires_after_it():
    far = frames.polars_frame(frames.table([frames.lot("MILES", "5", "9999-12-31")]))
    dashboard = chosen(ra.explore(far, as_of=AS_OF), "Expiring")

    assert "Nothing expires from 23 November 2026" in plain(dashboard.expiring.value)
    assert "Expiring after 22 November 2028: 5 miles." in plain(dashboard.expiring.value)


def test_a_dollar_sign_is_not_mathematics():
    unit = frames.polars_frame(frames.table([frames.total("$x$_\\(y\\)", "5")]))
    dashboard = ra.explore(unit, as_of=AS_OF)

    assert {"mathjax_ignore", "tex2jax_ignore"} <= set(dashboard._dom_classes)
    assert [box.description for box in dashboard.units.values()] == ["＄x＄ ＼(y＼)"]
    assert "$x$ \\(y\\)" in plain(dashboard.totals.value)
