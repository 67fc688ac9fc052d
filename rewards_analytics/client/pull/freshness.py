"""How fresh the rewards of a pull are: what the lists of members say of each one, kept as `_members.parquet`."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rewards_analytics.amounts import InvalidValueError
from rewards_analytics.errors import SourceError
from rewards_analytics.files import whole_file

if TYPE_CHECKING:
    import polars as pl

    from rewards_analytics.atrium import JsonObject

Pair = tuple[str, str]

MEMBERS_FILE: Final = "_members.parquet"
"""The loader passes over names that begin with an underscore."""


class Listed(NamedTuple):
    """What a list of members says of one; None where it does not say, or was not asked."""

    connection_status: str | None = None
    aggregated_at: datetime | None = None

    @classmethod
    def of(cls, member: JsonObject) -> Listed:
        """Read an entry of the list. What is not a text or not a time is None: it does not cost the rewards."""
        from rewards_analytics.loading.values import instant, text

        status, time = None, None
        with suppress(InvalidValueError):
            status = text(member.get("connection_status"))
        with suppress(InvalidValueError):
            time = instant(member.get("aggregated_at"))
        return cls(status, time)


def frame_of(members: Mapping[Pair, Listed], rewards: Mapping[Pair, int]) -> pl.DataFrame:
    """One row per member, by its guids. `rewards` has the number of rewards of each member that was read."""
    import polars as pl

    # A guid that is not Unicode was never sent, but its member is a failure, so it has a row.
    rows = [
        (*(guid.encode(errors="backslashreplace").decode() for guid in pair), *listed, rewards.get(pair))
        for pair, listed in members.items()
    ]
    schema = {
        "user_guid": pl.String(),
        "member_guid": pl.String(),
        "connection_status": pl.String(),
        "aggregated_at": pl.Datetime("us", "UTC"),
        "rewards": pl.Int64(),
    }
    return pl.DataFrame(rows, schema, orient="row").sort("user_guid", "member_guid")


def write_members(members: pl.DataFrame, path: Path) -> None:
    """Write the frame, whole or not at all."""
    with whole_file(path) as file:
        members.write_parquet(file)


def read_members(path: Path) -> pl.DataFrame:
    """Frame that a pull has kept as `_members.parquet`.

    Raises
    ------
    SourceError
        If the file cannot be read, or no pull has written it.
    """
    import polars as pl

    try:
        members = pl.read_parquet(path, glob=False)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
    except pl.exceptions.PolarsError as error:
        raise SourceError(f"{path} is not a Parquet file that can be read ({error}).") from error
    wanted = frame_of({}, {})
    if members.schema != wanted.schema:
        raise SourceError(
            f"{path} was not written by a pull: it does not have the columns {', '.join(wanted.columns)}. A pull keeps "
            f"them as {MEMBERS_FILE} in its folder."
        )
    return members


def listed_in(members: pl.DataFrame) -> dict[Pair, Listed]:
    """What a frame of members says of each one."""
    return {(user, member): Listed(status, time) for user, member, status, time, _ in members.rows()}
