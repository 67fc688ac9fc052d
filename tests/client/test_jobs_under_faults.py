"""Whatever fails during a job, it ends with the rewards or with an error that says how it ended."""

from __future__ import annotations

import random

import pytest

import rewards_analytics as ra
from rewards_analytics.sandbox.faults import RANDOM_KINDS

ASKING = ["challenge", "options", "image", "image_options", "challenge_again"]
FAULTS = [*(kind for kind in RANDOM_KINDS if kind != "shift"), "lost"]


def fetched(client, member, chance, advance):
    """How the job ended, with a user who sometimes answers late or wrongly."""

    def answer(challenges):
        advance(seconds=chance.choice([1, 1, 1, 400]))
        return {challenge.guid: chance.choice(["correct", "correct", "challenge", "wrong"]) for challenge in challenges}

    try:
        return client.fetch_rewards(member.user_guid, member.guid, answer, timeout=chance.choice([20, 300]))
    except ra.AggregationError as end:
        return end


@pytest.mark.parametrize("seed", range(30))
def test_a_job_ends_as_the_member_did(make_client, sandbox, make_member, seed):
    chance = random.Random(seed)
    member = make_member(chance.choice(["password", *ASKING, "DENIED", "DEGRADED"]))
    if chance.random() < 0.3:
        sandbox.world.start_job(member, "rewards")
    sandbox.faults.rate, sandbox.faults.seed, sandbox.faults.kinds = 0.3, seed, FAULTS
    client = make_client(retries=15, dialect=chance.choice(["atrium", "platform"]))

    end = fetched(client, member, chance, sandbox.world.advance)

    sandbox.faults.clear()
    if isinstance(end, ra.AggregationTimeout):
        assert "The job continues at MX" in str(end)
    elif isinstance(end, ra.AggregationError):
        assert end.connection_status == member.connection_status
        assert member.connection_status in ("DENIED", "DEGRADED", "REJECTED", "EXPIRED")
    else:
        assert end["connection_status"] == member.connection_status == "CONNECTED"
        listed = client.list_rewards(member.user_guid, member.guid)
        assert [reward["guid"] for reward in listed] == [reward["guid"] for reward in member.rewards] != []
