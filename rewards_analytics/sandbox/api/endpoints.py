"""The endpoints, and their table. The OpenAPI document takes an endpoint's name and summary from its function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException

from rewards_analytics.atrium import Dialect, JsonObject
from rewards_analytics.sandbox import jobs
from rewards_analytics.sandbox.api.calls import Call, Response, not_found, page_of, text_of
from rewards_analytics.sandbox.world import INSTITUTIONS, MEMBERS_OF_A_USER, WITHOUT_REWARDS, Member, User


def list_institutions(call: Call) -> Response:
    """Institutions."""
    return page_of(call, "institutions", sorted(INSTITUTIONS), lambda code: _institution(code, call.dialect))


def read_institution(call: Call) -> Response:
    """One institution; on the Platform API its `supported_products` say whether it supports rewards."""
    code = call.path["institution_code"]
    if code not in INSTITUTIONS:
        raise not_found("institution", code)
    return 200, {"institution": _institution(code, call.dialect)}


def list_users(call: Call) -> Response:
    """Users."""
    return page_of(call, "users", list(call.world.users.values()), lambda user: _user(user, call.dialect))


def create_user(call: Call) -> Response:
    """Add a user."""
    payload = call.payload("user")
    identifier = text_of(payload, _id(call.dialect))
    user = call.world.create_user(identifier, text_of(payload, "metadata"))
    return 200, {"user": _user(user, call.dialect)}


def read_user(call: Call) -> Response:
    """One user."""
    return 200, {"user": _user(call.user(), call.dialect)}


def list_members(call: Call) -> Response:
    """Members of a user."""
    members = [call.world.members[guid] for guid in call.user().members]
    for member in members:
        call.world.settle(member)
    return page_of(call, "members", members, lambda member: _member(member, call.dialect))


def create_member(call: Call) -> Response:
    """Connect a user to an institution, and aggregate the member."""
    user = call.user()
    payload = call.payload("member")
    code = text_of(payload, "institution_code")
    if code not in INSTITUTIONS:
        known = ", ".join(sorted(INSTITUTIONS))
        raise HTTPException(422, f"institution_code {code!r} does not exist here; valid ones are {known}.")
    if len(user.members) >= MEMBERS_OF_A_USER:
        raise HTTPException(405, f"A user has at most {MEMBERS_OF_A_USER} members.")
    member = call.world.create_member(
        user,
        code,
        password=_password(payload.get("credentials")),
        identifier=text_of(payload, _id(call.dialect)),
        metadata=text_of(payload, "metadata"),
    )
    if payload.get("skip_aggregation") is not True:
        call.world.start_job(member, "standard")
    return 202, {"member": _member(member, call.dialect)}


def read_member(call: Call) -> Response:
    """One member."""
    return 200, {"member": _member(call.member(), call.dialect)}


def fetch_rewards(call: Call) -> Response:
    """Start or join a rewards job."""
    member = call.member()
    if not call.settings.rewards_enabled:
        raise HTTPException(403, "Rewards are not enabled for this client.")
    if member.institution_code in WITHOUT_REWARDS:
        raise HTTPException(400, "This institution does not support rewards.")
    _start(call, member, "rewards")
    # The Platform API's own client accepts no success other than 200.
    return (200 if call.dialect == "platform" else 202), {"member": _member(member, call.dialect)}


def aggregate(call: Call) -> Response:
    """Start or join a standard aggregation."""
    member = call.member()
    _start(call, member, "standard")
    return 202, {"member": _member(member, call.dialect)}


def member_status(call: Call) -> Response:
    """Status and open challenges."""
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
    """Open challenges; none unless the member is CHALLENGED."""
    member = call.member()
    if not member.challenges:
        return 204, None
    return page_of(call, "challenges", member.challenges, dict)


def resume(call: Call) -> Response:
    """Answer the challenges."""
    member = call.member()
    answers = _answers(call.payload("member"))
    if not member.challenges:
        raise HTTPException(422, "The member is not CHALLENGED: there is nothing to answer.")
    missing = [challenge["guid"] for challenge in member.challenges if challenge["guid"] not in answers]
    if missing:
        raise HTTPException(422, f"There is no answer to {', '.join(missing)}.")
    jobs.resume(member, answers, call.world.clock.now())
    return 202, {"member": _member(member, call.dialect)}


def list_rewards(call: Call) -> Response:
    """Rewards of a member."""
    member = call.member()
    if call.shift and member.rewards:
        member.rewards.insert(0, member.rewards.pop())
    return page_of(call, "rewards", member.rewards, lambda reward: _reward(reward, call.dialect))


def read_reward(call: Call) -> Response:
    """One reward."""
    guid = call.path["reward_guid"]
    for reward in call.member().rewards:
        if reward["guid"] == guid:
            return 200, {"reward": _reward(reward, call.dialect)}
    raise not_found("reward", guid)


def _member(member: Member, dialect: Dialect) -> JsonObject:
    """A member as the dialect shows it."""
    entry: JsonObject = {
        "guid": member.guid,
        "user_guid": member.user_guid,
        _id(dialect): member.identifier,
        "institution_code": member.institution_code,
        "name": member.name,
        "connection_status": member.connection_status,
        "is_being_aggregated": member.is_being_aggregated,
        "aggregated_at": member.aggregated_at,
        "successfully_aggregated_at": member.successfully_aggregated_at,
        "metadata": member.metadata,
    }
    return entry | ({"status": member.connection_status} if dialect == "atrium" else {})


def _user(user: User, dialect: Dialect) -> JsonObject:
    entry: JsonObject = {"guid": user.guid, _id(dialect): user.identifier, "is_disabled": user.is_disabled}
    return entry | {"metadata": user.metadata} | ({"email": user.email} if dialect == "platform" else {})


def _id(dialect: Dialect) -> str:
    return "id" if dialect == "platform" else "identifier"


def _password(credentials: object) -> str | None:
    """Value of the last credential: the sandbox does not check the fields' names."""
    if not credentials:
        return None
    if not isinstance(credentials, list) or not all(isinstance(entry, dict) for entry in credentials):
        raise HTTPException(422, "'credentials' must be a list of objects with 'guid' and 'value'.")
    return text_of(credentials[-1], "value")


def _institution(code: str, dialect: Dialect) -> JsonObject:
    entry: JsonObject = {"code": code, "name": INSTITUTIONS[code], "url": None, "supports_oauth": False}
    if dialect == "atrium":
        # Atrium documents no product for rewards: a fetch is the only way to learn it.
        return entry | dict.fromkeys(ATRIUM_PRODUCTS, False)
    products = ["transactions"] if code in WITHOUT_REWARDS else ["transactions", "rewards"]
    return entry | {"iso_country_code": "US", "supported_products": products}


def _reward(reward: JsonObject, dialect: Dialect) -> JsonObject:
    """A reward as the dialect shows it: the Platform API's model does not say whose it is."""
    if dialect == "atrium":
        return reward
    shown = {name: value for name, value in reward.items() if name not in OWNERS}
    return shown | {"updated_at": reward["created_at"]}


def _start(call: Call, member: Member, kind: jobs.Kind) -> None:
    if member.job is not None and member.job.kind != kind:
        raise HTTPException(409, f"A {member.job.kind} job is running on this member.")
    call.world.start_job(member, kind)


def _answers(payload: Mapping[str, object]) -> dict[str, str]:
    challenges = payload.get("challenges")
    if not isinstance(challenges, list):
        raise HTTPException(422, "'challenges' must be a list of objects with 'guid' and 'value'.")
    answers = {}
    for entry in challenges:
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("guid", "value")):
            raise HTTPException(422, "Each challenge needs a 'guid' and a 'value', both text.")
        answers[entry["guid"]] = entry["value"]
    return answers


@dataclass(frozen=True)
class Endpoint:
    """One endpoint: its function, the status and schema of a success, the schema of its body, its own refusals."""

    handler: Callable[[Call], Response]
    status: int
    schema: str
    body: str | None = None
    refusals: tuple[int, ...] = ()


OWNERS = ("user_guid", "member_guid", "account_guid")
"""Fields of a reward that the Platform API's model of it does not have."""

ATRIUM_PRODUCTS = (
    "supports_account_identification",
    "supports_account_statement",
    "supports_account_verification",
    "supports_transaction_history",
)
"""What Atrium says of an institution, for which the Platform API has `supported_products`."""

USER = "/users/{user_guid}"
MEMBER = USER + "/members/{member_guid}"
ENDPOINTS = {
    "/institutions": {"GET": Endpoint(list_institutions, 200, "InstitutionsBody")},
    "/institutions/{institution_code}": {"GET": Endpoint(read_institution, 200, "InstitutionBody")},
    "/users": {
        "GET": Endpoint(list_users, 200, "UsersBody"),
        "POST": Endpoint(create_user, 200, "UserBody", "UserRequest", (400, 422)),
    },
    USER: {"GET": Endpoint(read_user, 200, "UserBody")},
    USER + "/members": {
        "GET": Endpoint(list_members, 200, "MembersBody"),
        "POST": Endpoint(create_member, 202, "MemberBody", "MemberRequest", (400, 405, 422)),
    },
    MEMBER: {"GET": Endpoint(read_member, 200, "MemberBody")},
    MEMBER + "/fetch_rewards": {"POST": Endpoint(fetch_rewards, 202, "MemberBody", refusals=(400, 403, 409))},
    MEMBER + "/aggregate": {"POST": Endpoint(aggregate, 202, "MemberBody", refusals=(409,))},
    MEMBER + "/status": {"GET": Endpoint(member_status, 200, "StatusBody")},
    MEMBER + "/challenges": {"GET": Endpoint(list_challenges, 200, "ChallengesBody")},
    MEMBER + "/resume": {"PUT": Endpoint(resume, 202, "MemberBody", "ResumeRequest", (400, 422))},
    MEMBER + "/rewards": {"GET": Endpoint(list_rewards, 200, "RewardsBody")},
    MEMBER + "/rewards/{reward_guid}": {"GET": Endpoint(read_reward, 200, "RewardBody")},
}
