"""How fresh rewards are, in words."""

from decimal import Decimal as D

import pytest

from rewards_analytics.show.freshness import gathered, staleness


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        ([], "no members"),
        ([(0, 1)], "1 member gathered today"),
        ([(1, 1_200), (13, 1)], "1,200 members gathered yesterday, 1 13 days ago"),
        ([(None, 1)], "1 member never gathered"),
        ([(None, 3)], "3 members never gathered"),
        ([(12, 2), (None, 3)], "2 members gathered twelve days ago, 3 never"),
        (
            [(day, 1) for day in range(8)],
            "1 member gathered today, 1 yesterday, 1 two days ago, 1 three days ago, 1 four days ago, "
            "1 five days ago, 1 six days ago, 1 seven days ago",
        ),
        (
            [*((day, 1) for day in range(7)), (40, 2), (1_000, 3), (None, 4)],
            "1 member gathered today, 1 yesterday, 1 two days ago, 1 three days ago, 1 four days ago, "
            "1 five days ago, 1 six days ago, 5 40 to 1,000 days ago, 4 never",
        ),
    ],
)
def test_members_are_counted_by_age(ages, words):
    assert gathered(ages) == words


def row(unit_type, available, stale, unknown):
    amounts = {"available": available, "stale": stale, "unknown": unknown}
    return {"unit_type": unit_type} | {name: amount and D(amount) for name, amount in amounts.items()}


def words(*rows):
    return "".join(part.text for part in staleness(rows, 2))


def test_what_is_stale_comes_with_its_share_the_largest_first():
    said = words(row("MILES", "100", "14", "0"), row("POINTS", "10", "10", "0"), row("DOLLARS", "3", "0", "0"))

    assert said == "All of the points and 14% of the miles were last gathered more than 2 days before this report."


def test_what_is_of_unknown_age_is_said_too():
    assert words(row("MILES", "100", "1", "50")) == (
        "1% of the miles were last gathered more than 2 days before this report. "
        "It is not known when 50% of the miles were last gathered."
    )
    assert words(row("MILES", "1000", "0", "1")) == "It is not known when <1% of the miles were last gathered."


def test_nothing_stale_is_said_to_be_so():
    assert words(row("MILES", "5", "0", "0")) == "Every balance was gathered within 2 days before this report."


@pytest.mark.parametrize("rows", [[], [row("MILES", None, None, None)], [row("MILES", "0", "0", "0")]])
def test_without_a_balance_nothing_is_said_about_its_age(rows):
    assert words(*rows) == "No balance is known, so none has an age."


def test_where_balances_are_below_zero_amounts_take_the_place_of_shares():
    assert words(row("MILES", "15", "20", "-5")) == (
        "20 miles were last gathered more than 2 days before this report. "
        "It is not known when -5 miles were last gathered."
    )


def test_the_exact_amount_is_given_with_each_share():
    share, *_ = staleness([row("MILES", "1204500.5", "1204500", "0")], 2)

    assert (share.text, share.exact) == ("99%", "1,204,500 miles")


def test_a_text_from_outside_is_made_one_line_and_units_are_bounded():
    rows = [row(f"UNIT\n{number}\x1b[31m", "2", "1", "0") for number in range(6)]

    assert words(*rows) == (
        "50% of the unit 0[31m, 50% of the unit 1[31m, 50% of the unit 2[31m, 50% of the unit 3[31m and some of "
        "2 more units were last gathered more than 2 days before this report."
    )
