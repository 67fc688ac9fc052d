"""What was held day after day, and how much of it was to expire."""

from datetime import date
from decimal import Decimal as D

from rewards_analytics.analysis.over_time.balance import balance_by_day
from tests.analysis.over_time.histories import snapshot
from tests.frames import balance, lot, to_level, total

FIRST, SECOND = date(2026, 11, 1), date(2026, 11, 2)


def row(on, unit_type, available, expiring):
    return {"taken_on": on, "unit_type": unit_type, "available": available, "expiring": expiring}


def test_each_snapshot_and_unit_has_its_totals_and_the_lots_from_its_day_on(make_history):
    history = make_history(
        snapshot(
            "2026-11-02",
            balance("POINTS", "7"),
            total("MILES", "10"),
            total("MILES", "20.5", user_guid="U2"),
            lot("MILES", "4", "2026-11-01"),
            lot("MILES", "2", "2026-11-02"),
            lot("MILES", "1", "2026-11-03", user_guid="U2"),
        ),
        snapshot("2026-11-01", total("MILES", "10"), lot("MILES", "4", "2026-11-01"), to_level("MILES", "99")),
    )

    assert balance_by_day(history) == [
        row(FIRST, "MILES", D(10), D(4)),
        row(SECOND, "MILES", D("30.5"), D(3)),
        row(SECOND, "POINTS", D(7), D(0)),
    ]


def test_it_is_null_on_a_day_without_a_known_balance(make_history):
    history = make_history(
        snapshot("2026-11-01", lot("MILES", "4", "2026-11-09")),
        snapshot("2026-11-02", total("MILES", "0"), lot("MILES", "4", "2026-11-09")),
    )

    assert balance_by_day(history) == [row(FIRST, "MILES", None, D(4)), row(SECOND, "MILES", D(0), D(4))]
