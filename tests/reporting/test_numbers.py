"""Every number of a report is the analysis functions' own."""

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.plots.aging import bucket_name
from rewards_analytics.reporting.facts import report_facts
from rewards_analytics.reporting.page import page as render
from rewards_analytics.spreadsheet import exact_number
from rewards_analytics.wording import amount, unit_name
from tests import frames
from tests.reporting.pages import AS_OF, REWARDS, Page, reported


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return reported(REWARDS, tmp_path_factory.mktemp("report"))


def by_unit(frame, column):
    return {unit_name(row["unit_type"]): row[column] for row in frame.rows(named=True)}


@pytest.mark.parametrize(
    ("column", "place"), [("available", 1), ("expiring", 2), ("holdings", 3), ("members", 4), ("users", 5)]
)
def test_totals_are_those_of_totals(page, column, place):
    assert page.amounts("Totals per unit", place) == by_unit(ra.totals(REWARDS), column)


DATA = Path(__file__).parents[2] / "data"
RATED = ("available", "rate", "value", "expiring", "expiring_value")
RATES = {"MILES": "0.0125", "POINTS": "0.007"}


def test_values_are_those_of_value(tmp_path):
    page = reported(REWARDS, tmp_path, rates=RATES)

    values = ra.value(REWARDS, RATES)
    for place, column in enumerate(values.columns[1:], start=1):
        assert page.amounts("Value in dollars", place) == by_unit(values, column)
    assert page.table("Value in dollars")[1] == ["Miles", "1,204,500", "$0.0125", "$15,056.25", "85,500", "$1,068.75"]
    assert page.table("Value in dollars")[3][1:4] == ["not known", "no rate", "not known"]


def test_rates_of_members_are_said_to_be_theirs(tmp_path):
    rates = pl.DataFrame({"unit_type": ["MILES"], "rate": [1], "member_guid": ["M1"]})
    rewards = frames.polars_frame(
        frames.table([frames.total("MILES", "3"), frames.total("MILES", "4", member_guid="M2")])
    )

    page = reported(rewards, tmp_path, rates=rates)

    assert page.table("Value in dollars") == [["Miles", "7", "by member", "$3.00", "0", "$0.00"]]


def test_without_rates_nothing_is_said_about_value(page):
    assert "worth" not in page.text


def test_rates_that_are_wrong_are_told_before_anything_is_written(tmp_path):
    with pytest.raises(ra.ArgumentError, match="'MILES', -1, is not a number at or above 0"):
        ra.report(REWARDS, tmp_path / "r.html", as_of=AS_OF, rates={"MILES": -1})

    assert list(tmp_path.iterdir()) == []


def test_the_timeline_is_that_of_expiring_and_covers_a_year_at_least(page):
    timeline = ra.expiring(REWARDS, as_of=AS_OF, until=dt.date(2027, 10, 31))
    miles = timeline.filter(timeline["unit_type"] == "MILES")

    shown = page.amounts("Expiring per month", 2)

    assert list(shown.values()) == miles["expiring"].to_list()
    assert list(shown)[-1] == "Oct 2027"
    assert shown["Jan 2027"] == 84000


@pytest.mark.parametrize(("last", "months"), [("2027-11-01", 13), ("2028-10-31", 24), ("2028-11-01", 12)])
def test_the_timeline_ends_with_the_last_expiry_within_two_years(tmp_path, last, months):
    lots = [frames.lot("MILES", "5", "2026-12-01"), frames.lot("MILES", "7", last)]

    page = reported(frames.polars_frame(frames.table(lots)), tmp_path)

    assert len(page.table("Expiring per month")) == months


def test_the_aging_schedule_is_that_of_aging(page):
    schedule = ra.aging(REWARDS, as_of=AS_OF)
    miles = schedule.filter(schedule["unit_type"] == "MILES")

    assert page.amounts("Aging schedule", 2) == dict(
        zip(map(bucket_name, miles["bucket"]), miles["expiring"], strict=True)
    )


def test_what_expires_after_the_timeline_is_named():
    assert "Expiring after 31 October 2028: 500 miles." in page_text(REWARDS)


def test_what_no_timeline_can_show_is_named_under_it():
    rewards = [
        frames.lot("POINTS", "24308"),
        frames.lot("POINTS", "5", "2026-12-01"),
        frames.lot("MILES", "1", "2026-11-22"),
    ]

    text = page_text(frames.polars_frame(frames.table(rewards)))

    said = "Not in the timeline: 24,308 points have no date; 1 mile expired before 23 November 2026."
    assert said in text
    assert "Not in the timeline" not in page_text(frames.polars_frame(frames.table(rewards[1:2])))


def test_bands_are_those_of_bands(page):
    assert page.table("Holdings by available balance")[0] == ["Below 1", "0", "0", "0"]
    columns = [[row[place] for row in page.table("Holdings by available balance")] for place in (1, 2, 3)]
    found = ra.bands(REWARDS)
    assert columns == [
        [str(number) for number in found.filter(found["unit_type"] == unit)["holdings"]]
        for unit in ("DOLLARS", "MILES", "POINTS")
    ]


def page_text(rewards):
    return Page(render(report_facts(rewards, as_of=AS_OF))).text


def test_next_expiries_are_the_lots_ahead_by_day_with_whose_they_are(page):
    assert page.table("Next expiries") == [
        ["1 Dec 2026", "$12.50", "Dollars", "8", "U2", "M2", "none given"],
        ["31 Jan 2027", "84,000", "Miles", "69", "U1", "M1", "A1"],
        ["30 Jun 2030", "500", "Miles", "1,315", "U1", "M1", "A1"],
    ]


def test_no_unit_crowds_the_others_out_of_the_next_expiries():
    miles = [frames.lot("MILES", str(n), "2026-11-24", account_guid=f"A{n}") for n in range(1, 30)]
    rewards = frames.polars_frame(frames.table([*miles, frames.lot("POINTS", "5", "2027-11-24")]))

    text = page_text(rewards)

    assert "24 Nov 2027" in text
    assert "23 later expiries not listed here" in text


def test_nearest_goals_are_those_of_distance_that_are_not_reached(page):
    assert page.table("Nearest goals") == [["Gold status", "25,000", "98%", "Miles", "Level", "U1"]]
    assert "2 goals: 1 reached, and 1 more at least 90% of the way." in page.text


def test_an_amount_is_shown_whole(page):
    assert page.amounts("Totals per unit", 1)["Points"] == Decimal("12345678901234567.123456789")


def test_a_sum_of_thirty_eight_digits_is_shown_and_added_up_whole(tmp_path):
    nearly = "9999999999999999999.999999999"
    lots = [frames.lot("MILES", nearly, "2026-12-01", account_guid=f"A{n}") for n in range(11)]
    later = frames.lot("MILES", "0.000000001", "2027-02-01", account_guid="A0")

    page = reported(frames.polars_frame(frames.table([*lots, later])), tmp_path)

    assert ("strong", {"title": "109,999,999,999,999,999,999.99999999 miles"}) in page.tags
    assert "110,000,000.0 trillion miles expire by 1 February 2027" in page.text
    assert page.amounts("Totals per unit", 2)["Miles"] == Decimal("109999999999999999999.99999999")


def test_every_number_of_a_large_report_is_read_back_from_its_page(tmp_path):
    """The synthetic rewards: each cell of the page against the frame that the analysis gives."""
    rewards = ra.load(DATA / "rewards.parquet")

    page = reported(rewards, tmp_path, rates=RATES)

    totals, schedule = ra.totals(rewards), ra.aging(rewards, as_of=AS_OF)
    for place, column in enumerate(totals.columns[1:], start=1):
        assert page.amounts("Totals per unit", place) == by_unit(totals, column)
    for place, column in enumerate(RATED, start=1):
        assert page.amounts("Value in dollars", place) == by_unit(ra.value(rewards, RATES), column)
    timeline = ra.expiring(rewards, as_of=AS_OF, until=dt.date(2028, 10, 31))
    for place, unit in enumerate(schedule["unit_type"].unique().sort(), start=1):
        spans = schedule.filter(pl.col("unit_type") == unit)["expiring"].to_list()
        assert list(page.amounts("Aging schedule", place).values()) == spans
        months = page.amounts("Expiring per month", place)
        assert (
            list(months.values()) == timeline.filter(pl.col("unit_type") == unit)["expiring"].to_list()[: len(months)]
        )
        assert sum(months.values()) == sum(timeline.filter(pl.col("unit_type") == unit)["expiring"])
    ahead = ra.distance(rewards).filter(~pl.col("reached"))
    assert page.values("Nearest goals", 1) == [exact_number(amount) for amount in ahead["remaining"][:12]]
    assert page.values("Nearest goals", 2) == [str(share) for share in ahead["progress"][:12]]
    assert page.values("Nearest goals", 5) == ahead["user_guid"][:12].to_list()
    due = ra.upcoming(rewards, as_of=AS_OF).filter(pl.int_range(pl.len()).over("unit_type") < 6)
    assert page.values("Next expiries", 1) == [exact_number(amount) for amount in due["expiring"]]
    assert page.values("Next expiries", 4) == due["user_guid"].to_list()
    bands = ra.bands(rewards)
    for place, unit in enumerate(bands["unit_type"].unique().sort(), start=1):
        numbers = bands.filter(pl.col("unit_type") == unit)["holdings"]
        assert page.values("Holdings by available balance", place) == [str(number) for number in numbers]
    found = ra.quality(rewards, as_of=AS_OF).filter(pl.col("rewards") > 0)
    assert page.values("Quality checks", 2) == [str(count) for count in found["rewards"]]


def test_the_numbers_of_the_headline_have_their_exact_form_on_hover(tmp_path):
    page = reported(REWARDS, tmp_path, rates=RATES)

    exact = [attributes.get("title") for tag, attributes in page.tags if tag == "strong"]
    value = ra.value(REWARDS, RATES)
    assert exact == [
        None,  # $12.50 is said as it is
        "1,204,500 miles",
        "84,000 miles",
        "12,345,678,901,234,567.123456789 points",
        None,  # 1 member
        amount(sum(value["value"].drop_nulls()), "DOLLARS"),
        None,
    ]


def test_the_assumption_about_goals_stands_where_progress_is_shown(page):
    assert "Progress assumes that a goal counts the balance held in its unit." in page.text


def test_the_source_and_its_age_are_shown(page):
    assert "8 rewards of 2 users and 2 members, recorded on 1 November 2026, 22 days before the day" in page.text


def test_quality_is_that_of_quality(page):
    found = ra.quality(REWARDS, as_of=AS_OF).filter(pl.col("rewards") > 0)

    assert list(page.amounts("Quality checks", 2).values()) == found["rewards"].to_list()
    assert page.table("Quality checks")[0][:3] == ["An expiry date that has passed", "Info", "1"]


def test_rewards_without_fault_are_said_to_be_so():
    assert "All 8 quality checks passed" in page_text(REWARDS.filter(pl.col("unit_type") == "SEGMENTS"))


def test_quality_is_left_out_where_its_columns_are_missing():
    text = page_text(REWARDS.drop("guid", "created_at"))

    assert "How far to trust" not in text
    assert "8 rewards" in text


def test_the_downloads_hold_the_exact_results():
    files = report_facts(REWARDS, as_of=AS_OF)["csv"]

    schedule = ra.aging(REWARDS, as_of=AS_OF)
    rows = list(csv.DictReader(files["aging"].splitlines()))
    assert [Decimal(row["expiring"]) for row in rows] == schedule["expiring"].to_list()
    assert "MILES,U1" not in files["totals"]
    assert files["next-expiries"].splitlines()[1] == "2026-12-01,8,U2,M2,,DOLLARS,12.5,1,12.5"


def test_a_spreadsheet_runs_no_description_of_a_provider():
    goal = frames.to_level("MILES", "5", description='=HYPERLINK("http://example.com")')

    files = report_facts(frames.polars_frame(frames.table([goal])), as_of=AS_OF)["csv"]

    assert """"'=HYPERLINK(""http://example.com"")\"""" in files["nearest-goals"]


def test_no_rewards_make_a_report_that_says_so():
    text = page_text(REWARDS.clear())

    assert "These rewards hold no balance and no goal." in text
    assert "Nothing expires from 23 November 2026" in text


def test_units_that_are_not_documented_have_their_place(tmp_path):
    rewards = frames.polars_frame(frames.table([frames.total("BONUS_NIGHTS", "3"), frames.total("</style>", "4")]))

    page = reported(rewards, tmp_path)

    assert page.amounts("Totals per unit", 1) == {"</style>": 4, "Bonus nights": 3}


def test_a_balance_that_is_not_known_is_said_to_be_so(tmp_path):
    rewards = frames.polars_frame(frames.table([frames.to_level("SEGMENTS", "5", description=None)]))

    page = reported(rewards, tmp_path)

    assert page.table("Totals per unit") == [["Segments", "not known", "0", "0", "0", "0"]]
    assert page.table("Nearest goals")[0][0] == "No name given"


@pytest.mark.parametrize("as_of", [dt.date.min, dt.date.max])
def test_the_first_and_the_last_day_of_the_calendar_have_a_report(as_of):
    rewards = frames.polars_frame(frames.table([frames.lot("MILES", "5", "2026-12-01"), frames.total("MILES", "9")]))

    assert report_facts(rewards, as_of=as_of)["headline"]


def test_dates_at_the_end_of_the_calendar_do_not_make_an_endless_timeline(tmp_path):
    rewards = frames.polars_frame(frames.table([frames.lot("MILES", "5", "9999-12-31")]))

    page = reported(rewards, tmp_path)

    assert "Expiring after 31 October 2028: 5 miles." in page.text
    assert page.table("Next expiries")[0][0] == "31 Dec 9999"
