"""A sandbox over HTTP, and clients whose waits are recorded instead of slept."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rewards_analytics import AtriumClient
from rewards_analytics.sandbox import Clock, Sandbox, World
from rewards_analytics.sandbox.world import Member
from tests import proof
from tests.client.hostile import Hostile
from tests.client.wire import Wire

TODAY = date(2026, 11, 23)


class Waits(list[float]):
    """Replaces `time.sleep`: records the waits, and advances the sandbox's clock by them."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._sandbox = sandbox

    def __call__(self, seconds: float) -> None:
        self.append(seconds)
        self._sandbox.world.advance(seconds=seconds)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """One sandbox for all tests, because starting and stopping takes time."""
    with Sandbox(users=0) as sandbox:
        proof.count_faults(sandbox.faults)
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The sandbox with a new world, whose clock is moved only by the client's waits.

    A job takes ten seconds.
    """
    running_sandbox.reset(World(users=4, clock=Clock(TODAY, frozen=True), job_time=10))
    return running_sandbox


@pytest.fixture
def waits(sandbox: Sandbox) -> Waits:
    """The waits of the client, in seconds."""
    return Waits(sandbox)


@pytest.fixture
def make_client(sandbox: Sandbox, waits: Waits) -> Iterator[Callable[..., AtriumClient]]:
    """Make clients of the sandbox, with the right keys unless others are given."""
    clients = []

    def make(**settings: Any) -> AtriumClient:
        keys = {"api_key": sandbox.api_key, "client_id": sandbox.client_id, "base_url": sandbox.base_url}
        waiting = {"sleep": waits, "clock": lambda: sandbox.world.clock.now().timestamp()}
        clients.append(AtriumClient(**(keys | waiting | settings)))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(make_client: Callable[..., AtriumClient]) -> AtriumClient:
    """A client of the sandbox."""
    return make_client()


@pytest.fixture
def member(sandbox: Sandbox) -> Member:
    """A member that asks no question and was aggregated last night."""
    return next(member for member in sandbox.world.members.values() if member.password == "password")


@pytest.fixture
def make_member(sandbox: Sandbox) -> Callable[[str], Member]:
    """Create a member of the test institution, where the password decides what the job does."""

    def make(password: str) -> Member:
        user = next(iter(sandbox.world.users.values()))
        return sandbox.world.create_member(user, "mxbank", password=password)

    return make


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A server whose responses are given as bytes."""
    with Wire() as server:
        yield server


@pytest.fixture
def hostile(running_sandbox: Sandbox) -> Iterator[Hostile]:
    """A server in front of the sandbox that answers for some members as no API should."""
    with Hostile(running_sandbox) as server:
        yield server


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """An https server for `atrium.test`, with a certificate that the client trusts by the environment."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make_certificate(key, certificate, "DNS:atrium.test")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Wire(context) as server:
        yield server


def make_certificate(key: Path, certificate: Path, name: str) -> None:
    """Make a self-signed certificate for a name, such as `IP:127.0.0.1`."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is missing, which makes the certificate")
    made = ["-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate), "-days", "2"]
    named = ["-subj", "/CN=test", "-addext", f"subjectAltName={name}"]
    subprocess.run(["openssl", "req", *made, *named], check=True, capture_output=True, timeout=60)
