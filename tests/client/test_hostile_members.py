"""A pull of many members survives whatever one of them answers."""

from __future__ import annotations

import pytest

import rewards_analytics as ra
from rewards_analytics import AtriumClient
from rewards_analytics.sandbox import Sandbox
from tests import proof
from tests.client.hostile import ANSWERS, Hostile

MEMBERS = 300
BOUNDS = {"call_timeout": 3, "max_body_bytes": 1 << 20, "max_pages": 30}


@pytest.fixture(scope="module")
def sandbox():
    """A sandbox of over 300 members, with ten entries on a page."""
    with Sandbox(users=220, seed=14, frozen=True, default_per_page=10, most_per_page=10) as running:
        proof.count_faults(running.faults)
        yield running


@pytest.fixture(scope="module")
def hostile(sandbox):
    with Hostile(sandbox) as server:
        yield server


def pulled(sandbox, hostile, pairs, **options):
    keys = sandbox.api_key, sandbox.client_id, hostile.base_url
    with AtriumClient(*keys, retries=12, sleep=lambda _: None, **BOUNDS) as client:
        return ra.pull(client, pairs, workers=16, **options)


@pytest.mark.parametrize("faults", [0.0, 0.2], ids=["", "and random faults"])
@pytest.mark.parametrize("out", [False, True], ids=["in memory", "in a folder"])
def test_20_hostile_members_of_300_cost_no_other_a_reward(sandbox, hostile, tmp_path, faults, out):
    sandbox.faults.rate = faults
    pairs = sandbox.world.pairs()[:MEMBERS]
    every = dict(zip(pairs[7 :: MEMBERS // len(ANSWERS)], ANSWERS, strict=True))
    hostile.answers = {guid: fault for (_, guid), fault in every.items()}
    others = [pair for pair in pairs if pair not in every]

    result = pulled(sandbox, hostile, pairs, out=tmp_path if out else None)

    assert (len(pairs), len(every)) == (300, 20)
    failures = dict(result.failures)
    assert list(failures) == list(every)
    proof.count("hostile members", len(failures))
    assert all(isinstance(error, ra.RewardsError) for error in failures.values())
    expected = {reward["guid"]: reward["balance"] for _, guid in others for reward in rewards_of(sandbox, guid)}
    assert dict(zip(result.rewards["guid"], result.rewards["balance"], strict=True)) == expected
    if out:
        assert ra.load(tmp_path).equals(result.rewards)


def rewards_of(sandbox, guid):
    return sandbox.world.members[guid].rewards


SAID = {
    "a huge exponent": 'balance "1e99999999999999999999" has more than 19 digits before the point',
    "a huge integer": 'balance "?9999.* has more than 19 digits before the point',
    "not a number": 'balance "NaN" is not a number',
    "not UTF-8": "that is not UTF-8",
    "deep nesting": "that is nested too deeply",
    "wrong pagination": "repeats itself: .* only 1 of 1,000 entries",
    "a bomb": "max_body_bytes",
    "endless pages": "max_pages",
    "a slow body": "call_timeout",
    "nested fields": "description .* is not text",
    "a lone surrogate": "description .* is not valid Unicode",
    "nulls in required fields": "unit_type is missing",
    "rewards of another member": "answered a reward of another member: 'RWD-MBR-other-1' names user 'USR-other'",
    "one guid with two contents": "lists .* twice with different contents",
    "HTML": "text/html that is not what the API documents",
    "5xx for ever": "answered 503",
    "a redirect": "a redirect, which is not followed",
}


@pytest.mark.parametrize("fault", SAID)
def test_the_failure_says_what_was_wrong(sandbox, hostile, fault):
    sandbox.faults.rate = 0.0
    hostile_one, other = sandbox.world.pairs()[:2]
    hostile.answers = {hostile_one[1]: fault}

    result = pulled(sandbox, hostile, [hostile_one, other])

    ((failed, error),) = result.failures
    assert failed == hostile_one
    proof.count("hostile members")
    with pytest.raises(ra.RewardsError, match=f"(?s){SAID[fault]}"):
        raise error
    assert result.rewards.height == len(rewards_of(sandbox, other[1]))
