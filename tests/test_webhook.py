"""The body of a REWARD webhook: what is read from it, and what is refused by name."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, strategies as st

import rewards_analytics as ra
from rewards_analytics.sandbox import Sandbox

BODY = {
    "type": "REWARD",
    "action": "member_data_updated",
    "user_guid": "USR-1",
    "member_guid": "MBR-1",
    "completed_at": 1531947410,
    "completed_on": "2018-07-18",
    "rewards_created_count": 3,
    "rewards_updated_count": 2,
}
TEXT = json.dumps(BODY)


@pytest.mark.parametrize("body", [BODY, TEXT, TEXT.encode(), bytearray(TEXT.encode()), b"\xef\xbb\xbf" + TEXT.encode()])
def test_a_body_is_read_as_a_dict_as_text_and_as_bytes(body):
    event = ra.reward_event(body)

    assert event.user_guid == "USR-1"
    assert event.member_guid == "MBR-1"
    assert event.member == ("USR-1", "MBR-1")
    assert event.action == "member_data_updated"
    assert event.completed_at == datetime(2018, 7, 18, 20, 56, 50, tzinfo=UTC)
    assert event.completed_on == date(2018, 7, 18)
    assert (event.rewards_created_count, event.rewards_updated_count) == (3, 2)


def test_the_member_of_an_event_is_what_pull_takes():
    with Sandbox(users=2) as sandbox, ra.AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url) as client:
        user_guid, member_guid = sandbox.world.pairs()[-1]
        event = ra.reward_event(BODY | {"user_guid": user_guid, "member_guid": member_guid})

        pulled = ra.pull(client, [event.member])

    assert set(pulled.rewards["member_guid"]) == {member_guid}


def test_an_event_does_not_change_and_equals_another_with_the_same_fields():
    event = ra.reward_event(BODY)

    assert event == ra.reward_event(TEXT)
    assert len({event, ra.reward_event(TEXT)}) == 1
    with pytest.raises(FrozenInstanceError):
        event.user_guid = "USR-2"


def test_fields_that_are_not_documented_are_left_out_and_documented_ones_may_be_absent():
    least = {"type": "REWARD", "user_guid": "USR-1", "member_guid": "MBR-1"}

    event = ra.reward_event(least | {"is_background": True, "new": {"nested": []}})

    assert event == ra.reward_event(least)
    assert not hasattr(event, "is_background")
    assert event.completed_at is None
    assert event.rewards_created_count is None


@pytest.mark.parametrize("kind", ["AGGREGATION", "HISTORY", "STATEMENT", "reward", "", None, 5, ["REWARD"]])
def test_a_webhook_of_another_type_is_refused_by_name(kind):
    with pytest.raises(ra.ArgumentError, match="has the type") as refused:
        ra.reward_event(BODY | {"type": kind})

    assert repr(kind) in str(refused.value)
    with pytest.raises(ra.ArgumentError, match="no field 'type'"):
        ra.reward_event({name: value for name, value in BODY.items() if name != "type"})


@pytest.mark.parametrize("name", ["user_guid", "member_guid"])
def test_a_missing_guid_is_named(name):
    with pytest.raises(ra.ArgumentError, match=f"has no field '{name}'"):
        ra.reward_event({field: value for field, value in BODY.items() if field != name})


@pytest.mark.parametrize(
    "value", ["", " ", ".", "..", "USR 1", "USR-1\n", "USR-\x1b[2J", "\udc80", None, 5, True, ["a"]]
)
@pytest.mark.parametrize("name", ["user_guid", "member_guid"])
def test_a_guid_that_is_none_is_named_with_its_value(name, value):
    with pytest.raises(ra.ArgumentError, match=f"The field '{name}'") as refused:
        ra.reward_event(BODY | {name: value})

    assert repr(value) in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("action", 5),
        ("completed_at", "1531947410"),
        ("completed_at", 1531947410.5),
        ("completed_at", True),
        ("completed_at", -1),
        ("completed_at", 1531947410_000_000),
        ("completed_at", 10**30),
        pytest.param("completed_at", 10**5000, id="completed_at-too long to show"),
        ("completed_on", 20180718),
        ("completed_on", "20180718"),
        ("completed_on", "2018-W29-3"),
        ("completed_on", "2018-02-30"),
        ("rewards_created_count", -1),
        ("rewards_created_count", "3"),
        ("rewards_updated_count", 2.0),
        ("rewards_updated_count", False),
    ],
)
def test_a_documented_field_of_another_type_is_named(name, value):
    with pytest.raises(ra.ArgumentError, match=f"The field '{name}' of the webhook's body is"):
        ra.reward_event(BODY | {name: value})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "is not JSON in UTF-8"),
        ("not json", "is not JSON in UTF-8: Expecting value"),
        (b"type=REWARD&user_guid=USR-1", "is not JSON in UTF-8"),
        (TEXT.encode("utf-16"), "is not JSON in UTF-8"),
        (TEXT.replace(": 3", ": NaN"), "NaN is not a JSON number"),
        (TEXT.replace(": 3", ": " + "9" * 5000), "is not JSON in UTF-8"),
        ("[" * 60_000, "nested too deeply"),
        ("[]", r"JSON, but not an object: \[\]"),
        ("null", "JSON, but not an object: None"),
        (TEXT[:-1] + ', "user_guid": "USR-2"}', "the field 'user_guid' twice"),
        (TEXT + " " * (64 << 10), "more than 65,536"),
        (TEXT.encode() + b" " * (64 << 10), "bytes, more than 65,536"),
        (None, "bytes, text or a parsed dict, not of type 'NoneType'"),
        ([BODY], "not of type 'list'"),
        (5, "not of type 'int'"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_body_that_is_no_webhook_is_refused_with_the_reason(body, words):
    with pytest.raises(ra.ArgumentError, match=words) as refused:
        ra.reward_event(body)

    assert len(str(refused.value)) < 300


@given(
    st.one_of(
        st.binary(max_size=200),
        st.dictionaries(st.sampled_from(list(BODY)), st.recursive(st.none() | st.text() | st.integers(), st.lists)),
        st.builds(
            lambda fields: json.dumps(BODY | fields), st.dictionaries(st.sampled_from(list(BODY)), st.integers())
        ),
    )
)
def test_any_body_gives_an_event_or_an_argument_error(body):
    try:
        event = ra.reward_event(body)
    except ra.ArgumentError:
        return
    assert all(event.member)
