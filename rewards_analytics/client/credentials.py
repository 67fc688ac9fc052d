"""The API key and the client id: where they come from, and how they sign a request without ever being shown."""

from __future__ import annotations

import os
from base64 import b64encode
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final, Literal

from rewards_analytics.errors import ArgumentError, CredentialsError

if TYPE_CHECKING:
    from requests import PreparedRequest

Dialect = Literal["atrium", "platform"]
DIALECTS: Final = ("atrium", "platform")
KEYRING_SERVICE: Final = "rewards-analytics"
HIDDEN: Final = "***"


class Secret(str):
    """Text that shows itself nowhere: `repr`, `str`, formatting and logging give `***`.

    It is still text to whoever encodes it, which is how it gets on the wire. Being hidden in `repr` too, it stays out
    of tracebacks that show the variables of each frame, whichever library the frame belongs to.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"'{HIDDEN}'"

    def __str__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __reduce__(self) -> str:
        raise TypeError("A secret is not pickled or copied: it would show in the bytes.")

    def reveal(self) -> str:
        """The text itself, as a plain string."""
        return "".join(self)


def hidden(value: str) -> str:
    """Same text as a `Secret`; what is not text as it is, for its check to refuse."""
    return Secret("".join(value)) if isinstance(value, str) else value


class Signature:
    """Signs requests with the keys, in one of the two dialects. It can be passed to requests as `auth`."""

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
            request.headers["MX-API-Key"] = self._api_key
            request.headers["MX-Client-ID"] = self._client_id
        return request

    def redacted(self, text: str) -> str:
        """Same text without the keys, should someone have echoed them."""
        secrets = (self._basic.reveal()[len("Basic ") :], self._api_key.reveal(), self._client_id.reveal())
        for secret in secrets:
            text = text.replace(secret, HIDDEN)
        return text


def from_environment() -> tuple[str, str]:
    """API key and client id from `MX_API_KEY` and `MX_CLIENT_ID`, or from the keyring if it is installed."""
    found = {name: hidden(os.environ.get(name) or _from_keyring(name) or "") for name in ("MX_API_KEY", "MX_CLIENT_ID")}
    missing = [name for name, value in found.items() if not value]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise CredentialsError(
            f"{' and '.join(missing)} {verb} not set. Set the environment variables MX_API_KEY and MX_CLIENT_ID, or "
            f'store them with "keyring set {KEYRING_SERVICE} MX_API_KEY".'
        )
    return found["MX_API_KEY"], found["MX_CLIENT_ID"]


def _from_keyring(name: str) -> str | None:
    """What the keyring holds, None if it is not installed or cannot be opened."""
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
    """Refuse what cannot stand in a header, without showing it."""
    if not isinstance(value, str) or not value:
        raise CredentialsError(f"{what} is empty. Pass it, or set {variable} and use AtriumClient.from_env().")
    if not all("!" <= character <= "~" for character in value):
        raise CredentialsError(
            f"{what} holds a space, a line break or another character that no key has. Copy it again from MX's "
            f"dashboard (is there a line break at the end of {variable}?)."
        )
    return Secret("".join(value))
