"""The version of the API that a client asks for, and how an error names it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from rewards_analytics.atrium import ACCEPT, ACCEPT_VERSION_HEADER, API_VERSION, VERSIONS_LISTED, Dialect
from rewards_analytics.errors import ArgumentError

_HEADER_VALUE: Final = re.compile("[!-~]+( [!-~]+)*")


@dataclass(frozen=True)
class Version:
    """What the headers of each call ask for."""

    dialect: Dialect
    headers: dict[str, str]

    @classmethod
    def of(cls, dialect: Dialect, accept: str | None, api_version: str | None) -> Version:
        """Version of a dialect; what is None is the version that this package was written for."""
        headers = {"Accept": _sendable("accept", ACCEPT[dialect][0] if accept is None else accept)}
        if dialect == "platform":
            headers[ACCEPT_VERSION_HEADER] = _sendable(
                "api_version", API_VERSION if api_version is None else api_version
            )
        elif api_version is not None:
            raise ArgumentError(
                f"api_version={api_version!r} needs dialect='platform': the Atrium API has no dated versions. "
                "Leave it out, or pass the version of Atrium as accept."
            )
        return cls(dialect, headers)

    def __str__(self) -> str:
        return ", ".join(f"{name}: {value}" for name, value in self.headers.items())

    @property
    def advice(self) -> str:
        """How to ask for another version."""
        settings = "api_version=… (MX_API_VERSION, --api-version)" if self.dialect == "platform" else "accept=…"
        return f"MX lists the versions on {VERSIONS_LISTED[self.dialect]}; choose one with {settings}."


def _sendable(argument: str, value: object) -> str:
    if isinstance(value, str) and _HEADER_VALUE.fullmatch(value):
        return value
    raise ArgumentError(f"{argument}={value!r} is not a version: it cannot be sent in a header.")
