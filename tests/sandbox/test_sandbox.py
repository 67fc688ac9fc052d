"""The sandbox as a server: it starts quickly, stops cleanly, listens on this machine only, and fails on request."""

from __future__ import annotations

import socket
import threading
import time
from datetime import date

import pytest
import requests

import rewards_analytics as ra
from rewards_analytics.sandbox import Faults, Sandbox


def test_it_starts_within_a_second_and_stops_cleanly():
    before, began = set(threading.enumerate()), time.monotonic()
    with Sandbox() as sandbox:
        assert requests.get(f"{sandbox.base_url}/openapi.json", timeout=5).status_code == 200
        assert time.monotonic() - began < 2
        port = sandbox.port

    assert not set(threading.enumerate()) - before
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/users", timeout=5)


def test_it_listens_on_this_machine_only():
    with Sandbox(users=0) as sandbox:
        assert sandbox.base_url == f"http://127.0.0.1:{sandbox.port}"
        outside = socket.socket()
        with outside, pytest.raises(OSError, match="refused"):
            outside.connect(("127.0.0.2", sandbox.port))


def test_the_port_may_be_chosen_and_is_free_again_afterwards():
    with Sandbox(users=0) as first:
        port = first.port
    with Sandbox(users=0, port=port) as second:
        assert second.base_url == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_named_and_another_suggested():
    with (
        Sandbox(users=0) as first,
        pytest.raises(
            ra.ArgumentError, match=rf"cannot listen on 127.0.0.1:{first.port}: another program.*another port"
        ),
        Sandbox(users=0, port=first.port),
    ):
        pass


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"port": 70_000}, "port=70000 is not a port"),
        ({"port": -1}, "not a port"),
        ({"latency": -1}, "latency must be a number of seconds ≥ 0, got -1"),
        ({"latency": float("nan")}, "≥ 0, got nan"),
    ],
)
def test_invalid_settings_are_refused(settings, words):
    with pytest.raises(ra.ArgumentError, match=words):
        Sandbox(**settings)


def test_several_sandboxes_can_run_at_once():
    with Sandbox(users=1) as first, Sandbox(users=2) as second:
        for sandbox, users in [(first, 1), (second, 2)]:
            with ra.AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url) as client:
                assert len(list(client.list_users())) == users


def test_the_keys_are_the_same_for_the_same_seed_and_can_be_given():
    assert Sandbox(users=0, seed=1).api_key == Sandbox(users=0, seed=1).api_key != Sandbox(users=0, seed=2).api_key
    assert Sandbox(users=0, api_key="k", client_id="c").api_key == "k"


def test_the_request_log_is_a_copy_with_method_path_and_status():
    with Sandbox(users=1) as sandbox:
        requests.get(f"{sandbox.base_url}/users?page=1", timeout=5)
        log = sandbox.requests
        log.clear()

        assert sandbox.requests == [("GET", "/users", 401)]
        assert sandbox.requests[0].method == "GET"


def test_latency_is_the_minimum_time_of_a_response():
    with Sandbox(users=0, latency=0.05) as sandbox:
        began = time.monotonic()
        requests.get(f"{sandbox.base_url}/users", timeout=5)
        assert time.monotonic() - began >= 0.05


def test_the_first_day_can_be_given():
    with Sandbox(users=1, today=date(2026, 11, 23)) as sandbox:
        assert sandbox.world.clock.today() == date(2026, 11, 23)


def test_its_repr_shows_no_key():
    sandbox = Sandbox(users=1)

    assert sandbox.api_key not in repr(sandbox)
    assert "1 users" in repr(sandbox)


# --- Faults ---


def test_a_scheduled_fault_affects_only_matching_calls():
    faults = Faults()
    faults.next("503", times=2, on="/rewards")

    picked = [faults.pick(f"GET {path}") for path in ("/users", "/a/rewards", "/b/rewards", "/c/rewards")]

    assert picked == [None, "503", "503", None]


def test_random_faults_depend_on_the_call_and_the_seed_not_on_the_order():
    calls = [f"GET /users?page={page}" for page in range(200)]
    forth, back, other = Faults(0.3, seed=5), Faults(0.3, seed=5), Faults(0.3, seed=6)

    picked = {call: forth.pick(call) for call in calls}

    assert picked == {call: back.pick(call) for call in reversed(calls)}
    assert picked != {call: other.pick(call) for call in calls}
    assert 30 < sum(fault is not None for fault in picked.values()) < 90


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_share_of_faults_is_between_0_and_1(rate):
    with pytest.raises(ra.ArgumentError, match="must be a share from 0"):
        Faults(rate)


def test_an_unknown_fault_is_named():
    with pytest.raises(ra.ArgumentError, match="Did you mean 'reset'"):
        Faults().next("resets")


def test_after_clearing_no_call_fails():
    faults = Faults(1.0)
    faults.next("503", times=9)
    faults.clear()

    assert faults.pick("GET /users") is None
