"""One call: exact numbers, typed errors, and paths that cannot reach another endpoint."""

from decimal import Decimal

import pytest

import rewards_analytics as ra
from rewards_analytics import AtriumClient
from rewards_analytics.sandbox import Sandbox


def statuses(sandbox):
    return [request.status for request in sandbox.requests]


def add_reward(member, **fields):
    reward = {
        "guid": f"RWD-{len(member.rewards)}",
        "user_guid": member.user_guid,
        "member_guid": member.guid,
        "account_guid": None,
        "balance_type": "BALANCE",
        "unit_type": "POINTS",
        "balance": Decimal(1),
        "expires_on": None,
        "created_at": None,
        "description": None,
    }
    member.rewards.append(reward | fields)


def test_a_balance_keeps_every_digit(client, member):
    member.rewards.clear()
    add_reward(member, balance=Decimal("12345678901234567.123456789"))

    (reward,) = client.list_rewards(member.user_guid, member.guid)

    assert reward["balance"] == Decimal("12345678901234567.123456789")


@pytest.mark.parametrize("written", [5, "5", Decimal("5.0")])
def test_a_balance_is_a_decimal_however_it_is_written(client, member, written):
    member.rewards.clear()
    add_reward(member, balance=written)

    (reward,) = client.list_rewards(member.user_guid, member.guid)

    assert isinstance(reward["balance"], Decimal)
    assert reward["balance"] == 5


@pytest.mark.parametrize(
    "written",
    ["+5", "05", "007.5", ".5", "5.", "1_000", "1,000", "", "NaN", "1e19", "1e99999999999999999999", None, True],
)
def test_a_balance_that_load_rejects_stays_as_it_is(client, member, written):
    member.rewards.clear()
    add_reward(member, balance=written)

    (reward,) = client.list_rewards(member.user_guid, member.guid)

    assert (type(reward["balance"]), reward["balance"]) == (type(written), written)


@pytest.mark.parametrize(("written", "amount"), [("1.5E+2", 150), ("-0.000000001", Decimal("-1e-9")), ("0e99", 0)])
def test_a_text_that_load_accepts_is_made_a_decimal(client, member, written, amount):
    member.rewards.clear()
    add_reward(member, balance=written)

    (reward,) = client.list_rewards(member.user_guid, member.guid)

    assert isinstance(reward["balance"], Decimal)
    assert reward["balance"] == amount


def test_one_reward_is_read_by_its_guid(client, member):
    expected = member.rewards[0]

    assert client.read_reward(member.user_guid, member.guid, expected["guid"]) == expected


def test_users_and_members_are_listed_with_their_guids(client, sandbox):
    pairs = [
        (user["guid"], member["guid"]) for user in client.list_users() for member in client.list_members(user["guid"])
    ]

    assert pairs == sandbox.world.pairs()


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
def test_both_dialects_work(make_client, member, dialect):
    client = make_client(dialect=dialect)

    rewards = list(client.list_rewards(member.user_guid, member.guid))

    assert [reward["guid"] for reward in rewards] == [reward["guid"] for reward in member.rewards]
    assert all(("updated_at" in reward) == (dialect == "platform") for reward in rewards)


def test_the_requested_version_can_be_set(make_client):
    assert list(make_client(accept="application/vnd.mx.atrium.beta+json").list_users())

    with pytest.raises(ra.AtriumError, match=r"answered 406: Accept must name a version") as refusal:
        list(make_client(accept="application/vnd.mx.atrium.v9+json").list_users())

    assert refusal.value.status == 406


# --- Refusals ---


def test_a_wrong_key_is_refused_without_a_retry(make_client, sandbox, waits):
    with pytest.raises(ra.AuthenticationError, match=r"answered 401.*MX_API_KEY") as refusal:
        list(make_client(api_key="wrong").list_users())

    assert refusal.value.status == 401
    assert refusal.value.request_id
    assert statuses(sandbox) == [401]
    assert waits == []


def test_an_unknown_member_is_named(client, member):
    with pytest.raises(ra.NotFoundError, match=r"GET /users/USR-.*There is no member MBR-none") as refusal:
        client.member_status(member.user_guid, "MBR-none")

    assert refusal.value.status == 404


def test_an_unknown_reward_is_named(client, member):
    with pytest.raises(ra.NotFoundError, match="There is no reward RWD-none"):
        client.read_reward(member.user_guid, member.guid, "RWD-none")


def test_a_client_without_the_feature_is_forbidden_to_fetch(member):
    with Sandbox(users=4, rewards_enabled=False) as closed:
        client = AtriumClient(closed.api_key, closed.client_id, closed.base_url)
        other = next(iter(closed.world.members.values()))

        with pytest.raises(ra.ForbiddenError, match="Rewards are not enabled"):
            client.fetch_rewards(other.user_guid, other.guid)
        client.close()


def test_every_refusal_of_the_api_is_a_rewards_error():
    for kind in (ra.AtriumError, ra.AggregationError, ra.ArgumentError, ra.CredentialsError):
        assert issubclass(kind, ra.RewardsError)


def test_the_error_for_a_body_that_is_not_json_quotes_its_beginning(client, sandbox):
    sandbox.faults.next("html", times=6)

    with pytest.raises(ra.AtriumError, match=r"200: text/html.*beginning '<html><body>Please stand by") as failure:
        list(client.list_users())

    assert failure.value.status == 200


# --- Paths ---


@pytest.mark.parametrize("guid", ["", ".", "..", "...", None, 5, b"USR-1", "USR-\ud800"])
def test_an_empty_guid_or_one_of_dots_is_never_sent(client, sandbox, guid):
    calls = [
        lambda: client.list_members(guid),
        lambda: client.member_status("USR-1", guid),
        lambda: client.list_rewards(guid, "MBR-1"),
        lambda: client.read_reward("USR-1", "MBR-1", guid),
        lambda: client.fetch_rewards("USR-1", guid),
        lambda: client.resume("USR-1", guid, {}),
    ]

    for call in calls:
        with pytest.raises(ra.ArgumentError, match="is not a guid: it is not sent"):
            call()
    assert sandbox.requests == []


@pytest.mark.parametrize("guid", ["../users", "a/b", "..%2f", "a?b=c", "a#b", "a b", "%2e%2e", "é", "\\..\\"])
def test_a_guid_with_special_characters_cannot_reach_another_path(client, sandbox, guid):
    with pytest.raises(ra.NotFoundError):
        list(client.list_members(guid))

    assert len(sandbox.requests) == 1
    assert sandbox.requests[0].path.count("/") == 3


# --- Arguments ---


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"base_url": "http://atrium.mx.com"}, "is not https"),
        ({"base_url": "ftp://atrium.mx.com"}, "is not the address of an API"),
        ({"base_url": "https://host/?x=1"}, "is not the address of an API"),
        ({"base_url": "https://me:secret@host"}, "contains a user name or a password"),
        ({"base_url": "http://["}, "is not the address of an API"),
        ({"base_url": "https://host:port"}, "is not the address of an API"),
        ({"base_url": "https://host:99999"}, "is not the address of an API"),
        ({"base_url": "https://ho st"}, "is not the address of an API"),
        ({"base_url": "https://host\r\nX: y"}, "is not the address of an API"),
        ({"base_url": "http://localhost.example"}, "is not https"),
        ({"base_url": "http://127.0.0.1.example"}, "is not https"),
        ({"base_url": "http://128.0.0.1"}, "is not https"),
        ({"base_url": "http://localhost@host.example"}, "contains a user name"),
        ({"base_url": "http://127.0.0.1\\@host.example"}, "contains a user name"),
        ({"timeout": float("inf")}, r"at most 86400 \(a day\), got inf"),
        ({"timeout": float("nan")}, "above 0 .* got nan"),
        ({"poll_interval": float("nan")}, "poll_interval must be a number ≥ 0, got nan"),
        ({"dialect": "atrum"}, "Did you mean 'atrium'"),
        ({"timeout": 0}, "above 0 .* got 0"),
        ({"retries": -1}, "retries must be a number ≥ 0, got -1"),
        ({"poll_interval": -1}, "poll_interval must be a number ≥ 0, got -1"),
    ],
)
def test_an_invalid_setting_is_refused_at_once(make_client, settings, words):
    with pytest.raises(ra.ArgumentError, match=words):
        make_client(**settings)


@pytest.mark.parametrize(
    "base_url",
    ["http://localhost:1", "http://127.0.0.1:1", "http://127.8.9.10:1", "http://[::1]:1", "https://x.example/a"],
)
def test_http_is_for_this_machine_only(make_client, base_url):
    assert make_client(base_url=f" {base_url}/\n").base_url == base_url


def test_the_default_host_is_the_development_host_of_the_dialect():
    assert AtriumClient("key", "id").base_url == "https://vestibule.mx.com"
    assert AtriumClient("key", "id", dialect="platform").base_url == "https://int-api.mx.com"
