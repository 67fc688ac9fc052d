"""Files that are written completely or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from uuid import uuid4

from rewards_analytics.errors import RewardsError


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a binary file that appears under `path` only once it is complete.

    It is written under another name in the same folder, then moved to `path`. After an error nothing is left behind,
    and an existing file is unchanged.

    Raises
    ------
    RewardsError
        If the folder does not exist or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(f"{folder}/note.txt") as file:
    ...         before = list(Path(folder).glob("note.txt"))
    ...         _ = file.write(b"whole")
    ...     Path(folder, "note.txt").read_bytes(), before
    (b'whole', [])
    """
    target = Path(path)
    if os.path.isdir(target):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        raise RewardsError(f"Cannot write {target}: it is a folder. Name a file in it.")
    temporary = target.with_name(f".{target.name[:200]}.{uuid4().hex}.part")
    try:
        with temporary.open("xb") as file:
            yield file
        temporary.replace(target)
    except OSError as error:
        raise RewardsError(
            f"Cannot write {target}: {error.strerror}. Name a file in a folder that you can write to."
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def writable_folder(path: str | os.PathLike[str]) -> Path:
    """Return a folder that can be written to, created if it does not exist.

    Raises
    ------
    RewardsError
        If it cannot be created, is a file, or cannot be written to.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RewardsError(
            f"Cannot write to the folder {folder}: {error.strerror}. Name a folder that you can write to."
        ) from error
    return folder
