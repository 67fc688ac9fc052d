"""The endpoints of the rewards API, over a `World`.

Both dialects are served on the same paths: Atrium (two key headers) and the MX Platform API (HTTP Basic).
"""

from __future__ import annotations

import hmac
import json
import uuid
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rewards_analytics.sandbox.openapi import document
from rewards_analytics.sandbox.wire import encode
from rewards_analytics.sandbox.world import (
    INSTITUTIONS,
    MEMBERS_OF_A_USER,
    WITHOUT_REWARDS,
    Member,
    User,
    World,
)

ACCEPTED = {
    "atrium": ("application/vnd.mx.atrium.v1+json", "application/vnd.mx.atrium.beta+json"),
    "platform": ("application/vnd.mx.api.v1+json", "application/vnd.mx.api.beta+json"),
}
LEAST_PER_PAGE = 10


@dataclass(frozen=True)
class Settings:
    """What an application of the API can be told."""

    api_key: str
    client_id: str
    rewards_enabled: bool = True
    default_per_page: int = 25
    most_per_page: int = 100


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of the sandbox
    """An answer with an error status."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class Call:
    """One call that has passed the door: its dialect, path parameters, query and body."""

    world: World
    settings: Settings
    dialect: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    shift: bool

    def user(self) -> User:
        """User that the path names."""
        user = self.world.users.get(self.path["user_guid"])
        if user is None:
            raise _not_found("user", self.path["user_guid"])
        return user

    def member(self) -> Member:
        """Member that the path names, its job brought up to the clock."""
        user = self.user()
        guid = self.path["member_guid"]
        if guid not in user.members:
            raise _not_found("member", guid)
        member = self.world.members[guid]
        self.world.settle(member)
        return member

    def payload(self, name: str) -> dict[str, Any]:
        """The object called `name` in the JSON body."""
        try:
            body = json.loads(self.body)
        except ValueError as error:
            raise Refusal(400, "bad_request", "The body is not valid JSON.") from error
        if not isinstance(body, dict) or not isinstance(body.get(name), dict):
            raise Refusal(422, "unprocessable_entity", f"The body must be an object with an object '{name}'.")
        payload: dict[str, Any] = body[name]
        return payload


Answer = tuple[int, Any]
Handler = Callable[[Call], Answer]


# --- Users and members ---


def list_users(call: Call) -> Answer:
    """`GET /users`."""
    return _page(call, "users", [_user(user, call.dialect) for user in call.world.users.values()])


def create_user(call: Call) -> Answer:
    """`POST /users`."""
    payload = call.payload("user")
    identifier = _text(payload, _id(call.dialect))
    user = call.world.create_user(identifier, _text(payload, "metadata"))
    return 200, {"user": _user(user, call.dialect)}


def read_user(call: Call) -> Answer:
    """`GET /users/{user_guid}`."""
    return 200, {"user": _user(call.user(), call.dialect)}


def list_members(call: Call) -> Answer:
    """`GET /users/{user_guid}/members`."""
    members = [call.world.members[guid] for guid in call.user().members]
    for member in members:
        call.world.settle(member)
    return _page(call, "members", [_member(member, call.dialect) for member in members])


def create_member(call: Call) -> Answer:
    """`POST /users/{user_guid}/members`, which starts a standard aggregation."""
    user = call.user()
    payload = call.payload("member")
    code = _text(payload, "institution_code")
    if code not in INSTITUTIONS:
        known = ", ".join(sorted(INSTITUTIONS))
        raise Refusal(422, "unprocessable_entity", f"There is no institution_code {code!r} here; there are {known}.")
    if len(user.members) >= MEMBERS_OF_A_USER:
        raise Refusal(405, "method_not_allowed", f"A user has at most {MEMBERS_OF_A_USER} members.")
    member = call.world.create_member(
        user,
        code,
        password=_password(payload.get("credentials")),
        identifier=_text(payload, _id(call.dialect)),
        metadata=_text(payload, "metadata"),
    )
    if payload.get("skip_aggregation") is not True:
        call.world.start_job(member, "standard")
    return 202, {"member": _member(member, call.dialect)}


def read_member(call: Call) -> Answer:
    """`GET …/members/{member_guid}`."""
    return 200, {"member": _member(call.member(), call.dialect)}


# --- The job ---


def fetch_rewards(call: Call) -> Answer:
    """`POST …/fetch_rewards`: start or join a rewards job."""
    member = call.member()
    if not call.settings.rewards_enabled:
        raise Refusal(403, "forbidden", "Rewards are not enabled for this client.")
    if member.institution_code in WITHOUT_REWARDS:
        raise Refusal(400, "bad_request", "This institution does not support rewards.")
    _start(call, member, "rewards")
    # The successor's own client knows no other success than 200.
    return (200 if call.dialect == "platform" else 202), {"member": _member(member, call.dialect)}


def aggregate(call: Call) -> Answer:
    """`POST …/aggregate`: start or join a standard aggregation."""
    member = call.member()
    _start(call, member, "standard")
    return 202, {"member": _member(member, call.dialect)}


def member_status(call: Call) -> Answer:
    """`GET …/status`."""
    member = call.member()
    status: dict[str, Any] = {
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


def list_challenges(call: Call) -> Answer:
    """`GET …/challenges`: nothing unless the member is CHALLENGED."""
    member = call.member()
    if not member.challenges:
        return 204, None
    return _page(call, "challenges", member.challenges)


def resume(call: Call) -> Answer:
    """`PUT …/resume` with one answer a challenge."""
    member = call.member()
    answers = _answers(call.payload("member"))
    if not member.challenges:
        raise Refusal(422, "unprocessable_entity", "The member is not CHALLENGED: there is nothing to answer.")
    missing = [challenge["guid"] for challenge in member.challenges if challenge["guid"] not in answers]
    if missing:
        raise Refusal(422, "unprocessable_entity", f"There is no answer to {', '.join(missing)}.")
    call.world.resume(member, answers)
    return 202, {"member": _member(member, call.dialect)}


# --- Rewards ---


def list_rewards(call: Call) -> Answer:
    """`GET …/rewards`."""
    member = call.member()
    if call.shift and member.rewards:
        member.rewards.insert(0, member.rewards.pop())
    return _page(call, "rewards", [_reward(reward, call.dialect) for reward in member.rewards])


def read_reward(call: Call) -> Answer:
    """`GET …/rewards/{reward_guid}`."""
    guid = call.path["reward_guid"]
    for reward in call.member().rewards:
        if reward["guid"] == guid:
            return 200, {"reward": _reward(reward, call.dialect)}
    raise _not_found("reward", guid)


USER = "/users/{user_guid}"
MEMBER = USER + "/members/{member_guid}"
ENDPOINTS: dict[str, dict[str, Handler]] = {
    "/users": {"GET": list_users, "POST": create_user},
    USER: {"GET": read_user},
    USER + "/members": {"GET": list_members, "POST": create_member},
    MEMBER: {"GET": read_member},
    MEMBER + "/fetch_rewards": {"POST": fetch_rewards},
    MEMBER + "/aggregate": {"POST": aggregate},
    MEMBER + "/status": {"GET": member_status},
    MEMBER + "/challenges": {"GET": list_challenges},
    MEMBER + "/resume": {"PUT": resume},
    MEMBER + "/rewards": {"GET": list_rewards},
    MEMBER + "/rewards/{reward_guid}": {"GET": read_reward},
}


def application(present_world: Callable[[], World], settings: Settings) -> Starlette:
    """ASGI application of the API, over the world that is the present one at each call."""
    routes = [
        Route(path, _endpoint(present_world, settings, handlers), methods=list(handlers))
        for path, handlers in ENDPOINTS.items()
    ]
    openapi = Route("/openapi.json", _openapi, methods=["GET"])
    return Starlette(
        routes=[openapi, *routes],
        exception_handlers={Refusal: _refused, HTTPException: _refused_by_framework},
    )


def _endpoint(
    present_world: Callable[[], World], settings: Settings, handlers: Mapping[str, Handler]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        dialect = _let_in(request, settings)
        world = present_world()
        call = Call(
            world=world,
            settings=settings,
            dialect=dialect,
            path=request.path_params,
            query=request.query_params,
            body=await request.body(),
            shift=bool(request.scope.get("sandbox.shift")),
        )
        with world.lock:
            world.catch_up()
            status, body = handlers["GET" if request.method == "HEAD" else request.method](call)
            return _response(status, body)

    return endpoint


async def _openapi(request: Request) -> Response:
    return _response(200, document(str(request.base_url).rstrip("/")))


def _let_in(request: Request, settings: Settings) -> str:
    """Check keys and version; the dialect that the caller speaks."""
    authorization = request.headers.get("authorization", "")
    dialect = "platform" if authorization.lower().startswith("basic ") else "atrium"
    given = _basic(authorization) if dialect == "platform" else _key_headers(request)
    expected = f"{settings.client_id}:{settings.api_key}"
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal(401, "unauthorized", "The API key or the client id is wrong.")
    accepted = [entry.partition(";")[0].strip() for entry in request.headers.get("accept", "").split(",")]
    if not any(version in accepted for version in ACCEPTED[dialect]):
        raise Refusal(406, "not_acceptable", f"Accept must name a version: {' or '.join(ACCEPTED[dialect])}.")
    if b"%2f" in request.scope["raw_path"].lower():
        raise Refusal(404, "not_found", "There is nothing at this path.")
    return dialect


def _key_headers(request: Request) -> str:
    return f"{request.headers.get('mx-client-id', '')}:{request.headers.get('mx-api-key', '')}"


def _basic(authorization: str) -> str:
    try:
        return b64decode(authorization[len("basic ") :], validate=True).decode()
    except ValueError:
        return ""


def _start(call: Call, member: Member, kind: Any) -> None:
    if member.job is not None and member.job.kind != kind:
        raise Refusal(409, "conflict", f"A {member.job.kind} job is running on this member.")
    call.world.start_job(member, kind)


# --- How things look ---


def _id(dialect: str) -> str:
    return "id" if dialect == "platform" else "identifier"


def _user(user: User, dialect: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"guid": user.guid, _id(dialect): user.identifier, "is_disabled": user.is_disabled}
    return entry | {"metadata": user.metadata} | ({"email": user.email} if dialect == "platform" else {})


def _member(member: Member, dialect: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
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


def _reward(reward: dict[str, Any], dialect: str) -> dict[str, Any]:
    return reward | {"updated_at": reward["created_at"]} if dialect == "platform" else reward


def _page(call: Call, name: str, entries: Sequence[Any]) -> Answer:
    """One page of a list, by the rules of paging that the API documents."""
    settings = call.settings
    per_page = _number(call.query.get("records_per_page"))
    if per_page is None or not min(LEAST_PER_PAGE, settings.most_per_page) <= per_page <= settings.most_per_page:
        per_page = settings.default_per_page
    page = max(_number(call.query.get("page")) or 1, 1)
    pagination = {
        "current_page": page,
        "per_page": per_page,
        "total_entries": len(entries),
        "total_pages": max(-(-len(entries) // per_page), 1),
    }
    return 200, {name: list(entries[(page - 1) * per_page : page * per_page]), "pagination": pagination}


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None


def _text(payload: Mapping[str, Any], name: str) -> str | None:
    value = payload.get(name)
    if value is not None and not isinstance(value, str):
        raise Refusal(422, "unprocessable_entity", f"'{name}' must be text.")
    return value


def _password(credentials: Any) -> str | None:
    """Value of the last credential: the sandbox asks for no names of fields."""
    if not credentials:
        return None
    if not isinstance(credentials, list) or not all(isinstance(entry, dict) for entry in credentials):
        raise Refusal(422, "unprocessable_entity", "'credentials' must be a list of objects with 'guid' and 'value'.")
    return _text(credentials[-1], "value")


def _answers(payload: Mapping[str, Any]) -> dict[str, str]:
    challenges = payload.get("challenges")
    if not isinstance(challenges, list):
        raise Refusal(422, "unprocessable_entity", "'challenges' must be a list of objects with 'guid' and 'value'.")
    answers = {}
    for entry in challenges:
        if not isinstance(entry, dict) or not all(isinstance(entry.get(key), str) for key in ("guid", "value")):
            raise Refusal(422, "unprocessable_entity", "Each challenge needs a 'guid' and a 'value', both text.")
        answers[entry["guid"]] = entry["value"]
    return answers


def _not_found(kind: str, guid: str) -> Refusal:
    return Refusal(404, "not_found", f"There is no {kind} {guid}.")


def _response(status: int, body: Any) -> Response:
    headers = {"X-Request-ID": str(uuid.uuid4())}
    if body is None:
        return Response(status_code=status, headers=headers)
    return Response(encode(body), status, headers, media_type="application/json")


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for this class
    error = {"message": refusal.message, "status": str(refusal.status), "type": refusal.kind}
    return _response(refusal.status, {"error": error})


async def _refused_by_framework(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, HTTPException)  # noqa: S101 - registered for this class
    kind = refusal.detail.lower().replace(" ", "_")
    error = {"message": f"{refusal.detail}.", "status": str(refusal.status_code), "type": kind}
    response = _response(refusal.status_code, {"error": error})
    response.headers.update(refusal.headers or {})
    return response
