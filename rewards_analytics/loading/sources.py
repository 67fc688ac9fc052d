"""What a caller may pass as a source, resolved to inputs in a fixed order."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final, cast
from urllib.parse import unquote

from rewards_analytics.errors import ArgumentError, SourceError
from rewards_analytics.loading import delta, stores
from rewards_analytics.loading.folders import data_files, globbed
from rewards_analytics.loading.kinds import ENDINGS, Kind, kind_of
from rewards_analytics.loading.stores import Url
from rewards_analytics.loading.stream import unreadable
from rewards_analytics.schema import FIELDS

_NULL_PARTITION: Final = "__HIVE_DEFAULT_PARTITION__"
_TEXT: Final = re.compile(r"""\s*(\{\s*["'}]|\[\s*(\{\s*["'}]|\]|\[[^\]])|"?guid"?,|[^\n\r]+[\n\r])""")
"""How JSON, CSV and any text of several lines begin."""


@dataclass(frozen=True)
class File:
    """Bytes to decode: where they are, what messages call them, and the kind if the name says it.

    `given` has the columns that do not have to be in the file: by the names of its folders (`unit_type=MILES/`) or
    by the log of its table.
    """

    content: Path | Url | bytes | BinaryIO
    name: str | None = None
    kind: Kind | None = None
    given: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def named(cls, path: str, content: BinaryIO | None = None) -> File:
        """A file that has a path, which may say its kind and columns."""
        return cls(content or Path(path), path, kind_of(path), _given_by_folders(path))


@dataclass(frozen=True)
class Dicts:
    """Rewards, or pages of them, as Python mappings."""

    values: Iterable[object]


@dataclass(frozen=True)
class Frame:
    """A frame of another library."""

    native: object


Input = File | Dicts | Frame
"""The parts of a source, decoded one after the other."""


def inputs(source: object) -> Iterator[Input]:
    """Resolve a source."""
    return _resolved(source, cache(stores.table_around))


def _resolved(source: object, table_of: stores.TableOf) -> Iterator[Input]:
    if isinstance(source, File):
        yield source
    elif isinstance(source, str | os.PathLike):
        path = os.fsdecode(source)
        yield from _in_store(Url(path), table_of) if "://" in path and not _TEXT.match(path) else _files(path)
    elif isinstance(source, bytes | bytearray | memoryview):
        yield File(bytes(source))
    elif isinstance(source, Mapping):
        yield Dicts([source])
    elif callable(getattr(source, "read", None)):
        yield _open_file(source)
    elif isinstance(source, list | tuple) and any(map(_is_file_like, source)):
        for element in source:
            yield from _resolved(element, table_of)
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
    # Comparing types is the cheapest check, and a list may hold a million dicts.
    if type(element) is dict:
        return False
    return isinstance(element, File | str | os.PathLike | bytes | bytearray | memoryview) or hasattr(element, "read")


def _open_file(source: object) -> File:
    name = getattr(source, "name", None)
    if not isinstance(name, str) or name.startswith("<"):
        return File(cast(BinaryIO, source))
    return File.named(name, cast(BinaryIO, source))


def _given_by_folders(path: str) -> dict[str, str | None]:
    """Columns whose values are in the names of a file's folders.

    >>> _given_by_folders("rewards/unit_type=MILES/user_guid=USR%2F1/part-0.parquet")
    {'unit_type': 'MILES', 'user_guid': 'USR/1'}
    """
    if "=" not in path:
        return {}
    pairs = (folder.partition("=") for folder in re.split(r"[/\\]" if os.sep == "\\" else "/", path)[:-1])
    return {
        name: None if value == _NULL_PARTITION else unquote(value) or None
        for name, equals, value in pairs
        if equals and name in FIELDS
    }


def _files(path: str) -> Iterator[File]:
    if not path:
        raise ArgumentError("The path is empty. Name a file, a folder or a glob.")
    if _TEXT.match(path) and not os.path.lexists(path):
        what = "JSON text" if path.lstrip()[0] in "{[" else "text"
        raise ArgumentError(
            f"The source is {what}, but a str is read as a path. Pass it as bytes: text.encode(). It begins with "
            f"{path[:40]!r}."
        )
    try:
        is_folder, is_there = Path(path).is_dir(), Path(path).exists()
    except OSError as error:  # a name that is too long
        raise unreadable(path, error) from error
    except ValueError:  # a NUL byte
        is_folder, is_there = False, True
    if is_folder:
        yield from _in_folder(path)
    elif is_there or not glob.has_magic(path):
        yield from _current([path], path)
    else:
        yield from _matching(path)


def _in_store(url: Url, table_of: stores.TableOf) -> Iterator[File]:
    """The file at an address. Of a Delta table, or a part of one, the files of its current version."""
    if path := stores.local_path(url):
        yield from _in_folder(path) if os.path.isdir(path) else _current([path], path)  # noqa: PTH112
        return
    address, query = url.split_query()
    kind = kind_of(address)
    table = None
    if kind in (None, "parquet"):  # a table has no other files
        table = table_of(url if kind is None else Url(address.rpartition("/")[0] + query))
    if table is None:
        if kind is None:
            stores.require_object(url)
        yield File(url, url.label, kind, _given_by_folders(address))
        return
    files = [(file, given) for file, given in stores.table_files(table) if stores.is_within(file, url)]
    if not files and not stores.is_within(table, url):
        raise _not_current(url.label, table.label)
    for file, given in files:
        yield File(file, file.label, "parquet", given)


def _in_folder(folder: str) -> Iterator[File]:
    paths = [*data_files(folder)]
    if not paths:
        raise SourceError(
            f"The folder {folder} holds no rewards: no file in it ends in {', '.join(ENDINGS)} "
            "(or those with .gz or .zst). Check the path."
        )
    yield from _current(paths, folder)


def _matching(pattern: str) -> Iterator[File]:
    paths = globbed(pattern)
    if not paths:
        raise SourceError(f"No file matches {pattern}. Check the pattern; this folder is {Path.cwd()}.")
    files = (data_files(path) if os.path.isdir(path) else [path] for path in paths)  # noqa: PTH112
    yield from _current([*dict.fromkeys(chain.from_iterable(files))], pattern)


def _current(paths: Sequence[str], asked: str) -> Iterator[File]:
    """The files at these paths. Of a Delta table, only the files of its current version, once each.

    A folder among them is a whole table. Where nothing is left, the error names `asked`.
    """
    table_of = cache(_table_around)
    left: dict[str, dict[str, File]] = {}
    root, found = None, False
    for path in paths:
        root = None
        if kind_of(path) in (None, "parquet"):  # a table has no other files
            is_folder = os.path.isdir(path)  # noqa: PTH112
            root = table_of(path if is_folder else os.path.dirname(path))  # noqa: PTH120
        if root is None:
            found = True
            yield File.named(path)
            continue
        if root not in left:
            left[root] = {os.path.realpath(file.name or ""): file for file in _of_table(root)}
        found |= is_folder
        for real in list(left[root]) if is_folder else [os.path.realpath(path)]:
            if file := left[root].pop(real, None):
                found = True
                yield file
    if not found:
        raise _not_current(asked, root)


def _not_current(asked: str, table: str | None) -> SourceError:
    return SourceError(
        f"{asked} is not part of the current version of the Delta table {table}: its rows were replaced or deleted. "
        "Load the folder of the table."
    )


def _table_around(folder: str) -> str | None:
    """The Delta table that a folder is or lies in, as a path through the folder."""
    while not os.path.isdir(os.path.join(folder, delta.LOG)):  # noqa: PTH112, PTH118
        whole = os.path.abspath(folder)  # noqa: PTH100
        folder, before = os.path.dirname(whole), whole  # noqa: PTH120
        if folder == before:
            return None
    return folder


def _of_table(folder: str) -> Iterator[File]:
    for path, given in delta.current_files(folder):
        content = Url(path) if "://" in path else Path(folder, path)
        yield File(content, str(content), "parquet", given)


def _is_frame(source: object) -> bool:
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__arrow_c_array__"):
        return True
    if isinstance(source, list | tuple | Iterator):
        return False
    import narwhals as nw

    return nw.from_native(cast(Any, source), pass_through=True) is not source
