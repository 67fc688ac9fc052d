"""Folders and globs: their files, each once, in a fixed order. A folder that cannot be read is an error."""

from __future__ import annotations

import errno
import glob
import os
import re
import stat
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from rewards_analytics.errors import SourceError
from rewards_analytics.loading import delta
from rewards_analytics.loading.kinds import kind_of
from rewards_analytics.loading.stream import unreadable

_SKIPPED: Final = (".", "_", "~$")
"""How the names of lock files, markers and hidden files begin. They hold no rewards."""
_OTHER_TABLES: Final = {
    "metadata/version-hint.text": "Iceberg",
    "metadata/*.metadata.json": "Iceberg",
    ".hoodie": "Hudi",
}
_NOT_THERE: Final = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR)
"""A link to nowhere or to itself, or a file in place of a folder."""


def data_files(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Paths of the files with a known ending below a folder, and of the folders that are Delta tables, sorted.

    Names like `_x` and `~$x` are skipped. Links are followed; a file that can be reached in two ways is read once.
    """
    yield from _walked(os.fspath(folder), set())


def _walked(
    folder: str, seen: set[tuple[int, int]], skipped: tuple[str, ...] = _SKIPPED, *, for_glob: bool = False
) -> Iterator[str]:
    """Paths below a folder; for a glob also those without a known ending, and the files in Delta tables."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 (a folder has thousands of names)
        _is_new(os.stat(folder), seen)  # noqa: PTH116
    except OSError as error:
        raise unreadable(f"The folder {folder}", error) from error
    if delta.LOG in names and not for_glob:
        yield folder
        return
    for pattern, format_ in _OTHER_TABLES.items():
        if glob.glob(pattern, root_dir=folder, include_hidden=True):  # noqa: PTH207
            raise SourceError(
                f"{folder} is a table of {format_}: its files also hold rows that are no longer part of it. Read it "
                "with a library for such tables and load the frame."
            )
    for name in names:
        path = os.path.join(folder, name)  # noqa: PTH118 (a folder has thousands of names)
        if name.startswith(skipped):
            continue
        try:
            state = os.stat(path)  # noqa: PTH116
        except OSError as error:
            if kind_of(name) or error.errno not in _NOT_THERE:  # a link to nowhere, or to itself
                raise unreadable(path, error) from error
            continue
        if stat.S_ISDIR(state.st_mode):
            if _is_new(state, seen):
                yield from _walked(path, seen, skipped, for_glob=for_glob)
        elif (for_glob or kind_of(name)) and stat.S_ISREG(state.st_mode) and _is_new(state, seen):
            yield path


def _is_new(state: os.stat_result, seen: set[tuple[int, int]]) -> bool:
    """Note a file or folder, and tell whether it has not been seen before."""
    number = (state.st_dev, state.st_ino)
    is_new = number not in seen or not state.st_ino
    seen.add(number)
    return is_new


# --- Globs --------------------------------------------------------------------------------------------


def globbed(pattern: str) -> list[str]:
    """The paths that match. Names like `_x` and `~$x` are skipped, unless the pattern asks for such names."""
    root = re.split(r"[*?\[]", pattern, maxsplit=1)[0].rpartition(os.sep)[0]
    skipped = () if _has_skipped_name(pattern, root) else _SKIPPED
    below = Path(pattern.removeprefix(root).lstrip(os.sep)).parts
    start = root or (os.sep if pattern.startswith(os.sep) else "")
    found = [*_matches(start, below, skipped, set())]
    if pattern.endswith(os.sep):
        found = [path for path in found if os.path.isdir(path)]  # noqa: PTH112
    return found if "**" in below else sorted(found)


def _matches(
    folder: str, pattern: Sequence[str], skipped: tuple[str, ...], seen: set[tuple[int, int]]
) -> Iterator[str]:
    """The paths below a folder that match a pattern, given by its parts.

    Python's own search follows links in circles, and passes over folders that it cannot read.
    """
    first, *rest = pattern
    if first == "**":
        for path in _walked(folder or os.curdir, seen, skipped, for_glob=True):
            path = path if folder else path.removeprefix(os.curdir + os.sep)
            if _fits(Path(path.removeprefix(folder).lstrip(os.sep)).parts, pattern):
                yield path
        return
    for name in _names(folder, first, skipped):
        path = os.path.join(folder, name)  # noqa: PTH118
        if not rest:
            yield path
        elif (state := _state(path)) and stat.S_ISDIR(state.st_mode):
            yield from _matches(path, rest, skipped, seen)


def _names(folder: str, pattern: str, skipped: tuple[str, ...]) -> list[str]:
    """The names in a folder that match; none where there is no such folder."""
    if not glob.has_magic(pattern):
        return [pattern] if _state(os.path.join(folder, pattern), of_link=True) else []  # noqa: PTH118
    try:
        names = os.listdir(folder or os.curdir)  # noqa: PTH208
    except OSError as error:
        if error.errno in _NOT_THERE:
            return []
        raise unreadable(f"The folder {folder or os.curdir}", error) from error
    is_hidden = not pattern.startswith(".")
    return [
        name
        for name in names
        if fnmatch(name, pattern) and not name.startswith(skipped) and not (is_hidden and name.startswith("."))
    ]


def _state(path: str, *, of_link: bool = False) -> os.stat_result | None:
    """What the system says of a path; None where nothing is there."""
    try:
        return os.stat(path, follow_symlinks=not of_link)  # noqa: PTH116
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        raise unreadable(path, error) from error


def _fits(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether the parts of a path match those of a pattern, where `**` is any number of folders.

    >>> [_fits(["a", "b", "c.csv"], parts) for parts in (["**", "*.csv"], ["a", "*.csv"], ["**"])]
    [True, False, True]
    """
    if not pattern or not names:
        return not names and all(part == "**" for part in pattern)
    if pattern[0] == "**":
        return any(_fits(names[start:], pattern[1:]) for start in range(len(names) + 1))
    return fnmatch(names[0], pattern[0]) and _fits(names[1:], pattern[1:])


def _has_skipped_name(path: str, root: str) -> bool:
    """Whether a name below the folder begins like those that are skipped."""
    return any(name.startswith(_SKIPPED) for name in Path(path.removeprefix(root)).parts)
