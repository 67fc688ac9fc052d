"""The endpoints of the rewards API, over a `World`.

Both dialects are served on the same paths: Atrium (two key headers) and the MX Platform API (HTTP Basic).

- `keys`: who may call; `calls`: one call, its refusals, its pages;
- `people`, `aggregation`, `rewards`: the endpoints, by what they are about.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rewards_analytics.sandbox.api import aggregation, people, rewards
from rewards_analytics.sandbox.api.calls import Call, Handler, Refusal, Settings
from rewards_analytics.sandbox.api.keys import let_in
from rewards_analytics.sandbox.openapi import document
from rewards_analytics.sandbox.wire import encode
from rewards_analytics.sandbox.world import World

__all__ = ["ENDPOINTS", "Settings", "application"]

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


def application(present_world: Callable[[], World], settings: Settings) -> Starlette:
    """ASGI application of the API, over the world that is the present one at each call."""
    routes = [
        Route(path, _endpoint(present_world, settings, handlers), methods=list(handlers))
        for path, handlers in ENDPOINTS.items()
    ]
    openapi = Route("/openapi.json", _openapi, methods=["GET"])
    application = Starlette(
        routes=[openapi, *routes],
        exception_handlers={Refusal: _refused, HTTPException: _refused_by_framework},
    )
    application.router.redirect_slashes = False  # a path with a slash too many is none
    return application


def _endpoint(
    present_world: Callable[[], World], settings: Settings, handlers: Mapping[str, Handler]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        dialect = let_in(request, settings)
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
