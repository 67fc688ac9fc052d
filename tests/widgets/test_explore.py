"""The dashboard shows the numbers of the public functions, for any choice, and no choice breaks it."""

import datetime as dt
import json
import re
from html import unescape

import polars as pl
import pytest
import traitlets
from hypothesis import Phase, given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.analysis.aging import BUCKETS
from rewards_analytics.analysis.quality import CHECKS
from tests import frames
from tests.examples import examples
from tests.widgets.pages import cards, chosen, links, plain, press, table, tables, words

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
AT_FIRST = {
    "users": [],
    "members": [],
    "units": [],
    "balance_types": [],
    "as_of": "2026-11-23",
    "every": "month",
    "horizon_months": 12,
    "tab": "totals",
    "period": None,
    "bucket": None,
}
TABS = ["totals", "expiring", "distance", "quality"]


@pytest.fixture
def dashboard():
    return ra.explore(REWARDS, as_of=AS_OF)


def explored(*rows):
    return ra.explore(frames.polars_frame(frames.table(rows)), as_of=AS_OF)


# --- What is shown ----------------------------------------------------------------------------------


def test_the_sentences_of_the_summary_come_first(dashboard):
    summary = ra.show.summary(REWARDS, as_of=AS_OF)

    assert words(dashboard.html).strip().startswith(" ".join(summary.text.split()))


def test_a_card_of_each_unit_says_what_is_held_and_what_of_it_expires(dashboard):
    assert cards(dashboard.html) == [
        ["Dollars", "$12.50", "Expires within 90 days", "$12.50", "100%", "Expires in total", "$12.50", "100%",
         "1 holding, 1 member, 1 user"],
        ["Miles", "1,204,500", "Expires within 90 days", "84,000", "7%", "Expires in total", "84,000", "7%",
         "1 holding, 1 member, 1 user"],
    ]  # fmt: skip
    assert "<table" not in dashboard.html


def test_each_tab_shows_the_rows_of_its_functions(dashboard):
    expiring = chosen(dashboard, "expiring").html
    assert table(expiring, "periods") == [["Dec 2026", "$12.50", "0"], ["Jan 2027", "$0.00", "84,000"]]
    assert table(expiring, "aging")[1:4] == [
        ["0 to 30 days", "$12.50", "0"],
        ["31 to 60 days", "$0.00", "0"],
        ["61 to 90 days", "$0.00", "84,000"],
    ]
    assert table(expiring, "upcoming") == [
        ["1 Dec 2026", "8", "Dollars", "$12.50", "USR-2", "M2", "A1"],
        ["31 Jan 2027", "69", "Miles", "84,000", "USR-1", "M1", "A1"],
    ]
    assert table(chosen(dashboard, "distance").html, "distance") == [
        ["<b>Gold</b> for $5", "98%", "25,000", "Miles", "Level", "USR-1", "M1"]
    ]
    quality = table(chosen(dashboard, "quality").html, "quality")
    assert [row for row in quality if row[2] != "0"] == [
        ["A holding whose total differs from its balance", "Warning", "1", "RWD-1"]
    ]


def test_what_no_timeline_can_show_is_said_under_it():
    dashboard = explored(
        frames.lot("POINTS", "24308"),
        frames.lot("MILES", "1", "2026-12-01"),
        frames.lot("MILES", "2", "2026-11-22"),
        frames.lot("MILES", "5", "9999-12-31"),
    )

    said = words(chosen(dashboard, "expiring").html)
    assert "Not in the timeline: 24,308 points have no date; 2 miles expired before 23 November 2026." in said
    assert "Expiring after 22 November 2027: 5 miles." in said


def test_only_what_a_view_needs_is_missing_where_a_column_is():
    dashboard = ra.explore(REWARDS.drop("description", "created_at"), as_of=AS_OF)

    assert "Column 'description' is missing (distance() reads it)" in unescape(chosen(dashboard, "distance").html)
    assert "Column 'created_at' is missing (quality() reads it)" in unescape(chosen(dashboard, "quality").html)
    assert links(dashboard, "quality") == ""
    assert cards(chosen(dashboard, "totals").html)[0][1] == "$12.50"


# --- State ------------------------------------------------------------------------------------------


def test_the_first_state_has_every_key(dashboard):
    assert dashboard.state == AT_FIRST
    assert json.loads(json.dumps(dashboard.state)) == AT_FIRST


def test_a_part_of_a_state_leaves_the_rest_as_it_is(dashboard):
    dashboard.state = {"units": ["MILES"], "tab": "expiring"}
    dashboard.state = {"as_of": dt.date(2026, 12, 1), "check": "date_past"}

    assert dashboard.state == AT_FIRST | {
        "units": ["MILES"], "tab": "expiring", "as_of": "2026-12-01", "check": "date_past"
    }  # fmt: skip
    dashboard.state = {"check": None}
    assert "check" not in dashboard.state


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"every": "fortnight", "tab": "expiring"}, "'fortnight' is not one of 'day', 'week', 'month'"),
        ({"tab": "Totals"}, "is not one of"),
        ({"tab": "history"}, "is not one of"),
        ({"as_of": "yesterday"}, "is not a day. Pass it as ISO text"),
        ({"as_of": dt.datetime(2026, 11, 23, tzinfo=dt.UTC)}, "is not a day"),
        ({"as_of": None}, "is not a day"),
        ({"horizon_months": 0}, "is not a number of months"),
        ({"horizon_months": True}, "is not a number of months"),
        ({"units": "MILES"}, "is not a list of texts"),
        ({"users": [1]}, "is not a list of texts"),
        ({"users": ["USR-9"]}, "the rewards have no such user"),
        ({"units": ["MILES", "STARS"]}, "the rewards have no such unit"),
        ({"bucket": "0-31"}, "is not one of"),
        ({"check": "odd"}, "is not one of"),
        ({"period": "2027-01-02"}, "is not the first day of a month. Pass '2027-01-01'"),
        ({"period": "2028-01-01"}, "is outside the timeline, which goes from 2026-11-01 to 2027-11-22"),
        ({"filter": []}, "is not one of"),
        (["tab"], "is not a mapping"),
        (None, "is not a mapping"),
    ],
    ids=str,
)
def test_a_wrong_state_is_refused_and_leaves_it_as_it_was(dashboard, state, words):
    before, html, events = dashboard.state, dashboard.html, []
    dashboard.observe(events.append)

    with pytest.raises(ra.ArgumentError, match=re.escape(words)):
        dashboard.state = state

    assert (dashboard.state, dashboard.html, events) == (before, html, [])


def test_there_is_one_event_for_a_change_and_none_without_one(dashboard):
    events = []
    dashboard.observe(events.append, "state")

    dashboard.state = {"units": ["MILES"], "every": "week", "tab": "expiring"}
    dashboard.state = {"tab": "expiring"}

    assert [(event["old"], event["new"]) for event in events] == [(AT_FIRST, dashboard.state)]


def test_the_state_and_what_follows_from_it_are_sent_in_one_message(dashboard):
    sent = []
    dashboard.send_state = lambda keys: sent.append({*keys})

    dashboard.state = {"tab": "quality"}

    assert sent == [{"state", "html"}]


def test_a_caller_who_changes_the_dict_changes_nothing(dashboard):
    dashboard.state["units"].append("MILES")
    dashboard.state["tab"] = "nowhere"

    assert dashboard.state == AT_FIRST


def test_a_state_brings_the_view_back(dashboard):
    dashboard.state = {"tab": "expiring", "users": ["USR-1"], "bucket": "61-90", "horizon_months": None}

    again = ra.explore(REWARDS, state=json.loads(json.dumps(dashboard.state)))

    assert again.state == dashboard.state
    assert again.to_html().replace(again.key, "") == dashboard.to_html().replace(dashboard.key, "")


def test_what_other_rewards_do_not_have_is_dropped_and_named():
    state = {"users": ["USR-1", "<b>gone</b>"], "units": ["STARS"], "tab": "history"}
    dashboard = ra.explore(REWARDS, as_of=AS_OF, state=state)

    assert dashboard.state == AT_FIRST | {"users": ["USR-1"]}
    assert "these rewards do not have it: user <b>gone</b>, unit STARS, the tab History" in plain(dashboard.html)
    dashboard.state = {"tab": "quality"}
    assert "gone" not in dashboard.html


@pytest.mark.parametrize("state", [{"tab": "nowhere"}, {"periods": 1}, {"users": "USR-1"}])
def test_a_wrong_state_makes_no_dashboard(state):
    with pytest.raises(ra.ArgumentError):
        ra.explore(REWARDS, state=state)


def test_a_period_that_no_longer_fits_is_dropped(dashboard):
    dashboard.state = {"period": "2027-01-01"}
    dashboard.state = {"every": "year"}
    assert dashboard.state["period"] == "2027-01-01"

    dashboard.state = {"every": "week"}
    assert dashboard.state["period"] is None

    dashboard.state = {"every": "month", "period": "2026-12-01"}
    dashboard.state = {"as_of": "2027-01-01"}
    assert dashboard.state["period"] is None


def test_a_front_end_that_sends_a_wrong_state_changes_nothing(dashboard):
    with pytest.raises(ra.ArgumentError):
        dashboard.set_state({"state": {**AT_FIRST, "tab": "nowhere"}})

    assert dashboard.state == AT_FIRST


# --- Selection --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "guids"),
    [
        ({}, ["RWD-1", "RWD-2", "RWD-3", "RWD-4", "RWD-5"]),
        ({"users": ["USR-2"]}, ["RWD-5"]),
        ({"members": ["M1"], "balance_types": ["BALANCE"]}, ["RWD-2"]),
        ({"units": ["DOLLARS"], "users": ["USR-1"]}, []),
        ({"period": "2027-01-01"}, ["RWD-1", "RWD-2", "RWD-3", "RWD-4"]),
        ({"bucket": "0-30"}, ["RWD-5"]),
        ({"check": "total_differs_from_balance"}, ["RWD-1", "RWD-2", "RWD-3", "RWD-4"]),
        ({"period": "2027-01-01", "bucket": "0-30"}, []),
    ],
    ids=str,
)
def test_the_selection_is_the_chosen_rewards(dashboard, state, guids):
    dashboard.state = state

    assert dashboard.selection["guid"].to_list() == guids
    assert dashboard.selection.schema == REWARDS.schema


def test_more_columns_than_the_views_read_stay_in_the_selection():
    rewards = REWARDS.with_columns(segment=pl.lit("gold")).to_pandas()
    dashboard = ra.explore(rewards, state={"units": ["DOLLARS"]})

    assert dashboard.selection.equals(rewards[rewards["unit_type"] == "DOLLARS"])


UNITS, TYPES = ("DOLLARS", "MILES"), ("BALANCE", "BALANCE_TO_LEVEL", "EXPIRING_BALANCE", "TOTAL_BALANCE")
CHOSEN = st.fixed_dictionaries(
    {
        "users": st.lists(st.sampled_from(["U1", "U2"]), unique=True),
        "units": st.lists(st.sampled_from(UNITS), unique=True),
        "balance_types": st.lists(st.sampled_from(TYPES), unique=True),
        "bucket": st.none() | st.sampled_from(BUCKETS),
        "check": st.none() | st.sampled_from(list(CHECKS)),
        "every": st.sampled_from(["week", "month", "year"]),
        "horizon_months": st.sampled_from([1, 12, None]),
        "tab": st.sampled_from(TABS),
    }
)
MANY = [
    frames.reward(kind, unit, amount, on, user_guid=user, guid=f"{kind}{unit}{user}")
    for kind, amount, on in (
        ("TOTAL_BALANCE", "1234567890123456789.5", None),
        ("BALANCE", "-2.005", "2026-12-01"),
        ("EXPIRING_BALANCE", "7", "2027-03-31"),
        ("BALANCE_TO_LEVEL", "500", None),
    )
    for unit in UNITS
    for user in ("U1", "U2")
    if (kind, unit, user) != ("TOTAL_BALANCE", "MILES", "U2")
]


@settings(max_examples=examples(20), phases=[Phase.generate])
@given(states=st.lists(CHOSEN, min_size=1, max_size=3))
def test_after_any_changes_the_view_is_that_of_a_new_dashboard_and_of_its_selection(states):
    rewards = frames.polars_frame(frames.table(MANY))
    dashboard = ra.explore(rewards, as_of=AS_OF)
    for state in states:
        dashboard.state = state
    selection = dashboard.selection

    assert dashboard.to_html().replace(dashboard.key, "") == (
        (again := ra.explore(rewards, state=dashboard.state)).to_html().replace(again.key, "")
    )
    summary = " ".join(ra.show.summary(selection, as_of=AS_OF).text.split())
    assert words(dashboard.html).strip().startswith(summary)
    if dashboard.state["tab"] == "expiring":
        last = dt.date.max if (months := states[-1]["horizon_months"]) is None else None
        if last and states[-1]["bucket"] is None:
            dues = ra.upcoming(selection, as_of=AS_OF)
            shown = len(table(dashboard.html, "upcoming")) if dues.height else 0
            assert shown == dues.height, months


# --- Pressing ---------------------------------------------------------------------------------------


def test_a_second_press_leaves_a_value_out_again(dashboard):
    assert press(dashboard, "toggle", "units", "MILES") == [{"done": 7}]
    assert dashboard.state["units"] == ["MILES"]
    press(dashboard, "toggle", "units", "DOLLARS")
    assert dashboard.state["units"] == ["MILES", "DOLLARS"]
    press(dashboard, "toggle", "units", "MILES")
    assert dashboard.state["units"] == ["DOLLARS"]


@pytest.mark.parametrize(("name", "value"), [("period", "2027-01-01"), ("bucket", "61-90"), ("check", "date_past")])
def test_one_period_bucket_and_check_is_chosen_at_a_time(dashboard, name, value):
    press(dashboard, "toggle", name, value)
    assert dashboard.state[name] == value
    assert f'data-with=\'["{name}", "{value}"]\' aria-label="Remove' in dashboard.html

    press(dashboard, "toggle", name, value)
    assert dashboard.state == AT_FIRST


def test_a_view_on_which_a_choice_is_made_keeps_what_there_is_to_choose(dashboard):
    before = cards(dashboard.html)
    press(dashboard, "toggle", "units", "MILES")
    assert cards(dashboard.html) == before
    assert dashboard.html.count('<button type="button" class="pick" aria-pressed="true"') == 1

    dashboard.state = {"units": [], "tab": "expiring"}
    periods, buckets = table(dashboard.html, "periods"), table(dashboard.html, "aging")
    dashboard.state = {"period": "2027-01-01"}
    assert table(dashboard.html, "periods") == periods
    assert [row[0] for row in table(dashboard.html, "upcoming")] == ["31 Jan 2027"]
    dashboard.state = {"period": None, "bucket": "0-30"}
    assert table(dashboard.html, "aging") == buckets
    assert [row[0] for row in table(dashboard.html, "upcoming")] == ["1 Dec 2026"]


def test_members_are_limited_to_the_chosen_users(dashboard):
    press(dashboard, "toggle", "members", "M2")
    press(dashboard, "toggle", "users", "USR-1")

    assert dashboard.state["members"] == []
    press(dashboard, "find", "m")
    assert "Member M1 0 users and 1 member match." in words(dashboard.html)


def test_reset_leaves_the_day_and_the_tab(dashboard):
    dashboard.state = {"users": ["USR-1"], "bucket": "0-30", "check": "date_past", "tab": "quality", "every": "year"}

    press(dashboard, "reset")

    assert dashboard.state == AT_FIRST | {"tab": "quality", "every": "year"}


def test_undo_goes_back_state_by_state(dashboard):
    seen = [dashboard.state]
    for act in (("toggle", "units", "MILES"), ("toggle", "check", "date_past"), ("set", "every", "week"), ("reset",)):
        press(dashboard, *act)
        seen.append(dashboard.state)

    for state in reversed(seen[:-1]):
        press(dashboard, "undo")
        assert dashboard.state == state
    press(dashboard, "undo")
    assert dashboard.state == AT_FIRST
    assert 'id="undo"' not in dashboard.html


def test_controls_set_day_period_and_horizon(dashboard):
    press(dashboard, "set", "as_of", "2026-12-01")
    press(dashboard, "set", "every", "quarter")
    press(dashboard, "set", "horizon_months", "none")

    assert dashboard.state == AT_FIRST | {"as_of": "2026-12-01", "every": "quarter", "horizon_months": None}


def test_brushing_looks_ahead_to_the_end_of_the_last_period(dashboard):
    press(dashboard, "brush", "2026-12-01", "2027-02-01")

    assert dashboard.state["horizon_months"] == 4  # until 22 March, as three months end before the end of February


def test_a_table_sorts_upwards_downwards_and_as_it_was():
    rows = [frames.lot("MILES", amount, f"2026-12-{n:02}", user_guid=f"U{n}") for n, amount in enumerate("312", 1)]
    dashboard = chosen(explored(*rows), "expiring")
    seen = []
    for _ in range(3):
        press(dashboard, "sort", "upcoming", "expiring")
        seen.append([row[3] for row in table(dashboard.html, "upcoming")])

    assert seen == [["1", "2", "3"], ["3", "2", "1"], ["3", "1", "2"]]
    press(dashboard, "sort", "upcoming", "balance; drop table")
    assert [row[3] for row in table(dashboard.html, "upcoming")] == ["3", "1", "2"]


def test_show_more_reaches_every_goal_and_a_change_shows_few_again():
    goals = [frames.to_level("MILES", str(n), user_guid=f"U{n:02}") for n in range(1, 78)]
    dashboard = chosen(explored(frames.total("MILES", "5"), *goals), "distance")
    seen = [len(table(dashboard.html, "distance"))]
    for _ in range(2):
        press(dashboard, "more", "distance")
        seen.append(len(table(dashboard.html, "distance")))

    assert seen == [12, 48, 77]
    assert 'data-do="more"' not in dashboard.html
    dashboard.state = {"units": ["MILES"]}
    assert len(table(dashboard.html, "distance")) == 12


@pytest.mark.parametrize(
    "content",
    [
        None, "text", {}, {"do": "toggle"}, {"do": "toggle", "with": "units"}, {"do": "toggle", "with": ["units"]},
        {"do": "toggle", "with": ["units", "NOWHERE"]}, {"do": "set", "with": ["tab", "nowhere"]},
        {"do": "set", "with": ["horizon_months", "x"]}, {"do": "__init__", "with": []}, {"do": 3, "with": [4]},
        {"do": "brush", "with": ["a", "b"]}, {"do": "sort", "with": ["no", "no"]}, {"do": "files", "with": ["no"]},
    ],
    ids=str,
)  # fmt: skip
def test_a_message_that_no_page_sends_changes_nothing_and_is_answered(dashboard, content):
    html, answers = dashboard.html, []
    dashboard.send = answers.append

    dashboard._handle_custom_msg(content, [])

    assert (dashboard.state, dashboard.html) == (AT_FIRST, html)
    assert len(answers) == isinstance(content, dict)


# --- Finding people ---------------------------------------------------------------------------------


def test_a_search_ignores_case_and_never_empties_the_page(dashboard):
    before = cards(dashboard.html)

    press(dashboard, "find", "usr-2")

    assert "USR-2" in dashboard.html.split('id="matches"')[1].split("</div>")[0]
    assert cards(dashboard.html) == before
    press(dashboard, "find", "nobody <b>")
    assert "No user or member matches." in dashboard.html
    assert cards(dashboard.html) == before
    press(dashboard, "find", "")
    assert 'id="options"' not in dashboard.html


def test_what_is_chosen_is_said_and_counted(dashboard):
    dashboard.state = {"users": ["USR-1"], "units": ["MILES"]}

    assert "Filtered by user USR-1 × unit Miles × " in words(dashboard.html)
    assert "1 user, 1 member, 4 rewards" in words(dashboard.html)


def test_two_hundred_thousand_users_make_no_long_page():
    guid = pl.int_range(pl.len()).cast(pl.String)
    rewards = frames.polars_frame(frames.table([frames.total("MILES", "1", guid="R")])).sample(
        200_000, with_replacement=True
    )
    dashboard = ra.explore(rewards.with_columns(user_guid="USR-" + guid, member_guid="M-" + guid), as_of=AS_OF)
    press(dashboard, "find", "usr-19999")

    assert "11 users and 0 members match; the first 8 are listed." in dashboard.html
    for tab in TABS:
        assert len(chosen(dashboard, tab).html) < 60_000


# --- Nothing to show, and hostile text --------------------------------------------------------------


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("kind", ["polars", "duckdb"])
def test_an_empty_choice_keeps_the_page_and_says_so(tab, kind):
    dashboard = chosen(ra.explore(frames.ENGINES[kind](REWARDS.to_arrow()), as_of=AS_OF), tab)
    before = dashboard.html

    dashboard.state = {"users": ["USR-1"], "members": ["M2"]}
    assert "No rewards match these filters." in dashboard.html
    assert 'id="people"' in dashboard.html
    assert 'id="toggles-units"' in dashboard.html

    press(dashboard, "undo")
    assert dashboard.html == before


def test_a_frame_without_rewards_says_so():
    dashboard = ra.explore(REWARDS.clear())

    assert "The frame is empty, so it has nothing to explore" in dashboard.html
    assert "The frame is empty, so it has nothing to explore" in dashboard.to_html()
    assert dashboard.selection.equals(REWARDS.clear())


@pytest.mark.parametrize(
    ("rewards", "sentence"),
    [
        (REWARDS.drop("balance"), "Column 'balance' is missing (explore() reads them)"),
        (REWARDS.to_pandas().astype({"balance": float}), "Column 'balance' holds floats"),
        (REWARDS.with_columns(user_guid=pl.lit(None, pl.String)), "explore() needs 'user_guid' in every row"),
    ],
    ids=["a column is missing", "floats", "nulls"],
)
def test_rewards_that_cannot_be_computed_exactly_get_a_page_that_says_so(rewards, sentence):
    dashboard = ra.explore(rewards)

    assert sentence in unescape(dashboard.html)
    assert sentence in unescape(dashboard.to_html())
    assert press(dashboard, "toggle", "units", "MILES") == [{"done": 7}]
    assert repr(dashboard) == "Explore(0 users; units: none)"


def test_anything_but_a_frame_is_an_error():
    with pytest.raises(ra.FrameError, match="Load it first"):
        ra.explore([{"guid": "RWD-1"}])


HOSTILE = "<script>alert(1)</script> $x$ \\(y\\) ' \" <img src=x onerror=alert(2)> \u202egold {{ 1 }} 無料"


@pytest.mark.parametrize("tab", TABS)
def test_text_from_outside_is_text(tab):
    dashboard = explored(
        frames.total(HOSTILE, "5", "2026-12-01", user_guid=HOSTILE, member_guid=HOSTILE, account_guid=HOSTILE),
        frames.to_level(HOSTILE, "5", description=HOSTILE * 100, user_guid=HOSTILE, member_guid=HOSTILE),
    )
    dashboard.state = {"tab": tab, "users": [HOSTILE], "units": [HOSTILE]}
    press(dashboard, "find", "alert")

    for html in (dashboard.html, dashboard.to_html()):
        markup = html.replace('<img src="data:', "").replace("<style>", "")
        assert not re.search(r"<(script|img|style)\b", markup)
        assert "style=" not in re.sub(r'data-copy="[^"]*"', "", html)
        assert "mathjax_ignore tex2jax_ignore" in html
        assert "\u202e" not in words(html)
    for values in re.findall(r"data-with='(.*?)'", dashboard.html):
        assert isinstance(json.loads(unescape(values)), list)


def test_a_very_long_description_is_cut():
    dashboard = chosen(explored(frames.to_level("MILES", "5", description="long " * 2_000)), "distance")

    assert len(table(dashboard.html, "distance")[0][0]) <= 60


def test_a_thousand_units_make_no_long_page():
    dashboard = explored(*(frames.lot(f"UNIT_{n:04}", "5", "2026-12-01") for n in range(1_000)))

    assert "988 more units not shown." in dashboard.html
    for tab in TABS:
        assert len(chosen(dashboard, tab).html) < 150_000
    dashboard.state = {"units": ["UNIT_0999"], "tab": "totals"}
    assert "Unit 0999" in [card[0] for card in cards(dashboard.html)]


@pytest.mark.parametrize("day", [dt.date.max, dt.date(2, 1, 1)])
def test_the_first_and_the_last_day_of_the_calendar_can_be_chosen(dashboard, day):
    dashboard.state = {"tab": "expiring", "as_of": day.isoformat(), "horizon_months": 12}

    assert "Nothing expires from" in dashboard.html


# --- Static page and display ------------------------------------------------------------------------


def test_the_static_page_has_the_same_numbers_and_nothing_that_runs(dashboard):
    for tab in TABS:
        html = chosen(dashboard, tab).to_html()
        assert tables(html) == tables(dashboard.html)
        assert not re.search(
            r"<(script|button|input|select|svg class=\"rewards)|\sdata-do|\sstyle=|http://(?!www.w3)", html
        )
        assert f'data-static-of="{dashboard.key}"' in html
    assert cards(chosen(dashboard, "totals").to_html()) == cards(dashboard.html)


def test_the_static_page_of_the_same_rewards_and_state_has_the_same_bytes(dashboard):
    dashboard.state = {"tab": "expiring"}
    again = ra.explore(REWARDS, as_of=AS_OF)
    again.state = {"tab": "quality"}
    again.state = {"tab": "expiring"}

    assert again.to_html() == dashboard.to_html()


def test_the_static_page_has_no_id_because_a_page_may_hold_it_twice():
    dashboard = ra.explore(REWARDS, as_of=AS_OF, history=snapshots())
    for tab in [*TABS, "history"]:
        html = chosen(dashboard, tab).to_html()
        assert not re.search(r'\s(id|for|aria-labelledby|aria-controls|aria-describedby)=|href="#', html)


def test_a_picture_of_the_static_page_is_an_image_with_words(dashboard):
    html = chosen(dashboard, "expiring").to_html()

    assert len(re.findall(r'<img src="data:image/svg\+xml;base64,[^"]+" alt="Expiring per month: [^"]+"', html)) == 2


def test_displaying_shows_the_static_page_and_then_the_widget(dashboard, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **_: shown.append(data))

    dashboard._ipython_display_()

    assert shown[0] == {
        "text/html": dashboard.to_html(),
        "text/plain": ra.show.summary(REWARDS, as_of=AS_OF).text,
    }
    assert list(shown[1]) == ["application/vnd.jupyter.widget-view+json"]


def test_the_repr_is_the_same_at_every_run(dashboard):
    assert repr(dashboard) == repr(ra.explore(REWARDS)) == "Explore(2 users; units: DOLLARS, MILES)"
    assert isinstance(dashboard, ra.Explore)


def test_what_is_shown_cannot_be_set_from_outside(dashboard):
    for name in ("html", "key"):
        with pytest.raises(traitlets.TraitError):
            setattr(dashboard, name, "<b>")


@pytest.mark.parametrize("kind", ["polars_lazy", "polars_categorical", "pandas", "pandas_plain", "pyarrow", "duckdb"])
def test_every_kind_of_frame_gives_the_same_dashboard(dashboard, kind):
    other = ra.explore(frames.ENGINES[kind](REWARDS.to_arrow()), as_of=AS_OF)

    for state in ({"tab": tab, "bucket": bucket} for tab in TABS for bucket in (None, "0-30")):
        other.state = dashboard.state = state
        body, of_other = (re.sub(r'<details class="code".*?</details>', "", each.html, flags=re.DOTALL)
                          for each in (dashboard, other))  # fmt: skip
        assert of_other == body


# --- History ----------------------------------------------------------------------------------------


def snapshots():
    days = ((dt.date(2026, 9, 30), "100"), (dt.date(2026, 10, 31), "160"), (dt.date(2026, 11, 23), "130"))
    taken = [
        frames.polars_frame(
            frames.table([frames.total("MILES", held), frames.lot("MILES", "30", "2026-11-10", guid="RWD-2")])
        ).with_columns(taken_on=day)
        for day, held in days
    ]
    return pl.concat(taken)


def test_a_history_has_a_tab_that_says_what_moved():
    dashboard = ra.explore(REWARDS, as_of=AS_OF, history=snapshots(), state={"tab": "history"})

    assert table(dashboard.html, "roll-forward") == [
        ["Oct 2026", "Miles", "100", "0", "60", "0", "0", "0", "160", "–"],
        ["Nov 2026", "Miles", "160", "0", "0", "0", "30", "0", "130", "100%"],
    ]
    assert tables(dashboard.to_html()) == tables(dashboard.html)
    dashboard.state = {"users": ["USR-1"]}
    assert "of the filters, only that of units applies to this tab" in dashboard.html
    dashboard.state = {"as_of": "2020-01-01"}
    assert "The history has no snapshot up to 1 January 2020." in dashboard.html


def test_an_expectation_is_rounded():
    def taken(day, due, left):
        lots = [frames.lot("MILES", left, "2026-10-20", guid="RWD-2")] if left else []
        ahead = frames.lot("MILES", due, "2026-11-04", guid="RWD-3")
        rewards = frames.table([frames.total("MILES", "500", guid="RWD-1"), ahead, *lots])
        return frames.polars_frame(rewards).with_columns(taken_on=dt.date(2026, 10, day))

    # Of 3 miles that were due 14 days ahead or more, 1 was left on the day: a third of 100 miles is expected to expire.
    history = pl.concat([taken(1, "100", "3"), taken(20, "100", "1"), taken(21, "100", "")])
    dashboard = ra.explore(REWARDS, as_of=dt.date(2026, 10, 21), history=history, state={"tab": "history"})

    assert table(dashboard.html, "forecast") == [["Nov 2026", "Miles", "100", "33"]]


@pytest.mark.parametrize("history", [REWARDS, 3, "history"], ids=["no days", "a number", "a path"])
def test_what_is_no_history_is_refused(history):
    with pytest.raises(ra.RewardsError):
        ra.explore(REWARDS, history=history)
