"""Users by number, with their members and holdings: the same for the same seed, whoever else is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from rewards_analytics.generating.draws import below, drawn, seeded
from rewards_analytics.sandbox.year.columns import Bools, Ints, Words
from rewards_analytics.sandbox.year.population import MEMBERS_OF_A_USER, ROUND, TWO_ACCOUNTS
from rewards_analytics.sandbox.year.programmes import BY_CODE, INSTITUTIONS
from rewards_analytics.sandbox.year.tables import SHOWN

MOST_LOTS: Final = 8
"""Lots that a provider lists of one holding."""

_MOST_MEMBERS: Final = max(MEMBERS_OF_A_USER)
_MOST_ACCOUNTS: Final = 2
_MEMBERS: Final[Ints] = np.array(MEMBERS_OF_A_USER, np.int64)
_INSTITUTION: Final[Ints] = np.array([list(BY_CODE).index(code) for code in ROUND], np.int64)
_HAS_ACCOUNT: Final[Bools] = np.array([entry.has_account for entry in INSTITUTIONS], np.bool_)
_HOLDINGS: Final[Ints] = np.array([len(entry.holdings) for entry in INSTITUTIONS], np.int64)
_FIRST_TERMS: Final[Ints] = np.cumsum(_HOLDINGS) - _HOLDINGS
_LEAST_LOTS: Final = np.array([shown in ("dated", "activity") for shown in SHOWN], np.int64)
_LOT_COUNTS: Final[Ints] = np.array([{"lots": MOST_LOTS + 1, "dated": MOST_LOTS}.get(shown, 1) for shown in SHOWN])
_LAST_KEY: Final = np.uint64(2**64 - 1)

# The numbers of the draws.
_MEMBER_COUNT, _PLACE_IN_ROUND, _GUID, _TWO, _LOTS = 1, 2, 3, 4, 5
_MEMBER, _ACCOUNT, _HOLDING = 16, 32, 48


@dataclass(frozen=True)
class People:
    """Users in a row, their members and their holdings, in the order of their guids.

    `user`, `member`, `account` are keys, whose bits make the guids. Of a member: `user_of_member`, the place of its
    user. Of a holding: `member_of_holding`; `account_of_holding`, the place of its account, -1 where it has none;
    `terms`, the place of its terms; `key`, of which its draws are made; `lots`, the number of lots that are listed.
    """

    user: Words
    member: Words
    user_of_member: Ints
    institution: Ints
    account: Words
    member_of_holding: Ints
    account_of_holding: Ints
    terms: Ints
    key: Words
    lots: Ints

    @classmethod
    def numbered(cls, first: int, last: int, seed: int, step: int) -> People:
        """Return the users from number `first` to before `last`; their guids ascend by about `step` (of 2**64)."""
        numbers = np.arange(first, last, dtype=np.int64)
        user_key = seeded(seed, numbers)
        jitter = drawn(user_key, _GUID) % np.uint64(max(step // 2, 1))
        user = numbers.astype(np.uint64) * np.uint64(step) + jitter

        count = _MEMBERS[below(drawn(user_key, _MEMBER_COUNT), len(_MEMBERS))]
        member, user_of_member, rank = _sorted_keys(user_key, count, _MOST_MEMBERS, _MEMBER)
        place = below(drawn(user_key, _PLACE_IN_ROUND), len(ROUND))[user_of_member]
        # The members of one user follow each other in the round, so that no two are with the same institution.
        institution = _INSTITUTION[(place + rank) % len(ROUND)]

        has_account = _HAS_ACCOUNT[institution]
        has_two = below(drawn(member, _TWO), 1 << 20) < int(TWO_ACCOUNTS * (1 << 20))
        accounts = 1 + (has_account & has_two)
        account, member_of_account, _ = _sorted_keys(member, accounts, _MOST_ACCOUNTS, _ACCOUNT)

        held = _HOLDINGS[institution[member_of_account]]
        account_of_holding = np.repeat(np.arange(len(account)), held)
        number = np.arange(len(account_of_holding)) - np.repeat(np.cumsum(held) - held, held)
        member_of_holding = member_of_account[account_of_holding]
        terms = _FIRST_TERMS[institution[member_of_holding]] + number
        key = drawn(account[account_of_holding], _HOLDING + number)
        return cls(
            user=user,
            member=member,
            user_of_member=user_of_member,
            institution=institution,
            account=account,
            member_of_holding=member_of_holding,
            account_of_holding=np.where(has_account[member_of_holding], account_of_holding, -1),
            terms=terms,
            key=key,
            lots=_LEAST_LOTS[terms] + below(drawn(key, _LOTS), _LOT_COUNTS[terms]),
        )


def _sorted_keys(parents: Words, counts: Ints, most: int, number: int) -> tuple[Words, Ints, Ints]:
    """Keys of the children of each parent, ascending within it, with the places of the parents and the ranks."""
    keys = np.stack([drawn(parents, number + place) for place in range(most)], axis=1)
    keys[np.arange(most) >= counts[:, None]] = _LAST_KEY
    keys.sort(axis=1)
    parent, rank = np.nonzero(np.arange(most) < counts[:, None])
    return keys[parent, rank], parent, rank
