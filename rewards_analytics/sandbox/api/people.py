"""Users, and the members that connect them to institutions."""

from __future__ import annotations

from rewards_analytics.atrium import Dialect, JsonObject
from rewards_analytics.sandbox.api.calls import Call, Refusal, Response, page_of, text_of
from rewards_analytics.sandbox.world import INSTITUTIONS, MEMBERS_OF_A_USER, Member, User


def list_users(call: Call) -> Response:
    """`GET /users`."""
    return page_of(call, "users", list(call.world.users.values()), lambda user: _user(user, call.dialect))


def create_user(call: Call) -> Response:
    """`POST /users`."""
    payload = call.payload("user")
    identifier = text_of(payload, _id(call.dialect))
    user = call.world.create_user(identifier, text_of(payload, "metadata"))
    return 200, {"user": _user(user, call.dialect)}


def read_user(call: Call) -> Response:
    """`GET /users/{user_guid}`."""
    return 200, {"user": _user(call.user(), call.dialect)}


def list_members(call: Call) -> Response:
    """`GET /users/{user_guid}/members`."""
    members = [call.world.members[guid] for guid in call.user().members]
    for member in members:
        call.world.settle(member)
    return page_of(call, "members", members, lambda member: member_entry(member, call.dialect))


def create_member(call: Call) -> Response:
    """`POST /users/{user_guid}/members`, which starts a standard aggregation."""
    user = call.user()
    payload = call.payload("member")
    code = text_of(payload, "institution_code")
    if code not in INSTITUTIONS:
        known = ", ".join(sorted(INSTITUTIONS))
        raise Refusal(
            422, "unprocessable_entity", f"institution_code {code!r} does not exist here; valid ones are {known}."
        )
    if len(user.members) >= MEMBERS_OF_A_USER:
        raise Refusal(405, "method_not_allowed", f"A user has at most {MEMBERS_OF_A_USER} members.")
    member = call.world.create_member(
        user,
        code,
        password=_password(payload.get("credentials")),
        identifier=text_of(payload, _id(call.dialect)),
        metadata=text_of(payload, "metadata"),
    )
    if payload.get("skip_aggregation") is not True:
        call.world.start_job(member, "standard")
    return 202, {"member": member_entry(member, call.dialect)}


def read_member(call: Call) -> Response:
    """`GET …/members/{member_guid}`."""
    return 200, {"member": member_entry(call.member(), call.dialect)}


def member_entry(member: Member, dialect: Dialect) -> JsonObject:
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
        raise Refusal(422, "unprocessable_entity", "'credentials' must be a list of objects with 'guid' and 'value'.")
    return text_of(credentials[-1], "value")
