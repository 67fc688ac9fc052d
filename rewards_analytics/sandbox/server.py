"""The sandbox itself: the API on 127.0.0.1, served from a thread for the duration of a `with` block."""

from __future__ import annotations

import errno
import socket
import threading
import time
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Self

from rewards_analytics.atrium import DEFAULT_PER_PAGE, MOST_PER_PAGE
from rewards_analytics.errors import ArgumentError
from rewards_analytics.sandbox.api.calls import Settings
from rewards_analytics.sandbox.clock import Clock
from rewards_analytics.sandbox.faults import Faults
from rewards_analytics.sandbox.world import World

if TYPE_CHECKING:
    import uvicorn

    from rewards_analytics.sandbox.gateway import LoggedRequest

LOOPBACK = "127.0.0.1"


class Sandbox:
    """The rewards API over HTTP on this machine, for the duration of a `with` block.

    Parameters
    ----------
    port
        Port on 127.0.0.1; a free one if 0.
    users, seed, today, job_time
        The world to serve: number of users, seed of every random choice, first day (today in UTC if None), seconds
        that a job takes. See `World`.
    frozen
        Whether only `world.advance` moves the sandbox's clock.
    latency
        Seconds that every response takes at least.
    faults
        Faults of the calls; none if None, until `faults.next(…)` schedules some.
    api_key, client_id
        Keys that callers must send; derived from the seed if None.
    rewards_enabled
        False to answer 403 to every fetch.
    default_per_page, most_per_page
        Entries on a page without a valid `records_per_page`, and the largest valid one.
    world
        A world to serve instead of a new one.

    Attributes
    ----------
    base_url
        Its address, once the block is entered.
    world
        The `World`: its users, members and rewards, and its clock.

    Examples
    --------
    >>> from rewards_analytics import AtriumClient
    >>> with Sandbox() as sandbox:
    ...     client = AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url)
    ...     len(list(client.list_users()))
    12
    """

    def __init__(
        self,
        *,
        port: int = 0,
        users: int = 12,
        seed: int = 2026,
        today: date | None = None,
        job_time: float = 1.0,
        frozen: bool = False,
        latency: float = 0.0,
        faults: Faults | None = None,
        api_key: str | None = None,
        client_id: str | None = None,
        rewards_enabled: bool = True,
        default_per_page: int = DEFAULT_PER_PAGE,
        most_per_page: int = MOST_PER_PAGE,
        world: World | None = None,
    ) -> None:
        if not 0 <= port <= 65_535:
            raise ArgumentError.not_a_port(port)
        if not latency >= 0:  # also refuses NaN
            raise ArgumentError.below("latency", latency, 0, kind="a number of seconds")
        rng = Random(f"keys {seed}")
        self.world = world or World(users=users, seed=seed, clock=Clock(today, frozen=frozen), job_time=job_time)
        self.faults = faults or Faults()
        self.api_key = api_key or f"sandbox-key-{rng.getrandbits(64):016x}"
        self.client_id = client_id or f"sandbox-client-{rng.getrandbits(64):016x}"
        self.latency = latency
        self.port = port
        self._settings = Settings(self.api_key, self.client_id, rewards_enabled, default_per_page, most_per_page)
        self._log: list[LoggedRequest] = []
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"Sandbox({self.base_url}, {len(self.world.users)} users, {len(self.world.members)} members)"

    @property
    def base_url(self) -> str:
        """Address of the sandbox."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def requests(self) -> list[LoggedRequest]:
        """Every request so far, in the order of the responses: `method`, `path`, `status`. A copy."""
        return list(self._log)

    def reset(self, world: World) -> None:
        """Serve another world from now on, without faults and with an empty request log."""
        self.world = world
        self.faults.clear()
        self._log.clear()

    def __enter__(self) -> Self:
        listener = self._listen()
        self._server = self._make_server()
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="rewards-sandbox", daemon=True
        )
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            time.sleep(0.002)
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
        self._server = self._thread = None

    def _listen(self) -> socket.socket:
        # With the protocol named, asyncio turns off Nagle's algorithm, which costs 40 ms per response.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, self.port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            is_taken = error.errno == errno.EADDRINUSE
            why = "another program listens there. Stop it, or choose" if is_taken else f"{error.strerror}. Choose"
            raise ArgumentError(
                f"The sandbox cannot listen on {LOOPBACK}:{self.port}: {why} another port (0 takes a free one)."
            ) from error
        self.port = listener.getsockname()[1]
        return listener

    def _make_server(self) -> uvicorn.Server:
        import uvicorn

        from rewards_analytics.sandbox.api.application import application
        from rewards_analytics.sandbox.gateway import Gateway, Transports, protocol

        transports: Transports = {}
        gateway = Gateway(
            application(lambda: self.world, self._settings),
            faults=self.faults,
            latency=self.latency,
            log=self._log.append,
            transports=transports,
        )
        config = uvicorn.Config(
            gateway,
            http=protocol(transports),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        return uvicorn.Server(config)
