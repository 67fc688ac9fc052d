"""Connections that keep a call within its time, and put the keys into a request only as it is sent.

requests and urllib3 limit each wait for data, but not a call as a whole: a server that sends a byte now and then, or
`100 Continue` for ever, holds a call for ever, also inside the standard library while it reads the headers. So each
wait of a socket is limited to what is left of the call's time. A watchdog that shuts sockets down was rejected: it
needs a thread, and has no socket to shut down while the name is still being looked up. Only that look-up needs a thread
here, because nothing can interrupt it.

Everything above the socket (requests, urllib3, http.client, their logs and tracebacks) sees stand-ins for the keys.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final

from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidProxyURL
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection
from urllib3.util.ssl_ import create_urllib3_context


@dataclass(frozen=True)
class Exchange:
    """One request and its response: until when they may last, the longest single wait, and how they are signed."""

    deadline: float
    longest_wait: float
    signed: Callable[[bytes], bytes]

    @property
    def time_left(self) -> float:
        """Seconds until the deadline, negative after it."""
        return self.deadline - monotonic()

    def wait(self) -> float:
        """Seconds that the next wait may take. Raises TimeoutError after the deadline."""
        left = self.time_left
        if left <= 0:
            raise TimeoutError
        return min(self.longest_wait, left)


_CURRENT: Final[ContextVar[Exchange]] = ContextVar("exchange")


@contextmanager
def in_progress(exchange: Exchange) -> Iterator[Exchange]:
    """Make this the exchange of this thread's connections."""
    token = _CURRENT.set(exchange)
    try:
        yield exchange
    finally:
        _CURRENT.reset(token)


class Adapter(HTTPAdapter):
    """HTTP for requests, over connections of this module. They only work while an exchange is in progress."""

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:
        """Create the pools of connections."""
        super().init_poolmanager(*arguments, **settings)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        """Pools of connections through a proxy."""
        if proxy.lower().startswith("socks"):
            raise InvalidProxyURL("SOCKS proxies are not supported.")
        manager = super().proxy_manager_for(proxy, **settings)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _Socket(socket.socket):
    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(_CURRENT.get().wait())
        return super().recv_into(*arguments)

    def sendall(self, data: Any, *flags: int) -> None:
        exchange = _CURRENT.get()
        self.settimeout(exchange.wait())
        super().sendall(exchange.signed(data), *flags)


class _SecureSocket(ssl.SSLSocket):
    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(_CURRENT.get().wait())
        super().do_handshake(block)

    def recv_into(self, *arguments: Any) -> int:
        self.settimeout(_CURRENT.get().wait())
        return super().recv_into(*arguments)

    def sendall(self, data: Any, *flags: int) -> None:
        exchange = _CURRENT.get()
        self.settimeout(exchange.wait())
        super().sendall(exchange.signed(data), *flags)


class _Connection(HTTPConnection):
    # Set on the base class by whoever debugs HTTP; it prints to standard output, past every logger.
    debuglevel = 0

    def _new_conn(self) -> socket.socket:
        """Connect within the time of the exchange, whatever number of addresses the name has."""
        exchange = _CURRENT.get()
        failure: OSError | None = None
        try:
            for address in _addresses(self._dns_host, self.port, exchange.wait()):
                try:
                    plain = create_connection((address, self.port), exchange.wait(), socket_options=self.socket_options)
                except OSError as error:
                    failure = error
                    continue
                sys.audit("http.client.connect", self, self.host, self.port)  # as http.client and urllib3 do
                return _Socket(fileno=plain.detach())
            raise failure or OSError("the name has no address")
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "connecting took too long") from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error


class _SecureConnection(_Connection, HTTPSConnection):
    def connect(self) -> None:
        self.ssl_context = create_urllib3_context()
        self.ssl_context.sslsocket_class = _SecureSocket
        super().connect()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS: Final = {"http": _Pool, "https": _SecurePool}


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """Addresses of a host. The thread ends when the system's resolver has given its answer, however late."""
    try:
        return [str(ipaddress.ip_address(host.strip("[]")))]
    except ValueError:  # it is a name
        pass
    found: SimpleQueue[list[str] | OSError] = SimpleQueue()

    def look_up() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(address[0]) for *_, address in answers)))
        except OSError as error:
            found.put(error)
        except UnicodeError:  # the name cannot be encoded
            found.put(socket.gaierror(f"{host!r} is not a name"))

    threading.Thread(target=look_up, name="rewards-resolver", daemon=True).start()
    try:
        answer = found.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if isinstance(answer, OSError):
        raise answer
    return answer
