"""Everything between the socket and the API: the request log, latency, and faults down to a broken connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from rewards_analytics.sandbox.faults import Faults

Transports = dict[tuple[str, int], asyncio.Transport]


class LoggedRequest(NamedTuple):
    """One request that the sandbox was sent. `status` is None where it was left without an answer."""

    method: str
    path: str
    status: int | None


def protocol(transports: Transports) -> type[H11Protocol]:
    """HTTP protocol that keeps the transport of each connection at hand, by the client's address."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if self.client is not None:
                transports[self.client] = transport

        def connection_lost(self, exc: Exception | None) -> None:
            transports.pop(self.client or ("", 0), None)
            super().connection_lost(exc)

    return Protocol


class Door:
    """ASGI application in front of the API: it waits, logs, and lets calls fail as `Faults` says."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        faults: Faults,
        latency: float,
        log: Callable[[LoggedRequest], None],
        transports: Transports,
    ) -> None:
        self._app = app
        self._faults = faults
        self._latency = latency
        self._log = log
        self._transports = transports

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if self._latency:
            await asyncio.sleep(self._latency)
        path = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        method = scope["method"]
        status = await self._answer(
            self._faults.pick(f"{method} {path}{'?' if query else ''}{query}"), scope, receive, send
        )
        self._log(LoggedRequest(method, path, status))

    async def _answer(self, fault: str | None, scope: Scope, receive: Receive, send: Send) -> int | None:
        if fault is None or fault == "shift":
            scope["sandbox.shift"] = fault == "shift"
            status, body, headers = await self._handled(scope, receive)
            await _send(send, status, headers, body)
            return status
        if fault == "reset":
            await self._break(scope)
            return None
        if fault == "lost":
            await self._handled(scope, receive)
            await self._break(scope)
            return None
        if fault == "html":
            await _send(send, 200, [(b"content-type", b"text/html")], b"<html><body>Please stand by</body></html>")
            return 200
        if fault == "truncated":
            status, body, headers = await self._handled(scope, receive)
            await _send(send, status, headers, body[: len(body) // 2], more=True)
            await self._break(scope, gently=True)
            return None
        await _send(send, int(fault), self._fault_headers(fault), b"<html><body>Sorry</body></html>")
        return int(fault)

    def _fault_headers(self, fault: str) -> list[tuple[bytes, bytes]]:
        headers = [(b"content-type", b"text/html")]
        if fault == "429" and self._faults.retry_after is not None:
            headers.append((b"retry-after", self._faults.retry_after.encode()))
        return headers

    async def _handled(self, scope: Scope, receive: Receive) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        """Status, body and headers of the API's answer."""
        status, body, headers = 500, b"", []

        async def keep(message: Message) -> None:
            nonlocal status, body, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            else:
                body += message.get("body", b"")

        await self._app(scope, receive, keep)
        return status, body, headers

    async def _break(self, scope: Scope, *, gently: bool = False) -> None:
        """Cut the connection: by a reset, or gently after what was written has gone out."""
        transport = self._transports.get(tuple(scope["client"]))
        if transport is None:
            return
        if gently:
            transport.close()
        else:
            _no_linger(transport.get_extra_info("socket"))
            transport.abort()
        while not transport.is_closing() or tuple(scope["client"]) in self._transports:
            await asyncio.sleep(0)


async def _send(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes, *, more: bool = False
) -> None:
    if not any(name == b"content-length" for name, _ in headers) and status != 204:
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": more})


def _no_linger(connection: Any) -> None:
    """Let closing the socket send a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
