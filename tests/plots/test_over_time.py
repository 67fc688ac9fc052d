"""What is on the axes of the pictures of a history."""

from datetime import date, timedelta

import pytest

import rewards_analytics as ra
from tests import frames
from tests.analysis.over_time.histories import Stored, snapshot, table
from tests.frames import balance, lot, to_level
from tests.plots.axes import axes, labels, panels, texts

NET = "What was earned and redeemed is net between two snapshots: at least this much."
HISTORY = table(
    [
        *snapshot("2026-10-31", balance("MILES", "1000"), lot("MILES", "100", on="2026-10-31")),
        *snapshot("2026-11-10", balance("MILES", "1400"), balance("MILES", "50", account_guid="A2")),
        *snapshot(
            "2026-11-30", balance("MILES", "1100"), lot("MILES", "70", on="2026-12-31"), balance("DOLLARS", "2.5")
        ),
        *snapshot(
            "2026-12-10",
            balance("MILES", "1100"),
            balance("DOLLARS", "4.5"),
            to_level("MILES", "400", description="Gold"),
            to_level("DOLLARS", "10", description="$5 to $10"),
            to_level("MILES", "0", description="Silver"),
            to_level("POINTS", "3", description=None),
        ),
    ]
)
PICTURES = {"roll_forward": ra.plot_roll_forward, "balance": ra.plot_balance, "pace": ra.plot_pace}


# --- Roll-forward -----------------------------------------------------------------------------------


def test_a_waterfall_leads_from_the_opening_to_the_closing_of_each_period():
    ax = ra.plot_roll_forward(HISTORY)

    bars = [(bar.get_y(), bar.get_height()) for bar in panels(ax)["Miles"].patches]
    assert bars == [
        (0, 1000),  # opening
        (1000, 50),  # joined
        (1050, 500),  # earned
        (1250, 300),  # redeemed
        (1150, 100),  # expired
        (1100, 50),  # left
        (0, 1100),  # closing of November
        *[(1100, 0)] * 5,
        (0, 1100),  # closing of December
    ]
    assert labels(panels(ax)["Miles"].xaxis) == ["Nov\n2026", "Dec"]
    assert panels(ax)["Miles"].get_title(loc="right") == "1,100 miles at the end of Dec 2026"
    assert [text.get_text() for text in panels(ax)["Miles"].get_legend().get_texts()] == [
        "Joined",
        "Earned",
        "Redeemed",
        "Expired",
        "Left",
    ]
    assert panels(ax)["Miles"].get_xlabel() == NET


def test_the_steps_of_a_single_period_are_named_below():
    ax = ra.plot_roll_forward(HISTORY, every="quarter")

    miles = panels(ax)["Miles"]
    assert labels(miles.xaxis) == ["Opening", "Joined", "Earned", "Redeemed", "Expired", "Left", "Closing"]
    assert miles.get_legend() is None


def test_steps_are_told_apart_without_colour():
    bars = panels(ra.plot_roll_forward(HISTORY, every="year"))["Miles"].patches

    assert [bar.get_hatch() for bar in bars[1:6]] == ["----", "", "", "////", "xxxx"]


def test_the_last_twelve_periods_are_drawn_and_the_others_counted():
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(16)]
    history = table([row for day in days for row in snapshot(str(day), balance("MILES", f"{day.day}"))])

    ax = ra.plot_roll_forward(history, every="day")

    assert len(ax.patches) == 1 + 12 * 6
    assert ax.patches[0].get_height() == 4
    assert ax.get_xlabel() == f"{NET} Not drawn: 3 earlier periods."


def test_the_roll_forward_in_words():
    assert ra.plot_roll_forward(HISTORY).get_label() == (
        "Roll-forward. Nov 2026 to Dec 2026: $0.00 at the opening, $2.50 joined, $2.00 earned, $4.50 at the closing; "
        "Nov 2026 to Dec 2026: 1,000 miles at the opening, 50 miles joined, 500 miles earned, 300 miles redeemed, "
        f"100 miles expired, 50 miles left, 1,100 miles at the closing. {NET}"
    )


# --- Balance ----------------------------------------------------------------------------------------


def test_a_balance_is_a_line_and_its_lots_to_expire_are_shaded():
    ax = panels(ra.plot_balance(HISTORY))["Miles"]

    held, due = ax.lines
    assert list(held.get_ydata()) == [1000, 1450, 1100, 1100]
    assert list(due.get_ydata()) == [100, 0, 70, 0]
    assert ax.collections[0].get_hatch() == "////"
    assert ax.get_title(loc="right") == "1,100 miles, of which 0 miles to expire (shaded)"
    assert ax.get_xlabel() == NET


def test_days_without_a_balance_interrupt_the_line():
    held = panels(ra.plot_balance(HISTORY))["Dollars"].lines[0].get_ydata()

    assert [str(amount) for amount in held] == ["nan", "nan", "2.5", "4.5"]


def test_lots_of_the_past_are_not_to_expire():
    history = table(
        snapshot("2026-11-02", balance("MILES", "9"), lot("MILES", "4", on="2026-11-01"), lot("MILES", "2"))
    )

    assert list(ra.plot_balance(history).lines[1].get_ydata()) == [0]


def test_the_balance_in_words():
    assert ra.plot_balance(HISTORY).get_label() == (
        "Balance day after day: $2.50 on 30 Nov 2026, $4.50 on 10 Dec 2026, of which $0.00 to expire; "
        f"1,000 miles on 31 Oct 2026, 1,100 miles on 10 Dec 2026, of which 0 miles to expire. {NET}"
    )


# --- Pace -------------------------------------------------------------------------------------------


def test_a_goal_is_a_bar_of_days_with_the_amount_to_go_and_the_expected_day():
    """Miles: 500 in 40 days, 12.5 a day. Dollars: 2 in 10 days, 0.2 a day."""
    ax = ra.plot_pace(HISTORY)

    assert [bar.get_width() for bar in ax.patches] == [32, 50, 0]
    assert texts(ax) == [
        "Gold",
        "400 miles to go, expected on 11 Jan 2027",
        r"\$5 to \$10",
        r"\$10.00 to go, expected on 29 Jan 2027",
        "A level without a name",
        "3 points to go, pace not known",
    ]
    assert ax.get_xlabel() == f"Days from the last snapshot. Not drawn: 1 reached.\n{NET}"


def test_a_goal_of_many_years_leaves_room_for_the_others():
    rows = [balance("MILES", "0"), balance("POINTS", "0")], [balance("MILES", "1"), balance("POINTS", "1")]
    goals = [to_level("MILES", "10", description="soon"), to_level("POINTS", "9999999", description="never")]
    history = table(snapshot("2026-11-01", *rows[0]) + snapshot("2026-11-02", *rows[1], *goals))

    ax = ra.plot_pace(history)

    assert [bar.get_width() for bar in ax.patches] == [10, 730]
    assert [list(line.get_ydata()) for line in ax.lines] == [[1]]  # its arrow
    assert texts(ax)[-1] == "9,999,999 points to go, too far to give a day"


def test_the_pace_in_words():
    assert ra.plot_pace(HISTORY).get_label() == (
        "Pace of 3 goals: Gold, 400 miles to go, expected on 11 Jan 2027; $5 to $10, $10.00 to go, expected on "
        "29 Jan 2027; A level without a name, 3 points to go, pace not known. "
        f"{NET} Not drawn: 1 reached."
    )


# --- All of them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("plot", PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("make", [frames.polars_lazy, frames.pandas_arrow, frames.duckdb_relation, Stored])
def test_pictures_are_the_same_of_every_kind_of_history(plot, make):
    assert plot(make(HISTORY)).get_label() == plot(HISTORY).get_label()


@pytest.mark.parametrize("plot", PICTURES.values(), ids=PICTURES)
def test_pictures_are_drawn_on_the_axes_that_are_given(plot):
    ax = axes()

    assert plot(HISTORY, ax=ax) is ax
    ax.figure.draw_without_rendering()


@pytest.mark.filterwarnings("ignore:.*compares one snapshot with the next")
def test_a_history_of_one_day_is_a_sentence_where_two_are_needed():
    history = table(snapshot("2026-11-01", balance("MILES", "1")))

    assert texts(ra.plot_roll_forward(history)) == ["No two snapshots to compare."]
    assert texts(ra.plot_pace(history)) == ["No goals in the last snapshot."]
    assert list(ra.plot_balance(history).lines[0].get_ydata()) == [1]
    assert texts(ra.plot_balance(table([]))) == ["No balance was known on any day."]
