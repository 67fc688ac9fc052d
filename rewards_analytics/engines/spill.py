"""Room on disk for rows that wait outside memory."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from polars.exceptions import PolarsError

from rewards_analytics.errors import RewardsError


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


def _too_little(problem: str) -> RewardsError:
    return RewardsError(
        f"The rewards are too many for memory, and wait in {tempfile.gettempdir()} meanwhile. {problem}. Set TMPDIR to "
        "a folder with more room."
    )


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
