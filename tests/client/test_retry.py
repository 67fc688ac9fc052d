"""What is retried, how long it waits, and when it gives up."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.client.response import Response
from rewards_analytics.client.retry import retry_after


@pytest.mark.parametrize("fault", ["reset", "lost", "truncated", "html", "429", "500", "502", "503", "504"])
def test_a_passing_fault_is_survived(client, sandbox, waits, fault):
    sandbox.faults.next(fault, times=2)

    users = list(client.list_users())

    assert len(users) == 4
    assert len(sandbox.requests) == 3
    assert len(waits) == 2


def test_retries_counts_attempts_after_the_first(make_client, sandbox):
    sandbox.faults.next("503", times=9)

    with pytest.raises(ra.AtriumError, match="GET /users answered 503") as failure:
        list(make_client(retries=3).list_users())

    assert failure.value.status == 503
    assert len(sandbox.requests) == 4


def test_no_retries_means_one_attempt(make_client, sandbox):
    sandbox.faults.next("503", times=9)

    with pytest.raises(ra.AtriumError):
        list(make_client(retries=0).list_users())

    assert len(sandbox.requests) == 1


def test_waits_grow_within_a_cap_and_never_repeat_exactly(make_client, sandbox, waits):
    sandbox.faults.next("500", times=13)

    with pytest.raises(ra.AtriumError):
        list(make_client(retries=12).list_users())

    caps = [0.5, 1, 2, 4, 8, 16, 20, 20, 20, 20, 20, 20]
    assert all(0 <= wait <= cap for wait, cap in zip(waits, caps, strict=True))
    assert len(set(waits)) == 12


def test_retry_after_in_seconds_is_honoured(client, sandbox, waits):
    sandbox.faults.retry_after = "17"
    sandbox.faults.next("429", times=2)

    assert len(list(client.list_users())) == 4
    assert waits == [17, 17]


def test_retry_after_0_does_not_mean_at_once(make_client, sandbox, waits):
    sandbox.faults.retry_after = "0"
    sandbox.faults.next("429", times=9)

    with pytest.raises(ra.RateLimitError):
        list(make_client(retries=8).list_users())

    assert len(waits) == 8
    assert sum(waits) > 5


def test_retry_after_as_a_date_is_honoured(client, sandbox, waits):
    sandbox.faults.retry_after = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    sandbox.faults.next("429")

    assert len(list(client.list_users())) == 4
    assert len(waits) == 1
    assert 30 < waits[0] <= 40


def test_retry_after_an_hour_is_not_waited_for(client, sandbox, waits):
    sandbox.faults.retry_after = "3600"
    sandbox.faults.next("429")

    with pytest.raises(ra.RateLimitError, match=r"429.*asks to wait 3600 s.*fewer workers"):
        list(client.list_users())

    assert waits == []


def test_too_many_requests_end_in_a_rate_limit_error(client, sandbox):
    sandbox.faults.next("429", times=6)

    with pytest.raises(ra.RateLimitError, match="fewer workers") as failure:
        list(client.list_users())

    assert failure.value.status == 429


def test_a_host_that_does_not_answer_is_named(make_client, waits):
    client = make_client(base_url="http://127.0.0.1:9")

    with pytest.raises(
        ra.AtriumError, match=r"GET /users got no answer from http://127.0.0.1:9: the connection"
    ) as failure:
        list(client.list_users())

    assert failure.value.status is None
    assert len(waits) == 5


def test_a_response_that_takes_too_long_is_an_error(make_client, sandbox):
    sandbox.faults.next("silence")

    with pytest.raises(ra.AtriumError, match="it took too long"):
        list(make_client(timeout=0.1, retries=0).list_users())


def test_a_redirect_is_not_followed_with_the_keys(client, sandbox):
    sandbox.faults.next("redirect")

    with pytest.raises(ra.AtriumError, match="a redirect, which is not followed") as refusal:
        list(client.list_users())

    assert refusal.value.status == 302
    assert len(sandbox.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("Mon, 23 Nov 2026 12:01:00 GMT", 60),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:00:30 -0000", 30),
        ("2.0", 2),
        ("2.5", 3),
        ("2.", 2),
        ("0.001", 1),
        (" 7 ", 7),
        ("Monday, 23-Nov-26 12:00:10 GMT", 10),
        ("Mon Nov 23 12:00:20 2026", 20),
        ("Mon, 23 Nov 2026 13:00:30 +0100", 30),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 251_606_865_599),
        ("-5", None),
        ("-2.5", None),
        ("NaN", None),
        ("inf", None),
        ("1e3", None),
        ("+5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        ("Mon, 99 Nov 2026 12:00:30 GMT", None),
        ("Mon, 23 Nov 2026 12:00:30 +99999999999999999999", None),
        ("1 Nov 99999999999999999999 12:00:00 GMT", None),
        ("9" * 5000, float("inf")),
        ("9" * 5000 + ".5", float("inf")),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(header, seconds):
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)

    assert retry_after(Response("GET /", headers={"Retry-After": header}), noon) == seconds


def test_a_date_between_two_seconds_is_rounded_up():
    now = datetime(2026, 11, 23, 12, 0, 0, 300_000, tzinfo=UTC)

    assert retry_after(Response("GET /", headers={"Retry-After": "Mon, 23 Nov 2026 12:00:10 GMT"}), now) == 10


def test_a_fraction_is_never_waited_too_briefly(client, sandbox, waits):
    sandbox.faults.retry_after = "2.5"
    sandbox.faults.next("429")

    assert len(list(client.list_users())) == 4
    assert waits == [3]


@settings(deadline=None)
@given(st.text("0123456789:.+-, GMTMonNv", max_size=40) | st.text(max_size=20))
def test_no_retry_after_stops_a_call(header):
    seconds = retry_after(Response("GET /", headers={"Retry-After": header}), datetime(2026, 11, 23, 12, tzinfo=UTC))

    assert seconds is None or seconds >= 0
