"""The OpenAPI document: it names every endpoint, and no response violates it."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64encode

import pytest
import requests

from rewards_analytics.sandbox import Sandbox
from rewards_analytics.sandbox.api.endpoints import ENDPOINTS

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(users=4, seed=3) as sandbox:
        yield sandbox


def test_it_is_served_without_keys_and_names_every_endpoint(sandbox):
    document = requests.get(f"{sandbox.base_url}/openapi.json", timeout=5).json()

    assert document["servers"] == [{"url": sandbox.base_url}]
    assert {
        path: {method.upper() for method in calls} - {"PARAMETERS"} for path, calls in document["paths"].items()
    } == {path: set(endpoints) for path, endpoints in ENDPOINTS.items()}


def test_it_lists_the_values_that_the_api_documents(sandbox):
    schemas = requests.get(f"{sandbox.base_url}/openapi.json", timeout=5).json()["components"]["schemas"]

    challenge = schemas["Challenge"]["properties"]
    types = ["BALANCE", "BALANCE_TO_LEVEL", "BALANCE_TO_REWARD", "EXPIRING_BALANCE", "TOTAL_BALANCE"]
    for model in ("AtriumReward", "PlatformReward"):
        reward = schemas[model]["properties"]
        assert reward["balance_type"] == {"enum": types}
        assert reward["unit_type"] == {"enum": ["DOLLARS", "MILES", "POINTS", "SEGMENTS"]}
    assert challenge["type"] == {"enum": ["TEXT", "OPTIONS", "IMAGE_DATA", "IMAGE_OPTIONS"]}


def signed(sandbox, dialect):
    """Headers of a call in one of the dialects."""
    if dialect == "platform":
        pair = b64encode(f"{sandbox.client_id}:{sandbox.api_key}".encode()).decode()
        return {"Authorization": f"Basic {pair}", "Accept": "application/json", "Accept-Version": "v20250224"}
    keys = {"MX-API-Key": sandbox.api_key, "MX-Client-ID": sandbox.client_id}
    return keys | {"Accept": "application/vnd.mx.atrium.v1+json"}


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
def test_each_dialect_answers_with_its_own_models_field_by_field(sandbox, dialect):
    schemas = requests.get(f"{sandbox.base_url}/openapi.json", timeout=5).json()["components"]["schemas"]
    member = sandbox.world.member_asking("OPTIONS")
    path = f"/users/{member.user_guid}/members/{member.guid}"
    calls = {
        "/users": ("users", "User"),
        f"/users/{member.user_guid}": ("user", "User"),
        f"/users/{member.user_guid}/members": ("members", "Member"),
        path: ("member", "Member"),
        f"{path}/status": ("member", "Status"),
        f"{path}/rewards": ("rewards", "Reward"),
        f"{path}/rewards/{member.rewards[0]['guid']}": ("reward", "Reward"),
        "/institutions": ("institutions", "Institution"),
        "/institutions/mxbank": ("institution", "Institution"),
    }

    for address, (name, model) in calls.items():
        found = requests.get(sandbox.base_url + address, headers=signed(sandbox, dialect), timeout=5).json()[name]
        schema = schemas[f"{dialect.title()}{model}"]
        for entry in found if isinstance(found, list) else [found]:
            assert set(entry) == set(schema["required"]), address
            assert schema["additionalProperties"] is False


def document_with_real_guids(sandbox):
    """The document as it is served, with path parameters that exist, so that most calls are not 404."""
    document = requests.get(f"{sandbox.base_url}/openapi.json", timeout=5).json()
    member = sandbox.world.member_asking("OPTIONS")
    real = {
        "user_guid": member.user_guid,
        "member_guid": member.guid,
        "reward_guid": member.rewards[0]["guid"],
        "institution_code": "cedar_union",
    }
    for path in document["paths"].values():
        for parameter in path.get("parameters", []):
            parameter["schema"]["enum"] = [real[parameter["name"]], "absent"]
    return document


@pytest.mark.parametrize("dialect", ["atrium", "platform"])
def test_schemathesis_finds_no_server_error_and_no_response_that_violates_the_document(sandbox, tmp_path, dialect):
    (tmp_path / "openapi.json").write_text(json.dumps(document_with_real_guids(sandbox)))
    headers = [part for name, value in signed(sandbox, dialect).items() for part in ("-H", f"{name}: {value}")]
    so_far = len(sandbox.requests)
    command = [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", "--url", sandbox.base_url, *headers]
    settings = ["--max-examples", "3", "--phases", "coverage,fuzzing", "--seed", "1", "--no-color"]

    run = subprocess.run(
        [*command, "--checks", CHECKS, *settings], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    assert "15 passed" in run.stdout
    statuses = {request.status for request in sandbox.requests[so_far:]}
    assert statuses >= {200, 202, 404, 422}
    assert all(status is not None and status < 500 for status in statuses)
