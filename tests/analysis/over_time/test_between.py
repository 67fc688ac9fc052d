"""The part of a history from one day to another."""

from datetime import date

import pytest

import rewards_analytics as ra
from rewards_analytics.analysis.over_time.between import between
from tests.analysis.over_time.histories import snapshot
from tests.frames import collected, total

DAYS = ("2026-10-01", "2026-10-05", "2026-10-09", "2026-10-20")
FIRST, SECOND, THIRD, LAST = map(date.fromisoformat, DAYS)


def snapshots():
    return [snapshot(on, total("MILES", amount)) for on, amount in zip(DAYS, ("1", "2", "3", "4"), strict=True)]


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (SECOND, THIRD, [FIRST, SECOND, THIRD]),
        (date(2026, 10, 6), LAST, [SECOND, THIRD, LAST]),
        (FIRST, SECOND, [FIRST, SECOND]),
        (date(2026, 9, 1), date(2026, 10, 19), [FIRST, SECOND, THIRD]),
        (date(2026, 12, 1), date(2026, 12, 31), [LAST]),
    ],
)
def test_it_has_the_days_from_one_to_the_other_and_the_last_one_before(make_history, since, until, expected):
    part, days = between(make_history(*snapshots()), since, until, asked_by="report")

    assert days == expected
    frame = part.scan() if hasattr(part, "dates") else part
    assert sorted(collected(frame)["taken_on"].to_list()) == expected


def test_a_history_without_a_day_up_to_then_stays_whole(make_history):
    history = make_history(*snapshots())

    assert between(history, FIRST, date(2026, 9, 30), asked_by="report") == (history, [])


@pytest.mark.parametrize("engine", ["stored"])
def test_a_stored_part_is_a_history_that_has_nothing_outside(make_history):
    part, days = between(make_history(*snapshots()), THIRD, THIRD, asked_by="report")

    assert part.dates() == days == [SECOND, THIRD]
    assert part.dates() is not days
    for start, end in ((None, None), (FIRST, LAST), (SECOND, THIRD)):
        assert collected(part.scan(start, end))["taken_on"].to_list() == days
    assert collected(part.scan(start=THIRD))["taken_on"].to_list() == [THIRD]
    assert collected(part.scan(end=SECOND))["taken_on"].to_list() == [SECOND]
    assert ra.changes(part).collect()["closing"].to_list() == [3]


@pytest.mark.parametrize("engine", ["polars", "polars_lazy"])
def test_a_frame_stays_of_its_kind(make_history, engine):
    history = make_history(*snapshots())

    assert type(between(history, FIRST, LAST, asked_by="report")[0]) is type(history)
