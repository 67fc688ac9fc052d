"""Who is in the world: users, members and their holdings, and the character of each. Nobody in it is real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rewards_analytics.sandbox.year.columns import NEVER, Bools, Ints, guids
from rewards_analytics.sandbox.year.programmes import BY_CODE, INSTITUTIONS, decimals
from rewards_analytics.sandbox.year.tables import TERMS

Floats = npt.NDArray[np.float64]

MEMBERS_OF_A_USER: Final = (1, 1, 1, 2, 2, 3)
ROUND: Final = (
    "kestrel_air",
    "northway_rail",
    "juniper_grocers",
    "saltmarsh_hotels",
    "tidewater_ferries",
    "northway_rail",
    "juniper_grocers",
    "copperline_card",
    "wren_coffee",
    "alder_bank",
)
"""Institutions in the order in which members are given to them: three in a row are different."""

_JOIN, _LEAVE, TWO_ACCOUNTS = 0.12, 0.06, 0.12
_REDEEMS_A_MONTH: Final = np.array([0.0, 0.0, 0.15, 0.6])
"""How often members redeem whatever is due: those who wait (two in four), occasional and frequent spenders."""


@dataclass(frozen=True)
class Population:
    """Members in one set of arrays, holdings in another; a day is a number, counted from 1970-01-01.

    Of a member: `institution`, its place in `INSTITUTIONS`; `joined_on` and `left_on`, the days from which it is
    connected and no longer is (`NEVER` for one that stays); `is_dormant` on the first day. Of a holding: `member`,
    `terms`, its places; `account_guid`; `decimals`; `pace`, how much more often than others it earns;
    `redeems_a_month`; `attention`, how much likelier than others its owner saves what is about to
    expire.
    """

    user_guid: list[str]
    member_guid: list[str]
    institution: Ints
    joined_on: Ints
    left_on: Ints
    is_dormant: Bools
    member: Ints
    terms: Ints
    account_guid: list[str | None]
    decimals: Ints
    pace: Floats
    redeems_a_month: Floats
    attention: Floats

    @classmethod
    def drawn(cls, members: int, seed: int, start: int, days: int, rng: np.random.Generator) -> Population:
        """A population in which some members join or leave in the `days` from `start`."""
        users = np.repeat(np.arange(members), rng.choice(MEMBERS_OF_A_USER, members))[:members]
        places = np.arange(members)
        # The members of one user follow each other in the round, so that no two are with the same institution.
        given = (rng.integers(0, len(ROUND), members)[users] + places) % len(ROUND)
        institution = np.array([list(BY_CODE).index(code) for code in ROUND])[given]
        joins, leaves = rng.random(members) < _JOIN, rng.random(members) < _LEAVE
        joined_on = np.where(joins, start + rng.integers(1, max(days, 2), members), start)
        left_on = np.where(leaves, start + rng.integers(1, max(days, 2), members), NEVER)

        member, terms, account = _holdings(institution, rng.random(members) < TWO_ACCOUNTS)
        count = len(member)
        has_account = np.array([INSTITUTIONS[place].has_account for place in institution], np.bool_)[member]
        accounts = guids("ACT", seed, member, account).to_list()
        return cls(
            user_guid=guids("USR", seed, users).to_list(),
            member_guid=guids("MBR", seed, places).to_list(),
            institution=institution,
            joined_on=joined_on,
            left_on=np.where(left_on > joined_on, left_on, NEVER),
            is_dormant=rng.random(members) < 0.25,
            member=member,
            terms=terms,
            account_guid=[guid if has else None for guid, has in zip(accounts, has_account, strict=True)],
            decimals=np.array([decimals(TERMS[place].unit) for place in terms], np.int64),
            pace=rng.choice([0.5, 0.8, 1.0, 1.6], count),
            redeems_a_month=rng.choice(_REDEEMS_A_MONTH, count),
            attention=rng.choice([0.3, 0.7, 1.0, 1.3], count),
        )


def _holdings(institution: Ints, has_two_accounts: Bools) -> tuple[Ints, Ints, Ints]:
    """Member, terms and number of the account of every holding."""
    first = np.cumsum([0, *(len(entry.holdings) for entry in INSTITUTIONS)])
    rows = [
        (member, first[place] + offset, account)
        for member, (place, two) in enumerate(zip(institution.tolist(), has_two_accounts.tolist(), strict=True))
        for account in range(2 if two and INSTITUTIONS[place].has_account else 1)
        for offset in range(len(INSTITUTIONS[place].holdings))
    ]
    member, terms, account = np.array(rows, np.int64).reshape(-1, 3).T
    return member, terms, account
