"""The Platform API: its dated versions, rewards that name no owner or lack fields, and institutions without rewards."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

import rewards_analytics as ra
from rewards_analytics import AtriumClient

DOCUMENTED = {
    "balance_type": "EXPIRING_BALANCE",
    "balance": 102,
    "created_at": "2020-01-28T21:09:01+0000",
    "description": "A reward",
    "expires_on": "2020-02-28",
    "guid": "RWD-1",
    "unit_type": "POINTS",
    "updated_at": "2023-06-01T19:18:06Z",
}
"""A reward as MX publishes it for the Platform API."""


def answer(status="200 OK", **body):
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
    return head.encode() + b"\r\n\r\n" + data


def rewards(*entries):
    return answer(rewards=entries, pagination={"total_entries": len(entries), "total_pages": 1})


def sent(wire):
    return [request.decode().split("\r\n") for request in wire.requests]


@pytest.fixture
def platform(make_client, wire):
    return make_client(base_url=wire.base_url, dialect="platform", retries=0)


# --- Versions ---


def test_each_call_names_the_dated_version(platform, wire):
    wire.answers = [rewards(), answer(member={})]

    list(platform.list_rewards("USR-1", "MBR-1"))
    platform.member_status("USR-1", "MBR-1")

    assert ["Accept-Version: v20250224" in lines for lines in sent(wire)] == [True, True]


def test_another_version_can_be_asked_for(make_client, wire):
    wire.answers = [rewards()]

    client = make_client(base_url=wire.base_url, dialect="platform", api_version="rc20260430")
    list(client.list_rewards("USR-1", "MBR-1"))

    assert "Accept-Version: rc20260430" in sent(wire)[0]


def test_atrium_is_asked_for_no_dated_version(make_client, wire):
    wire.answers = [rewards()]

    list(make_client(base_url=wire.base_url).list_rewards("USR-1", "MBR-1"))

    assert not [line for line in sent(wire)[0] if line.lower().startswith("accept-version")]


@pytest.mark.parametrize(
    ("dialect", "environment", "given", "version"),
    [
        ("platform", "v20271231", None, "v20271231"),
        ("platform", "v20271231", "v20280101", "v20280101"),
        ("platform", "", None, "v20250224"),
        ("atrium", "v20271231", None, None),
    ],
)
def test_the_version_comes_from_the_environment(wire, monkeypatch, dialect, environment, given, version):
    for name, value in {"MX_API_KEY": "key", "MX_CLIENT_ID": "id", "MX_API_VERSION": environment}.items():
        monkeypatch.setenv(name, value)
    wire.answers = [rewards()]

    with AtriumClient.from_env(base_url=wire.base_url, dialect=dialect, api_version=given) as client:
        list(client.list_rewards("USR-1", "MBR-1"))

    found = [line.partition(": ")[2] for line in sent(wire)[0] if line.startswith("Accept-Version")]
    assert found == ([version] if version else [])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"api_version": "v20250224"}, "needs dialect='platform'"),
        ({"dialect": "platform", "api_version": ""}, "api_version='' is not a version"),
        ({"dialect": "platform", "api_version": "v1\r\nX: y"}, "cannot be sent in a header"),
        ({"dialect": "platform", "api_version": 20250224}, "api_version=20250224 is not a version"),
        ({"accept": "text/plain\n"}, "accept='text/plain.n' is not a version"),
    ],
)
def test_a_version_that_cannot_be_sent_is_refused_at_once(make_client, settings, words):
    with pytest.raises(ra.ArgumentError, match=words):
        make_client(**settings)


def test_an_unknown_version_is_named_with_the_page_that_lists_the_versions(make_client):
    client = make_client(dialect="platform", api_version="v20990101")

    with pytest.raises(
        ra.AtriumError,
        match=r"answered 406: .*Accept-Version: v20990101\. MX lists the versions on https://docs\.mx\.com/.*; "
        r"choose one with api_version=… \(MX_API_VERSION, --api-version\)",
    ) as refusal:
        list(client.list_users())

    assert refusal.value.status == 406
    assert refusal.value.request_id


def test_an_unknown_version_of_atrium_is_named_too(make_client):
    with pytest.raises(ra.AtriumError, match=r"Accept: application/vnd\.mx\.atrium\.v9\+json\. MX lists .*accept=…"):
        list(make_client(accept="application/vnd.mx.atrium.v9+json").list_users())


# --- Rewards ---


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
def test_rewards_without_owners_get_those_of_the_path(make_client, wire, dialect):
    wire.answers = [rewards(DOCUMENTED), answer(reward=DOCUMENTED | {"user_guid": None})]
    client = make_client(base_url=wire.base_url, dialect=dialect)

    expected = DOCUMENTED | {"user_guid": "USR-7", "member_guid": "MBR-7", "balance": Decimal(102)}
    assert list(client.list_rewards("USR-7", "MBR-7")) == [expected]
    assert client.read_reward("USR-7", "MBR-7", "RWD-1") == expected


def test_an_owner_that_the_api_names_stays(platform, wire):
    named = {"user_guid": "USR-other", "member_guid": "MBR-other"}
    wire.answers = [rewards(DOCUMENTED | named)]

    (reward,) = platform.list_rewards("USR-7", "MBR-7")

    assert {name: reward[name] for name in named} == named


def test_pulled_rewards_have_the_owners_of_their_paths(platform, wire):
    wire.answers = [rewards(DOCUMENTED)]

    pulled = ra.pull(platform, [("USR-7", "MBR-7")], progress=False)

    assert pulled.failures == []
    assert pulled.rewards.select("guid", "user_guid", "member_guid", "account_guid").rows() == [
        ("RWD-1", "USR-7", "MBR-7", None)
    ]


@pytest.mark.parametrize("field", ["guid", "balance_type", "unit_type", "balance", "expires_on"])
def test_a_field_that_a_version_leaves_out_is_named_with_the_version(make_client, wire, field):
    slimmer = {name: value for name, value in DOCUMENTED.items() if name != field}
    slimmer["self"] = "/users/USR-7/members/MBR-7/rewards/RWD-1"
    wire.answers = [rewards(slimmer), answer(reward=slimmer), rewards(slimmer)]
    client = make_client(base_url=wire.base_url, dialect="platform", api_version="rc20260430")
    words = (
        rf"^GET /users/USR-7/.* without '{field}', which the analyses need\. .*Accept-Version: rc20260430\. MX lists"
    )

    with pytest.raises(ra.AtriumError, match=words):
        list(client.list_rewards("USR-7", "MBR-7"))
    with pytest.raises(ra.AtriumError, match=words):
        client.read_reward("USR-7", "MBR-7", "RWD-1")
    ((member, error),) = ra.pull(client, [("USR-7", "MBR-7")], progress=False).failures
    assert member == ("USR-7", "MBR-7")
    assert f"without '{field}'" in str(error)


def test_fields_that_no_analysis_needs_may_be_missing(platform, wire):
    small = {
        "guid": "RWD-1",
        "balance_type": "BALANCE",
        "unit_type": "POINTS",
        "balance": "12.5",
        "self": {"href": "/x"},
    }
    wire.answers = [rewards(small)]

    pulled = ra.pull(platform, [("USR-7", "MBR-7")], progress=False)

    assert pulled.failures == []
    assert pulled.rewards["balance"].to_list() == [Decimal("12.5")]


def test_the_address_of_a_reward_is_never_followed(platform, wire):
    wire.answers = [rewards(DOCUMENTED | {"self": "http://thief.example/"})]

    (reward,) = platform.list_rewards("USR-7", "MBR-7")

    assert reward["self"] == "http://thief.example/"
    assert len(wire.requests) == 1


# --- Institutions ---


def member_of(institution):
    return answer(member={"guid": "MBR-7", "institution_code": institution})


def test_an_institution_without_rewards_is_refused_before_a_job_starts(platform, wire):
    wire.answers = [
        member_of("cedar"),
        answer(institution={"code": "cedar", "supported_products": ["account_verification", "statements"]}),
    ]

    with pytest.raises(
        ra.UnsupportedInstitutionError,
        match=r"No job was started for member MBR-7: the institution 'cedar' does not .*only account_verif",
    ) as refusal:
        platform.fetch_rewards("USR-7", "MBR-7", check_institution=True)

    assert refusal.value.status is None
    assert [lines[0].split()[:2] for lines in sent(wire)] == [
        ["GET", "/users/USR-7/members/MBR-7"],
        ["GET", "/institutions/cedar"],
    ]


@pytest.mark.parametrize(
    ("institution", "supports"),
    [
        ({"supported_products": ["identity", "Rewards"]}, True),
        ({"supported_products": []}, False),
        ({"supported_products": None}, None),
        ({}, None),
    ],
)
def test_whether_an_institution_supports_rewards_can_be_asked(platform, wire, institution, supports):
    wire.answers = [member_of("cedar"), answer(institution=institution)]

    assert platform.supports_rewards("USR-7", "MBR-7") is supports


def test_an_api_that_does_not_list_institutions_does_not_say(platform, wire):
    wire.answers = [member_of("cedar"), answer("404 Not Found", error={"message": "No"}), answer(member={})]

    assert platform.supports_rewards("USR-7", "MBR-7") is None
    assert platform.supports_rewards("USR-7", "MBR-7") is None  # no institution_code


def test_a_fetch_goes_on_where_the_institution_supports_rewards(platform, wire):
    done = answer(member={"connection_status": "CONNECTED", "is_being_aggregated": False, "aggregated_at": "x"})
    wire.answers = [member_of("bank"), answer(institution={"supported_products": ["rewards"]}), *[done] * 4]

    state = platform.fetch_rewards("USR-7", "MBR-7", check_institution=True)

    assert state["connection_status"] == "CONNECTED"
    assert "POST /users/USR-7/members/MBR-7/fetch_rewards HTTP/1.1" in [lines[0] for lines in sent(wire)]


def test_the_sandbox_is_asked_for_an_institution(make_client, sandbox, member):
    user = next(iter(sandbox.world.users.values()))
    other = sandbox.world.create_member(user, "cedar_union")
    client = make_client(dialect="platform")

    assert client.supports_rewards(member.user_guid, member.guid) is True
    with pytest.raises(ra.UnsupportedInstitutionError, match="'cedar_union' does not support rewards"):
        client.fetch_rewards(other.user_guid, other.guid, check_institution=True)
    assert {request.method for request in sandbox.requests} == {"GET"}
    assert make_client().supports_rewards(member.user_guid, member.guid) is None  # Atrium does not say
