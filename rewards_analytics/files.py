"""Files that are written whole or not at all, and temporary data that is removed however the program ends."""

from __future__ import annotations

import atexit
import errno
import io
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, Final
from uuid import uuid4

from rewards_analytics.errors import RewardsError

UNFINISHED: Final = ".rewards-*.part"
"""Pattern of the files that a killed process may leave, on a file system without nameless files."""

_LINKS: Final = 40
"""Symbolic links that are followed, as on Linux; a longer chain is a loop."""

_DESCRIPTOR: Final = re.compile(r"/(?:dev|proc/(\d+)(?:/task/\d+)?)/fd/(\d+)")

_NO_TERMINAL: Final = getattr(os, "O_NOCTTY", 0)

_temporary: Final[dict[Path, int]] = {}
"""What is to be removed, with the process that made it."""


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a binary file that appears under `path` only once it is complete.

    A new file gets the permissions that the umask gives, a replaced one keeps its own. Symbolic links are followed and
    stay. After an error nothing is left behind, and an existing file is unchanged. Until it is complete, the data has
    no name where the file system allows it, so that a kill leaves nothing either; elsewhere it is in a file that only
    its owner can read. A device, a named pipe or an open descriptor (`/dev/stdout`) is written into as it is.

    Raises
    ------
    RewardsError
        If it cannot be written.

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
    name = os.fspath(path)
    if not name or "\0" in name:
        raise RewardsError(f"Cannot write {name!r}: {'a path cannot hold a NUL' if name else 'the path is empty'}.")
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        raise RewardsError(f"Cannot write {path}: it is a folder. Name a file in it.")
    try:
        with _stream(path) if is_stream(path) else _replacement(list(_followed(path))[-1]) as file:
            yield file
    except OSError as error:
        advice = "" if is_stream(path) else " Name a file in a folder that you can write to."
        raise RewardsError(f"Cannot write {path}: {error.strerror}.{advice}") from error


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether a path is a device, a named pipe, or a descriptor that is open here: what is written to as it is."""
    with suppress(OSError):
        if _descriptor(path) is not None:
            return True
        mode = os.stat(path).st_mode  # noqa: PTH116 - a str or a Path
        return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
    return False


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
    except (OSError, ValueError) as error:  # ValueError: a NUL character
        why = error.strerror if isinstance(error, OSError) else error
        raise RewardsError(
            f"Cannot write to the folder {folder}: {why}. Name a folder that you can write to."
        ) from error
    return folder


@contextmanager
def whole_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Make a folder that appears under `path` only once it is complete; there, an empty one may stand.

    Until then it is a hidden folder next to it, which is removed after an error and where the program is ended.

    Raises
    ------
    RewardsError
        If it cannot be made, or something is there.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     with whole_folder(f"{parent}/notes") as folder:
    ...         _ = (folder / "note.txt").write_text("whole")
    ...         before = Path(parent, "notes").exists()
    ...     Path(parent, "notes", "note.txt").read_text(), before
    ('whole', False)
    """
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_dir():
            raise RewardsError(f"Cannot write the folder {path}: it is a file. Name a new folder.")
        if target.exists() and any(target.iterdir()):
            raise RewardsError(f"The folder {path} is not empty. Name a new folder.")
        hidden = target.with_name(UNFINISHED.replace("*", uuid4().hex))
        _temporary[hidden] = process = os.getpid()
        try:
            hidden.mkdir()
            yield hidden
            if target.exists():
                target.rmdir()
            hidden.replace(target)
        finally:
            remove_own(hidden, process)
            _temporary.pop(hidden, None)
    except (OSError, ValueError) as error:  # ValueError: a NUL character, or a name that is empty
        why = error.strerror if isinstance(error, OSError) else error
        advice = "Name a new folder in one that you can write to."
        raise RewardsError(f"Cannot write the folder {path}: {why}. {advice}") from error


@contextmanager
def temporary_folder(prefix: str) -> Iterator[Path]:
    """Create a folder that only its owner can read, and remove it in the end.

    After an error it is removed once more when Python ends: a thread of Polars may still make a file there.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    _temporary[folder] = process = os.getpid()
    remove = partial(remove_own, folder, process)
    atexit.register(remove)
    try:
        yield folder
    finally:
        remove()
        _temporary.pop(folder, None)
    atexit.unregister(remove)


def remove_own(path: Path, process: int) -> None:
    """Remove a file or folder that a process made, if this is that process: a fork of it leaves it alone."""
    if os.getpid() == process:
        with suppress(OSError):
            path.unlink()
        shutil.rmtree(path, ignore_errors=True)


def remove_temporary() -> None:
    """Remove the temporary files and folders of this process, which is about to end."""
    for path, process in [*_temporary.items()]:
        remove_own(path, process)


# --- Regular files ----------------------------------------------------------------------------------


def _followed(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the path, and what each symbolic link on the way leads to; the last need not exist."""
    step = Path(path)
    for _ in range(_LINKS):
        step = Path(os.path.realpath(step.parent), step.name)
        yield step
        if not step.is_symlink():
            return
        step = step.parent / step.readlink()
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


@contextmanager
def _replacement(target: Path) -> Iterator[IO[bytes]]:
    old = _state(target)
    named, process = target.with_name(UNFINISHED.replace("*", uuid4().hex)), os.getpid()
    handle, mode = _nameless(target.parent), None
    has_name = handle is None
    if handle is None:
        mode = _mode_of_new(named)
        handle = os.open(named, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
        _temporary[named] = process
    try:
        try:
            # A writer may close the file, as Arrow does; the descriptor is still needed.
            with os.fdopen(handle, "wb", closefd=False) as file:
                yield file
            if old is not None and hasattr(os, "fchown"):
                with suppress(PermissionError):
                    os.fchown(handle, old.st_uid, old.st_gid)
                mode = old.st_mode
            if mode is not None:
                os.chmod(handle if os.chmod in os.supports_fd else named, stat.S_IMODE(mode))  # noqa: PTH101
            if not has_name:
                # With a folder's descriptor, even an unused one, Python follows /proc's link to the file.
                os.link(f"/proc/self/fd/{handle}", named, src_dir_fd=handle)
        finally:
            os.close(handle)
        named.replace(target)
    finally:
        remove_own(named, process)
        _temporary.pop(named, None)


def _state(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _nameless(folder: Path) -> int | None:
    """Open a new file without a name in a folder; None where that, or naming it later, is not possible."""
    try:
        os.stat("/proc/self/fd")  # noqa: PTH116
        return os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except (AttributeError, OSError):
        return None


def _mode_of_new(path: Path) -> int:
    """Permissions that a new file gets: tried out, because reading the umask would change it for all threads."""
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    try:
        return os.fstat(handle).st_mode
    finally:
        os.close(handle)
        path.unlink()


# --- Devices, pipes and descriptors -----------------------------------------------------------------


class _Stream(io.BufferedWriter):
    """Counts its bytes, because Parquet asks for the position, which a pipe lacks."""

    _position = 0

    def write(self, data: Any) -> int:
        self._position += memoryview(data).nbytes
        return super().write(data)

    def tell(self) -> int:
        return self._position

    def seekable(self) -> bool:
        return False


def _stream(path: str | os.PathLike[str]) -> IO[bytes]:
    descriptor = _descriptor(path)
    # A descriptor is not opened again: that would write over the start of a file to which the shell appends.
    handle = os.open(path, os.O_WRONLY | _NO_TERMINAL) if descriptor is None else os.dup(descriptor)
    return _Stream(io.FileIO(handle, "wb"))


def _descriptor(path: str | os.PathLike[str]) -> int | None:
    """Number of the descriptor of this process that a path such as `/dev/stdout` or `/dev/fd/3` stands for."""
    for step in _followed(path):
        found = _DESCRIPTOR.fullmatch(str(step))
        if found and found[1] in (None, str(os.getpid())):
            return int(found[2])
    return None
