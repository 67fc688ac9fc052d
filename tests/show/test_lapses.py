"""How much of what expires soon is likely to lapse, in words."""

from datetime import date
from decimal import Decimal as D

import pytest

from rewards_analytics.show.definitions import definitions
from rewards_analytics.show.headline import text_of
from rewards_analytics.show.lapses import likely_to_lapse

AS_OF = date(2026, 11, 23)


def row(unit_type, expected, due="84000", *, past=("100", "37"), since=date(2025, 11, 24)):
    was_due, expired = map(D, past)
    amounts = {"due": D(due), "expected": D(expected), "past_due": was_due, "past_expired": expired}
    return {"unit_type": unit_type, **amounts, "dues": 30, "since": since}


def aged(*units, expiring="84000"):
    return [{"bucket": "0-30", "unit_type": unit, "expiring": D(expiring)} for unit in units]


def words(rows, schedule):
    return text_of(likely_to_lapse(rows, schedule, AS_OF))


def test_each_unit_has_its_amount_and_the_share_of_the_past():
    rows = [row("DOLLARS", "31000"), row("MILES", "0.3", past=("100", "2")), row("POINTS", "1.2", past=("3", "3"))]

    assert words(rows, aged("DOLLARS", "MILES", "POINTS")) == (
        "Of what expires within 90 days, about $31,000 is likely to lapse (in the past year 37% of what was due within "
        "90 days did), less than 1 mile (2%) and about 1 point (100%)."
    )


@pytest.mark.parametrize(
    ("since", "says"),
    [(date(2025, 12, 24), "(in the past year 37%"), (date(2025, 12, 25), "(since 25 December 2025 37%")],
)
def test_a_history_of_less_than_a_year_says_since_when(since, says):
    assert says in words([row("POINTS", "31000", since=since)], aged("POINTS"))


@pytest.mark.parametrize(("due", "is_said"), [("75600", True), ("75599", False), ("92400", True), ("92401", False)])
def test_nothing_is_said_where_the_history_is_not_that_of_the_rewards(due, is_said):
    assert bool(words([row("POINTS", "31000", due)], aged("POINTS"))) is is_said


def test_without_a_row_nothing_is_said():
    assert words([], aged("POINTS")) == ""
    assert words([row("POINTS", "31000")], []) == ""


def test_units_beyond_four_are_counted():
    units = [f"UNIT_{number}" for number in range(6)]

    said = words([row(unit, "5") for unit in units], aged(*units))

    assert said.endswith("about 5 unit 3 (37%) and part of 2 more units.")


def test_the_words_lead_to_their_definition():
    (part,) = [part for part in likely_to_lapse([row("POINTS", "9")], aged("POINTS"), AS_OF) if part.term]

    text = definitions(value=False, lapses=True)[part.term]

    assert "This is not the breakage rate" in text
    assert "fewer than 30 such dues, if the last snapshot is more than 7 days old" in text
    assert part.term not in definitions(value=False)
