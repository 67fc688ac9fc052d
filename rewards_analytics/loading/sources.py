"""What a caller may pass as a source, resolved to inputs in a fixed order."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from rewards_analytics.errors import ArgumentError, SourceError
from rewards_analytics.loading.kinds import ENDINGS, Kind, kind_of
from rewards_analytics.loading.stream import Url


@dataclass(frozen=True)
class File:
    """Bytes to decode: where they are, what messages call them, and the kind if the name says it."""

    content: Path | Url | bytes | BinaryIO
    name: str | None = None
    kind: Kind | None = None


@dataclass(frozen=True)
class Dicts:
    """Rewards, or pages of them, as Python mappings."""

    values: Iterable[object]


@dataclass(frozen=True)
class Frame:
    """A frame of another library."""

    native: object


Input = File | Dicts | Frame
"""What is decoded one after the other."""


def inputs(source: object) -> Iterator[Input]:
    """Resolve a source."""
    if isinstance(source, File):
        yield source
    elif isinstance(source, str | os.PathLike):
        yield from _files(os.fspath(source))
    elif isinstance(source, bytes | bytearray | memoryview):
        yield File(bytes(source))
    elif isinstance(source, Mapping):
        yield Dicts([source])
    elif callable(getattr(source, "read", None)):
        yield _open_file(source)
    elif isinstance(source, list | tuple) and any(map(_is_file_like, source)):
        for element in source:
            yield from inputs(element)
    elif _is_frame(source):
        yield Frame(source)
    elif isinstance(source, Iterable):
        yield Dicts(source)
    else:
        raise ArgumentError(
            f"A {type(source).__name__} is not a source of rewards. Pass a path, a glob, a folder, a list of "
            "those, bytes, an open binary file, an iterable of reward dicts, or a frame."
        )


def _is_file_like(element: object) -> bool:
    # A list may hold a million dicts: to compare their type is the cheapest check.
    if type(element) is dict:
        return False
    return isinstance(element, File | str | os.PathLike | bytes | bytearray | memoryview) or hasattr(element, "read")


def _open_file(source: object) -> File:
    name = getattr(source, "name", None)
    if not isinstance(name, str) or name.startswith("<"):
        return File(cast(BinaryIO, source))
    return File(cast(BinaryIO, source), name, kind_of(name))


def _files(path: str) -> Iterator[File]:
    if path.lstrip()[:1] in ("{", "["):
        raise ArgumentError("The source is JSON text, but a str is read as a path. Pass it as bytes: text.encode().")
    if "://" in path:
        yield File(Url(path), path, kind_of(path))
        return
    found = Path(path)
    if found.is_dir():
        yield from _in_folder(found)
    elif found.exists() or not glob.has_magic(path):
        yield File(found, path, kind_of(path))
    else:
        yield from _matching(path)


def _in_folder(folder: Path) -> Iterator[File]:
    files = sorted(data_files(folder), key=lambda path: path.split(os.sep))  # noqa: PTH206
    if not files:
        raise SourceError(
            f"The folder {folder} holds no rewards: no file in it ends in {', '.join(ENDINGS)} "
            "(or those with .gz or .zst). Check the path."
        )
    for path in files:
        yield File(Path(path), path, kind_of(path))


def data_files(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Paths of the files with a known ending below a folder, but for names that begin with `.` or `_`."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "_")):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from data_files(entry.path)
            elif kind_of(entry.name) and entry.is_file():
                yield entry.path


def _matching(pattern: str) -> Iterator[File]:
    paths = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
    if not paths:
        raise SourceError(f"No file matches {pattern}. Check the pattern; this folder is {Path.cwd()}.")
    for path in paths:
        if Path(path).is_dir():
            yield from _in_folder(Path(path))
        else:
            yield File(Path(path), path, kind_of(path))


def _is_frame(source: object) -> bool:
    if isinstance(source, list | tuple | Iterator):
        return False
    if hasattr(source, "__arrow_c_stream__"):
        return True
    import narwhals as nw

    return nw.from_native(cast(Any, source), pass_through=True) is not source
