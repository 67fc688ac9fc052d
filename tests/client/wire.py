"""A server whose responses are given as bytes, for what a well-behaved server never sends."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Self

Answer = bytes | Iterable[bytes]
"""Bytes to send at once, or one piece after the other."""


class Wire:
    """Answers connections with the given bytes and records the requests.

    Each connection takes the next of `answers` and is closed. If `respond` is set, it is called with the first line of
    each request instead, and the connection stays open.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: list[Answer] = []
        self.respond: Callable[[str], Answer] | None = None
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._serve)]
        self.port: int = self._listener.getsockname()[1]
        self.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._threads[0].join()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()
        self._listener.close()

    @property
    def open_connections(self) -> int:
        """Number of connections that the caller has not closed yet."""
        return len(self._open)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # shut down
                return
            self._threads.append(threading.Thread(target=self._answer, args=(connection,)))
            self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        if self._tls is not None:
            try:
                connection = self._tls.wrap_socket(connection, server_side=True)
            except OSError:  # the caller has closed it
                return
        self._open.add(connection)
        with connection, suppress(OSError):  # the caller may close it before it has everything
            if self.respond is None:
                self.requests.append(connection.recv(1 << 16))
                _send(connection, self.answers.pop(0))
            while self.respond is not None and (request := connection.recv(1 << 16)):
                self.requests.append(request)
                _send(connection, self.respond(request.decode("latin-1").partition("\r\n")[0]))
        self._open.discard(connection)


def _send(connection: socket.socket, answer: Answer) -> None:
    for piece in [answer] if isinstance(answer, bytes) else answer:
        connection.sendall(piece)
