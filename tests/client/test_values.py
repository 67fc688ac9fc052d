"""What a server may write where a value is due: exact where it is a number, kept for `load` to name where it is not."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation, localcontext

import pytest
from hypothesis import given, settings, strategies as st

import rewards_analytics as ra
from rewards_analytics.client.reward import completed
from rewards_analytics.client.version import Version
from tests.examples import examples

FIELDS = b'"guid": "RWD-1", "balance_type": "BALANCE", "unit_type": "POINTS"'


def answer(body, status=b"200 OK"):
    head = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(body)) + body


def page(reward):
    return answer(b'{"rewards": [{%s}], "pagination": {"total_entries": 1, "total_pages": 1}}' % reward)


@pytest.fixture
def listed(make_client, wire):
    """The rewards that `list_rewards` gives for the JSON of one reward."""
    client = make_client(base_url=wire.base_url, retries=0)

    def listed(reward):
        wire.answers = [page(reward)]
        return list(client.list_rewards("USR-1", "MBR-1"))

    return listed


@pytest.mark.parametrize(
    ("written", "balance"),
    [
        (b"12345678901234567.123456789", Decimal("12345678901234567.123456789")),
        (b"-0.000000001", Decimal("-0.000000001")),
        (b"7", Decimal(7)),
        (b'"7.50"', Decimal("7.5")),
        (b"1e3", Decimal(1000)),
        (b"0e99999999999999999999", Decimal(0)),
        (b"1e400", Decimal("1e400")),
        (b"9" * 5000, Decimal("9" * 5000)),
    ],
)
def test_a_number_is_exact_however_large(listed, written, balance):
    (reward,) = listed(FIELDS + b', "balance": ' + written)

    assert isinstance(reward["balance"], Decimal)
    assert reward["balance"] == balance


NO_AMOUNTS = [b"1e99999999999999999999", b"-1E+99999999999999999999", b"1e-99999999999999999999", b"NaN", b"-Infinity"]


@pytest.mark.parametrize("written", NO_AMOUNTS)
def test_a_number_that_cannot_be_an_amount_stays_the_text_it_was_and_load_names_it(listed, written):
    (reward,) = listed(FIELDS + b', "balance": ' + written)

    assert reward["balance"] == written.decode()
    with pytest.raises(ra.InvalidRewardsError, match=r"\$\[0\]\.balance: balance \"") as refusal:
        ra.load([reward])
    assert written.decode() in str(refusal.value)


@pytest.mark.parametrize("written", [b"1e400", b"9" * 5000, b"0.1234567891", b'"007.5"', b'"1_000"', b"null", b"true"])
def test_an_amount_that_load_refuses_is_refused_by_its_name(listed, written):
    with pytest.raises(ra.InvalidRewardsError, match=r"\$\[0\]\.balance: "):
        ra.load(listed(FIELDS + b', "balance": ' + written))


def test_a_caller_who_traps_nothing_gets_the_same(listed):
    with localcontext() as context:
        context.traps[InvalidOperation] = False
        (reward,) = listed(FIELDS + b', "balance": 1e99999999999999999999')

    assert reward["balance"] == "1e99999999999999999999"


@settings(deadline=None, max_examples=examples(300))
@given(st.one_of(st.text("0123456789.eE+-_, ", max_size=24), st.integers(), st.decimals(allow_nan=False)))
def test_the_client_and_load_have_one_grammar_of_amounts(written):
    """A text is made a Decimal exactly if `load` takes it, and then it is the amount that `load` reads."""
    reward = {"guid": "RWD-1", "balance_type": "BALANCE", "unit_type": "POINTS", "balance": written}
    owners = {"user_guid": "USR-1", "member_guid": "MBR-1"}

    read = completed(reward, "GET /", **owners, version=Version.of("atrium", None, None))["balance"]
    try:
        (loaded,) = ra.load([reward | owners])["balance"].to_list()
    except ra.InvalidRewardsError:
        loaded = None

    if isinstance(written, str):
        assert isinstance(read, Decimal) == (loaded is not None)
    assert loaded is None or read == loaded


@pytest.mark.parametrize("name", [b"guid", b"balance_type", b"unit_type", b"description", b"account_guid"])
@pytest.mark.parametrize("written", [b"NaN", b"[1]", b'{"a": 1}', b"1.5", b"false", b'"\\ud800"'])
def test_a_field_of_another_type_is_kept_for_load_to_name(listed, name, written):
    (reward,) = listed(
        FIELDS + b', "balance": 1, "' + name + b'": ' + written
        if name not in FIELDS
        else FIELDS.replace(b'"%s": ' % name, b'"%s": %s, "x": ' % (name, written)) + b', "balance": 1'
    )

    with pytest.raises(ra.InvalidRewardsError, match=rf"\$\[0\]\.{name.decode()}: "):
        ra.load([reward])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"rewards": "none"}', r"without a list of objects 'rewards'"),
        (b'{"rewards": null}', r"without a list of objects 'rewards'"),
        (b'{"rewards": [["RWD-1"]]}', r"without a list of objects 'rewards'"),
        (b"[" * 100_000, r"application/json that is nested too deeply, beginning '\[\["),
        (b'{"rewards": [{"a": ' + b"[" * 100_000, r"that is nested too deeply"),
        (b'{"rewards": [{"balance": 1, "balance": 2}]}', r"in which 'balance' is given twice with different values"),
        (b'{"rewards": ["\xff"]}', r"that is not UTF-8"),
        ('{"rewards": []}'.encode("utf-16"), r"that is not UTF-8"),
        (b'{"rewards": [1}', r"that is not what the API documents"),
        (b"", r"that is not what the API documents"),
    ],
)
def test_a_body_of_another_shape_is_an_error_that_says_what_it_is(make_client, wire, body, words):
    wire.answers = [answer(body)]

    with pytest.raises(ra.AtriumError, match=words) as failure:
        list(make_client(base_url=wire.base_url, retries=0).list_rewards("USR-1", "MBR-1"))

    assert failure.value.status == 200
    assert len(str(failure.value)) < 500


def test_a_value_given_twice_alike_is_one_value_as_in_a_file(listed):
    (reward,) = listed(FIELDS + b', "balance": 1, "balance": 1')

    assert reward["balance"] == 1


def test_a_byte_order_mark_is_passed_over(make_client, wire):
    wire.answers = [answer(b"\xef\xbb\xbf" + json.dumps({"rewards": [], "pagination": {"total_pages": 1}}).encode())]

    assert list(make_client(base_url=wire.base_url).list_rewards("USR-1", "MBR-1")) == []


def test_pages_of_deeply_nested_entries_are_an_error(make_client, wire):
    deep = b"[" * 900 + b"]" * 900
    wire.answers = [
        answer(
            b'{"rewards": [{"guid": "RWD-%d", "x": %s}], "pagination": {"total_entries": 2, "total_pages": 2}}'
            % (n, deep)
        )
        for n in (1, 2)
    ]

    with pytest.raises(ra.AtriumError, match=r"nested too deeply|entries that are flat"):
        list(make_client(base_url=wire.base_url, retries=0).list_rewards("USR-1", "MBR-1"))
