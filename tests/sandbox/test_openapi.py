"""The OpenAPI document: it names every endpoint, and no answer breaks it."""

from __future__ import annotations

import subprocess
import sys

import pytest
import requests

from rewards_analytics.sandbox import Sandbox
from rewards_analytics.sandbox.api import ENDPOINTS

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
    } == {path: set(handlers) for path, handlers in ENDPOINTS.items()}


def test_schemathesis_finds_no_server_error_and_no_answer_that_breaks_the_document(sandbox, tmp_path):
    keys = [f"MX-API-Key: {sandbox.api_key}", f"MX-Client-ID: {sandbox.client_id}"]
    version = "Accept: application/vnd.mx.atrium.v1+json"
    headers = [argument for header in [*keys, version] for argument in ("-H", header)]
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{sandbox.base_url}/openapi.json", *headers]

    run = subprocess.run(
        [
            *command,
            "--checks",
            CHECKS,
            "--max-examples",
            "3",
            "--phases",
            "coverage,fuzzing",
            "--seed",
            "1",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    assert "13 passed" in run.stdout
    assert {request.status for request in sandbox.requests} >= {200, 202, 401, 404}
    assert not [request for request in sandbox.requests if request.status is None or request.status >= 500]
