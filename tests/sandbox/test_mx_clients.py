"""MX's own clients, unmodified from the package registry, work against the sandbox over HTTP.

They need pydantic 1 and an old urllib3, so they live in a folder of their own and run in a process of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from rewards_analytics.sandbox import Sandbox

PLATFORM = """
import json, sys
from mx_platform_python import ApiClient, Configuration
from mx_platform_python.api.institutions_api import InstitutionsApi
from mx_platform_python.api.members_api import MembersApi
from mx_platform_python.api.rewards_api import RewardsApi

host, key, client_id, user, member = sys.argv[1:]
with ApiClient(Configuration(host=host, username=client_id, password=key)) as client:
    client.set_default_header("Accept-Version", "v20250224")  # which this client does not send by itself
    rewards, members = RewardsApi(client), MembersApi(client)
    institution = InstitutionsApi(client).read_institution(institution_code="mxbank").institution
    fetched = rewards.fetch_rewards(user_guid=user, member_guid=member).member
    listed = rewards.list_rewards(user_guid=user, member_guid=member)
    read = rewards.read_rewards(user_guid=user, member_guid=member, reward_guid=listed.rewards[0].guid)
    status = members.read_member_status(user_guid=user, member_guid=member).member
    print(json.dumps({
        "fetched": [fetched.guid, fetched.is_being_aggregated],
        "listed": [[reward.guid, reward.balance] for reward in listed.rewards],
        "pages": listed.pagination.total_pages,
        "read": [read.reward.guid, read.reward.balance],
        "status": status.connection_status,
        "institution": [institution.code, institution.name],
    }))
"""

ATRIUM = """
import json, sys, time
import atrium

host, key, client_id, user, member = sys.argv[1:]
configuration = atrium.Configuration()
configuration.host = host
configuration.headers["MX-API-Key"] = key
configuration.headers["MX-Client-ID"] = client_id
client = atrium.ApiClient(configuration)
institution = atrium.InstitutionsApi(client).read_institution("mxbank").institution
api = atrium.MembersApi(client)
names = [entry.guid for entry in api.list_members(user).members]
api.aggregate_member(member, user)
while (status := api.read_member_status(member, user).member).connection_status != "CHALLENGED":
    time.sleep(0.05)
challenges = api.list_member_mfa_challenges(member, user).challenges
body = {"member": {"challenges": [{"guid": challenge.guid, "value": "correct"} for challenge in challenges]}}
resumed = api.resume_member(member, user, body).member
while (status := api.read_member_status(member, user).member).is_being_aggregated:
    time.sleep(0.05)
print(json.dumps({
    "members": names,
    "asked": [[challenge.type, challenge.label] for challenge in challenges],
    "resumed": resumed.connection_status,
    "ended": status.connection_status,
    "institution": [institution.code, institution.name],
}))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run a program with MX's clients and the libraries that they pin."""
    folder = tmp_path_factory.mktemp("mx-clients")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", str(folder)]
    installed = subprocess.run(
        [*pip, "mx-platform-python", "atrium"], capture_output=True, text=True, check=False, timeout=300
    )
    if installed.returncode != 0:
        pytest.skip(f"MX's clients cannot be had from the package registry: {installed.stderr[-300:]}")

    def run(program, *arguments):
        # -S leaves out the libraries of this environment.
        ended = subprocess.run(
            [sys.executable, "-S", "-W", "ignore", "-c", program, *arguments],
            env=os.environ | {"PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(users=4, job_time=0.2) as sandbox:
        yield sandbox


def test_mx_platform_python_fetches_lists_and_reads_rewards(run, sandbox):
    """On a member with whole miles, because this client refuses a balance with decimals."""
    member = next(entry for entry in sandbox.world.members.values() if entry.institution_code == "aurora_air")

    seen = run(PLATFORM, sandbox.base_url, sandbox.api_key, sandbox.client_id, member.user_guid, member.guid)

    assert seen == {
        "fetched": [member.guid, True],
        "listed": [[reward["guid"], int(reward["balance"])] for reward in member.rewards],
        "pages": 1,
        "read": [member.rewards[0]["guid"], int(member.rewards[0]["balance"])],
        "status": "CONNECTED",
        "institution": ["mxbank", "MX Bank"],
    }


def test_mx_platform_python_is_refused_without_the_header_that_it_does_not_send(run, sandbox):
    program = PLATFORM.replace("client.set_default_header", "(lambda name, value: None)")

    with pytest.raises(AssertionError, match=r"\(406\)[\s\S]*Accept-Version must be v20250224, got none"):
        run(program, sandbox.base_url, sandbox.api_key, sandbox.client_id, "USR-1", "MBR-1")


def test_atrium_lists_members_and_answers_a_challenge(run, sandbox):
    member = sandbox.world.member_asking("TEXT")

    seen = run(ATRIUM, sandbox.base_url, sandbox.api_key, sandbox.client_id, member.user_guid, member.guid)

    assert seen == {
        "members": sandbox.world.users[member.user_guid].members,
        "asked": [["TEXT", "What city were you born in?"]],
        "resumed": "RESUMED",
        "ended": "CONNECTED",
        "institution": ["mxbank", "MX Bank"],
    }
