"""A synthetic world of users, the members that connect them to loyalty programmes, and their rewards.

The same seed, number of users and first day make the same world; adding users does not change the first ones.
No person, institution or programme in it is real.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from rewards_analytics.atrium import CONNECTED, CREATED, TEXT, JsonObject
from rewards_analytics.errors import ArgumentError
from rewards_analytics.sandbox import jobs
from rewards_analytics.sandbox.clock import Clock
from rewards_analytics.sandbox.jobs import TEST_INSTITUTION, Job
from rewards_analytics.sandbox.programmes import PROGRAMMES, Account, Row

ONE_DAY = timedelta(days=1)
BACKGROUND_HOUR = timedelta(hours=4)
"""Time of day at which every member is aggregated in the background."""

INSTITUTIONS = {code: terms.name for code, terms in PROGRAMMES.items()} | {
    TEST_INSTITUTION: "MX Bank",
    "cedar_union": "Cedar Credit Union",
}
WITHOUT_REWARDS = frozenset({"cedar_union"})
TEST_PASSWORDS = ("challenge", "options", "image", "password")
MEMBERS_OF_A_USER = 25


@dataclass
class User:
    """A user of the client. `members` are the guids of its members."""

    guid: str
    identifier: str | None
    metadata: str | None = None
    email: str | None = None
    is_disabled: bool = False
    members: list[str] = field(default_factory=list)


@dataclass
class Member:
    """A user's connection to one institution: its status, the provider's accounts, and the rewards last fetched."""

    guid: str
    user_guid: str
    institution_code: str
    identifier: str | None = None
    metadata: str | None = None
    password: str | None = field(default=None, repr=False)
    connection_status: str | None = CREATED
    aggregated_at: datetime | None = None
    successfully_aggregated_at: datetime | None = None
    is_authenticated: bool = False
    job: Job | None = None
    challenges: list[JsonObject] = field(default_factory=list)
    challenges_made: int = 0
    accounts: list[Account] = field(default_factory=list)
    rewards: list[JsonObject] = field(default_factory=list)
    first_seen: dict[str, datetime] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the institution."""
        return INSTITUTIONS[self.institution_code]

    @property
    def is_being_aggregated(self) -> bool:
        """Whether a job is running or waits for the user."""
        return self.job is not None

    @property
    def asks(self) -> str | None:
        """Type of the first question of a job on this member, None if there is none."""
        return jobs.ASKED_BY_PASSWORD.get(self.password or "")


class World:
    """Users, members and rewards that change as a clock advances.

    Parameters
    ----------
    users
        Number of users. Each has one to three members, and a member about ten rewards.
    seed
        Seed of every random choice.
    clock
        The time of this world. All dates are relative to its first day.
    job_time
        Seconds that a job takes not counting the user's own time.
    """

    def __init__(self, *, users: int = 12, seed: int = 2026, clock: Clock | None = None, job_time: float = 1.0) -> None:
        if users < 0:
            raise ArgumentError.below("users", users, 0, kind="an integer")
        self.seed = seed
        self.clock = clock or Clock()
        self.job_time = timedelta(seconds=job_time)
        self.lock = threading.RLock()
        self.users: dict[str, User] = {}
        self.members: dict[str, Member] = {}
        self._today = self.clock.today()
        self._created = 0
        for number in range(users):
            self._populate(number, users)

    # --- Reading ---

    def rewards(self) -> list[JsonObject]:
        """Every reward that the API would list now, with balances as Decimals and dates as the API writes them."""
        with self.lock:
            self.catch_up()
            return [dict(reward) for member in self.members.values() for reward in member.rewards]

    def member_asking(self, challenge_type: str) -> Member:
        """First member whose job asks the end user a question of this type (`TEXT`, `OPTIONS`, …)."""
        for member in self.members.values():
            if member.asks == challenge_type:
                return member
        known = sorted({member.asks for member in self.members.values() if member.asks})
        raise ArgumentError.not_one_of("challenge_type", challenge_type, known)

    def pairs(self) -> list[tuple[str, str]]:
        """User and member guid of every member, in the order of the lists."""
        return [(member.user_guid, member.guid) for member in self.members.values()]

    # --- Changes ---

    def advance(self, days: int = 0, *, hours: float = 0, seconds: float = 0) -> None:
        """Advance the clock; accounts change and members are aggregated on each day that passes."""
        with self.lock:
            self.clock.advance(timedelta(days=days, hours=hours, seconds=seconds))
            self.catch_up()

    def catch_up(self) -> None:
        """Bring all accounts up to the current day."""
        while self._today < self.clock.today():
            self._today += ONE_DAY
            self._pass_day(self._today)

    def settle(self, member: Member) -> None:
        """Bring the member's job up to the current instant."""
        if jobs.settle(member, self.clock.now()):
            self._fetch(member, member.successfully_aggregated_at or self.clock.now())

    def start_job(self, member: Member, kind: jobs.Kind) -> None:
        """Start a job on the member unless one is running or the last is too recent."""
        with self.lock:
            self.settle(member)
            jobs.start(member, kind, self.clock.now(), self.job_time)

    def create_user(self, identifier: str | None = None, metadata: str | None = None) -> User:
        """Add a user without members."""
        with self.lock:
            user = User(self._new_guid("USR"), identifier, metadata)
            self.users[user.guid] = user
            return user

    def create_member(
        self,
        user: User,
        institution_code: str,
        *,
        password: str | None = None,
        identifier: str | None = None,
        metadata: str | None = None,
    ) -> Member:
        """Connect a user to an institution. It has no rewards before a job has run."""
        with self.lock:
            guid = self._new_guid("MBR")
            member = Member(guid, user.guid, institution_code, identifier, metadata, password)
            self._add(member, Random(f"{self.seed} {guid}"))
            return member

    # --- Creation ---

    def _populate(self, number: int, users: int) -> None:
        """Create one user, its members, and the rewards fetched last night."""
        rng = Random(f"{self.seed} {number}")
        user = User(_guid("USR", rng), f"user-{number + 1:04}", email=f"user-{number + 1:04}@example.com")
        self.users[user.guid] = user
        chosen = rng.sample(list(PROGRAMMES), 2 if rng.random() < 0.5 else 1)
        tests = [word for place, word in enumerate(TEST_PASSWORDS) if place % users == number]
        for code, password in [*((TEST_INSTITUTION, word) for word in tests), *((code, None) for code in chosen)]:
            member = Member(_guid("MBR", rng), user.guid, code, password=password)
            self._add(member, rng)
            if member.asks != TEXT:
                self._aggregate_last_night(member, rng)

    def _add(self, member: Member, rng: Random) -> None:
        """Add a member to its user, and open its accounts."""
        self.members[member.guid] = member
        self.users[member.user_guid].members.append(member.guid)
        if member.institution_code in WITHOUT_REWARDS:
            return
        terms = PROGRAMMES.get(member.institution_code) or rng.choice(list(PROGRAMMES.values()))
        for _ in range(2 if terms.has_account and rng.random() < 0.2 else 1):
            guid = _guid("ACT", rng) if terms.has_account else None
            member.accounts.append(Account.opened(terms, guid, self._today, rng))

    def _aggregate_last_night(self, member: Member, rng: Random) -> None:
        at = self.clock.now().replace(microsecond=0) - timedelta(hours=8, seconds=rng.randint(0, 3600))
        for account_number, account in enumerate(member.accounts):
            for row in account.rows():
                age = timedelta(days=rng.randint(1, 300), seconds=rng.randint(0, 86_399))
                if row.earned_on is not None:
                    age = timedelta(days=max((at.date() - row.earned_on).days - 1, 0), hours=rng.randint(1, 9))
                member.first_seen[f"{account_number} {row.key}"] = at - age
        member.connection_status = CONNECTED
        member.is_authenticated = True
        member.aggregated_at = member.successfully_aggregated_at = at
        self._fetch(member, at)

    def _fetch(self, member: Member, at: datetime) -> None:
        """Replace the rewards with the provider's current rows. A row that existed before keeps its guid."""
        member.rewards = [
            self._reward(member, account, number, row, at)
            for number, account in enumerate(member.accounts)
            for row in account.rows()
        ]

    def _reward(self, member: Member, account: Account, number: int, row: Row, at: datetime) -> JsonObject:
        key = f"{number} {row.key}"
        created_at = member.first_seen.setdefault(key, at.replace(microsecond=0))
        return {
            "guid": _guid("RWD", Random(f"{self.seed} {member.guid} {key}")),
            "user_guid": member.user_guid,
            "member_guid": member.guid,
            "account_guid": account.guid,
            "balance_type": row.balance_type,
            "unit_type": row.unit_type,
            "balance": row.balance,
            "expires_on": None if row.expires_on is None else row.expires_on.isoformat(),
            "created_at": f"{created_at:%Y-%m-%dT%H:%M:%S%z}",
            "description": row.description,
        }

    def _pass_day(self, day: date) -> None:
        """One day of every account, and the background aggregation of members that ask no question."""
        at = datetime.combine(day, datetime.min.time(), tzinfo=UTC) + BACKGROUND_HOUR
        for member in self.members.values():
            rng = Random(f"{self.seed} {member.guid} {day}")
            for account in member.accounts:
                account.pass_day(day, rng)
            if member.connection_status == CONNECTED and member.job is None and member.asks is None:
                member.aggregated_at = member.successfully_aggregated_at = at
                self._fetch(member, at)

    def _new_guid(self, prefix: str) -> str:
        self._created += 1
        return _guid(prefix, Random(f"{self.seed} created {self._created}"))


def _guid(prefix: str, rng: Random) -> str:
    return f"{prefix}-{uuid.UUID(int=rng.getrandbits(128), version=4)}"
