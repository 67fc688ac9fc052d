"""The API's own names and limits, which the client and the sandbox share: versions, headers, paging, statuses."""

from __future__ import annotations

from typing import Any, Final, Literal

JsonObject = dict[str, Any]
"""A JSON object as the API sends or takes it."""

Dialect = Literal["atrium", "platform"]
DIALECTS: Final[tuple[Dialect, ...]] = ("atrium", "platform")

ACCEPT: Final = {
    "atrium": ("application/vnd.mx.atrium.v1+json", "application/vnd.mx.atrium.beta+json"),
    "platform": ("application/vnd.mx.api.v1+json", "application/vnd.mx.api.beta+json"),
}
"""The versions that `Accept` may name, by dialect. The client sends the first by default."""

ACCEPT_VERSION_HEADER: Final = "Accept-Version"
API_VERSION: Final = "v20250224"
"""The dated version of the Platform API, which each of its calls must name in `Accept-Version` since 12 August 2026."""

VERSIONS_LISTED: Final = {
    "atrium": "https://docs.mx.com/api-reference/atrium",
    "platform": "https://docs.mx.com/api-reference/platform-api/overview/versioning",
}
"""MX's pages that say which versions are valid, by dialect."""

REWARDS_PRODUCT: Final = "rewards"
"""The name of rewards among an institution's `supported_products`."""

API_KEY_HEADER: Final = "MX-API-Key"
CLIENT_ID_HEADER: Final = "MX-Client-ID"
REQUEST_ID_HEADER: Final = "X-Request-ID"

DEFAULT_PER_PAGE: Final = 25
LEAST_PER_PAGE: Final = 10
MOST_PER_PAGE: Final = 100

POLL_INTERVAL_S: Final = 3.0
"""MX asks clients not to poll a job more often than this."""

JOB_TIMEOUT_S: Final = 300.0
"""How long a fetch waits for its job by default."""

TEXT: Final = "TEXT"
OPTIONS: Final = "OPTIONS"
IMAGE_DATA: Final = "IMAGE_DATA"
IMAGE_OPTIONS: Final = "IMAGE_OPTIONS"
CHALLENGE_TYPES: Final = (TEXT, OPTIONS, IMAGE_DATA, IMAGE_OPTIONS)

# Connection statuses that the client or the sandbox acts on; `client.aggregation` explains the others.
CREATED: Final = "CREATED"
CONNECTED: Final = "CONNECTED"
CHALLENGED: Final = "CHALLENGED"
REJECTED: Final = "REJECTED"
RESUMED: Final = "RESUMED"
EXPIRED: Final = "EXPIRED"
DENIED: Final = "DENIED"
FAILED: Final = "FAILED"
