"""Room on disk for rows that wait outside memory."""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from polars.exceptions import PolarsError

from rewards_analytics.errors import RewardsError

_USED: Final = re.compile(r"\([^()]* used\)")


@contextmanager
def room_to_spill(folder: str | os.PathLike[str], need: int = 0) -> Iterator[None]:
    """Write rows into a folder for a while; where the disk has too little room, say how much and what to do.

    Parameters
    ----------
    folder
        Where the rows are written.
    need
        Bytes that will be needed, about; 0 if unknown.
    """
    free = shutil.disk_usage(folder).free
    if need > free:
        raise _too_little(f"That takes about {_gigabytes(need)}, and {_gigabytes(free)} are free there")
    try:
        yield
    except (OSError, PolarsError) as error:
        number = errno.ENOSPC
        if getattr(error, "errno", None) != number and os.strerror(number) not in str(error):
            raise
        raise _too_little("The disk is full") from error


def duckdb_lacks_room(error: Exception) -> RewardsError | None:
    """Return our error where DuckDB has too little memory or disk, None for any other error.

    Its text tells, because DuckDB need not be installed, and Arrow raises errors of its own for those in a stream.
    """
    text = str(error)
    if "max_temp_directory_size" in text or ("IO Error: " in text and os.strerror(errno.ENOSPC) in text):
        return RewardsError(
            "The rewards are too many for memory, and the disk on which DuckDB keeps them meanwhile is full: "
            f"{tempfile.gettempdir()}, or the temp_directory of a connection of yours. Set TMPDIR or the "
            "temp_directory to a folder with more room."
        )
    if "Out of Memory Error: " not in text:
        return None
    used = _USED.search(text)
    return RewardsError(
        f"DuckDB needs more memory than it may use{f' {used[0]}' if used else ''}. Use the engine polars, which reads "
        "many rewards in parts, or pass scan() a connection with a larger memory_limit as session."
    )


def _too_little(problem: str) -> RewardsError:
    return RewardsError(
        f"The rewards are too many for memory, and wait in {tempfile.gettempdir()} meanwhile. {problem}. Set TMPDIR to "
        "a folder with more room."
    )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
