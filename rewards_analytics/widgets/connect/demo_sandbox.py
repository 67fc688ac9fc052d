"""A sandbox for the fetch form, with a client that makes its time pass quickly."""

from __future__ import annotations

import time
from datetime import date
from typing import Final

from rewards_analytics.client import AtriumClient
from rewards_analytics.sandbox import Clock, Sandbox, World

LONGEST_WAIT_S: Final = 0.15
JOB_TIME_S: Final = 9.0


class DemoSandbox:
    """A running sandbox with synthetic users, and its client.

    The sandbox's clock advances only while the client waits. So a job of `JOB_TIME_S` seconds ends after a few polls, a
    question never expires, and a notebook has the same results at every run.

    Parameters
    ----------
    today
        Date in the sandbox, today in UTC if None.
    users, seed
        Size and seed of the synthetic world.

    Examples
    --------
    >>> demo = DemoSandbox(date(2026, 11, 23))
    >>> member = demo.member_asking("TEXT")
    >>> demo.client.fetch_rewards(*member, answer=lambda asked: {asked[0].guid: "correct"})["connection_status"]
    'CONNECTED'
    >>> demo.close()
    """

    def __init__(self, today: date | None = None, *, users: int = 12, seed: int = 2026) -> None:
        world = World(users=users, seed=seed, clock=Clock(today, frozen=True), job_time=JOB_TIME_S)
        self.sandbox = Sandbox(world=world)
        self.sandbox.__enter__()
        self.client = AtriumClient(
            self.sandbox.api_key, self.sandbox.client_id, self.sandbox.base_url, sleep=self._wait, clock=self._seconds
        )

    def __repr__(self) -> str:
        """Leave the port out, so that a notebook shows the same text at every run."""
        world = self.sandbox.world
        return f"DemoSandbox({len(world.users)} synthetic users, {len(world.members)} members, {world.clock.today()})"

    def member_asking(self, challenge_type: str) -> tuple[str, str]:
        """User and member guid of the first member whose institution asks this type of question."""
        member = self.sandbox.world.member_asking(challenge_type)
        return member.user_guid, member.guid

    def members(self) -> list[dict[str, str | None]]:
        """Name of the user, institution and type of question (None if it asks nothing) of every member."""
        world = self.sandbox.world
        return [
            {"user": world.users[member.user_guid].identifier, "institution": member.name, "asks": member.asks}
            for member in world.members.values()
        ]

    def close(self) -> None:
        """End the sandbox."""
        self.client.close()
        self.sandbox.__exit__(None, None, None)

    def _wait(self, seconds: float) -> None:
        self.sandbox.world.advance(seconds=seconds)
        time.sleep(min(seconds, LONGEST_WAIT_S))

    def _seconds(self) -> float:
        return self.sandbox.world.clock.now().timestamp()
