"""The connections of one client: calls are signed, timed, never redirected, and cost little beside the network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from rewards_analytics.client.credentials import Signature

CONNECTIONS: Final = 256
"""How many connections are kept open for the next call. More workers than these are served, each time by a new one."""


class Session(requests.Session):
    """A pool of connections to one API, which threads share. Its settings are those of `Transport`.

    `trusts_environment` says whether the proxies and certificates that the environment names are used.
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
        # requests would look the environment up again, and merge the same headers again, at every call: that costs
        # as much as the call.
        self._environment = self.merge_environment_settings(base_url, {}, None, None, None)
        self._headers = dict(self.headers)

    def call(self, method: str, url: str, *, query: Mapping[str, int] | None, payload: Any) -> requests.Response:
        """Answer to one call, its body read."""
        request = requests.PreparedRequest()
        request.prepare(method=method, url=url, headers=self._headers, params=query, json=payload, auth=self._signature)
        return self.send(request, timeout=self._timeout, allow_redirects=False, **self._environment)

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - requests asks for it
        """Nowhere: a redirect would carry the keys along, and even looking at where it leads can fail."""
        return
