"""One HTTP call to the API: signed, timed, never redirected, its JSON read exactly, its failures typed."""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import SplitResult, quote, urlsplit

from rewards_analytics.client import retry
from rewards_analytics.errors import ArgumentError, AtriumError

if TYPE_CHECKING:
    from rewards_analytics.client.credentials import Signature
    from rewards_analytics.client.session import Session

DEFAULT_BASE_URL: Final = {"atrium": "https://vestibule.mx.com", "platform": "https://int-api.mx.com"}
"""MX's development hosts: a slip there costs nothing. Production is named by its address."""

DEFAULT_ACCEPT: Final = {"atrium": "application/vnd.mx.atrium.v1+json", "platform": "application/vnd.mx.api.v1+json"}
QUOTED_CHARACTERS: Final = 120
"""How much of an unexpected body an error quotes."""


@dataclass(frozen=True)
class Answer:
    """What one attempt brought: a response, or the reason why there is none."""

    call: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    failure: str | None = None
    is_hopeless: bool = False

    @cached_property
    def json(self) -> Any:
        """The body as JSON with exact numbers. Raises ValueError where it is none, or no UTF-8."""
        return json.loads(self.body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=Decimal)

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON."""
        try:
            _ = self.json
        except (ValueError, RecursionError):
            return False
        return True

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_transient(self) -> bool:
        """Whether another attempt may bring more: no answer, a busy or broken server, a success that is not JSON."""
        if self.is_hopeless:
            return False
        if self.status is None or self.status in retry.TRANSIENT_STATUSES:
            return True
        return self.is_success and self.status != 204 and not self.is_json


class Transport:
    """The connection pool of one client.

    Parameters
    ----------
    base_url
        Where the API is. It must be https, unless it is this machine.
    signature
        Signs each request.
    accept
        Version of the API to ask for.
    timeout
        Seconds to wait for a connection, and for each part of an answer.
    retries
        Repeats after the first try of a call that may be repeated.
    sleep
        How to wait, in seconds.
    """

    def __init__(
        self,
        base_url: str,
        *,
        signature: Signature,
        accept: str,
        timeout: float,
        retries: int,
        sleep: Callable[[float], None],
    ) -> None:
        self.base_url = checked_base_url(base_url)
        self._signature = signature
        self._accept = accept
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep
        self._lock = Lock()
        self._session: Session | None = None

    def get(self, *path: str, **query: int) -> Any:
        """JSON of a GET, repeated while the answer is transient. None for 204."""
        url = self._url(path)
        return self.read(self._until_settled(lambda: self._attempt("GET", url, query=query)))

    def send(self, method: str, *path: str, payload: Any = None) -> Answer:
        """Answer to a call that changes something, which is never repeated blindly."""
        return self._attempt(method, self._url(path), payload=payload)

    def read(self, answer: Answer) -> Any:
        """JSON of a successful answer; raise the typed error of any other."""
        if answer.status == 204:
            return None
        if answer.is_success and answer.is_json:
            return answer.json
        raise self.error(answer)

    def error(self, answer: Answer, kind: type[AtriumError] = AtriumError) -> AtriumError:
        """Typed error of an answer that is not what was asked for: of `kind`, or else of its status."""
        if answer.status is None:
            return AtriumError(
                f"{answer.call} got no answer from {self.base_url}: {answer.failure}. "
                "Check the network and the base URL, then try again."
            )
        request_id = answer.headers.get("X-Request-ID")
        return kind.from_answer(
            answer.call,
            _said(answer, self._signature.redacted) + _asked_for(answer),
            status=answer.status,
            request_id=request_id and self._signature.redacted(request_id),
        )

    def wait_after(self, answer: Answer) -> float:
        """Seconds that an answer asks to wait for, 0 where it does not."""
        return retry.retry_after(answer, datetime.now(UTC)) or 0.0

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._session.close()

    def _url(self, path: tuple[str, ...]) -> str:
        return "/".join([self.base_url, *map(_quoted, path)])

    @cached_property
    def _until_settled(self) -> Callable[[Callable[[], Answer]], Answer]:
        return retry.retrying(retries=self._retries, sleep=self._sleep)

    def _attempt(self, method: str, url: str, *, query: Mapping[str, int] | None = None, payload: Any = None) -> Answer:
        """Make a call once. What requests raises is turned into words, since its errors carry the signed request."""
        call = f"{method} {urlsplit(url).path}"
        try:
            response = self._opened().call(method, url, query=query, payload=payload)
        except OSError as error:  # which every error of requests is
            return _failed(call, error)
        except KeyboardInterrupt as interrupt:
            # Without its frames: in those of the standard library, the keys are plain bytes on their way out.
            raise interrupt.with_traceback(None) from None
        return Answer(call, response.status_code, response.headers, response.content)

    def _opened(self) -> Session:
        with self._lock:
            if self._session is None:
                from rewards_analytics.client.session import Session

                trusts_environment = not is_loopback(urlsplit(self.base_url).hostname)
                self._session = Session(
                    self.base_url,
                    signature=self._signature,
                    accept=self._accept,
                    timeout=self._timeout,
                    trusts_environment=trusts_environment,
                )
            return self._session


def checked_base_url(base_url: str) -> str:
    """Base URL without a slash at its end, once it is sure that the keys may be sent there."""
    base_url = base_url.strip()
    url = _split(base_url)
    if url.username is not None or url.password is not None:
        raise ArgumentError("base_url holds a user name or a password. Pass the keys as api_key and client_id.")
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        raise _no_address(base_url)
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ArgumentError(
            f"base_url={base_url!r} is not https: the keys would cross the network in clear text. "
            "Use https; http is for this machine only."
        )
    return base_url.rstrip("/")


def _split(base_url: str) -> SplitResult:
    try:
        url = urlsplit(base_url)
        _ = url.port  # looked at only when it is asked for
    except ValueError:
        raise _no_address(base_url) from None
    if not base_url.isprintable() or " " in base_url:
        raise _no_address(base_url)
    return url


def _no_address(base_url: str) -> ArgumentError:
    return ArgumentError(f"base_url={base_url!r} is not the address of an API, such as https://vestibule.mx.com.")


def is_loopback(host: str | None) -> bool:
    """Whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def checked_guid(guid: str) -> str:
    """Refuse what would reach another path even when it is quoted: nothing, and dots."""
    if not isinstance(guid, str) or not guid.strip(".") or not _is_unicode(guid):
        raise ArgumentError(
            f"{guid!r} is not a guid: it is never sent, since it would reach another path. "
            "Guids look like USR-…, MBR-… or RWD-…."
        )
    return guid


def _is_unicode(text: str) -> bool:
    """Whether a text can be sent: halves of surrogate pairs cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _quoted(part: str) -> str:
    """Path part that cannot reach another path, whatever it holds."""
    return quote(checked_guid(part), safe="")


def _said(answer: Answer, redacted: Callable[[str], str]) -> str:
    """What an answer says, in its own words where it has the documented form, redacted before it is cut short."""
    if answer.status is not None and 300 <= answer.status < 400:
        return "a redirect, which is not followed because it would carry the keys elsewhere"
    body = answer.json if answer.is_json else None
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if isinstance(message, str) and message:
        return _printable(redacted(message)).rstrip(". ")
    kind = _printable(redacted(answer.headers.get("Content-Type", "no content type")))
    start = answer.body[: 8 * QUOTED_CHARACTERS].decode(errors="replace")
    return f"{kind} that is not what the API documents, beginning {_printable(redacted(start))!r}"


def _asked_for(answer: Answer) -> str:
    """How long an answer asks to wait, if that is why the call was given up."""
    seconds = retry.retry_after(answer, datetime.now(UTC)) or 0.0
    return f"; it asks to wait {seconds:.0f} s" if seconds > retry.LONGEST_RETRY_AFTER_S else ""


def _printable(text: str) -> str:
    """Start of a foreign text on one line, without what could steer a terminal."""
    line = " ".join("".join(map(_shown, text[: 2 * QUOTED_CHARACTERS])).split())
    return line if len(line) <= QUOTED_CHARACTERS else f"{line[:QUOTED_CHARACTERS]}…"


def _shown(character: str) -> str:
    return character if character.isprintable() or character.isspace() else "�"


def _failed(call: str, error: OSError) -> Answer:
    """Say why there was no answer in a few words, and whether to hope for one."""
    from requests import ConnectionError as NoConnection, RequestException, Timeout
    from requests.exceptions import ChunkedEncodingError, ContentDecodingError, ProxyError, SSLError

    match error:
        case Timeout():
            return Answer(call, failure="it took too long")
        case SSLError() if _is_about_a_certificate(error):
            return Answer(call, failure="the server's certificate could not be verified", is_hopeless=True)
        case SSLError():  # a connection that breaks within TLS is one, too
            return Answer(call, failure="the secure connection could not be made, or broke")
        case ProxyError():
            return Answer(call, failure="the proxy refused", is_hopeless=True)
        case ChunkedEncodingError() | ContentDecodingError():
            return Answer(call, failure="the connection broke within the answer")
        case NoConnection():
            return Answer(call, failure="the connection was refused or broke")
        case RequestException():
            return Answer(call, failure=f"it could not be sent ({type(error).__name__})", is_hopeless=True)
        case _:  # the environment names certificates that are not there
            return Answer(call, failure=f"it could not be sent: {error}", is_hopeless=True)


def _is_about_a_certificate(error: BaseException) -> bool:
    """Whether a certificate is what stands behind an error of TLS."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, ssl.SSLCertVerificationError):
            return True
        behind = behind.__cause__ or behind.__context__
    return False
