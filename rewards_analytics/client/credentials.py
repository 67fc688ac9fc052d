"""The API key and the client id: where they come from, and how they sign a request without being shown."""

from __future__ import annotations

import os
from base64 import b64encode
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from rewards_analytics.atrium import API_KEY_HEADER, CLIENT_ID_HEADER, DIALECTS, Dialect
from rewards_analytics.errors import ArgumentError, CredentialsError

if TYPE_CHECKING:
    from requests import PreparedRequest

KEYRING_SERVICE: Final = "rewards-analytics"
HIDDEN: Final = "***"


class Secret(str):
    """Text that is never shown: `repr`, `str`, formatting and logging give `***`.

    Encoding it gives the real text, which is how it is sent. Because `repr` hides it too, it stays out of tracebacks
    that show local variables, whichever library the frame belongs to.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{HIDDEN}'"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __reduce__(self) -> str:
        raise TypeError("A secret cannot be pickled or copied: the bytes would show it.")

    def reveal(self) -> str:
        """The real text, as a plain string."""
        return "".join(self)


def hidden(value: str) -> str:
    """Same text as a `Secret`; any other value unchanged, for `_checked` to refuse."""
    return Secret("".join(value)) if isinstance(value, str) else value


class Signature:
    """Signs requests with the keys in one of the two dialects. It is the `auth` of requests."""

    def __init__(self, api_key: str, client_id: str, dialect: Dialect) -> None:
        if dialect not in DIALECTS:
            raise ArgumentError.not_one_of("dialect", dialect, DIALECTS)
        self.dialect = dialect
        self._api_key = _checked(api_key, "The API key", "MX_API_KEY")
        self._client_id = _checked(client_id, "The client id", "MX_CLIENT_ID")
        pair = f"{self._client_id.reveal()}:{self._api_key.reveal()}"
        self._basic = Secret("Basic " + b64encode(pair.encode()).decode("ascii"))

    def __repr__(self) -> str:
        return f"Signature({HIDDEN})"

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the headers that carry the keys."""
        if self.dialect == "platform":
            request.headers["Authorization"] = self._basic
        else:
            request.headers[API_KEY_HEADER] = self._api_key
            request.headers[CLIENT_ID_HEADER] = self._client_id
        return request

    def redacted(self, text: str) -> str:
        """Same text without the keys, in case a server echoed them."""
        secrets = (self._basic.reveal()[len("Basic ") :], self._api_key.reveal(), self._client_id.reveal())
        for secret in secrets:
            text = text.replace(secret, HIDDEN)
        return text


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
    if not all("!" <= character <= "~" for character in value):
        raise CredentialsError(
            f"{what} contains a space, a line break or another character that is not part of a key. Copy it again "
            f"from MX's dashboard (does {variable} end in a line break?)."
        )
    return Secret("".join(value))
