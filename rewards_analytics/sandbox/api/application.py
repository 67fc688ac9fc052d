"""The API as an ASGI application: it checks keys and versions, and routes each call to its endpoint."""

from __future__ import annotations

import hmac
import uuid
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rewards_analytics.atrium import (
    ACCEPT,
    ACCEPT_VERSION_HEADER,
    API_KEY_HEADER,
    API_VERSION,
    CLIENT_ID_HEADER,
    REQUEST_ID_HEADER,
    Dialect,
)
from rewards_analytics.sandbox.api.calls import Call, Settings
from rewards_analytics.sandbox.api.endpoints import ENDPOINTS, Endpoint
from rewards_analytics.sandbox.encoding import encode
from rewards_analytics.sandbox.openapi import document
from rewards_analytics.sandbox.world import World


def application(current_world: Callable[[], World], settings: Settings) -> Starlette:
    """ASGI application of the API over the world that is current at each call."""
    routes = [
        Route(path, _endpoint(current_world, settings, endpoints), methods=list(endpoints))
        for path, endpoints in ENDPOINTS.items()
    ]
    openapi = Route("/openapi.json", _openapi, methods=["GET"])
    application = Starlette(routes=[openapi, *routes], exception_handlers={HTTPException: _refused})
    application.router.redirect_slashes = False  # a path with an extra slash does not exist
    return application


def _endpoint(
    current_world: Callable[[], World], settings: Settings, endpoints: Mapping[str, Endpoint]
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        dialect = _authenticate(request, settings)
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
            status, body = endpoints["GET" if request.method == "HEAD" else request.method].handler(call)
            return _response(status, body)

    return endpoint


def _authenticate(request: Request, settings: Settings) -> Dialect:
    """Check keys and version; returns the dialect of the caller."""
    authorization = request.headers.get("authorization", "")
    dialect: Dialect = "platform" if authorization.lower().startswith("basic ") else "atrium"
    keys = ":".join(request.headers.get(name, "") for name in (CLIENT_ID_HEADER, API_KEY_HEADER))
    given = _basic(authorization) if dialect == "platform" else keys
    expected = f"{settings.client_id}:{settings.api_key}"
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise HTTPException(401, "The API key or the client id is wrong.")
    _check_version(request.headers, dialect)
    if b"%2f" in request.scope["raw_path"].lower():
        raise HTTPException(404, "There is nothing at this path.")
    return dialect


def _check_version(headers: Mapping[str, str], dialect: Dialect) -> None:
    """Refuse a call that does not name a valid version."""
    accepted = {entry.partition(";")[0].strip() for entry in headers.get("accept", "").split(",")}
    # The dated versions of the Platform API have a header of their own, so `Accept` may name plain JSON.
    valid = ACCEPT[dialect] if dialect == "atrium" else (*ACCEPT[dialect], "application/json")
    if accepted.isdisjoint(valid):
        raise HTTPException(406, f"Accept must name a version: {' or '.join(valid)}.")
    dated = headers.get(ACCEPT_VERSION_HEADER)
    if dialect == "platform" and dated != API_VERSION:
        got = f"{dated!r}" if dated else "none"
        # MX's own words come first.
        raise HTTPException(
            406,
            "The request didn't specify a valid API version. "
            f"{ACCEPT_VERSION_HEADER} must be {API_VERSION}, got {got}.",
        )


def _basic(authorization: str) -> str:
    try:
        return b64decode(authorization[len("basic ") :], validate=True).decode()
    except ValueError:
        return ""


async def _openapi(request: Request) -> Response:
    return _response(200, document(str(request.base_url).rstrip("/")))


def _response(status: int, body: object) -> Response:
    headers = {REQUEST_ID_HEADER: str(uuid.uuid4())}
    if body is None:
        return Response(status_code=status, headers=headers)
    return Response(encode(body), status, headers, media_type="application/json")


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, HTTPException)  # noqa: S101 - registered for this class
    status, detail = refusal.status_code, refusal.detail
    message = detail if detail.endswith(".") else f"{detail}."  # the framework's own have no full stop
    # Python 3.13 has another name for 422.
    kind = "unprocessable_entity" if status == 422 else HTTPStatus(status).name.lower()
    response = _response(status, {"error": {"message": message, "status": str(status), "type": kind}})
    response.headers.update(refusal.headers or {})
    return response
