"""Between the socket and the API: the request log, the latency, and the faults, down to broken connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

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


class Response(NamedTuple):
    """A response that has not been sent yet."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


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
        response = await self._respond(fault, scope, receive)
        # Logged before it is sent, so that a caller that has the response finds it in the log.
        self.log(LoggedRequest(method, path, None if fault in UNANSWERED else response.status))
        if fault == "silence":
            await self._wait_until_gone(scope)
        elif fault in ("reset", "lost"):
            await self._break(scope)
        elif fault == "truncated":
            await _send(send, response, response.body[: len(response.body) // 2], more=True)
            await self._break(scope, gently=True)
        else:
            await _send(send, response, response.body)

    async def _respond(self, fault: str | None, scope: Scope, receive: Receive) -> Response:
        """Response of the API, or that of a fault."""
        html = [(b"content-type", b"text/html")]
        if fault in (None, "shift", "lost", "truncated"):
            scope["sandbox.shift"] = fault == "shift"
            return await self._handled(scope, receive)
        if fault == "html":
            return Response(200, html, b"<html><body>Please stand by</body></html>")
        if fault == "redirect":
            return Response(302, [(b"location", b"/elsewhere")], b"")
        if fault == "429" and self.faults.retry_after is not None:
            html.append((b"retry-after", self.faults.retry_after.encode()))
        return Response(int(fault) if fault and fault.isdigit() else 0, html, b"<html><body>Sorry</body></html>")

    async def _handled(self, scope: Scope, receive: Receive) -> Response:
        """Response of the API."""
        status, body, headers = 500, b"", []

        async def keep(message: Message) -> None:
            nonlocal status, body, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            else:
                body += message.get("body", b"")

        await self.app(scope, receive, keep)
        return Response(status, headers, body)

    async def _break(self, scope: Scope, *, gently: bool = False) -> None:
        """Break the connection: with a reset, or gently once everything written has been sent."""
        transport = self.transports.get(scope["client"])
        if transport is None:
            return
        if gently:
            transport.close()
        else:
            _no_linger(transport.get_extra_info("socket"))
            transport.abort()
        await self._wait_until_gone(scope)

    async def _wait_until_gone(self, scope: Scope) -> None:
        """Wait until the connection is closed."""
        while scope["client"] in self.transports:
            await asyncio.sleep(0.005)


async def _send(send: Send, response: Response, body: bytes, *, more: bool = False) -> None:
    headers = response.headers
    if response.status != 204 and not any(name == b"content-length" for name, _ in headers):
        headers = [*headers, (b"content-length", str(len(response.body)).encode())]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": more})


def _no_linger(connection: socket.socket) -> None:
    """Make closing the socket send a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
