"""Who may call: the keys and the versions of both dialects."""

from __future__ import annotations

import hmac
from base64 import b64decode

from starlette.requests import Request

from rewards_analytics.atrium import ACCEPT, API_KEY_HEADER, CLIENT_ID_HEADER, Dialect
from rewards_analytics.sandbox.api.calls import Refusal, Settings


def authenticate(request: Request, settings: Settings) -> Dialect:
    """Check keys and version; returns the dialect of the caller."""
    authorization = request.headers.get("authorization", "")
    dialect: Dialect = "platform" if authorization.lower().startswith("basic ") else "atrium"
    given = _basic(authorization) if dialect == "platform" else _key_headers(request)
    expected = f"{settings.client_id}:{settings.api_key}"
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal(401, "unauthorized", "The API key or the client id is wrong.")
    accepted = [entry.partition(";")[0].strip() for entry in request.headers.get("accept", "").split(",")]
    if not any(version in accepted for version in ACCEPT[dialect]):
        raise Refusal(406, "not_acceptable", f"Accept must name a version: {' or '.join(ACCEPT[dialect])}.")
    if b"%2f" in request.scope["raw_path"].lower():
        raise Refusal(404, "not_found", "There is nothing at this path.")
    return dialect


def _key_headers(request: Request) -> str:
    return f"{request.headers.get(CLIENT_ID_HEADER, '')}:{request.headers.get(API_KEY_HEADER, '')}"


def _basic(authorization: str) -> str:
    try:
        return b64decode(authorization[len("basic ") :], validate=True).decode()
    except ValueError:
        return ""
