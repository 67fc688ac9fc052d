"""What a report says first: in words, with numbers that can be said."""

import polars as pl
import pytest

from rewards_analytics.reporting.facts import report_facts
from tests import frames
from tests.reporting.pages import AS_OF


def said(*rows, **options):
    """The sentences at the top of a report of these rewards."""
    facts = report_facts(frames.polars_frame(frames.table(rows)), as_of=AS_OF, **options)
    return ["".join(part.text for part in sentence) for sentence in facts["headline"]]


def test_it_says_what_is_held_what_expires_by_when_and_who_is_close():
    whose = [{"user_guid": f"U{n}", "member_guid": f"M{n}", "account_guid": None} for n in range(12)]
    levels = [frames.to_level("MILES", "10000", **who) for who in whose]
    held = [frames.balance("MILES", "100375", **who) for who in whose]
    lot = frames.lot("MILES", "84000", "2027-01-31", **whose[0])

    assert said(*levels, *held, lot) == [
        "1.2 million miles, of which 84,000 (7%) expire by 31 January 2027.",
        "12 members are within 10% of a level.",
    ]


def test_the_day_is_the_last_within_ninety_days_on_which_some_expires():
    lots = [frames.lot("MILES", "10", day) for day in ("2026-11-23", "2027-02-21", "2027-02-22")]

    assert said(frames.total("MILES", "200"), *lots) == ["200 miles, of which 20 (10%) expire by 21 February 2027."]


def test_what_expires_soonest_in_the_largest_part_comes_first_and_what_lasts_is_put_together():
    assert said(
        frames.total("DOLLARS", "12.5"),
        frames.total("MILES", "100", "2026-12-01"),
        frames.total("POINTS", "1"),
        frames.total("SEGMENTS", "7"),
        frames.lot("SEGMENTS", "1", "2026-12-24"),
        frames.total("STARS", "0"),
        frames.total("TOKENS", "100"),
        frames.lot("TOKENS", "1", "2026-12-24"),
    ) == [
        "100 miles, all of which expire by 1 December 2026; 7 segments, of which 1 (14%) expires by "
        "24 December 2026; 100 tokens, of which 1 (1%) expires by then; "
        "$12.50, 1 point and 0 stars, none of which expires within 90 days."
    ]


def test_what_is_not_known_or_does_not_add_up_is_said_to_be_so():
    unknown = frames.lot("MILES", "5", "2026-12-01")
    more_than_held = [frames.total("POINTS", "1"), frames.lot("POINTS", "3", "2026-12-02")]

    assert said(unknown) == ["5 miles expire by 1 December 2026, of a balance that is not known."]
    assert said(*more_than_held) == ["1 point and 3 points that expire by 2 December 2026."]
    assert said(frames.lot("MILES", "5", "2028-12-01")) == ["No balance is known."]


@pytest.mark.parametrize(
    ("goals", "sentence"),
    [
        ([frames.to_level("MILES", "11")], "1 member is within 10% of a level."),
        ([frames.to_reward("MILES", "11")], "1 member is within 10% of a reward."),
        (
            [frames.to_level("MILES", "1"), frames.to_level("MILES", "2"), frames.to_reward("MILES", "3")],
            "1 member is within 10% of a level, and 1 of a reward.",
        ),
        ([frames.to_level("MILES", "12")], "No member is within 10% of a level or a reward."),
        ([frames.to_level("MILES", "0")], "No member is within 10% of a level or a reward."),
    ],
)
def test_members_are_close_from_nine_tenths_on_and_a_reached_goal_is_not_ahead(goals, sentence):
    assert said(frames.total("MILES", "99"), *goals)[-1] == sentence


def test_the_value_is_the_sum_of_what_has_a_rate():
    miles, dollars = frames.total("MILES", "1500", "2026-12-01"), frames.total("DOLLARS", "0.005")
    points = frames.total("POINTS", "9")

    assert said(miles, dollars, points, rates={"MILES": "0.0125"})[-1] == (
        "Worth $18.76 at the rates given, $18.75 of it due to expire, not counting points."
    )
    assert said(dollars, rates={})[-1] == "Worth $0.00 at the rates given."
    assert said(points, rates={})[-1] == "No balance has a rate, so its value is not known."


def test_no_rewards_are_said_to_be_none():
    rewards = frames.polars_frame(frames.table([frames.total("MILES", "1")])).filter(pl.col("unit_type") == "none")

    facts = report_facts(rewards, as_of=AS_OF, rates={})

    assert [part.text for sentence in facts["headline"] for part in sentence] == [
        "These rewards hold no balance and no goal."
    ]
