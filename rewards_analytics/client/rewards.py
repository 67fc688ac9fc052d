"""`AtriumClient`: one method per endpoint of the rewards API, named as MX names it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Self

from rewards_analytics.atrium import (
    JOB_TIMEOUT_S,
    MOST_PER_PAGE,
    POLL_INTERVAL_S,
    REWARDS_PRODUCT,
    Dialect,
    JsonObject,
)
from rewards_analytics.client import credentials
from rewards_analytics.client.aggregation import (
    Aggregation,
    AnswerChallenges,
    MemberState,
    Watch,
    checked_answers,
    send_answers,
)
from rewards_analytics.client.credentials import Signature
from rewards_analytics.client.paging import read_all
from rewards_analytics.client.reward import completed
from rewards_analytics.client.transport import DEFAULT_BASE_URL, Transport, checked_guid
from rewards_analytics.client.version import Version
from rewards_analytics.errors import ArgumentError, NotFoundError, UnsupportedInstitutionError

ONE_DAY_S: Final = 86_400
CALL_TIMEOUT_S: Final = 120.0
MAX_BODY_BYTES: Final = 32 << 20
MAX_PAGES: Final = 10_000


class AtriumClient:
    """A client of the rewards API. Threads can share it; use it in a `with` block to close it.

    Parameters
    ----------
    api_key, client_id
        The keys from MX. They are never shown.
    base_url
        Address of the API; MX's development host for the dialect if None. It must be https unless it is this machine.
    dialect
        `"atrium"`, or `"platform"` for its successor, the MX Platform API.
    accept
        Version to request, such as `application/vnd.mx.atrium.beta+json`; the dialect's first version if None.
    api_version
        Dated version of the Platform API to request, such as `v20250224`, which is what None requests.
    timeout
        Seconds to wait for a connection, and for each part of a response.
    call_timeout
        Seconds that a call may take as a whole, from looking up the host to the last byte of the response. This
        includes its retries, but not the waits between them.
    max_body_bytes
        Size that a response may have, after unpacking; 32 MiB by default.
    max_pages
        Number of pages that a list may have.
    retries
        Retries after the first attempt at a call that failed temporarily.
    poll_interval
        Seconds between two polls of a job. MX asks for at least 3.
    sleep, clock
        How to wait, and the monotonic time; both in seconds.

    Attributes
    ----------
    base_url
        Address of the API.
    dialect
        The dialect in use.

    Examples
    --------
    >>> from rewards_analytics.sandbox import Sandbox
    >>> with Sandbox() as sandbox, AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url) as client:
    ...     user = next(client.list_users())
    ...     member = next(client.list_members(user["guid"]))
    ...     client.member_status(user["guid"], member["guid"])["connection_status"]
    'CREATED'
    """

    # Defaults for `repr` in a traceback that shows a half-initialised client.
    base_url: str = ""
    dialect: Dialect = "atrium"

    def __init__(
        self,
        api_key: str,
        client_id: str,
        base_url: str | None = None,
        *,
        dialect: Dialect = "atrium",
        accept: str | None = None,
        api_version: str | None = None,
        timeout: float = 30.0,
        call_timeout: float = CALL_TIMEOUT_S,
        max_body_bytes: int = MAX_BODY_BYTES,
        max_pages: int = MAX_PAGES,
        retries: int = 5,
        poll_interval: float = POLL_INTERVAL_S,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # Hidden before anything can fail: a traceback may show the local variables.
        api_key, client_id = credentials.hidden(api_key), credentials.hidden(client_id)
        _at_least(0, retries=retries, poll_interval=poll_interval)
        _seconds(timeout=timeout, call_timeout=call_timeout)
        _at_least(1, max_body_bytes=max_body_bytes, max_pages=max_pages)
        signature = Signature(api_key, client_id, dialect)
        self.dialect = dialect
        self._version = Version.of(dialect, accept, api_version)
        self._max_pages = max_pages
        self._max_body_bytes = max_body_bytes
        self._retries = retries
        self._poll_interval = poll_interval
        self._sleep = sleep
        self._clock = clock
        self._transport = Transport(
            base_url or DEFAULT_BASE_URL[dialect],
            signature=signature,
            version=self._version,
            timeout=timeout,
            call_timeout=call_timeout,
            max_body_bytes=max_body_bytes,
            retries=retries,
            sleep=sleep,
        )
        self.base_url = self._transport.base_url

    @classmethod
    def from_env(cls, **settings: Any) -> Self:
        """Client with `MX_API_KEY`, `MX_CLIENT_ID` and `MX_BASE_URL` from the environment.

        Keys that are not set are looked up in the keyring, if the package `keyring` is installed. `settings` are the
        other arguments of the class, such as `dialect`. With `dialect="platform"`, `MX_API_VERSION` is the
        `api_version` unless that is given.
        """
        api_key, client_id = credentials.from_environment()
        base_url = settings.pop("base_url", None) or os.environ.get("MX_BASE_URL")
        if settings.get("dialect") == "platform" and settings.get("api_version") is None:
            settings["api_version"] = os.environ.get("MX_API_VERSION") or None
        return cls(api_key, client_id, base_url, **settings)

    def __repr__(self) -> str:
        return f"AtriumClient({self.base_url!r}, dialect={self.dialect!r})"

    def __reduce__(self) -> str:
        raise TypeError(
            "A client cannot be pickled or copied, because it holds keys: create it where it is used, with from_env()."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The client can still be used: it opens new ones."""
        self._transport.close()

    # --- Users and members ---

    def list_users(self) -> Iterator[JsonObject]:
        """Every user of this client, as the API returns them."""
        return self._entries("users", "users")

    def list_members(self, user_guid: str) -> Iterator[JsonObject]:
        """Every member of a user, as the API returns them."""
        return self._entries("members", "users", checked_guid(user_guid), "members")

    def member_status(self, user_guid: str, member_guid: str) -> JsonObject:
        """Current status of a member: `connection_status`, `is_being_aggregated`, `aggregated_at`, `challenges`."""
        return self._transport.get_object("member", *_member(user_guid, member_guid), "status")

    def supports_rewards(self, user_guid: str, member_guid: str) -> bool | None:
        """Whether the member's institution lists rewards among its `supported_products`; None if the API does not say.

        It starts no job.
        """
        products = self._supported_products(user_guid, member_guid)[1]
        return None if products is None else REWARDS_PRODUCT in products

    # --- Rewards ---

    def fetch_rewards(
        self,
        user_guid: str,
        member_guid: str,
        answer: AnswerChallenges | None = None,
        timeout: float = JOB_TIMEOUT_S,
        *,
        watch: Watch | None = None,
        check_institution: bool = False,
    ) -> MemberState:
        """Start a rewards job for a member, or join a running one, and wait until it has ended.

        The institution may ask the end user questions, so the user must be present: never call it unattended. MX also
        fetches rewards in the background every day, so a daily pull does not need this.

        Parameters
        ----------
        user_guid, member_guid
            The member.
        answer
            Called with the list of open challenges; returns a mapping of challenge guid to answer. It may be called
            several times. If it is None or returns nothing, a challenge raises a `ChallengeError`; if it returns
            anything but a mapping of texts, an `ArgumentError`.
        timeout
            Seconds until `AggregationTimeout`, not counting the time that `answer` takes.
        watch
            Called with each status, to show progress.
        check_institution
            Whether to check first that the institution supports rewards, which takes two calls. If it does not,
            `UnsupportedInstitutionError` is raised without starting a job.

        Returns
        -------
        The member's last status; its `.started` is False if the API's throttle prevented a new job.
        """
        path = _member(user_guid, member_guid)
        _at_least(0, timeout=timeout)
        if check_institution:
            institution, products = self._supported_products(user_guid, member_guid)
            if products is not None and REWARDS_PRODUCT not in products:
                raise UnsupportedInstitutionError.of_institution(member_guid, institution, products)
        return Aggregation(
            transport=self._transport,
            path=path,
            member_guid=member_guid,
            answer=answer,
            timeout=timeout,
            poll_interval=self._poll_interval,
            retries=self._retries,
            sleep=self._sleep,
            clock=self._clock,
            watch=watch,
        ).run()

    def resume(self, user_guid: str, member_guid: str, answers: Mapping[str, str]) -> JsonObject:
        """Answer the open challenges of a member, by challenge guid; returns the member as the API then shows it."""
        path = _member(user_guid, member_guid)
        response = send_answers(self._transport, path, checked_answers(answers, "resume() got"))
        return self._transport.read_object("member", response)

    def list_rewards(self, user_guid: str, member_guid: str) -> Iterator[JsonObject]:
        """Every reward of a member, each guid once, as the API returns them, but with `balance` as a Decimal.

        A reward without a `user_guid` or `member_guid` (those of the Platform API have neither) gets those given here.
        """
        path = (*_member(user_guid, member_guid), "rewards")
        call = f"GET /{'/'.join(path)}"
        entries = self._entries("rewards", *path, consistent=True)
        return (self._completed(reward, call, user_guid, member_guid) for reward in entries)

    def read_reward(self, user_guid: str, member_guid: str, reward_guid: str) -> JsonObject:
        """One reward, as `list_rewards` gives it."""
        path = (*_member(user_guid, member_guid), "rewards", checked_guid(reward_guid))
        reward = self._transport.get_object("reward", *path)
        return self._completed(reward, f"GET /{'/'.join(path)}", user_guid, member_guid)

    def _completed(self, reward: JsonObject, call: str, user_guid: str, member_guid: str) -> JsonObject:
        return completed(reward, call, user_guid=user_guid, member_guid=member_guid, version=self._version)

    def _supported_products(self, user_guid: str, member_guid: str) -> tuple[str, list[str] | None]:
        """Institution of a member and its products in lower case, None if the API does not say."""
        member = self._transport.get_object("member", *_member(user_guid, member_guid))
        code = member.get("institution_code")
        if not isinstance(code, str) or not code:
            return "", None
        try:
            institution = self._transport.get_object("institution", "institutions", code)
        except NotFoundError:
            return code, None
        products = institution.get("supported_products")
        return code, [str(product).lower() for product in products] if isinstance(products, list) else None

    def _entries(self, name: str, *path: str, consistent: bool = False) -> Iterator[JsonObject]:
        """Entries of a list, requested when the iteration begins."""
        yield from read_all(
            lambda page: self._transport.get(*path, page=page, records_per_page=MOST_PER_PAGE),
            name,
            call=f"GET /{'/'.join(path)}",
            consistent=consistent,
            max_pages=self._max_pages,
            max_bytes=self._max_body_bytes,
        )


def _member(user_guid: str, member_guid: str) -> tuple[str, str, str, str]:
    return "users", checked_guid(user_guid), "members", checked_guid(member_guid)


def _at_least(least: int, **arguments: float) -> None:
    for name, value in arguments.items():
        if not value >= least:  # also refuses NaN
            raise ArgumentError.below(name, value, least)


def _seconds(**arguments: float) -> None:
    for name, value in arguments.items():
        if not 0 < value <= ONE_DAY_S:  # also refuses NaN
            raise ArgumentError(
                f"{name} must be a number of seconds above 0 and at most {ONE_DAY_S} (a day), got {value}."
            )
