"""What is on the axes of the pictures of dues: the lapse curve, the forecast, and the dues of one holding."""

from datetime import date, timedelta

import pytest
from matplotlib.colors import to_rgb
from matplotlib.dates import date2num

import rewards_analytics as ra
from rewards_analytics.errors import ArgumentError
from rewards_analytics.plots.forecast import MOST_PERIODS
from rewards_analytics.plots.style import DARK
from tests import frames
from tests.analysis.over_time.histories import Stored, snapshot, table
from tests.frames import balance, lot
from tests.plots.axes import axes, labels, texts

HOLDING = {"user_guid": "U1", "member_guid": "M1", "account_guid": "A1", "unit_type": "MILES"}


def day(on, *dues, unit="MILES", **fields):
    """A snapshot with a known balance and dues, each an amount and its day."""
    return snapshot(on, balance(unit, "9", **fields), *(lot(unit, amount, on=at, **fields) for amount, at in dues))


# Of 100 miles due on 15 October 80 are left 7 days before and 40 on the day; of 20 dollars nothing.
LAPSED = [
    *day("2026-10-01", ("100", "2026-10-15")),
    *day("2026-10-01", ("20", "2026-10-15"), unit="DOLLARS"),
    *day("2026-10-08", ("80", "2026-10-15")),
    *day("2026-10-08", ("20", "2026-10-15"), unit="DOLLARS"),
    *day("2026-10-15", ("40", "2026-10-15")),
    *day("2026-10-15", unit="DOLLARS"),
    *day("2026-11-01", ("100", "2026-11-08"), ("10", "2026-12-31")),
    *day("2026-11-01", unit="DOLLARS"),
]
HISTORY = table(LAPSED)
SEEN = table([*LAPSED, *day("2026-11-08", ("90", "2026-11-08"), ("10", "2026-12-31")), *day("2026-11-09")])


def due(history, **options):
    return ra.plot_due(history, HOLDING, **options)


PICTURES = {"lapse": ra.plot_lapse, "forecast": ra.plot_forecast, "due": due}


# --- The lapse curve --------------------------------------------------------------------------------


def test_each_unit_is_a_line_of_shares_with_the_numbers_of_its_dues_below():
    ax = ra.plot_lapse(HISTORY)

    assert {line.get_label(): [float(share) for share in line.get_ydata()] for line in ax.lines} == {
        "Dollars": [0.0, 0.0],
        "Miles": [0.5, 0.4],
    }
    assert labels(ax.xaxis) == ["7", "14"]
    assert texts(ax) == ["Dollars, dues", "1", "1", "Miles, dues", "1", "1"]
    assert ax.get_xlabel() == "The rest was redeemed, or moved to another day."


def test_lines_are_told_apart_without_colour():
    assert [line.get_marker() for line in ra.plot_lapse(HISTORY).lines] == ["o", "s"]


def test_only_leads_with_a_share_stand_on_the_axis():
    ax = ra.plot_lapse(HISTORY, leads=(6, 7, 13))

    assert labels(ax.xaxis) == ["7", "13"]


def test_the_lapse_curve_in_words():
    assert ra.plot_lapse(HISTORY).get_label() == (
        "Share of what was due that expired. Dollars: 0% with 7 days left (1 due), 0% with 14 days left (1 due); "
        "Miles: 50% with 7 days left (1 due), 40% with 14 days left (1 due). "
        "The rest was redeemed, or moved to another day."
    )


# --- The forecast -----------------------------------------------------------------------------------


def bars(ax):
    return {bar.get_label(): [float(each.get_height()) for each in bar] for bar in ax.containers}


def test_what_is_expected_is_a_bar_in_that_of_what_is_due():
    ax = ra.plot_forecast(HISTORY)

    assert bars(ax) == {"Due": [100, 10], "Expected to expire": [50, 4]}
    assert labels(ax.xaxis) == ["Nov\n2026", "Dec"]
    assert ax.get_title(loc="right") == "110 miles due, about 54 expected to expire"
    assert ax.lines[:] == []


def test_what_happened_is_a_diamond_on_a_forecast_of_the_past():
    ax = ra.plot_forecast(SEEN, as_of=date(2026, 11, 1))

    (seen,) = ax.lines
    assert (seen.get_label(), list(seen.get_xdata()), list(seen.get_ydata())) == ("Expired", [0], [90])
    assert ax.get_title(loc="right") == "110 miles due, about 54 expected to expire, 90 expired"


def test_the_diamond_is_hollow_where_not_every_due_has_an_outcome():
    """In the month of the snapshot 100 have an outcome, 5 on the 20th have none yet."""
    rows = [*LAPSED, *day("2026-11-01", ("5", "2026-11-20"), account_guid="A2")]
    history = table([*rows, *day("2026-11-08", ("90", "2026-11-08")), *day("2026-11-09")])

    (seen,) = ra.plot_forecast(history, as_of=date(2026, 11, 1)).lines

    assert seen.get_label() == "Expired, not all known"
    assert to_rgb(seen.get_markerfacecolor()) == (1, 1, 1)


def test_a_unit_without_a_share_shows_what_is_due_and_says_so():
    ax = ra.plot_forecast(table(day("2026-11-01", ("100", "2026-11-08"))))

    assert bars(ax)["Expected to expire"] == [0]
    assert ax.get_title(loc="right") == "100 miles due, no earlier dues to go by"


def test_periods_beyond_those_that_are_drawn_are_added_up():
    history = table(day("2026-11-01", ("100", "2026-11-08"), ("7", "9999-12-31")))

    ax = ra.plot_forecast(history, every="year")

    assert len(bars(ax)["Due"]) == MOST_PERIODS
    assert ax.get_title(loc="right").endswith("7 miles due later")


def test_the_forecast_in_words():
    assert ra.plot_forecast(SEEN, as_of=date(2026, 11, 1)).get_label() == (
        "Forecast per month: Nov 2026 to Dec 2026: 110 miles due, about 54 expected to expire, 90 expired."
    )


# --- The dues of one holding ------------------------------------------------------------------------


def test_a_row_is_as_high_as_what_is_due_and_ends_with_its_outcome():
    ax = due(HISTORY)

    assert labels(ax.yaxis) == ["15 Oct 2026", "8 Nov 2026", "31 Dec 2026"]
    assert texts(ax) == ["40 expired", "100 ahead", "10 ahead"]
    first = ax.collections[0].get_paths()[0].get_extents()
    assert (round(first.y1 - first.y0, 2), round(first.y0 + first.y1, 2)) == (0.74, 0)  # 100, the most
    last = ax.collections[-1].get_paths()[0].get_extents()
    assert (round(last.y1 - last.y0, 3), last.x1) == (0.074, date2num(date(2027, 1, 1)))
    assert [(line.get_marker(), line.get_xdata()[0]) for line in ax.lines] == [("x", date2num(date(2026, 10, 16)))]


def test_a_due_of_which_nothing_is_left_ends_with_a_circle():
    history = table([*day("2026-11-01", ("5", "2026-11-08")), *day("2026-11-08"), *day("2026-11-09")])

    ax = due(history)

    assert texts(ax) == ["saved"]
    assert [line.get_marker() for line in ax.lines] == ["o"]


def test_a_due_that_the_last_snapshot_does_not_list_is_no_longer_listed():
    assert texts(due(table([*day("2026-11-01", ("5", "2026-12-08")), *day("2026-11-02")]))) == ["no longer listed"]


def test_what_a_day_lost_and_a_later_day_gained_is_an_arrow():
    """Of 10 on the 8th 6 are gone, 4 more are due in December, and 1 in January."""
    history = table(
        [
            *day("2026-11-01", ("10", "2026-11-08"), ("3", "2026-12-08")),
            *day("2026-11-02", ("4", "2026-11-08"), ("7", "2026-12-08"), ("1", "2027-01-08")),
        ]
    )

    ax = due(history)

    moved = [(text.xyann, text.xy) for text in ax.texts if text.arrow_patch]
    on = date2num(date(2026, 11, 2))
    assert moved == [((on, 0), (on, 1)), ((on, 0), (on, 2))]


def test_what_expired_between_two_snapshots_has_not_moved():
    history = table([*day("2026-11-01", ("10", "2026-11-08")), *day("2026-11-09", ("10", "2026-12-08"))])

    assert [text for text in due(history).texts if text.arrow_patch] == []


def test_the_last_dues_and_the_next_are_drawn_and_the_others_counted():
    first = date(2026, 11, 1)
    dues = [("5", str(first + timedelta(number))) for number in range(20)]
    days = [day(str(first + timedelta(number)), *dues[number:]) for number in range(11)]

    ax = due(table([row for each in days for row in each]))

    assert labels(ax.yaxis) == [f"{number} Nov 2026" for number in range(3, 17)]
    assert ax.get_xlabel().endswith("Not drawn: 6 other dues.")


def test_a_holding_is_found_by_its_key_alone():
    rows = [*LAPSED, *day("2026-10-01", ("7", "2027-01-01"), account_guid=None)]

    ax = ra.plot_due(table(rows), {**HOLDING, "account_guid": None, "more": 1})

    assert texts(ax) == ["7 ahead"]
    assert ax.get_title(loc="right") == "M1"


@pytest.mark.parametrize(
    ("holding", "says"),
    [
        ("U1", "holding is str. Pass a mapping of user_guid, member_guid, account_guid, unit_type"),
        ({"user_guid": "U1"}, r"holding is a mapping of \['user_guid'\]"),
    ],
)
def test_a_wrong_holding_is_refused(holding, says):
    with pytest.raises(ArgumentError, match=says):
        ra.plot_due(HISTORY, holding)


def test_the_dues_of_a_holding_in_words():
    assert due(HISTORY).get_label() == (
        "Dues of a holding of miles: 100 miles due on 15 Oct 2026, listed from 1 Oct 2026, 40 expired; 100 miles due "
        "on 8 Nov 2026, listed from 1 Nov 2026, 100 ahead; 10 miles due on 31 Dec 2026, listed from 1 Nov 2026, "
        "10 ahead."
    )


# --- All of them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("plot", PICTURES.values(), ids=PICTURES)
@pytest.mark.parametrize("make", [frames.polars_lazy, frames.pandas_arrow, frames.duckdb_relation, Stored])
def test_pictures_are_the_same_of_every_kind_of_history(plot, make):
    assert plot(make(HISTORY)).get_label() == plot(HISTORY).get_label()


@pytest.mark.parametrize("plot", PICTURES.values(), ids=PICTURES)
def test_pictures_are_drawn_on_the_axes_that_are_given_in_their_theme(plot):
    ax = axes(facecolor=DARK.page)

    assert plot(HISTORY, ax=ax) is ax
    ax.figure.draw_without_rendering()
    texts = [*ax.texts, *(legend.get_texts()[0] for legend in [ax.get_legend()] if legend), ax.xaxis.label]
    used = {to_rgb(text.get_color()) for text in texts if text.get_text()}
    assert used <= {to_rgb(colour) for colour in (DARK.ink, DARK.muted, *DARK.units.values())}


@pytest.mark.parametrize("plot", PICTURES.values(), ids=PICTURES)
def test_a_history_without_dues_is_a_sentence(plot):
    (sentence,) = texts(plot(table(day("2026-11-01"))))

    assert sentence in (
        "No due has an outcome yet.",
        "Nothing is due in the snapshot.",
        "No due of this holding is listed.",
    )


@pytest.mark.parametrize("name", ["$x^2$ and $", "<script>\x1b[31m", "🎉 ليلة", "x" * 500])
def test_names_from_outside_are_drawn_literally(name):
    rows = [
        *day("2026-11-01", ("5", "2026-11-08"), unit=name, account_guid=name),
        *day("2026-11-08", ("5", "2026-11-08"), unit=name, account_guid=name),
        *day("2026-11-09", ("5", "2026-12-08"), unit=name, account_guid=name),
    ]
    holding = HOLDING | {"unit_type": name, "account_guid": name}

    for plot in (ra.plot_lapse, ra.plot_forecast, lambda history, ax: ra.plot_due(history, holding, ax=ax)):
        plot(table(rows), ax=axes()).figure.draw_without_rendering()


@pytest.mark.parametrize(("kind", "result"), [("lapse", ra.lapse), ("forecast", ra.forecast)])
def test_show_draws_one_for_each_unit_of_a_result(kind, result):
    found = ra.show.pictures(kind, result(frames.polars_frame(HISTORY)))

    assert found._repr_html_().count("<figure>") == {"lapse": 2, "forecast": 1}[kind]
    assert (
        str(found).splitlines()[-1]
        == {
            "lapse": "Share of what was due that expired. Miles: 50% with 7 days left (1 due), 40% with 14 days left "
            "(1 due). The rest was redeemed, or moved to another day.",
            "forecast": "Forecast per month: Nov 2026 to Dec 2026: 110 miles due, about 54 expected to expire.",
        }[kind]
    )
