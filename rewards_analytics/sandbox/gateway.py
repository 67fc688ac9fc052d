"""Between the socket and the API: the request log, the latency, and the faults, down to broken connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rewards_analytics.sandbox.faults import Faults

UNANSWERED = frozenset({"silence", "reset", "lost", "truncated"})

Transports = dict[tuple[str, int], asyncio.Transport]


class LoggedRequest(NamedTuple):
    """One request to the sandbox. `status` is None if it got no complete response."""

    method: str
    path: str
    status: int | None


def protocol(transports: Transports) -> type[H11Protocol]:
    """HTTP protocol that records the transport of each connection by the client's address."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a stream protocol
            super().connection_made(transport)
            if self.client is not None:
                transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.client or ("", 0), None)
            super().connection_lost(exc)

    return Protocol


@dataclass
class Gateway:
    """ASGI application in front of the API: it delays, logs, and makes calls fail as `Faults` says."""

    app: ASGIApp
    faults: Faults
    latency: float
    log: Callable[[LoggedRequest], None]
    transports: Transports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if self.latency:
            await asyncio.sleep(self.latency)
        path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        method = scope["method"]
        fault = self.faults.pick(f"{method} {path}{'?' if query else ''}{query}")
        scope["sandbox.shift"] = fault == "shift"
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._responder(fault)(scope, receive, keep)
        # Logged before it is sent, so that a caller that has the response finds it in the log.
        self.log(LoggedRequest(method, path, None if fault in UNANSWERED else messages[0]["status"]))
        if fault == "truncated":
            body = messages[1]["body"]
            messages[1] = {**messages[1], "body": body[: len(body) // 2], "more_body": True}
        if fault not in ("silence", "reset", "lost"):
            for message in messages:
                await send(message)
        if fault in UNANSWERED:
            await self._break(scope, fault)

    def _responder(self, fault: str | None) -> ASGIApp:
        """Application that responds: the API, unless the fault replaces its response."""
        if fault in (None, "shift", "lost", "truncated"):
            return self.app
        if fault == "redirect":
            return Response(status_code=302, headers={"location": "/elsewhere"})
        headers = {"content-type": "text/html"}
        if fault == "html":
            return Response("<html><body>Please stand by</body></html>", headers=headers)
        if fault == "429" and self.faults.retry_after is not None:
            headers["retry-after"] = self.faults.retry_after
        return Response("<html><body>Sorry</body></html>", int(fault) if fault and fault.isdigit() else 500, headers)

    async def _break(self, scope: Scope, fault: str) -> None:
        """Break the connection (a truncated one once everything written has been sent), or wait until it is closed."""
        transport = self.transports.get(scope["client"])
        if transport is not None and fault == "truncated":
            transport.close()
        elif transport is not None and fault != "silence":
            # Without lingering, closing the socket sends a reset.
            connection: socket.socket = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        while scope["client"] in self.transports:
            await asyncio.sleep(0.005)
