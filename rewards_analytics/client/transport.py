"""One HTTP call to the API: signed, within its bounds, never redirected; its failures typed."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import requests
from requests import ConnectionError as NoConnection, RequestException, Timeout
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ProxyError, SSLError
from urllib3.exceptions import HTTPError

from rewards_analytics.atrium import REQUEST_ID_HEADER, JsonObject
from rewards_analytics.client import retry
from rewards_analytics.client.connection import Adapter, Exchange, in_progress
from rewards_analytics.client.response import Bound, Response
from rewards_analytics.errors import ArgumentError, AtriumError

if TYPE_CHECKING:
    from rewards_analytics.client.credentials import Signature
    from rewards_analytics.client.version import Version

DEFAULT_BASE_URL: Final = {"atrium": "https://vestibule.mx.com", "platform": "https://int-api.mx.com"}
"""MX's development hosts, where a mistake costs nothing. Production must be named explicitly."""

CONNECTIONS: Final = 256
"""Connections kept open for the next call. More workers than these still work, with a new connection for each call."""

QUOTED_CHARACTERS: Final = 120
"""How much of an unexpected body an error quotes."""

PIECE: Final = 1 << 16
"""Bytes of a body to unpack at a time."""


@dataclass
class _Time:
    """Seconds that a call has left. All its attempts take from it, but not the waits between them."""

    left: float


class _Session(requests.Session):
    """Connection pool that never follows a redirect."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - signature of requests
        """None: a redirect would send the keys along, and even parsing its target can fail."""
        return


class Transport:
    """The calls of one client, over one connection pool. Its settings are those of `AtriumClient`."""

    def __init__(
        self,
        base_url: str,
        *,
        signature: Signature,
        version: Version,
        timeout: float,
        call_timeout: float,
        max_body_bytes: int,
        retries: int,
        sleep: Callable[[float], None],
    ) -> None:
        self.base_url = checked_base_url(base_url)
        self._signature = signature
        self._until_settled = retry.retrying(retries=retries, sleep=sleep)
        self._version = version
        self._timeout = timeout
        self._call_timeout = call_timeout
        self._max_body_bytes = max_body_bytes
        self._session = _Session()
        self._session.headers.update(version.headers)
        # The environment's proxies and certificates are for other hosts than this machine.
        self._session.trust_env = not is_loopback(urlsplit(self.base_url).hostname)
        self._session.mount(self.base_url, Adapter(pool_maxsize=CONNECTIONS, max_retries=0))
        # Done once: requests looks up the environment and merges the headers at every call, which costs as much as
        # the call itself.
        self._environment = self._session.merge_environment_settings(self.base_url, {}, True, None, None)
        self._headers = dict(self._session.headers)

    def get(self, *path: str, **query: int) -> Any:
        """JSON of a GET, retried while the response is transient. None for 204."""
        return self.read(self._settled(path, query))

    def get_object(self, name: str, *path: str) -> JsonObject:
        """The object called `name` in the JSON of a GET."""
        return self.read_object(name, self._settled(path, {}))

    def send(self, method: str, *path: str, payload: object = None) -> Response:
        """Response to a call that changes something, which is never retried blindly."""
        return self._attempt(method, self._url(path), _Time(self._call_timeout), payload=payload)

    def read(self, response: Response) -> Any:
        """JSON of a successful response; raises the typed error of any other."""
        if response.status == 204:
            return None
        if response.is_success and response.is_json:
            return response.json
        raise self.error(response)

    def read_object(self, name: str, response: Response) -> JsonObject:
        """The object called `name` in the JSON of a successful response."""
        body = self.read(response)
        found = body.get(name) if isinstance(body, dict) else None
        if not isinstance(found, dict):
            raise AtriumError.wrong_shape(response.call, f"an object {name!r}")
        return found

    def error(self, response: Response, kind: type[AtriumError] = AtriumError) -> AtriumError:
        """Typed error of an unsuccessful response: of `kind` if given, otherwise by its status."""
        request_id = response.headers.get(REQUEST_ID_HEADER)
        request_id = request_id and self._signature.redacted(request_id)
        bound = response.exceeded
        if bound is not None:
            return AtriumError.beyond(
                response.call,
                bound.happened,
                bound.setting,
                bound.value,
                status=response.status,
                request_id=request_id,
            )
        if response.status is None:
            return AtriumError.no_response(response.call, self.base_url, response.failure or "")
        if response.status == 406:
            return AtriumError.unknown_version(
                response.call, self._said(response), str(self._version), self._version.advice, request_id=request_id
            )
        return kind.from_response(
            response.call,
            self._said(response) + _requested_wait(response),
            status=response.status,
            request_id=request_id,
        )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _url(self, path: tuple[str, ...]) -> str:
        return "/".join([self.base_url, *(quote(checked_guid(segment), safe="") for segment in path)])

    def _settled(self, path: tuple[str, ...], query: Mapping[str, int]) -> Response:
        url, time = self._url(path), _Time(self._call_timeout)
        return self._until_settled(lambda: self._attempt("GET", url, time, query=query))

    def _attempt(
        self, method: str, url: str, time: _Time, *, query: Mapping[str, int] | None = None, payload: object = None
    ) -> Response:
        """Make a call once, within the time that it has left.

        Errors of requests are not passed on, since they carry the request.
        """
        call = self._signature.redacted(f"{method} {urlsplit(url).path}")
        exchange = Exchange(monotonic() + time.left, self._timeout, self._signature.signed)
        try:
            request = requests.PreparedRequest()
            request.prepare(method, url, self._headers, params=query, json=payload, auth=self._signature)
            with (
                in_progress(exchange),
                self._session.send(
                    request, timeout=self._timeout, allow_redirects=False, **self._environment
                ) as response,
            ):
                body = self._body(response)
            if body is None:
                happened = f"answered more than {self._max_body_bytes:,} bytes, of which the rest was not read"
                exceeded = Bound(happened, "max_body_bytes", self._max_body_bytes)
                return Response(call, response.status_code, response.headers, exceeded=exceeded)
            return Response(call, response.status_code, response.headers, body)
        except (OSError, HTTPError) as error:  # the base classes of every error of requests and urllib3
            if exchange.time_left <= 0:
                happened = f"took longer than {self._call_timeout:g} s in all"
                return Response(call, exceeded=Bound(happened, "call_timeout", self._call_timeout))
            return _failed(call, error)
        except BaseException as error:  # noqa: BLE001 - it is raised again
            # An interrupt, say. Without the frames of the libraries, which hold the bytes of the request.
            error.__cause__ = error.__context__ = None
            raise error.with_traceback(None) from None
        finally:
            time.left = exchange.time_left

    def _body(self, response: requests.Response) -> bytes | None:
        """The unpacked body, None if it is too large."""
        body = bytearray()
        for piece in response.iter_content(PIECE):
            body += piece
            if len(body) > self._max_body_bytes:
                return None
        return bytes(body)

    def _said(self, response: Response) -> str:
        """What a response says: its message if it has the documented form; redacted before it is cut."""
        redacted = self._signature.redacted
        if response.status is not None and 300 <= response.status < 400:
            return "a redirect, which is not followed because it would send the keys elsewhere"
        error = response.json.get("error") if isinstance(response.json, dict) else None
        message = error.get("message") if isinstance(error, dict) else None
        if isinstance(message, str) and message:
            return _printable(redacted(message)).rstrip(". ")
        kind = _printable(redacted(response.headers.get("Content-Type", "no content type")))
        problem = redacted(response.problem) or "that is not what the API documents"
        longest = 8 * QUOTED_CHARACTERS + self._signature.longest_echo
        start = redacted(response.body[:longest].decode(errors="replace"))
        if len(response.body) > longest:  # an echo may be cut in two at the end
            start = start[: -self._signature.longest_echo]
        return f"{kind} {problem}, beginning {_printable(start)!r}"


def checked_base_url(base_url: str) -> str:
    """Base URL without a trailing slash; refuses one that the keys must not be sent to."""
    base_url = base_url.strip()
    not_an_address = ArgumentError(
        f"base_url={base_url!r} is not the address of an API, such as https://vestibule.mx.com."
    )
    try:
        url = urlsplit(base_url)
        _ = url.port  # parsed only on access
    except ValueError:
        raise not_an_address from None
    if url.username is not None or url.password is not None:
        raise ArgumentError("base_url contains a user name or a password. Pass the keys as api_key and client_id.")
    is_plain = base_url.isprintable() and " " not in base_url and not url.query and not url.fragment
    if not is_plain or url.scheme not in ("http", "https") or not url.hostname:
        raise not_an_address
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ArgumentError(
            f"base_url={base_url!r} is not https: the keys would be sent in clear text. "
            "Use https; http is for this machine only."
        )
    return base_url.rstrip("/")


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def checked_guid(guid: str) -> str:
    """Refuse what cannot be quoted or would reach another path even then: lone surrogates, an empty text, and dots."""
    with suppress(UnicodeEncodeError):
        if isinstance(guid, str) and guid.encode().strip(b"."):
            return guid
    raise ArgumentError(
        f"{guid!r} is not a guid: it is not sent, because it would reach another path. "
        "Guids look like USR-…, MBR-… or RWD-…."
    )


def _requested_wait(response: Response) -> str:
    """How long a response asks to wait, if that is why the call failed."""
    seconds = retry.requested_wait(response)
    return f"; it asks to wait {seconds:.0f} s" if seconds > retry.LONGEST_RETRY_AFTER_S else ""


def _printable(text: str) -> str:
    """Start of an untrusted text on one line, without control characters."""
    start = text[: 2 * QUOTED_CHARACTERS]
    line = " ".join("".join(each if each.isprintable() or each.isspace() else "�" for each in start).split())
    return line if len(line) <= QUOTED_CHARACTERS else f"{line[:QUOTED_CHARACTERS]}…"


def _failed(call: str, error: OSError | HTTPError) -> Response:
    """Say briefly why there was no response, and whether a retry may help."""
    match error:
        case Timeout():
            return Response(call, failure="it took too long")
        case SSLError() if _is_about_a_certificate(error):
            return Response(call, failure="the server's certificate could not be verified", is_hopeless=True)
        case SSLError():  # also a connection that breaks within TLS
            return Response(call, failure="the secure connection could not be made, or broke")
        case ProxyError():
            return Response(call, failure="the proxy refused", is_hopeless=True)
        case ChunkedEncodingError() | ContentDecodingError():
            return Response(call, failure="the connection broke within the response")
        case NoConnection():
            return Response(call, failure="the connection was refused or broke")
        case RequestException() | HTTPError():
            return Response(call, failure=f"it could not be sent ({type(error).__name__})", is_hopeless=True)
        case _:  # the environment names certificates that do not exist
            return Response(call, failure=f"it could not be sent: {error}", is_hopeless=True)


def _is_about_a_certificate(error: BaseException) -> bool:
    """Whether a certificate is the cause of a TLS error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
