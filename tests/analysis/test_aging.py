"""The aging schedule."""

from datetime import date
from decimal import Decimal as D

from rewards_analytics import aging
from rewards_analytics.analysis.aging import buckets_within, days_of
from tests.frames import balance, lot

TODAY = date(2026, 11, 23)
BUCKETS = ["expired", "0-30", "31-60", "61-90", "91-180", "181-365", "over 365", "undated"]


def test_all_eight_buckets_are_there_in_order_of_time(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "300", on="2026-11-23"), lot("MILES", "200", on="2026-11-22"))

    assert_rows(
        aging(rewards, as_of=TODAY),
        [
            ("expired", "MILES", D(200), 1),
            ("0-30", "MILES", D(300), 1),
            ("31-60", "MILES", D(0), 0),
            ("61-90", "MILES", D(0), 0),
            ("91-180", "MILES", D(0), 0),
            ("181-365", "MILES", D(0), 0),
            ("over 365", "MILES", D(0), 0),
            ("undated", "MILES", D(0), 0),
        ],
    )


def test_each_bucket_takes_its_first_and_its_last_day(make_frame, assert_rows):
    edges = {
        "2026-11-22": 1, "2026-11-23": 2, "2026-12-23": 4, "2026-12-24": 8, "2027-01-22": 16, "2027-01-23": 32,
        "2027-02-21": 64, "2027-02-22": 128, "2027-05-22": 256, "2027-05-23": 512,
        "2027-11-23": 1024, "2027-11-24": 2048,
    }  # fmt: skip
    rewards = make_frame(*(lot("MILES", str(amount), on=day) for day, amount in edges.items()), lot("MILES", "4096"))

    sums = [D(1), D(2 + 4), D(8 + 16), D(32 + 64), D(128 + 256), D(512 + 1024), D(2048), D(4096)]
    assert_rows(aging(rewards, as_of=TODAY), list(zip(BUCKETS, sums, strict=True)), ["bucket", "expiring"])


def test_each_unit_with_lots_has_its_own_schedule_and_the_others_none(make_frame, assert_rows):
    rewards = make_frame(lot("POINTS", "1"), lot("DOLLARS", "0.5", on="2026-11-25"), balance("MILES", "9"))

    assert_rows(
        aging(rewards, as_of=TODAY),
        [(bucket, "DOLLARS", D("0.5") if bucket == "0-30" else D(0)) for bucket in BUCKETS]
        + [(bucket, "POINTS", D(1) if bucket == "undated" else D(0)) for bucket in BUCKETS],
        ["bucket", "unit_type", "expiring"],
    )


def test_without_lots_there_are_no_rows(make_frame, assert_rows):
    assert_rows(aging(make_frame(balance("MILES", "9")), as_of=TODAY), [])


def test_the_end_of_the_calendar_does_not_overflow(make_frame, assert_rows):
    rewards = make_frame(lot("MILES", "1", on="9999-12-31"))

    expected = [(bucket, 1 if bucket == "0-30" else 0) for bucket in BUCKETS]
    assert_rows(aging(rewards, as_of=date(9999, 12, 30)), expected, ["bucket", "rewards"])


def test_the_days_of_each_bucket_ahead_are_those_that_it_counts():
    assert [days_of(bucket, TODAY) for bucket in BUCKETS] == [
        None,
        (date(2026, 11, 23), date(2026, 12, 23)),
        (date(2026, 12, 24), date(2027, 1, 22)),
        (date(2027, 1, 23), date(2027, 2, 21)),
        (date(2027, 2, 22), date(2027, 5, 22)),
        (date(2027, 5, 23), date(2027, 11, 23)),
        (date(2027, 11, 24), None),
        None,
    ]


def test_the_buckets_within_a_number_of_days_end_with_it():
    assert buckets_within(30) == ("0-30",)
    assert buckets_within(365) == tuple(BUCKETS[1:6])
