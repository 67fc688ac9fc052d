"""The endpoints by path and method, as an ASGI application."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rewards_analytics.atrium import REQUEST_ID_HEADER
from rewards_analytics.sandbox.api import aggregation, people, rewards
from rewards_analytics.sandbox.api.authentication import authenticate
from rewards_analytics.sandbox.api.calls import Call, Handler, Refusal, Settings
from rewards_analytics.sandbox.encoding import encode
from rewards_analytics.sandbox.openapi import document
from rewards_analytics.sandbox.world import World

USER = "/users/{user_guid}"
MEMBER = USER + "/members/{member_guid}"
ENDPOINTS: dict[str, dict[str, Handler]] = {
    "/users": {"GET": people.list_users, "POST": people.create_user},
    USER: {"GET": people.read_user},
    USER + "/members": {"GET": people.list_members, "POST": people.create_member},
    MEMBER: {"GET": people.read_member},
    MEMBER + "/fetch_rewards": {"POST": aggregation.fetch_rewards},
    MEMBER + "/aggregate": {"POST": aggregation.aggregate},
    MEMBER + "/status": {"GET": aggregation.member_status},
    MEMBER + "/challenges": {"GET": aggregation.list_challenges},
    MEMBER + "/resume": {"PUT": aggregation.resume},
    MEMBER + "/rewards": {"GET": rewards.list_rewards},
    MEMBER + "/rewards/{reward_guid}": {"GET": rewards.read_reward},
}


def application(current_world: Callable[[], World], settings: Settings) -> Starlette:
    """ASGI application of the API over the world that is current at each call."""
    routes = [
        Route(path, _endpoint(current_world, settings, handlers), methods=list(handlers))
        for path, handlers in ENDPOINTS.items()
    ]
    openapi = Route("/openapi.json", _openapi, methods=["GET"])
    application = Starlette(
        routes=[openapi, *routes],
        exception_handlers={Refusal: _refused, HTTPException: _refused_by_framework},
    )
    application.router.redirect_slashes = False  # a path with an extra slash does not exist
    return application


def _endpoint(
    current_world: Callable[[], World], settings: Settings, handlers: Mapping[str, Handler]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        dialect = authenticate(request, settings)
        world = current_world()
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


def _response(status: int, body: object) -> Response:
    headers = {REQUEST_ID_HEADER: str(uuid.uuid4())}
    if body is None:
        return Response(status_code=status, headers=headers)
    return Response(encode(body), status, headers, media_type="application/json")


def _error(status: int, kind: str, message: str) -> Response:
    return _response(status, {"error": {"message": message, "status": str(status), "type": kind}})


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for this class
    return _error(refusal.status, refusal.kind, refusal.message)


async def _refused_by_framework(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, HTTPException)  # noqa: S101 - registered for this class
    kind = refusal.detail.lower().replace(" ", "_")
    response = _error(refusal.status_code, kind, f"{refusal.detail}.")
    response.headers.update(refusal.headers or {})
    return response
