"""The OpenAPI document of the sandbox."""

from __future__ import annotations

from typing import Any


def document(base_url: str, settings: Any) -> dict[str, Any]:
    """OpenAPI 3.1 document of the API as it is served at `base_url`."""
    return {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "servers": [{"url": base_url}], "paths": {}}
