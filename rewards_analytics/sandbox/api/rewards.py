"""The rewards of a member."""

from __future__ import annotations

from rewards_analytics.atrium import Dialect, JsonObject
from rewards_analytics.sandbox.api.calls import Call, Response, not_found, page_of


def list_rewards(call: Call) -> Response:
    """`GET …/rewards`."""
    member = call.member()
    if call.shift and member.rewards:
        member.rewards.insert(0, member.rewards.pop())
    return page_of(call, "rewards", member.rewards, lambda reward: _reward(reward, call.dialect))


def read_reward(call: Call) -> Response:
    """`GET …/rewards/{reward_guid}`."""
    guid = call.path["reward_guid"]
    for reward in call.member().rewards:
        if reward["guid"] == guid:
            return 200, {"reward": _reward(reward, call.dialect)}
    raise not_found("reward", guid)


def _reward(reward: JsonObject, dialect: Dialect) -> JsonObject:
    return reward | {"updated_at": reward["created_at"]} if dialect == "platform" else reward
