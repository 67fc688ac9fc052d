"""The members of each snapshot: Parquet files such as `_members/taken_on=2026-11-23/4711.parquet`.

A file gets a new number whenever a day is written, and is never changed. The commit that replaces the day's rewards
also names this number, so that rewards and members of a day change at the same moment: after a crash the file is there
and no version names it. Readers of the table pass over folders that begin with `_`.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.fs

from rewards_analytics.engines import is_frame, narrowed, recognise
from rewards_analytics.errors import FrameError, MissingColumnError
from rewards_analytics.history.table import Version
from rewards_analytics.schema import TAKEN_ON

if TYPE_CHECKING:
    from rewards_analytics.history.location import Location

FOLDER: Final = "_members"

TYPES: Final = pl.Schema(
    {
        "user_guid": pl.String(),
        "member_guid": pl.String(),
        "connection_status": pl.String(),
        "aggregated_at": pl.Datetime("us", "UTC"),
        "rewards": pl.Int64(),
    }
)
_NEVER_NULL: Final = ("user_guid", "member_guid")


def typed(members: object) -> pl.DataFrame:
    """Check a caller's members and type them, sorted by user and member.

    Raises
    ------
    FrameError
        It is not a frame, or a column has another type.
    MissingColumnError
        It lacks a column.
    """
    if not is_frame(members):
        raise FrameError(
            f"members is of type {type(members).__name__}, not a frame. Pass one such as pull(…).freshness."
        )
    found = recognise(members, "append")
    if missing := [name for name in TYPES if name not in found.names]:
        raise MissingColumnError(
            f"members has no column {', '.join(map(repr, missing))}; found {found.names}. Pass a frame such as "
            "pull(…).freshness.",
            missing=missing,
            found=found.names,
        )
    rows: Any = narrowed(found, [*TYPES])
    try:
        frame: pl.DataFrame = (rows.lazy().collect(backend="polars") if not found.eager else rows).to_polars()
        frame = frame.select(pl.col(name).cast(dtype) for name, dtype in TYPES.items()).sort(_NEVER_NULL)
    except (pl.exceptions.PolarsError, pa.ArrowException) as error:
        first = str(error).splitlines()[0]
        raise FrameError(f"members has a column of another type than pull(…).freshness has: {first}.") from error
    if nulls := [name for name in _NEVER_NULL if frame[name].null_count()]:
        raise FrameError(f"members has a null in {nulls[0]!r}. Each row names a user and a member.")
    return frame


def write(location: Location, on: date, members: pl.DataFrame | None) -> int:
    """Write the members of a day into a file that no version names yet, and return its number; 0 for no members."""
    if members is None:
        return 0
    number = secrets.randbits(62) | 1
    members.write_parquet(
        f"{location.uri}/{_path(on, number)}",
        mkdir=location.folder is not None,
        storage_options=location.polars_options,
    )
    return number


def read(version: Version, start: date | None, end: date | None) -> pl.DataFrame:
    """Read the members of the days from `start` to `end` that have any."""
    frames = [pl.DataFrame(schema={**TYPES, TAKEN_ON: pl.Date})]
    for on in sorted({part.taken_on for part in version.between(start, end)}):
        if number := version.members_of(on):
            with version.location.files.open_input_file(_path(on, number)) as file:
                frames.append(pl.read_parquet(file).with_columns(pl.lit(on).alias(TAKEN_ON)))
    return pl.concat(frames)


def unreferenced(version: Version) -> Iterator[pyarrow.fs.FileInfo]:
    """Yield the files that the version does not name."""
    named = {_path(on, version.members_of(on)) for on in version.dates}
    selector = pyarrow.fs.FileSelector(FOLDER, recursive=True, allow_not_found=True)
    for file in version.location.files.get_file_info(selector):
        if file.type == pyarrow.fs.FileType.File and file.path not in named:
            yield file


def _path(on: date, number: int) -> str:
    return f"{FOLDER}/{TAKEN_ON}={on}/{number}.parquet"
