"""The sandbox behind a server that answers for some members as no API should."""

from __future__ import annotations

import gzip
import http.client
import json
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from rewards_analytics.sandbox import Sandbox

Pair = tuple[str, str]
BOMB = gzip.compress(b" " * (64 << 20))


def reward(pair: Pair, number: int = 1, **fields: Any) -> dict[str, Any]:
    """A valid reward of a member, unless fields say otherwise."""
    user_guid, member_guid = pair
    valid = {"guid": f"RWD-{member_guid}-{number}", "user_guid": user_guid, "member_guid": member_guid}
    valid |= {"account_guid": None, "balance_type": "BALANCE", "unit_type": "POINTS", "balance": 7}
    return valid | {"expires_on": None, "created_at": "2026-11-01T04:00:00+0000", "description": "Points"} | fields


def response(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole HTTP response, which ends the connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", "Connection: close"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def listed(*rewards: dict[str, Any], pages: int = 1, entries: int | None = None) -> bytes:
    """A page of rewards."""
    total = len(rewards) if entries is None else entries
    return json.dumps({"rewards": rewards, "pagination": {"total_entries": total, "total_pages": pages}}).encode()


def _endless(pair: Pair, page: int) -> bytes:
    return response(listed(reward(pair, page), pages=page + 1, entries=page + 1))


def _written(pair: Pair, field: str, value: str) -> bytes:
    """A page with a reward in which a field has a value that is JSON text."""
    return response(listed(reward(pair, **{field: "VALUE"})).replace(b'"VALUE"', value.encode("latin-1")))


ANSWERS: dict[str, Callable[[Pair, int], bytes]] = {
    "a huge exponent": lambda pair, _: _written(pair, "balance", "1e99999999999999999999"),
    "a huge integer": lambda pair, _: _written(pair, "balance", "9" * 5000),
    "not a number": lambda pair, _: _written(pair, "balance", "NaN"),
    "deep nesting": lambda pair, _: _written(pair, "description", "[" * 100_000 + "]" * 100_000),
    "nested fields": lambda pair, _: _written(pair, "description", "[" * 300 + "]" * 300),
    "wrong types": lambda pair, _: response(listed(reward(pair, guid=5, balance=True, expires_on={"day": 1}))),
    "not UTF-8": lambda pair, _: _written(pair, "description", '"\xe9\xff"'),
    "a lone surrogate": lambda pair, _: _written(pair, "description", r'"\ud800"'),
    "HTML": lambda *_: response(b"<html><body>Please stand by</body></html>", "Content-Type: text/html"),
    "an empty body": lambda *_: response(b""),
    "a cut body": lambda pair, _: response(listed(reward(pair)), length=10_000),
    "endless pages": _endless,
    "a bomb": lambda *_: response(BOMB, "Content-Encoding: gzip"),
    "wrong pagination": lambda pair, _: response(listed(reward(pair), pages=25, entries=1_000)),
    "rewards of another member": lambda *_: response(listed(reward(("USR-other", "MBR-other")))),
    "nulls in required fields": lambda pair, _: response(listed(reward(pair, unit_type=None))),
    "one guid with two contents": lambda pair, _: response(listed(reward(pair), reward(pair, balance=8))),
    "5xx for ever": lambda *_: response(b"", status="503 Service Unavailable"),
    "a slow body": lambda pair, _: response(listed(reward(pair))),
    "a redirect": lambda *_: response(b"", "Location: http://example.com/", status="302 Found"),
}
"""Answers to `GET …/rewards` by their fault: the bytes for a member and page."""

SLOW = "a slow body"
REFUSED = "refused"
_REFUSAL = response(b"", status="401 Unauthorized")


class Hostile:
    """Passes calls on to a sandbox, but for the rewards of members that have a hostile answer."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.answers: dict[str, str] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                parts = url.path.split("/")
                fault = server.answers.get(parts[4]) if parts[-1] == "rewards" else None
                if fault is None:
                    self._pass_on()
                    return
                self.close_connection = True
                page = int(parse_qs(url.query).get("page", ["1"])[0])
                answer = _REFUSAL if fault == REFUSED else ANSWERS[fault]((parts[2], parts[4]), page)
                with suppress(OSError):  # the client has had enough
                    if fault == SLOW:
                        for byte in answer:
                            self.wfile.write(bytes([byte]))
                            time.sleep(0.2)
                    else:
                        self.wfile.write(answer)

            def _pass_on(self) -> None:
                upstream = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=30)
                try:
                    upstream.request("GET", self.path, headers=dict(self.headers.items()))
                    answer = upstream.getresponse()
                    body = answer.read()
                except (OSError, http.client.HTTPException):  # a fault of the sandbox
                    self.close_connection = True
                    return
                finally:
                    upstream.close()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
