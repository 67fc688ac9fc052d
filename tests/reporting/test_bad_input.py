"""Rewards that are odd or many: a report that is right, small and readable."""

import numpy as np
import polars as pl

from tests import frames
from tests.reporting.pages import reported

MOST_BYTES = 1_000_000


def test_a_hundred_thousand_goals_are_counted_and_the_nearest_listed(tmp_path):
    many = 100_000
    template = frames.polars_frame(frames.table([frames.to_level("MILES", "1", description="x" * 10_000)]))
    goals = pl.concat([template] * many).with_columns(
        guid=pl.format("RWD-{}", pl.int_range(many)),
        member_guid=pl.format("M{}", pl.int_range(many)),
        account_guid=None,
        balance=pl.Series(np.arange(1, many + 1)).cast(pl.Decimal(38, 9)),
        description=pl.when(pl.int_range(many) < 20).then("description"),
    )
    held = goals.with_columns(
        guid=pl.format("HLD-{}", pl.int_range(many)),
        balance_type=pl.lit("BALANCE"),
        balance=pl.lit(90).cast(pl.Decimal(38, 9)),
    )

    page = reported(pl.concat([goals, held]), tmp_path)

    assert "100,000 goals: 0 reached, and 10 more at least 90% of the way." in page.text
    assert "10 members are within 10% of a level." in page.text
    assert page.values("Nearest goals", 1) == [str(n) for n in range(1, 13)]
    assert (tmp_path / "report.html").stat().st_size < MOST_BYTES


def test_many_rewards_make_no_larger_a_report(tmp_path):
    lots = [
        frames.lot(
            unit, "12345678901234567.123456789", f"2027-{1 + n % 12:02}-{1 + n % 28:02}", account_guid=f"ACT-{n:036}"
        )
        for n in range(5000)
        for unit in ("DOLLARS", "MILES", "POINTS", "SEGMENTS")
    ]

    reported(frames.polars_frame(frames.table(lots)), tmp_path, rates={"MILES": "0.123456789"})

    assert (tmp_path / "report.html").stat().st_size < MOST_BYTES / 2


def test_only_unknown_units_are_units_like_any_other(tmp_path):
    rows = [frames.total("BONUS_NIGHTS", "3", "2026-12-01"), frames.to_reward("STARS", "4", description="A star")]

    page = reported(frames.polars_frame(frames.table(rows)), tmp_path, rates={"STARS": 2})

    assert "3 bonus nights, all of which expire by 1 December 2026." in page.text
    assert page.table("Value in dollars") == [
        ["Bonus nights", "3", "no rate", "not known", "3", "not known"],
        ["Stars", "not known", "$2.00", "not known", "0", "$0.00"],
    ]


def test_names_and_guids_of_any_length_and_direction_stay_in_their_place(tmp_path):
    long, turned = "UNIT" * 2500, "\u202eSDNAH"
    rows = [frames.total(long, "1", "2026-12-01", user_guid="U" * 10_000), frames.total(turned, "2")]

    page = reported(frames.polars_frame(frames.table(rows)), tmp_path)

    assert page.table("Totals per unit")[0][0] == f"Unit{'unit' * 8}uni…"
    assert page.table("Totals per unit")[1][0] == "Sdnah"
    assert "\u202e" not in page.text
    assert page.table("Next expiries")[0][4] == "UUUUUUUU…UUUU"
    assert page.values("Next expiries", 4) == ["U" * 10_000]


def test_a_holding_that_owes_is_shown_as_it_is(tmp_path):
    rows = [frames.total("MILES", "-50"), frames.lot("MILES", "-5", "2026-12-01"), frames.total("DOLLARS", "-0.5")]

    page = reported(frames.polars_frame(frames.table(rows)), tmp_path, rates={"MILES": 1})

    assert page.table("Totals per unit") == [
        ["Dollars", "-$0.50", "$0.00", "1", "1", "1"],
        ["Miles", "-50", "-5", "1", "1", "1"],
    ]
    assert "Worth -$50.50 at the rates given, -$5.00 of it due to expire." in page.text


def test_what_has_expired_is_past_and_nothing_is_ahead(tmp_path):
    rows = [frames.total("MILES", "50"), frames.lot("MILES", "5", "2026-11-22")]

    page = reported(frames.polars_frame(frames.table(rows)), tmp_path)

    assert "50 miles, none of which expires within 90 days." in page.text
    assert "Nothing expires from 23 November 2026 until 31 October 2028." in page.text
    assert "Nobody's balance expires from 23 November 2026 on." in page.text
    assert page.table("Aging schedule")[0] == ["Expired", "5"]


def test_sixty_units_have_a_page_that_is_still_small_and_can_be_read(tmp_path):
    units = [f"UNIT_{n:02}" for n in range(56)] + ["DOLLARS", "MILES", "POINTS", "SEGMENTS"]
    lots = [frames.total(unit, "10", f"2027-{1 + n % 12:02}-01") for n, unit in enumerate(units)]

    page = reported(frames.polars_frame(frames.table(lots)), tmp_path, rates={})

    assert len(page.images) == 6
    drawn = [" ".join(image["alt"].split()[3:5]) for image in page.images]
    assert drawn == ["$10.00 from", "10 miles", "10 points", "10 segments", "10 unit", "10 unit"]
    assert "54 more units in the table." in page.text
    assert len(page.table("Totals per unit")) == len(page.table("Value in dollars")) == 60
    assert page.text.count("all of which") == 4
    assert "some of 6 more units within 90 days; " in page.text
    assert "and 46 more units, none of which expires within 90 days." in page.text
    assert "not counting miles, points, segments, unit 00 and 55 more units." in page.text
    assert (tmp_path / "report.html").stat().st_size < MOST_BYTES / 2
