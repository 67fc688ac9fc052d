"""`AtriumClient`: one method per endpoint of the rewards API, named as MX names it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from rewards_analytics.client import credentials
from rewards_analytics.client.aggregation import (
    Aggregation,
    AnswerChallenges,
    MemberState,
    Watch,
    member_of,
    send_answers,
)
from rewards_analytics.client.credentials import Dialect, Signature
from rewards_analytics.client.pages import PER_PAGE, read_all
from rewards_analytics.client.transport import DEFAULT_ACCEPT, DEFAULT_BASE_URL, Transport, checked_guid
from rewards_analytics.errors import ArgumentError, AtriumError

A_DAY_S = 86_400
PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


class AtriumClient:
    """A client of the rewards API. It can be shared by threads, and used in a `with` block, which closes it.

    Parameters
    ----------
    api_key, client_id
        The keys that MX gave. They are shown nowhere.
    base_url
        Where the API is; MX's development host of the dialect if None. It must be https unless it is this machine.
    dialect
        `atrium`, or `platform` for its successor, the MX Platform API.
    accept
        Version to ask for, such as `application/vnd.mx.atrium.beta+json`; the first version of the dialect if None.
    timeout
        Seconds to wait for a connection, and for each part of an answer.
    retries
        Repeats after the first try of a call that failed for the moment.
    poll_interval
        Seconds between two looks at a job. MX asks for no fewer than 3.
    sleep, clock
        How to wait, and the monotonic time, both in seconds.

    Attributes
    ----------
    base_url
        Where the API is.
    dialect
        The dialect that is spoken.

    Examples
    --------
    >>> from rewards_analytics.sandbox import Sandbox
    >>> with Sandbox() as sandbox, AtriumClient(sandbox.api_key, sandbox.client_id, sandbox.base_url) as client:
    ...     user = next(client.list_users())
    ...     member = next(client.list_members(user["guid"]))
    ...     client.member_status(user["guid"], member["guid"])["connection_status"]
    'CREATED'
    """

    # Known to `repr` before the client is made, for tracebacks that show it half-made.
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
        poll_interval: float = 3.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # Hidden before anything can fail: a traceback may show the variables of this frame.
        api_key, client_id = credentials.hidden(api_key), credentials.hidden(client_id)
        _at_least(0, retries=retries, poll_interval=poll_interval)
        if not 0 < timeout <= A_DAY_S:
            raise ArgumentError(
                f"timeout={timeout} leaves no time for an answer, or no end to it. "
                "Give a number of seconds above 0, and no more than a day."
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
            accept=accept or DEFAULT_ACCEPT[dialect],
            timeout=timeout,
            retries=retries,
            sleep=sleep,
        )
        self.base_url = self._transport.base_url

    @classmethod
    def from_env(cls, **settings: Any) -> Self:
        """Client with `MX_API_KEY`, `MX_CLIENT_ID` and `MX_BASE_URL` from the environment.

        Keys that are not there are looked up in the keyring, if the package `keyring` is installed. `settings` are
        those of the class, such as `dialect`.
        """
        api_key, client_id = credentials.from_environment()
        base_url = settings.pop("base_url", None) or os.environ.get("MX_BASE_URL")
        return cls(api_key, client_id, base_url, **settings)

    def __repr__(self) -> str:
        return f"AtriumClient({self.base_url!r}, dialect={self.dialect!r})"

    def __reduce__(self) -> str:
        raise TypeError(
            "A client is not pickled or copied, for its keys' sake: make it where it is used, by from_env()."
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The client may be used again: it opens new ones."""
        self._transport.close()

    # --- Users and members ---

    def list_users(self) -> Iterator[dict[str, Any]]:
        """Every user of this client, as the API gives them."""
        return self._entries("users", "users")

    def list_members(self, user_guid: str) -> Iterator[dict[str, Any]]:
        """Every member of a user, as the API gives them."""
        return self._entries("members", "users", checked_guid(user_guid), "members")

    def member_status(self, user_guid: str, member_guid: str) -> dict[str, Any]:
        """Present status of a member: `connection_status`, `is_being_aggregated`, `aggregated_at`, `challenges`."""
        body = self._transport.get(*_member(user_guid, member_guid), "status")
        return member_of(body, f"status of member {member_guid}")

    # --- Rewards ---

    def fetch_rewards(
        self,
        user_guid: str,
        member_guid: str,
        answer: AnswerChallenges | None = None,
        timeout: float = 300.0,
        *,
        watch: Watch | None = None,
    ) -> MemberState:
        """Have a member's rewards gathered anew, and wait until that is done.

        The institution may ask the end user questions, so the user must be there: never call it unattended. Rewards
        are gathered in the background every day, so a daily pull needs none of this.

        Parameters
        ----------
        user_guid, member_guid
            The member.
        answer
            Called with the list of `Challenge`s that are open; returns a mapping of challenge guid to answer. It may
            be called several times. An empty return, or None instead of a function, ends in a `ChallengeError`.
        timeout
            Seconds until `AggregationTimeout`. The time that `answer` takes does not count.
        watch
            Called with each status that was seen, to show progress.

        Returns
        -------
        The member's last status; its `.started` is False where the API's throttle kept a job from starting.
        """
        path = _member(user_guid, member_guid)
        _at_least(0, timeout=timeout)
        return Aggregation(
            transport=self._transport,
            user_guid=path[1],
            member_guid=path[3],
            answer=answer,
            timeout=timeout,
            poll_interval=self._poll_interval,
            retries=self._retries,
            sleep=self._sleep,
            clock=self._clock,
            watch=watch,
        ).run()

    def resume(self, user_guid: str, member_guid: str, answers: Mapping[str, str]) -> dict[str, Any]:
        """Answer the open challenges of a member, by challenge guid; the member as the API then gives it."""
        path = _member(user_guid, member_guid)
        reply = send_answers(self._transport, path, answers)
        return member_of(self._transport.read(reply), f"resume of member {member_guid}")

    def list_rewards(self, user_guid: str, member_guid: str) -> Iterator[dict[str, Any]]:
        """Every reward of a member, each guid once, as the API gives them but for `balance`, which is a Decimal."""
        return map(_exact, self._entries("rewards", *_member(user_guid, member_guid), "rewards"))

    def read_reward(self, user_guid: str, member_guid: str, reward_guid: str) -> dict[str, Any]:
        """One reward, as the API gives it but for `balance`, which is a Decimal."""
        path = (*_member(user_guid, member_guid), "rewards", checked_guid(reward_guid))
        body = self._transport.get(*path)
        reward = body.get("reward") if isinstance(body, Mapping) else None
        if not isinstance(reward, dict):
            raise AtriumError(f"GET /{'/'.join(path)} answered JSON without an object 'reward'.", status=200)
        return _exact(reward)

    def _entries(self, name: str, *path: str) -> Iterator[dict[str, Any]]:
        """Entries of a list; the first is asked for when the iteration begins."""
        yield from read_all(
            lambda page: self._transport.get(*path, page=page, records_per_page=PER_PAGE),
            name,
            call=f"GET /{'/'.join(path)}",
        )


def _member(user_guid: str, member_guid: str) -> tuple[str, str, str, str]:
    return "users", checked_guid(user_guid), "members", checked_guid(member_guid)


def _exact(reward: dict[str, Any]) -> dict[str, Any]:
    """Same reward with its balance as a Decimal, where it is a number at all."""
    balance = reward.get("balance")
    if isinstance(balance, int) and not isinstance(balance, bool):
        return reward | {"balance": Decimal(balance)}
    if isinstance(balance, str) and PLAIN_NUMBER.fullmatch(balance):
        return reward | {"balance": Decimal(balance)}
    return reward


def _at_least(least: float, **arguments: float) -> None:
    for name, value in arguments.items():
        if not value >= least:  # which no NaN is
            raise ArgumentError(f"{name}={value} is below {least}. Give {least} or more.")
