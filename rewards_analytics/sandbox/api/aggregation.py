"""The job of a member: start or join it, its status, its questions."""

from __future__ import annotations

from collections.abc import Mapping

from rewards_analytics.atrium import JsonObject
from rewards_analytics.sandbox.api.calls import Call, Refusal, Response, page_of
from rewards_analytics.sandbox.api.people import member_entry
from rewards_analytics.sandbox.jobs import Kind
from rewards_analytics.sandbox.world import WITHOUT_REWARDS, Member


def fetch_rewards(call: Call) -> Response:
    """`POST …/fetch_rewards`: start or join a rewards job."""
    member = call.member()
    if not call.settings.rewards_enabled:
        raise Refusal(403, "forbidden", "Rewards are not enabled for this client.")
    if member.institution_code in WITHOUT_REWARDS:
        raise Refusal(400, "bad_request", "This institution does not support rewards.")
    _start(call, member, "rewards")
    # The Platform API's own client accepts no success other than 200.
    return (200 if call.dialect == "platform" else 202), {"member": member_entry(member, call.dialect)}


def aggregate(call: Call) -> Response:
    """`POST …/aggregate`: start or join a standard aggregation."""
    member = call.member()
    _start(call, member, "standard")
    return 202, {"member": member_entry(member, call.dialect)}


def member_status(call: Call) -> Response:
    """`GET …/status`."""
    member = call.member()
    status: JsonObject = {
        "guid": member.guid,
        "connection_status": member.connection_status,
        "status": member.connection_status,
        "is_being_aggregated": member.is_being_aggregated,
        "is_authenticated": member.is_authenticated,
        "has_processed_accounts": member.successfully_aggregated_at is not None,
        "has_processed_transactions": member.successfully_aggregated_at is not None,
        "aggregated_at": member.aggregated_at,
        "successfully_aggregated_at": member.successfully_aggregated_at,
    }
    if call.dialect == "platform":
        del status["status"]
    if member.challenges:
        status["challenges"] = member.challenges
    return 200, {"member": status}


def list_challenges(call: Call) -> Response:
    """`GET …/challenges`: nothing unless the member is CHALLENGED."""
    member = call.member()
    if not member.challenges:
        return 204, None
    return page_of(call, "challenges", member.challenges, dict)


def resume(call: Call) -> Response:
    """`PUT …/resume` with one answer per challenge."""
    member = call.member()
    answers = _answers(call.payload("member"))
    if not member.challenges:
        raise Refusal(422, "unprocessable_entity", "The member is not CHALLENGED: there is nothing to answer.")
    missing = [challenge["guid"] for challenge in member.challenges if challenge["guid"] not in answers]
    if missing:
        raise Refusal(422, "unprocessable_entity", f"There is no answer to {', '.join(missing)}.")
    call.world.resume(member, answers)
    return 202, {"member": member_entry(member, call.dialect)}


def _start(call: Call, member: Member, kind: Kind) -> None:
    if member.job is not None and member.job.kind != kind:
        raise Refusal(409, "conflict", f"A {member.job.kind} job is running on this member.")
    call.world.start_job(member, kind)


def _answers(payload: Mapping[str, object]) -> dict[str, str]:
    challenges = payload.get("challenges")
    if not isinstance(challenges, list):
        raise Refusal(422, "unprocessable_entity", "'challenges' must be a list of objects with 'guid' and 'value'.")
    answers = {}
    for entry in challenges:
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("guid", "value")):
            raise Refusal(422, "unprocessable_entity", "Each challenge needs a 'guid' and a 'value', both text.")
        answers[entry["guid"]] = entry["value"]
    return answers
