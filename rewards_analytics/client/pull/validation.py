"""Which members' rewards are valid: each member on its own, and no reward with two contents among all of them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from rewards_analytics.atrium import JsonObject
from rewards_analytics.client.pull.threads import outcome
from rewards_analytics.errors import AtriumError, InvalidRewardsError, RewardsError, RewardsWarning
from rewards_analytics.schema import FIELDS

if TYPE_CHECKING:
    import polars as pl

Pair = tuple[str, str]
Rewards = list[JsonObject]
Failures = dict[tuple[str, str | None], RewardsError]
"""Error of each member that could not be read. The member guid is None if the members of a user could not be listed."""

ORDER: Final = ("user_guid", "member_guid", "guid")

_FLAT: Final = frozenset({str, int, bool, type(None)})
"""Types that JSON and the journal have in common."""

_SHOWN: Final = 100
"""Characters of a text from outside that an error shows."""


def plain(rewards: Iterable[JsonObject], pair: Pair) -> Rewards:
    """The ten fields of a member's rewards, flat. A reward of another member is an error.

    A value that no field can have becomes a list of its text, which `load` rejects. So the journal can hold every
    value, and what is read back from it is rejected as well.
    """
    kept = []
    for reward in rewards:
        names = reward.get("user_guid"), reward.get("member_guid")
        if names != pair and any(named not in (None, asked) for named, asked in zip(names, pair, strict=True)):
            raise AtriumError(
                f"GET /users/{pair[0]}/members/{pair[1]}/rewards answered a reward of another member: "
                f"{_shown(reward.get('guid'))} names user {_shown(names[0])} and member {_shown(names[1])}. "
                "None of its rewards is kept, because they may be mixed up. Report it to MX.",
                status=200,
            )
        row = {field: reward.get(field) for field in FIELDS}
        for field, value in row.items():
            if type(value) not in _FLAT and not (field == "balance" and isinstance(value, Decimal)):
                row[field] = [str(value)[:_SHOWN]]
        kept.append(row)
    return kept


def _shown(value: object) -> str:
    return repr(value)[:_SHOWN]


def loaded(rewards: Rewards | pl.DataFrame) -> pl.DataFrame:
    """Rewards as a Polars frame of ten typed columns."""
    from rewards_analytics.loading.load import load

    frame: pl.DataFrame = load(rewards, backend="polars")
    return frame


def validated(batch: Mapping[Pair, Rewards]) -> tuple[pl.DataFrame, Failures]:
    """Frame of a batch without the members whose rewards are invalid on their own, and these members' errors."""
    import polars as pl

    try:
        return loaded([reward for rewards in batch.values() for reward in rewards]), {}
    except Exception:  # noqa: BLE001 - whatever it is, it is the failure of some members, found below
        frames, failures = [loaded([])], Failures()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RewardsWarning)  # of undocumented values, once for each member
        for pair, rewards in batch.items():
            frame = outcome(loaded, rewards)
            if isinstance(frame, RewardsError):
                failures[pair] = frame
            else:
                frames.append(frame)
    return pl.concat(frames), failures


def contested(rewards: pl.DataFrame) -> pl.DataFrame:
    """Rewards whose guid has different contents."""
    import polars as pl

    return rewards.unique().filter(pl.col("guid").is_duplicated()).sort(ORDER)


def conflicts(rewards: pl.DataFrame) -> Failures:
    """Members that contested rewards are of, each with the error that names the others."""
    failures = Failures()
    for (guid,), rows in rewards.group_by("guid", maintain_order=True):
        pairs = list(dict.fromkeys(rows.select("user_guid", "member_guid").rows()))
        whose = " and ".join(f"member {_shown(member)} of user {_shown(user)}" for user, member in pairs[:2])
        more = f" and {len(pairs) - 2:,} more" if len(pairs) > 2 else ""
        error = InvalidRewardsError(
            f"The reward {_shown(guid)} has different contents at {whose}{more}. Which one is right is not known, so "
            "none of the rewards of these members is kept. Report it to MX."
        )
        failures |= {pair: error for pair in pairs if pair not in failures}
    return failures


def without(rewards: pl.DataFrame, members: Iterable[tuple[str, str | None]]) -> pl.DataFrame:
    """Rewards that are not of these members."""
    import polars as pl

    pairs = pl.DataFrame(list(members), {"user_guid": pl.String, "member_guid": pl.String}, orient="row")
    return rewards.join(pairs, on=["user_guid", "member_guid"], how="anti", maintain_order="left")
