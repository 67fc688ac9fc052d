"""What is on the axes of each picture."""

import itertools
from datetime import date, timedelta
from decimal import Decimal

import pytest
from matplotlib.figure import Figure

import rewards_analytics as ra
from rewards_analytics.plots.aging import describe_aging, draw_aging
from rewards_analytics.plots.bands import describe_bands
from rewards_analytics.plots.distance import describe_distance, draw_distance
from rewards_analytics.plots.expiring import MOST_BARS, describe_expiring, draw_expiring
from rewards_analytics.plots.totals import describe_totals, draw_totals
from tests import frames
from tests.plots.axes import axes, labels, panels, texts
from tests.plots.results import AS_OF, band, goal, timeline, total

REWARDS = frames.table(
    [
        frames.total("MILES", "7500"),
        frames.lot("MILES", "1200", "2026-11-30"),
        frames.lot("MILES", "300", "2027-01-31"),
        frames.to_level("MILES", "2500", description="Gold status"),
        frames.total("DOLLARS", "12.5", account_guid="A2"),
        frames.lot("DOLLARS", "12.5", "2026-12-01", account_guid="A2"),
    ]
)
PICTURES = {
    "totals": lambda rewards, ax=None: ra.plot_totals(rewards, ax=ax),
    "expiring": lambda rewards, ax=None: ra.plot_expiring(rewards, as_of=AS_OF, ax=ax),
    "aging": lambda rewards, ax=None: ra.plot_aging(rewards, as_of=AS_OF, ax=ax),
    "distance": lambda rewards, ax=None: ra.plot_distance(rewards, ax=ax),
    "bands": lambda rewards, ax=None: ra.plot_bands(rewards, (10, 5000), ax=ax),
}


# --- Totals ----------------------------------------------------------------------------------------


def test_a_total_is_a_bar_of_the_available_and_one_of_the_expiring_balance():
    ax = draw_totals([total("MILES", "1204500.5", "84000")], axes())

    assert [bar.get_width() for bar in ax.patches] == [1204500.5, 84000.0]
    assert labels(ax.yaxis) == ["Available", "Expiring"]
    assert texts(ax) == ["1,204,500.5", "84,000.0"]  # one number of decimals in a panel


def test_each_unit_has_a_panel_and_a_scale_of_its_own():
    ax = draw_totals([total("MILES", "1000000"), total("DOLLARS", "12.50")], axes())

    assert list(panels(ax)) == ["Dollars", "Miles"]
    assert panels(ax)["Dollars"].get_xlim()[1] < 20
    assert panels(ax)["Miles"].get_xlim()[1] > 1_000_000
    assert not ax.axison


def test_a_balance_that_is_not_known_is_said_to_be_so():
    assert texts(draw_totals([total("SEGMENTS", None)], axes())) == ["not known", "0"]


def test_a_negative_balance_is_drawn_to_the_left_of_zero():
    ax = draw_totals([total("POINTS", "-250")], axes())

    assert ax.patches[0].get_width() == -250
    assert ax.get_xlim()[0] < -250


# --- Expiring --------------------------------------------------------------------------------------


def test_each_period_of_the_timeline_is_a_bar():
    amounts = {date(2026, 11, 1): "1200", date(2026, 12, 1): "0", date(2027, 1, 1): "300"}

    ax = draw_expiring(timeline("MILES", amounts), axes())

    assert [bar.get_height() for bar in ax.containers[0]] == [1200, 0, 300]
    assert labels(ax.xaxis) == ["Nov\n2026", "Dec", "Jan\n2027"]
    assert ax.get_title(loc="right") == "1,500 miles until Jan 2027"


def test_the_cumulative_amount_stands_in_a_strip_below_the_bars_on_a_scale_of_its_own():
    amounts = {date(2026, month, 1): "100" for month in range(1, 11)}
    ax = draw_expiring(timeline("MILES", amounts), axes())

    (strip,) = ax.child_axes
    assert list(strip.patches[-1].get_data().values) == [100.0 * number for number in range(1, 11)]
    assert labels(ax.yaxis) == ["0", "50", "100"]
    assert labels(strip.yaxis) == ["0", "1,000"]
    bottom, top = ax.get_ylim()
    baseline = -bottom / (top - bottom)
    assert strip.get_position().height / ax.get_position().height == pytest.approx(0.22)
    assert baseline > 0.22  # the bars begin above the strip
    assert 100 / (top - bottom) > 0.6  # and take most of the height
    assert strip.get_xlim() == ax.get_xlim()


def test_a_timeline_has_a_legend():
    ax = draw_expiring(timeline("MILES", {date(2026, 10, 1): "5"}), axes(), every="quarter")

    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Expires per quarter", "Cumulative, own scale"]


def test_a_timeline_says_what_it_cannot_show():
    rewards = lots(NEAR, ("POINTS", "24308", None), ("MILES", "1", "2026-11-22"))

    ax = ra.plot_expiring(rewards, as_of=AS_OF)

    outside = "Not in the timeline: 24,308 points have no date; 1 mile expired before 23 November 2026."
    assert ax.get_xlabel() == outside
    assert ax.get_label().endswith(f"most in Dec 2026 (100 points). {outside}")


def test_a_timeline_of_nothing_but_lots_without_a_date_says_so():
    ax = ra.plot_expiring(lots(("POINTS", "24308", None)), as_of=AS_OF)

    sentence = "Nothing expires from this day on. Not in the timeline: 24,308 points have no date."
    assert (texts(ax), ax.get_label()) == ([sentence], sentence)


def test_a_long_note_is_broken_into_lines():
    every_unit = [(unit, "100000", None) for unit in ("POINTS", "MILES", "SEGMENTS", "DOLLARS")]
    past = [(unit, "100000", "2020-01-01") for unit in ("POINTS", "MILES", "SEGMENTS", "DOLLARS")]

    ax = ra.plot_expiring(lots(NEAR, *every_unit, *past), as_of=AS_OF)

    lines = ax.get_xlabel().splitlines()
    assert len(lines) == 2
    assert " ".join(lines).endswith("100,000 points and 100,000 segments expired before 23 November 2026.")


@pytest.mark.parametrize(
    ("every", "label"),
    [
        ("day", "1 Apr\n2027"),
        ("week", "1 Apr\n2027"),
        ("month", "Apr\n2027"),
        ("quarter", "Q2\n2027"),
        ("year", "2027"),
    ],
)
def test_a_period_is_named_as_people_say_it(every, label):
    ax = draw_expiring(timeline("MILES", {date(2027, 4, 1): "5"}), axes(), every=every)

    assert labels(ax.xaxis) == [label]


def test_a_timeline_of_very_many_periods_is_one_outline():
    days = {AS_OF + timedelta(days=n): "1" for n in range(MOST_BARS + 1)}

    ax = draw_expiring(timeline("MILES", days), axes(), every="day")

    assert not ax.containers
    assert sum(ax.patches[-1].get_data().values) == MOST_BARS + 1
    assert len(labels(ax.xaxis)) <= 10


def test_the_last_day_of_the_calendar_is_drawn():
    ax = draw_expiring(timeline("MILES", {date(9998, 1, 1): "0", date(9999, 1, 1): "5"}), axes(), every="year")

    assert labels(ax.xaxis) == ["9998", "9999"]


def lots(*of):
    return frames.polars_frame(frames.table([frames.lot(*each) for each in of]))


NEAR, FAR = ("POINTS", "100", "2026-12-31"), ("POINTS", "50", "9999-12-31")


@pytest.mark.parametrize("day", ["9999-12-31", "2999-06-30", "2099-12-31"])
@pytest.mark.parametrize(
    ("every", "periods", "until"),
    [("day", 39, "31 Dec 2026"), ("week", 6, "28 Dec 2026"), ("month", 2, "Dec 2026"), ("quarter", 1, "Q4 2026")],
)
def test_a_day_that_never_comes_is_left_out_of_the_picture_and_said_to_be(every, periods, until, day):
    ax = ra.plot_expiring(lots(NEAR, ("POINTS", "50", day)), as_of=AS_OF, every=every)

    assert len(ax.containers[0]) == periods
    assert ax.get_title(loc="right") == f"100 points until {until}, 50 points later"
    assert ax.get_label().endswith(f"most in {until} (100 points); 50 points expire after {until}.")


def test_what_lies_in_the_years_ahead_is_drawn_whole():
    ax = ra.plot_expiring(lots(NEAR, ("POINTS", "50", "2038-10-31")), as_of=AS_OF)
    years = ra.plot_expiring(lots(NEAR, ("POINTS", "50", "2099-12-31")), as_of=AS_OF, every="year")

    assert ax.get_title(loc="right") == "150 points until Oct 2038"
    assert years.get_title(loc="right") == "150 points until 2099"
    assert len(years.containers[0]) == 74


def test_the_first_period_after_the_years_ahead_is_not_drawn():
    ax = ra.plot_expiring(lots(NEAR, ("POINTS", "1", "2038-11-01"), ("POINTS", "0.5", "2040-01-01")), as_of=AS_OF)

    assert ax.get_title(loc="right") == "100 points until Dec 2026, 1.5 points later"


def test_a_unit_that_only_expires_later_has_an_empty_panel_that_says_so():
    ax = ra.plot_expiring(lots(NEAR, ("DOLLARS", "1", "9999-12-31")), as_of=AS_OF)

    assert panels(ax)["Dollars"].get_title(loc="right") == "$0.00 until Dec 2026, $1.00 later".replace("$", r"\$")
    assert panels(ax)["Points"].get_title(loc="right") == "100 points until Dec 2026"


def test_rewards_that_all_expire_later_are_a_sentence():
    ax = ra.plot_expiring(lots(FAR, ("MILES", "1", "2999-01-01")), as_of=AS_OF)

    sentence = "Nothing expires soon: 1 mile expires after Oct 2038, 50 points expire after Oct 2038."
    assert (texts(ax), ax.get_label()) == ([sentence], sentence)


def test_a_result_of_expiring_is_drawn_like_the_rewards_themselves():
    rewards = lots(NEAR, ("POINTS", "50", "2099-12-31"))
    timeline = ra.expiring(rewards, as_of=AS_OF)
    drawn, own = draw_expiring(timeline, axes()), ra.plot_expiring(rewards, as_of=AS_OF)

    assert drawn.get_title(loc="right") == own.get_title(loc="right")
    assert [bar.get_height() for bar in drawn.containers[0]] == [0, 100]
    assert describe_expiring(timeline) == own.get_label()


def test_at_the_end_of_the_calendar_all_is_drawn():
    ax = ra.plot_expiring(lots(FAR), as_of=date(9999, 11, 1))

    assert ax.get_title(loc="right") == "50 points until Dec 9999"


# --- Aging -----------------------------------------------------------------------------------------


def test_each_bucket_is_a_bar_in_order_of_time():
    ax = PICTURES["aging"](REWARDS).child_axes[1]

    assert labels(ax.yaxis)[:3] == ["Expired", "0 to 30 days", "31 to 60 days"]
    assert labels(ax.yaxis)[-2:] == ["Over 365 days", "No date"]
    assert [bar.get_width() for bar in ax.patches] == [0, 1200, 0, 300, 0, 0, 0, 0]
    assert texts(ax)[1] == "1,200"


# --- Bands -----------------------------------------------------------------------------------------


def test_each_band_is_a_bar_of_its_holdings_with_what_they_add_up_to():
    ax = PICTURES["bands"](REWARDS)

    assert list(panels(ax)) == ["Dollars, holdings by available balance", "Miles, holdings by available balance"]
    dollars, miles = ax.child_axes
    assert labels(miles.yaxis) == ["Below 10", "From 10", "From 5,000"]
    assert [bar.get_width() for bar in miles.patches] == [0, 0, 1]
    assert texts(miles) == ["0", "0", "1 (7,500)"]
    assert texts(dollars) == ["0", r"1 (\$12.50)", "0"]


# --- Distance --------------------------------------------------------------------------------------


def test_a_goal_is_a_bar_of_its_progress_with_its_words_above():
    ax = draw_distance([goal("Gold status", 0.75)], axes())

    assert ax.containers[1][0].get_width() == 0.75
    assert texts(ax) == ["Gold status", "2,500 miles to go", "75%"]


def test_a_long_name_takes_the_room_that_there_is():
    name = "A free night in any of our hotels, breakfast included, every year"
    wide, narrow = Figure(figsize=(12, 2)).add_subplot(), Figure(figsize=(4, 2)).add_subplot()

    assert (
        texts(draw_distance([goal(name, 0.5)], wide))[0]
        == "A free night in any of our hotels, breakfast included, ever…"
    )
    assert texts(draw_distance([goal(name, 0.5)], narrow))[0] == "A free night in any of ou…"


def test_what_a_goal_assumes_is_written_where_its_progress_is_shown():
    assert "counts the balance held in its unit" in draw_distance([goal("Gold", 0.5)], axes()).get_xlabel()


def test_a_goal_whose_balance_is_not_known_has_no_bar():
    ax = draw_distance([goal("Gold status", None)], axes())

    assert ax.containers[1][0].get_width() == 0
    assert texts(ax)[1] == "2,500 miles to go, balance not known"


def test_goals_of_several_users_name_the_user():
    ax = draw_distance([goal("Gold", 0.5), goal("Gold", 0.4, user_guid="USR-2")], axes())

    assert [text for text in texts(ax) if text.startswith("USR")] == ["USR-1", "USR-2"]


def test_where_room_is_short_the_nearest_goals_ahead_are_drawn_and_the_others_counted():
    goals = [goal("Done", 1.0), goal("Near", 0.9), goal("Far", 0.1), goal("Further", 0.05)]

    ax = draw_distance(goals, axes(), most=2)

    assert [text for text in texts(ax) if "to go" not in text and "%" not in text] == ["Near", "Far"]
    assert ax.get_xlabel().endswith("Not drawn: 1 further away and 1 reached.")


# --- All of them -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PICTURES)
def test_axes_go_in_and_the_same_axes_come_out(name):
    ax = axes()

    assert PICTURES[name](REWARDS, ax=ax) is ax


@pytest.mark.parametrize("name", PICTURES)
def test_no_rewards_are_said_in_words(name):
    ax = PICTURES[name](REWARDS.slice(0, 0))

    assert len(texts(ax)) == 1
    assert texts(ax)[0].endswith(".")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *itertools.product(PICTURES, ["polars_lazy", "pandas", "duckdb"]),
        ("totals", "polars_categorical"),
        ("distance", "dask"),
    ],
)
def test_every_kind_of_frame_gives_the_same_picture(name, kind):
    ax, expected = PICTURES[name](frames.ENGINES[kind](REWARDS)), PICTURES[name](REWARDS)

    assert [texts(panel) for panel in (ax, *ax.child_axes)] == [
        texts(panel) for panel in (expected, *expected.child_axes)
    ]


@pytest.mark.parametrize("name", PICTURES)
def test_the_callers_axes_may_stand_among_others(name):
    figure = Figure(figsize=(9, 7), layout="constrained")
    left, right = figure.subplots(1, 2)

    PICTURES[name](REWARDS, ax=right)
    figure.draw_without_rendering()

    box = right.get_tightbbox()
    assert box.x0 > left.get_tightbbox().x1
    assert box.x1 <= figure.bbox.x1 + 1


@pytest.mark.parametrize("name", PICTURES)
def test_panels_do_not_write_over_each_other(name):
    ax = PICTURES[name](REWARDS)
    ax.figure.draw_without_rendering()

    boxes = [panel.get_tightbbox() for panel in ax.child_axes]
    assert all(above.y0 >= below.y1 for above, below in itertools.pairwise(boxes))


# --- Alternative texts -----------------------------------------------------------------------------


def test_alternative_texts_say_what_the_pictures_show():
    bucket = {"bucket": "0-30", "unit_type": "MILES", "expiring": Decimal(5), "rewards": 1}

    assert describe_totals([total("MILES", "7500", "1500")]) == (
        "Totals per unit: 7,500 miles available, of which 1,500 expiring."
    )
    assert describe_expiring(timeline("MILES", {date(2026, 11, 1): "1", date(2026, 12, 1): "4"})) == (
        "Expiring per month: 5 miles from Nov 2026 to Dec 2026, most in Dec 2026 (4 miles)."
    )
    assert describe_aging([bucket]) == "Aging schedule. Miles: 0 to 30 days 5."
    assert describe_bands([band("MILES", None, "10", 0, "0"), band("MILES", "10", None, 2, "30")]) == (
        "Holdings by available balance. Miles: 2 holdings from 10 (30 miles)."
    )
    assert describe_distance([goal("Gold", 0.75)]) == "Progress towards 1 goal: Gold, 75%, 2,500 miles to go."


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("totals", "Totals per unit: $12.50 available"),
        ("expiring", "Expiring per month: $12.50 from Nov 2026"),
        ("aging", "Aging schedule. Dollars: 0 to 30 days $12.50"),
        ("bands", "Holdings by available balance. Dollars: 1 holding from 10 ($12.50)"),
        ("distance", "Progress towards 1 goal: Gold status, 75%"),
    ],
)
def test_the_axes_carry_the_alternative_text(name, start):
    assert PICTURES[name](REWARDS).get_label().startswith(start)


def test_axes_that_the_caller_has_labelled_keep_their_label():
    ax = Figure().subplot_mosaic("AB")["B"]

    assert PICTURES["totals"](REWARDS, ax=ax).get_label() == "B"


@pytest.mark.parametrize(
    "describe", [describe_totals, describe_expiring, describe_aging, describe_bands, describe_distance]
)
def test_the_alternative_text_of_nothing_says_so(describe):
    assert describe([]).startswith(("No", "Nothing"))


def test_drawing_an_aging_schedule_leaves_the_records_alone():
    rows = [
        {"bucket": bucket, "unit_type": "MILES", "expiring": Decimal(1), "rewards": 1} for bucket in ("undated", "0-30")
    ]

    ax = draw_aging(rows, axes())

    assert labels(ax.yaxis) == ["0 to 30 days", "No date"]
    assert [row["bucket"] for row in rows] == ["undated", "0-30"]
