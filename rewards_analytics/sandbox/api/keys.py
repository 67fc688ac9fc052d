"""Who may call: the keys and the version of either dialect."""

from __future__ import annotations

import hmac
from base64 import b64decode

from starlette.requests import Request

from rewards_analytics.sandbox.api.calls import Refusal, Settings

ACCEPTED = {
    "atrium": ("application/vnd.mx.atrium.v1+json", "application/vnd.mx.atrium.beta+json"),
    "platform": ("application/vnd.mx.api.v1+json", "application/vnd.mx.api.beta+json"),
}


def let_in(request: Request, settings: Settings) -> str:
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
