"""The dues of one holding, and what may have moved from one day to a later one."""

from datetime import date
from decimal import Decimal as D

import pytest

import rewards_analytics as ra
from rewards_analytics.analysis.over_time.holding import HoldingDues, Moved, dues_of_holding
from tests.analysis.over_time.histories import snapshot
from tests.frames import balance, lot

HOLDING = {"user_guid": "U1", "member_guid": "M1", "account_guid": "A1", "unit_type": "MILES"}
OTHERS = [{"user_guid": "U2"}, {"member_guid": "M2"}, {"account_guid": "A2"}, {"account_guid": None}]
FIRST, SECOND, THIRD = date(2026, 11, 1), date(2026, 11, 10), date(2026, 11, 20)
EARLY, NEXT, LATE = date(2026, 11, 15), date(2026, 12, 1), date(2027, 1, 1)


def held(on, *dues, **fields):
    """A day on which the holding's balance is known, with its dues: each an amount and its day."""
    return snapshot(str(on), balance("MILES", "900", **fields), *(lot("MILES", a, str(at), **fields) for a, at in dues))


def test_it_lists_the_dues_of_this_holding_at_each_snapshot_that_knows_its_balance(make_history):
    history = make_history(
        held(FIRST, ("10", EARLY), ("30.5", NEXT)),
        *(held(FIRST, ("7", NEXT), **other) for other in OTHERS),
        snapshot(str(SECOND), lot("MILES", "4", str(EARLY)), balance("POINTS", "5"), lot("POINTS", "3", str(NEXT))),
        held(THIRD, ("30.5", NEXT)),
    )

    found = dues_of_holding(history, HOLDING | {"outcome": "ahead"}, asked_by="plot_due")

    assert found.key == HOLDING
    assert found.listed == {FIRST: {EARLY: D(10), NEXT: D("30.5")}, THIRD: {NEXT: D("30.5")}}
    assert [(due["expires_on"], due["first_due"], due["outcome"]) for due in found.dues] == [
        (EARLY, D(10), "unknown"),  # not known on the last snapshot before that day
        (NEXT, D("30.5"), "ahead"),
    ]


def test_the_days_on_which_the_holding_is_missing_count(make_history):
    history = make_history(held(FIRST, ("10", EARLY)), held(THIRD, user_guid="U2"))

    assert [due["outcome"] for due in dues_of_holding(history, HOLDING, asked_by="plot_due").dues] == ["unknown"]


def test_a_history_without_a_day_has_no_dues(make_history):
    found = dues_of_holding(make_history(), HOLDING, asked_by="plot_due")

    assert (found.dues, found.listed) == ([], {})


def test_a_holding_without_an_account_is_one_of_its_own(make_history):
    history = make_history(held(FIRST, ("10", NEXT)), held(FIRST, ("7", NEXT), account_guid=None))

    found = dues_of_holding(history, HOLDING | {"account_guid": None}, asked_by="plot_due")

    assert found.listed == {FIRST: {NEXT: D(7)}}


@pytest.mark.parametrize(
    ("holding", "found"),
    [
        ({"user_guid": "U1", "unit_type": "MILES"}, r"a mapping of \['unit_type', 'user_guid'\]"),
        (["user_guid", "member_guid", "account_guid", "unit_type"], "list"),
    ],
)
def test_what_is_not_a_key_is_refused(holding, found):
    with pytest.raises(ra.ArgumentError, match=f"holding is {found}. Pass a mapping of user_guid, member_guid"):
        dues_of_holding(None, holding, asked_by="plot_due")


@pytest.mark.parametrize("value", [7, 1.5, True, ["A1"], b"A1"])
def test_a_field_of_the_key_that_is_not_a_text_is_refused(value):
    with pytest.raises(ra.ArgumentError, match=r"^holding\['account_guid'\]=.* is not a text\. Pass a row of dues"):
        dues_of_holding(None, HOLDING | {"account_guid": value}, asked_by="plot_due")


def moves(*snapshots):
    days = (FIRST, SECOND, THIRD)
    return HoldingDues(HOLDING, [], dict(zip(days, snapshots, strict=False))).moves()


def test_what_a_day_lost_may_have_moved_to_later_days_the_next_one_first():
    assert moves({EARLY: D(10), NEXT: D(5)}, {EARLY: D(2), NEXT: D(8), LATE: D(3)}) == [
        Moved(SECOND, EARLY, NEXT, D(3)),
        Moved(SECOND, EARLY, LATE, D(3)),
    ]
    assert moves({EARLY: D(10)}, {NEXT: D(4)}, {NEXT: D(1), LATE: D(9)}) == [
        Moved(SECOND, EARLY, NEXT, D(4)),
        Moved(THIRD, NEXT, LATE, D(3)),
    ]


def test_two_days_share_what_a_later_day_gained():
    assert moves({NEXT: D(4), EARLY: D(2)}, {LATE: D(5)}) == [
        Moved(SECOND, EARLY, LATE, D(2)),
        Moved(SECOND, NEXT, LATE, D(3)),
    ]


def test_nothing_moves_to_an_earlier_day_nor_from_one_that_has_passed():
    assert moves({LATE: D(4)}, {EARLY: D(4)}) == []
    assert moves({NEXT: D(4)}, {NEXT: D(5)}) == []
    assert moves({EARLY: D(4)}, {EARLY: D(4)}, {LATE: D(4)}) == []
    assert moves({SECOND: D(4)}, {NEXT: D(1)}) == [Moved(SECOND, SECOND, NEXT, D(1))]


def test_moves_are_exact():
    less, much = D("0.000000001"), D("9999999999999999999.999999999")

    assert moves({EARLY: much}, {EARLY: less, NEXT: much}) == [Moved(SECOND, EARLY, NEXT, much - less)]
    assert str(moves({EARLY: much}, {EARLY: less, NEXT: much})[0].amount) == "9999999999999999999.999999998"
