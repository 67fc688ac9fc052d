"""The endpoints: the statuses, shapes and rules of ATRIUM's rewards API, over plain HTTP."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from decimal import Decimal

import pytest
import requests

from rewards_analytics.sandbox import Clock, Sandbox, World

ATRIUM = "application/vnd.mx.atrium.v1+json"
PLATFORM = "application/vnd.mx.api.v1+json"


@pytest.fixture(scope="module")
def running():
    with Sandbox(users=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset(World(users=4, clock=Clock(date(2026, 11, 23), frozen=True), job_time=10))
    return running


@pytest.fixture
def call(sandbox):
    """Call the sandbox with the right keys; given headers replace them."""
    session = requests.Session()
    session.trust_env = False

    def call(method, path, headers=None, **settings):
        keys = {"MX-API-Key": sandbox.api_key, "MX-Client-ID": sandbox.client_id, "Accept": ATRIUM}
        return session.request(method, sandbox.base_url + path, headers=keys | (headers or {}), timeout=5, **settings)

    yield call
    session.close()


@pytest.fixture
def member(sandbox):
    return next(member for member in sandbox.world.members.values() if member.password == "password")


@pytest.fixture
def path(member):
    return f"/users/{member.user_guid}/members/{member.guid}"


def is_refused(answer, status, words):
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "status", "type"}
    assert error["status"] == str(status)
    assert words in error["message"]


# --- Authentication and versions ---


@pytest.mark.parametrize("header", ["MX-API-Key", "MX-Client-ID"])
def test_a_wrong_key_or_id_is_401(call, header):
    is_refused(call("GET", "/users", {header: "wrong"}), 401, "API key or the client id is wrong")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.mx.atrium.v7+json", PLATFORM, ""])
def test_an_accept_without_a_valid_version_is_406(call, accept):
    is_refused(call("GET", "/users", {"Accept": accept}), 406, "Accept must name a version")


@pytest.mark.parametrize("accept", [ATRIUM, "application/vnd.mx.atrium.beta+json", f"text/html, {ATRIUM};q=0.9"])
def test_an_accept_with_a_valid_version_is_served(call, accept):
    assert call("GET", "/users", {"Accept": accept}).status_code == 200


@pytest.fixture
def call_platform(sandbox):
    """Call the sandbox in the Platform dialect; given headers replace the right ones, None leaves one out."""

    def call_platform(path, **headers):
        right = {"Accept": PLATFORM, "Accept-Version": "v20250224"}
        given = right | {name.replace("_", "-"): value for name, value in headers.items()}
        login = (sandbox.client_id, sandbox.api_key)
        return requests.get(sandbox.base_url + path, auth=login, headers=given, timeout=5)

    return call_platform


def test_a_platform_reward_has_an_updated_at_and_does_not_say_whose_it_is(call_platform, path):
    listed = call_platform(f"{path}/rewards").json()["rewards"][0]

    assert list(listed) == [
        "guid",
        "balance_type",
        "unit_type",
        "balance",
        "expires_on",
        "created_at",
        "description",
        "updated_at",
    ]
    assert call_platform(f"{path}/rewards/{listed['guid']}").json() == {"reward": listed}


@pytest.mark.parametrize("version", [None, "", "20250224", "v20111101", "rc20260430", "v20250224, v20250224"])
def test_a_platform_call_without_a_valid_accept_version_is_406(call_platform, version):
    is_refused(call_platform("/users", Accept_Version=version), 406, "Accept-Version must be v20250224, got ")


@pytest.mark.parametrize("accept", [PLATFORM, "application/vnd.mx.api.beta+json", "application/json"])
def test_a_platform_call_may_accept_plain_json_because_its_version_has_a_header_of_its_own(call_platform, accept):
    assert call_platform("/users", Accept=accept).status_code == 200
    is_refused(call_platform("/users", Accept="text/html"), 406, "Accept must name a version")


def test_an_atrium_call_needs_no_accept_version(call):
    assert call("GET", "/users", {"Accept-Version": "anything"}).status_code == 200


@pytest.mark.parametrize("credentials", ["wrong", "wrong:wrong", "ü:ü"])
def test_a_wrong_basic_login_is_401(call, credentials):
    encoded = b64encode(credentials.encode()).decode()

    is_refused(call("GET", "/users", {"Authorization": f"Basic {encoded}", "Accept": PLATFORM}), 401, "wrong")
    is_refused(call("GET", "/users", {"Authorization": "Basic !!", "Accept": PLATFORM}), 401, "wrong")


def test_an_unknown_path_is_404_and_another_method_405(call, path):
    is_refused(call("GET", "/nothing"), 404, "Not Found")
    is_refused(call("GET", "/users/", allow_redirects=False), 404, "Not Found")
    is_refused(call("DELETE", "/users"), 405, "Method Not Allowed")
    assert call("DELETE", path + "/rewards").headers["Allow"]


def test_every_answer_has_a_request_id(call):
    assert call("GET", "/users").headers["X-Request-ID"] != call("GET", "/users").headers["X-Request-ID"]


def test_a_quoted_slash_reaches_no_other_path(call, member):
    is_refused(call("GET", f"/users/{member.user_guid}%2Fmembers"), 404, "nothing at this path")


# --- Paging ---


@pytest.mark.parametrize(
    ("asked", "given"),
    [("10", 10), ("100", 100), ("101", 25), ("9", 25), ("0", 25), ("-5", 25), ("x", 25), ("", 25), ("99999999999", 25)],
)
def test_records_per_page_is_10_to_100_and_otherwise_25(call, asked, given):
    pagination = call("GET", f"/users?records_per_page={asked}").json()["pagination"]

    assert pagination == {"current_page": 1, "per_page": given, "total_entries": 4, "total_pages": 1}


def test_a_list_is_cut_into_pages(call, sandbox, member, path):
    member.rewards = [{"guid": f"RWD-{n}", "balance": Decimal(n)} for n in range(25)]

    pages = [call("GET", f"{path}/rewards?page={page}&records_per_page=10").json() for page in (1, 2, 3, 4)]

    assert [[reward["balance"] for reward in page["rewards"]] for page in pages] == [
        [*range(10)],
        [*range(10, 20)],
        [*range(20, 25)],
        [],
    ]
    assert pages[2]["pagination"] == {"current_page": 3, "per_page": 10, "total_entries": 25, "total_pages": 3}


# --- Rewards ---


def test_a_reward_has_the_ten_fields_and_is_read_by_its_guid(call, path, member):
    listed = call("GET", path + "/rewards").json()["rewards"][0]

    assert list(listed) == [
        "guid",
        "user_guid",
        "member_guid",
        "account_guid",
        "balance_type",
        "unit_type",
        "balance",
        "expires_on",
        "created_at",
        "description",
    ]
    assert call("GET", f"{path}/rewards/{listed['guid']}").json() == {"reward": listed}
    is_refused(call("GET", f"{path}/rewards/RWD-none"), 404, "There is no reward RWD-none")


def test_a_balance_is_written_as_a_number_with_exactly_its_digits(call, path, member):
    member.rewards[0]["balance"] = Decimal("12345678901234567.123456789")

    assert '"balance":12345678901234567.123456789,' in call("GET", path + "/rewards").text


def test_a_member_of_another_user_is_404(call, sandbox, member):
    other = next(user for user in sandbox.world.users.values() if member.guid not in user.members)

    is_refused(call("GET", f"/users/{other.guid}/members/{member.guid}/rewards"), 404, "There is no member")
    is_refused(call("GET", f"/users/USR-none/members/{member.guid}/rewards"), 404, "There is no user USR-none")


# --- Institutions ---


def test_a_platform_institution_lists_its_products_so_that_a_client_can_ask_before_a_fetch(call_platform):
    products = {
        institution["code"]: institution["supported_products"]
        for institution in call_platform("/institutions").json()["institutions"]
    }

    assert products["mxbank"] == ["transactions", "rewards"]
    assert products["cedar_union"] == ["transactions"]
    assert call_platform("/institutions/cedar_union").json() == {
        "institution": {
            "code": "cedar_union",
            "name": "Cedar Credit Union",
            "url": None,
            "supports_oauth": False,
            "iso_country_code": "US",
            "supported_products": ["transactions"],
        }
    }


def test_an_atrium_institution_does_not_say_whether_it_supports_rewards(call):
    institution = call("GET", "/institutions/cedar_union").json()["institution"]

    assert institution["name"] == "Cedar Credit Union"
    assert "supported_products" not in institution
    assert not institution["supports_transaction_history"]
    is_refused(call("GET", "/institutions/absent"), 404, "There is no institution absent")


# --- The job ---


def test_a_job_takes_its_time_on_the_clock(call, sandbox, path):
    before = call("GET", path + "/status").json()["member"]
    started = call("POST", path + "/fetch_rewards")

    assert started.status_code == 202
    assert started.json()["member"]["is_being_aggregated"] is True
    assert started.json()["member"]["aggregated_at"] > before["aggregated_at"]
    sandbox.world.advance(seconds=9)
    assert call("GET", path + "/status").json()["member"]["is_being_aggregated"] is True
    sandbox.world.advance(seconds=1)
    assert call("GET", path + "/status").json()["member"]["is_being_aggregated"] is False


def test_a_second_call_joins_the_job(call, path):
    first = call("POST", path + "/fetch_rewards").json()["member"]

    assert call("POST", path + "/fetch_rewards").json()["member"] == first


def test_within_three_hours_no_other_job_starts_and_no_error_is_returned(call, sandbox, path):
    call("POST", path + "/fetch_rewards")
    sandbox.world.advance(seconds=10)
    done = call("GET", path).json()["member"]
    sandbox.world.advance(hours=2.9)

    for kind in ("fetch_rewards", "aggregate"):
        answer = call("POST", f"{path}/{kind}")
        assert answer.status_code == 202
        assert answer.json()["member"] == done
    sandbox.world.advance(hours=0.2)
    assert call("POST", path + "/aggregate").json()["member"]["is_being_aggregated"] is True


def test_another_kind_of_job_is_409(call, path):
    call("POST", path + "/aggregate")

    is_refused(call("POST", path + "/fetch_rewards"), 409, "A standard job is running")


def test_challenges_are_204_unless_challenged(call, sandbox, path):
    assert call("GET", path + "/challenges").status_code == 204

    asking = sandbox.world.member_asking("TEXT")
    asking_path = f"/users/{asking.user_guid}/members/{asking.guid}"
    call("POST", asking_path + "/fetch_rewards")
    sandbox.world.advance(seconds=5)
    status = call("GET", asking_path + "/status").json()["member"]
    assert status["connection_status"] == "CHALLENGED"
    assert call("GET", asking_path + "/challenges").json()["challenges"] == status["challenges"]


def test_a_question_left_for_five_minutes_expires(call, sandbox):
    member = sandbox.world.member_asking("TEXT")
    path = f"/users/{member.user_guid}/members/{member.guid}"
    call("POST", path + "/fetch_rewards")
    sandbox.world.advance(seconds=306)

    assert call("GET", path + "/status").json()["member"]["connection_status"] == "EXPIRED"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "an object 'member'"),
        ([], "an object 'member'"),
        ({"member": 1}, "an object 'member'"),
        ({"member": {}}, "'challenges' must be a list"),
        ({"member": {"challenges": [1]}}, "needs a 'guid' and a 'value'"),
        ({"member": {"challenges": [{"guid": "x"}]}}, "needs a 'guid' and a 'value'"),
        ({"member": {"challenges": []}}, "not CHALLENGED"),
    ],
)
def test_an_invalid_resume_is_422(call, path, body, words):
    is_refused(call("PUT", path + "/resume", json=body), 422, words)


def test_a_resume_must_answer_every_challenge(call, sandbox):
    member = sandbox.world.member_asking("TEXT")
    path = f"/users/{member.user_guid}/members/{member.guid}"
    call("POST", path + "/fetch_rewards")
    sandbox.world.advance(seconds=5)

    is_refused(call("PUT", path + "/resume", json={"member": {"challenges": []}}), 422, "no answer to CRD-")


@pytest.mark.parametrize("body", [b"{", b"", b"\xff", b"[" * 100_000], ids=["open", "empty", "no text", "deep"])
def test_a_body_that_is_not_json_is_400(call, path, body):
    is_refused(call("PUT", path + "/resume", data=body), 400, "not valid JSON")


# --- Users and members ---


def test_a_user_is_created_and_listed(call):
    created = call("POST", "/users", json={"user": {"identifier": "me", "metadata": "m"}}).json()["user"]

    assert created == {"guid": created["guid"], "identifier": "me", "is_disabled": False, "metadata": "m"}
    assert created["guid"].startswith("USR-")
    assert created in call("GET", "/users").json()["users"]
    assert call("GET", f"/users/{created['guid']}").json() == {"user": created}


def test_a_member_is_created_and_aggregated(call, sandbox, member):
    body = {
        "institution_code": "mxbank",
        "credentials": [{"guid": "a", "value": "test_atrium"}, {"guid": "b", "value": "password"}],
    }

    created = call("POST", f"/users/{member.user_guid}/members", json={"member": body})

    assert created.status_code == 202
    new = created.json()["member"]
    assert new["connection_status"] == "CREATED"
    assert new["is_being_aggregated"] is True
    sandbox.world.advance(seconds=10)
    path = f"/users/{member.user_guid}/members/{new['guid']}"
    assert call("GET", path + "/status").json()["member"]["connection_status"] == "CONNECTED"
    assert call("GET", path + "/rewards").json()["rewards"]


def test_a_user_has_at_most_25_members(call, sandbox, member):
    user = sandbox.world.users[member.user_guid]
    while len(user.members) < 25:
        sandbox.world.create_member(user, "mxbank")

    is_refused(
        call("POST", f"/users/{user.guid}/members", json={"member": {"institution_code": "mxbank"}}), 405, "at most 25"
    )


@pytest.mark.parametrize(
    "body",
    [
        {"member": {}},
        {"member": {"institution_code": "nowhere"}},
        {"member": {"institution_code": 5}},
        {"member": {"institution_code": "mxbank", "credentials": 5}},
        {"member": {"institution_code": "mxbank", "credentials": [{"value": 5}]}},
    ],
)
def test_an_invalid_member_is_422(call, member, body):
    assert call("POST", f"/users/{member.user_guid}/members", json=body).status_code == 422
