"""The API key and the client id: where they come from, and how they sign a request without being shown."""

from __future__ import annotations

import json
import os
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from html import escape
from importlib.util import find_spec
from secrets import token_hex
from typing import TYPE_CHECKING, Final, SupportsIndex
from urllib.parse import quote

from rewards_analytics.atrium import API_KEY_HEADER, CLIENT_ID_HEADER, DIALECTS, Dialect
from rewards_analytics.errors import ArgumentError, CredentialsError

if TYPE_CHECKING:
    from requests import PreparedRequest

KEYRING_SERVICE: Final = "rewards-analytics"
HIDDEN: Final = "***"


class Secret(str):
    """Text that is never shown: as a text it is `***`, so that slices, sums and JSON of it show nothing either.

    Only `reveal` and `encode` give the real text.
    """

    __slots__ = ("_reveal",)
    _reveal: Callable[[], str]

    def __new__(cls, value: str) -> Secret:
        """Hide a text."""
        secret = super().__new__(cls, HIDDEN)
        # In a closure: a tool that prints the attributes of objects prints a function.
        secret._reveal = lambda: value
        return secret

    def __reduce_ex__(self, protocol: SupportsIndex) -> str:
        raise TypeError("A secret cannot be pickled or copied: the bytes would show it.")

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Bytes of the real text."""
        return self._reveal().encode(encoding, errors)

    def reveal(self) -> str:
        """The real text, as a plain string."""
        return self._reveal()


def hidden(value: str) -> str:
    """Same text as a `Secret`; an empty text or any other value unchanged, for `_checked` to refuse."""
    return Secret(value) if isinstance(value, str) and value and not isinstance(value, Secret) else value


class Signature:
    """Signs requests with the keys in one of the two dialects.

    It is the `auth` of requests, which gets stand-ins for the keys; `signed` puts the keys into the bytes to send. So
    they are in no request, header, log or local variable of the libraries that carry a call.
    """

    def __init__(self, api_key: str, client_id: str, dialect: Dialect) -> None:
        if dialect not in DIALECTS:
            raise ArgumentError.not_one_of("dialect", dialect, DIALECTS)
        self.dialect = dialect
        key = _checked(api_key, "The API key", "MX_API_KEY")
        client = _checked(client_id, "The client id", "MX_CLIENT_ID")
        pair = Secret(f"{client.reveal()}:{key.reveal()}")
        if dialect == "platform":
            values = {"Authorization": Secret("Basic " + b64encode(pair.encode()).decode("ascii"))}
        else:
            values = {API_KEY_HEADER: key, CLIENT_ID_HEADER: client}
        self._headers = {name: f"hidden-{token_hex(16)}" for name in values}
        self._values = {self._headers[name].encode(): value for name, value in values.items()}
        self._redacted = _redacting(pair, key, client)
        self.longest_echo = 6 * len(pair.reveal())
        """Length that no echo of the keys exceeds, in whichever form."""

    def __repr__(self) -> str:
        return f"Signature({HIDDEN})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> str:
        raise TypeError("A signature cannot be pickled or copied, because it holds keys.")

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the headers, with stand-ins for the keys."""
        request.headers.update(self._headers)
        return request

    def signed(self, data: bytes) -> bytes:
        """Bytes of a request, with the keys in the place of their stand-ins."""
        for stand_in, value in self._values.items():
            data = data.replace(stand_in, value.encode())
        return data

    def redacted(self, text: str) -> str:
        """Same text without the keys, in case a server echoed them: as they are, or in base64, a URL, HTML or hex."""
        return self._redacted(text)


def _redacting(*secrets: Secret) -> Callable[[str], str]:
    """Function that hides the secrets in a text. A function, because the `repr` of a pattern would show them."""
    forms = {form for secret in secrets for form in _forms(secret)}
    longest_first = sorted(forms, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
    return lambda text: pattern.sub(HIDDEN, text)


def _forms(secret: Secret) -> Iterator[str]:
    """The forms in which a server may echo a secret."""
    text, data = secret.reveal(), secret.encode()
    yield from (text, quote(text, safe=""), escape(text), json.dumps(text)[1:-1], data.hex())
    # In the base64 of a longer text, a secret has one of three forms. The characters that it shares with its neighbours
    # are left out.
    for before in range(3) if len(data) > 3 else ():
        first, last = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(before) + data).decode("ascii")[first:last]


def from_environment() -> tuple[str, str]:
    """API key and client id from `MX_API_KEY` and `MX_CLIENT_ID`, or from the keyring if it is installed."""
    found = {name: hidden(os.environ.get(name) or _from_keyring(name) or "") for name in ("MX_API_KEY", "MX_CLIENT_ID")}
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise CredentialsError.not_set(missing, KEYRING_SERVICE)
    return found["MX_API_KEY"], found["MX_CLIENT_ID"]


def _from_keyring(name: str) -> str | None:
    """Password from the keyring, None if it has none, is not installed or cannot be opened."""
    if find_spec("keyring") is None:
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        password: str | None = keyring.get_password(KEYRING_SERVICE, name)
    except KeyringError:
        return None
    return password


def _checked(value: object, what: str, variable: str) -> Secret:
    """Refuse what cannot be sent in a header, without showing it."""
    if not isinstance(value, str) or not value:
        raise CredentialsError(f"{what} is empty. Pass it, or set {variable} and use AtriumClient.from_env().")
    secret = value if isinstance(value, Secret) else Secret(value)
    if not _is_sendable(secret):
        raise CredentialsError(
            f"{what} contains a space, a line break or another character that is not part of a key. Copy it again "
            f"from MX's dashboard (does {variable} end in a line break?)."
        )
    return secret


def _is_sendable(secret: Secret) -> bool:
    return all("!" <= character <= "~" for character in secret.reveal())
