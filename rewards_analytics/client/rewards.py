"""`AtriumClient`: one method per endpoint of the rewards API, named as MX names it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, Self

from rewards_analytics.amounts import is_amount
from rewards_analytics.atrium import ACCEPT, JOB_TIMEOUT_S, MOST_PER_PAGE, POLL_INTERVAL_S, Dialect, JsonObject
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
from rewards_analytics.client.transport import DEFAULT_BASE_URL, Transport, checked_guid
from rewards_analytics.errors import ArgumentError

ONE_DAY_S: Final = 86_400


class AtriumClient:
    """A client of the rewards API. Threads can share it; a `with` block closes it at its end.

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
    timeout
        Seconds to wait for a connection, and for each part of a response.
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
        timeout: float = 30.0,
        retries: int = 5,
        poll_interval: float = POLL_INTERVAL_S,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # Hidden before anything can fail: a traceback may show the local variables.
        api_key, client_id = credentials.hidden(api_key), credentials.hidden(client_id)
        _at_least(0, retries=retries, poll_interval=poll_interval)
        if not 0 < timeout <= ONE_DAY_S:
            raise ArgumentError(
                f"timeout must be a number of seconds above 0 and at most {ONE_DAY_S} (a day), got {timeout}."
            )
        signature = Signature(api_key, client_id, dialect)
        self.dialect = dialect
        self._retries = retries
        self._poll_interval = poll_interval
        self._sleep = sleep
        self._clock = clock
        self._transport = Transport(
            base_url or DEFAULT_BASE_URL[dialect],
            signature=signature,
            accept=accept or ACCEPT[dialect][0],
            timeout=timeout,
            retries=retries,
            sleep=sleep,
        )
        self.base_url = self._transport.base_url

    @classmethod
    def from_env(cls, **settings: Any) -> Self:
        """Client with `MX_API_KEY`, `MX_CLIENT_ID` and `MX_BASE_URL` from the environment.

        Keys that are not set are looked up in the keyring, if the package `keyring` is installed. `settings` are the
        other arguments of the class, such as `dialect`.
        """
        api_key, client_id = credentials.from_environment()
        base_url = settings.pop("base_url", None) or os.environ.get("MX_BASE_URL")
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

    # --- Rewards ---

    def fetch_rewards(
        self,
        user_guid: str,
        member_guid: str,
        answer: AnswerChallenges | None = None,
        timeout: float = JOB_TIMEOUT_S,
        *,
        watch: Watch | None = None,
    ) -> MemberState:
        """Start a rewards job for a member, or join a running one, and wait until it has ended.

        The institution may ask the end user questions, so the user must be present: never call it unattended. MX also
        fetches rewards in the background every day, so a daily pull does not need this.

        Parameters
        ----------
        user_guid, member_guid
            The member.
        answer
            Called with the list of open `Challenge`s; returns a mapping of challenge guid to answer. It may be called
            several times. If it returns nothing, or is None, a challenge ends in a `ChallengeError`; if it returns
            something else than a mapping of texts, in an `ArgumentError`.
        timeout
            Seconds until `AggregationTimeout`, not counting the time that `answer` takes.
        watch
            Called with each status, to show progress.

        Returns
        -------
        The member's last status; its `.started` is False if the API's throttle prevented a new job.
        """
        path = _member(user_guid, member_guid)
        _at_least(0, timeout=timeout)
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
        """Every reward of a member, each guid once, as the API returns them, but with `balance` as a Decimal."""
        path = (*_member(user_guid, member_guid), "rewards")
        return map(_exact, self._entries("rewards", *path, consistent=True))

    def read_reward(self, user_guid: str, member_guid: str, reward_guid: str) -> JsonObject:
        """One reward, as the API returns it, but with `balance` as a Decimal."""
        path = (*_member(user_guid, member_guid), "rewards", checked_guid(reward_guid))
        return _exact(self._transport.get_object("reward", *path))

    def _entries(self, name: str, *path: str, consistent: bool = False) -> Iterator[JsonObject]:
        """Entries of a list, requested when the iteration begins."""
        yield from read_all(
            lambda page: self._transport.get(*path, page=page, records_per_page=MOST_PER_PAGE),
            name,
            call=f"GET /{'/'.join(path)}",
            consistent=consistent,
        )


def _member(user_guid: str, member_guid: str) -> tuple[str, str, str, str]:
    return "users", checked_guid(user_guid), "members", checked_guid(member_guid)


def _exact(reward: JsonObject) -> JsonObject:
    """Same reward with its balance as a Decimal; a text that is not an amount stays, for `load` to reject."""
    balance = reward.get("balance")
    if isinstance(balance, int) and not isinstance(balance, bool):
        return reward | {"balance": Decimal(balance)}
    if isinstance(balance, str) and is_amount(balance):
        return reward | {"balance": Decimal(balance)}
    return reward


def _at_least(least: int, **arguments: float) -> None:
    for name, value in arguments.items():
        if not value >= least:  # also refuses NaN
            raise ArgumentError.below(name, value, least)
