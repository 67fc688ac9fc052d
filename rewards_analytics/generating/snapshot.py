"""What people hold on a day, as a table of rewards, in the order of the holdings' keys.

Every lot belongs to one of its holding's series: a lot ends on its last day, or earlier if it is redeemed as a whole,
and the next one of the series takes its place. So a snapshot of any day has the same number of rows, and what moved
between two of them is plausible: balances grow and are redeemed, lots expire or are saved.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from rewards_analytics.generating.draws import below, drawn, mostly_small, sixteenth_bits
from rewards_analytics.generating.people import MOST_LOTS, People
from rewards_analytics.sandbox.year.behaviour import day_number
from rewards_analytics.sandbox.year.columns import NEVER, Bools, Ints, Words, amounts_of, guids_of, mixed
from rewards_analytics.sandbox.year.programmes import INSTITUTIONS
from rewards_analytics.sandbox.year.tables import (
    A_MONTH,
    EARNED,
    GOAL_COUNT,
    GOALS,
    IS_POOLED,
    LASTS,
    LEVELS,
    SHOWN,
    TERMS,
    WORDINGS,
)
from rewards_analytics.schema import (
    BALANCE,
    BALANCE_TO_LEVEL,
    BALANCE_TO_REWARD,
    BALANCE_TYPES,
    EXPIRING_BALANCE,
    TOTAL_BALANCE,
    UNIT_TYPES,
)

# The kinds of rows. Within a holding they stand in this order; a level may be counted in another unit.
_POOLED, _WHOLE, _BY_ACTIVITY, _DATED, _EXPIRING, _GOAL, _LEVEL = range(7)
_TYPE_OF: Final[Ints] = np.array(
    [
        BALANCE_TYPES.index(name)
        for name in (TOTAL_BALANCE, BALANCE, BALANCE, BALANCE, EXPIRING_BALANCE, BALANCE_TO_REWARD, BALANCE_TO_LEVEL)
    ]
)
_IS_LOT: Final[Bools] = np.isin(np.arange(7), [_BY_ACTIVITY, _DATED, _EXPIRING])

# The numbers of the draws.
_BASE, _MONTHLY, _HOUSEHOLD, _SINCE, _QUALIFYING, _GOALS_REACHED, _UNDATED, _SECOND = range(64, 72)
_ROW: Final = 1024

_LOW, _SPREAD = EARNED[:, 0], EARNED[:, 1] - EARNED[:, 0]
_LOT_SIZE: Final[Ints] = np.maximum(A_MONTH / 2, 1).astype(np.int64)
"""A lot is what is earned in half a month."""

_PERIOD: Final[Ints] = np.maximum(LASTS * 365 // 12, 1)
_WHALES_MULTIPLE: Final[Ints] = np.where(EARNED[:, 1] < 100, 1, 32)
"""How much more than others one in 256 holds; nobody buys that many segments."""

_MONTH_DAYS, _GOAL_DAYS = 30, 90
_FIRST_MONTH: Final = day_number(date(2020, 1, 1)) // _MONTH_DAYS
_SINCE_DAY, _SINCE_DAYS = day_number(date(2024, 1, 1)), 700
_AGGREGATED_AT_S: Final = 4 * 3600
_DAY_US: Final = 86_400_000_000


class _Patterns(NamedTuple):
    """The rows of a holding by its terms and the number of its lots, one pattern after the other."""

    start: Ints
    rows: Ints
    kind: Ints
    lot: Ints

    @classmethod
    def made(cls) -> _Patterns:
        kinds: list[int] = []
        lots: list[int] = []
        starts = []
        for place, terms in enumerate(TERMS):
            for count in range(MOST_LOTS + 1):
                starts.append(len(kinds))
                lot_kind = {"activity": _BY_ACTIVITY, "dated": _DATED, "lots": _EXPIRING}.get(terms.shown, _EXPIRING)
                rows = [_POOLED] * bool(IS_POOLED[place]) + [_WHOLE] * (terms.shown in ("lots", "never"))
                rows += [lot_kind] * count + [_GOAL] * bool(terms.goals) + [_LEVEL] * bool(terms.levels)
                first = rows.index(lot_kind) if count else 0
                kinds += rows
                lots += [number - first for number in range(len(rows))]
        edges = np.array([*starts, len(kinds)], np.int64)
        shape = (len(TERMS), MOST_LOTS + 1)
        return cls(
            edges[:-1].reshape(shape),
            np.diff(edges).reshape(shape),
            np.array(kinds, np.int64),
            np.array(lots, np.int64),
        )


_PATTERNS: Final = _Patterns.made()
_WORDING: Final[Ints] = np.stack([WORDINGS.pooled, *[WORDINGS.balance] * 3, WORDINGS.expiring, *[WORDINGS.balance] * 2])
_UNIT_OF: Final[Ints] = np.array([UNIT_TYPES.index(unit or UNIT_TYPES[0]) for unit in WORDINGS.units], np.int64)
_TEXTS: Final = [*dict.fromkeys(WORDINGS.texts)]
_TEXT_OF: Final[Ints] = np.array([_TEXTS.index(text) for text in WORDINGS.texts], np.int64)
_IS_WHOLE: Final[Bools] = SHOWN != "dated"
_NEW_GUIDS: Final[Bools] = np.array([entry.new_guids for entry in INSTITUTIONS for _ in entry.holdings], np.bool_)


def row_count(people: People) -> int:
    """Return how many rewards these people have on any day."""
    return int(_PATTERNS.rows[people.terms, people.lots].sum())


class _Rows(NamedTuple):
    """Rows of some people: the holding of each, its kind, its terms, and the key of its draws."""

    start: Ints
    """The first row of each holding."""

    holding: Ints
    kind: Ints
    terms: Ints
    key: Words


class _Values(NamedTuple):
    """What the rows say on a day, in the order of the rows."""

    balance: Ints
    expires: Ints
    created: Ints
    wording: Ints
    key: Words
    """The key of the guid: a lot has its own, another row that of the row."""


class _Lots(NamedTuple):
    amount: Ints
    expires: Ints
    begun: Ints
    key: Words


def snapshot(people: People, on: date) -> pa.Table:
    """Rewards of these people on a day, the ten columns; guids and names as dictionaries, to be written as texts."""
    rows = _rows(people)
    return _table(people, rows, _values(people, rows, on), day_number(on))


def _rows(people: People) -> _Rows:
    count = _PATTERNS.rows[people.terms, people.lots]
    start = np.cumsum(count) - count
    holding = np.repeat(np.arange(len(people.terms)), count)
    pattern = np.arange(len(holding)) + np.repeat(_PATTERNS.start[people.terms, people.lots] - start, count)
    kind = _PATTERNS.kind[pattern]
    key = drawn(people.key[holding], _ROW + kind * 16 + _PATTERNS.lot[pattern])
    return _Rows(start, holding, kind, people.terms[holding], key)


def _values(people: People, rows: _Rows, on: date) -> _Values:
    day = day_number(on)
    _, holding, kind, terms, key = rows
    balance = np.zeros(len(holding), np.int64)
    expires = np.full(len(holding), NEVER, np.int64)
    created = np.minimum(_SINCE_DAY + below(drawn(people.key, _SINCE), _SINCE_DAYS), day)[holding]
    wording, guid_key = _WORDING[kind, terms], key.copy()

    at = np.flatnonzero(_IS_LOT[kind])
    balance[at], expires[at], created[at], guid_key[at] = _lots(key[at], terms[at], day)
    own = np.add.reduceat(balance, rows.start) + _undated(people.key, people.terms, day)
    has_no_dates = below(drawn(people.key, _UNDATED), 32) == 0
    expires[at[(kind[at] == _EXPIRING) & has_no_dates[holding[at]]]] = NEVER

    at = np.flatnonzero((kind == _WHOLE) | (kind == _BY_ACTIVITY))
    balance[at] = own[holding[at]]
    at = np.flatnonzero(kind == _POOLED)
    household = 10 * EARNED[terms[at], 1] * sixteenth_bits(drawn(key[at], _HOUSEHOLD), 0) >> 16
    balance[at] = own[holding[at]] + household
    at = np.flatnonzero(kind == _GOAL)
    balance[at], wording[at] = _goals(key[at], terms[at], own[holding[at]], day)
    at = np.flatnonzero(kind == _LEVEL)
    balance[at], wording[at] = _levels(key[at], terms[at], on)
    return _Values(balance, expires, created, wording, guid_key)


def _table(people: People, rows: _Rows, values: _Values, day: int) -> pa.Table:
    wording = values.wording
    given_on = np.where(_NEW_GUIDS[rows.terms], day, 0)
    guid = mixed(values.key ^ given_on.astype(np.uint64))
    member = people.member_of_holding[rows.holding]
    second = _AGGREGATED_AT_S + below(drawn(people.member, _SECOND), 3600)
    account = people.account_of_holding[rows.holding]
    columns = {
        "guid": guids_of("RWD", guid, mixed(guid), pa.string()),
        "user_guid": _dictionary(people.user_of_member[member], _guids("USR", people.user)),
        "member_guid": _dictionary(member, _guids("MBR", people.member)),
        "account_guid": _dictionary(account, _guids("ACT", people.account), account >= 0),
        "balance_type": _dictionary(_TYPE_OF[rows.kind], pa.array(BALANCE_TYPES)),
        "unit_type": _dictionary(_UNIT_OF[wording], pa.array(UNIT_TYPES)),
        "balance": amounts_of(values.balance, WORDINGS.decimals[wording]),
        "expires_on": _fixed(pa.date32(), values.expires.astype(np.int32), values.expires != NEVER),
        "created_at": _fixed(pa.timestamp("us", "UTC"), values.created * _DAY_US + second[member] * 1_000_000),
        "description": _dictionary(_TEXT_OF[wording], pa.array(_TEXTS)),
    }
    return pa.table(columns)


def _lots(key: Words, terms: Ints, day: int) -> _Lots:
    """The lot of each series that is there on a day: its amount, last day, first day and key."""
    period = _PERIOD[terms]
    passed = day + below(key, period)
    cycle = passed // period
    begun = day - (passed - cycle * period)
    lot = drawn(key, cycle)
    # Two lots in eight are redeemed as a whole in their second half, one in part; five expire.
    fate = lot & np.uint64(7)
    redeemed_after = period // 2 + ((period - period // 2) * sixteenth_bits(lot, 1) >> 16)
    is_redeemed = day - begun >= redeemed_after
    is_gone = is_redeemed & (fate < 2)
    lot = np.where(is_gone, drawn(key, cycle + 1), lot)
    amount = _LOT_SIZE[terms] * (_LOW[terms] + (_SPREAD[terms] * mostly_small(sixteenth_bits(lot, 2)) >> 16))
    part = amount * (1 + sixteenth_bits(lot, 3) % 8) >> 4
    amount = np.where(is_redeemed & (fate == 2), amount - part, amount)
    expires = begun + period - 1 + np.where(is_gone, period, 0)
    return _Lots(amount, expires, np.where(is_gone, begun + redeemed_after, begun), lot)


def _undated(key: Words, terms: Ints, day: int) -> Ints:
    """What each holding has in addition to its listed lots: it grows, and changes once in 30 days."""
    base_bits = drawn(key, _BASE)
    base = 40 * EARNED[terms, 1] * mostly_small(mostly_small(sixteenth_bits(base_bits, 0))) >> 16
    base = np.where(sixteenth_bits(base_bits, 1) < 256, base * _WHALES_MULTIPLE[terms], base)
    month = (day + below(base_bits, _MONTH_DAYS)) // _MONTH_DAYS
    change = sixteenth_bits(drawn(key, _MONTHLY + 256 * month), 0)
    growth = _LOW[terms] * (month - _FIRST_MONTH).clip(min=0) * (sixteenth_bits(base_bits, 2) % 4)
    amount = base + growth + ((base // 4 + EARNED[terms, 1]) * change >> 16)
    return np.where(_IS_WHOLE[terms], amount, 0)


def _goals(key: Words, terms: Ints, own: Ints, day: int) -> tuple[Ints, Ints]:
    """What is missing to a goal, and its wording: the next goal takes its place every 90 days."""
    number = below(drawn(key, _GOALS_REACHED + day // _GOAL_DAYS * 256), GOAL_COUNT[terms])
    return (GOALS[terms, number] - own).clip(min=0), WORDINGS.goal[terms, number]


def _levels(key: Words, terms: Ints, on: date) -> tuple[Ints, Ints]:
    """What is missing to the next level, and its wording: qualifying earnings begin anew each year."""
    pace = sixteenth_bits(drawn(key, _QUALIFYING + 256 * on.year), 0)
    earned = (LEVELS[terms, -1] * 5 // 4 * pace >> 16) * on.timetuple().tm_yday // 365
    step = (LEVELS[terms] <= earned[:, None]).sum(axis=1).clip(max=LEVELS.shape[1] - 1)
    return (LEVELS[terms, step] - earned).clip(min=0), WORDINGS.level[terms, step]


def _guids(prefix: str, keys: Words) -> pa.Array:
    return guids_of(prefix, keys, mixed(keys), pa.string())


def _dictionary(places: Ints, values: pa.Array, is_valid: Bools | None = None) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(_fixed(pa.int32(), places.astype(np.int32), is_valid), values)


def _fixed(kind: pa.DataType, values: Ints, is_valid: Bools | None = None) -> pa.Array:
    """An array of numbers of one width, null where they are not valid."""
    bits = None if is_valid is None else pa.py_buffer(np.packbits(is_valid, bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [bits, pa.py_buffer(np.ascontiguousarray(values))])
