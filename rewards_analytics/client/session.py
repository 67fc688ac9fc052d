"""The connection pool of one client: calls are signed, timed, never redirected, with little overhead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from rewards_analytics.client.credentials import Signature

CONNECTIONS: Final = 256
"""Connections kept open for the next call. More workers than these still work, with a new connection for each call."""


class Session(requests.Session):
    """A connection pool to one API, shared by threads. Its settings are those of `Transport`.

    `trusts_environment` says whether the environment's proxies and certificates are used.
    """

    def __init__(
        self, base_url: str, *, signature: Signature, accept: str, timeout: float, trusts_environment: bool
    ) -> None:
        super().__init__()
        self.headers["Accept"] = accept
        self.trust_env = trusts_environment
        self.mount(base_url, HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=0))
        self._signature = signature
        self._timeout = timeout
        # Done once: requests looks up the environment and merges the headers at every call, which costs as much as
        # the call itself.
        self._environment = self.merge_environment_settings(base_url, {}, None, None, None)
        self._headers = dict(self.headers)

    def call(self, method: str, url: str, *, query: Mapping[str, int] | None, payload: object) -> requests.Response:
        """Response to one call, its body read."""
        request = requests.PreparedRequest()
        request.prepare(method=method, url=url, headers=self._headers, params=query, json=payload, auth=self._signature)
        return self.send(request, timeout=self._timeout, allow_redirects=False, **self._environment)

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - signature of requests
        """None: a redirect would send the keys along, and even parsing its target can fail."""
        return
