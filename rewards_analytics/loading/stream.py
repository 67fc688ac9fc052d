"""Reads one source: decompresses it, counts bytes, and turns I/O failures into `SourceError`."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import BinaryIO, Final, Protocol, TypeVar, cast

import pyarrow as pa

from rewards_analytics.errors import ArgumentError, SourceError
from rewards_analytics.loading.stores import Url
from rewards_analytics.textfiles import BYTE_ORDER_MARK

COMPRESSIONS: Final = {".gz": "gzip", ".zst": "zstd"}
"""Endings of compressed text, and what Arrow calls the compression."""

_MAGIC: Final = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_HEAD_BYTES: Final = 1 << 16
MOST_DECOMPRESSED: Final = 1 << 30
"""Bytes of a text that has to be read whole: a file of some megabytes could otherwise fill the memory."""

_LONGEST_LABEL: Final = 500
_UNSUSPECTED: Final = 64 << 20
_MOST_RATIO: Final = 200
"""Rewards become some ten times as long; blanks and the like a thousand times."""

T = TypeVar("T")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def readinto(self, view: memoryview, /) -> int: ...


class Stream:
    """A source of bytes, read once from its start to its end.

    Parameters
    ----------
    source
        A path, a URL, bytes, or an open binary file (which stays open).
    name
        What messages call it; None if it has no name.
    on_read
        Called with the number of bytes as they are read, before decompression.
    given
        Columns that the rewards do not have to hold: their place says what they are.
    """

    def __init__(
        self,
        source: Path | Url | bytes | BinaryIO,
        name: str | None,
        on_read: Callable[[int], object] | None = None,
        given: Mapping[str, str | None] = MappingProxyType({}),
    ) -> None:
        self.name, self.given = name, given
        self.label = name or "the source"
        self._path = source if isinstance(source, Path) else None
        self._own = isinstance(source, Path | Url)
        self._file = _Counted(self._open(source), self.label, on_read)
        self._state = self._fingerprint()
        self._head = b""
        try:
            self._decompressed = self._decompress()
            self._head = self._read(len(BYTE_ORDER_MARK)).removeprefix(BYTE_ORDER_MARK)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened here."""
        if self._own:
            self._file.raw.close()

    @property
    def path(self) -> Path | None:
        """The path of a file that may be read directly: it is not compressed."""
        return None if self._is_compressed else self._path

    @property
    def size(self) -> int | None:
        """The number of bytes to read; None if only reading can tell."""
        return self._state[0] if self._state and not self._is_compressed else None

    @property
    def _is_compressed(self) -> bool:
        return not isinstance(self._decompressed, _Resumed)

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes; fewer only at the end."""
        parts, wanted = [self._head[:size]], size
        self._head = self._head[size:]
        wanted -= len(parts[0])
        while wanted and (part := self._read(wanted)):
            parts.append(part)
            wanted -= len(part)
        if wanted:
            self._check_unchanged()
        return b"".join(parts) if len(parts) != 1 else parts[0]

    def read_into(self, view: memoryview) -> int:
        """Fill memory, and return the number of bytes read; fewer than fit only at the end."""
        size = min(len(self._head), len(view))
        view[:size], self._head = self._head[:size], self._head[size:]
        while size < len(view):
            count = self._reading(partial(self._decompressed.readinto, view[size:]))
            if not count:
                self._check_unchanged()
                break
            size += count
        return size

    def read_all(self) -> bytes:
        """Everything that is left. What is compressed may not grow without bounds."""
        parts, total = [], 0
        size = 1 << 24 if self.size is None else min(self.size + 1, 1 << 30)
        while len(part := self.read(size)) == size:
            parts.append(part)
            total += size
            is_suspect = total > _UNSUSPECTED and total > _MOST_RATIO * self._file.count
            if self._is_compressed and (is_suspect or total > MOST_DECOMPRESSED):
                raise SourceError(
                    f"{self.label} is longer than {total >> 20:,} MB once it is decompressed, and has to be in memory "
                    "whole. If its size is right, decompress it first, or write it as NDJSON."
                )
        return b"".join([*parts, part])

    def peek(self, size: int = _HEAD_BYTES) -> bytes:
        """The next bytes, without reading past them."""
        while (wanted := size - len(self._head)) > 0 and (part := self._read(wanted)):
            self._head += part
            if len(self._head) == self.size:
                break  # the end of a file, which would otherwise be asked for twice
        return self._head[:size]

    def skip_line(self) -> bytes:
        """Skip to the next line end, and return the bytes that were read beyond it."""
        while chunk := self.read(1 << 20):
            _, newline, tail = chunk.partition(b"\n")
            if newline:
                return tail
        return b""

    def _read(self, size: int) -> bytes:
        return bytes(self._reading(partial(self._decompressed.read, size)))

    def _reading(self, read: Callable[[], T]) -> T:
        try:
            return read()
        except (OSError, EOFError, pa.ArrowException) as error:
            raise SourceError(
                f"{self.label} cannot be read to its end ({error}): it is cut short or damaged. Get it again."
            ) from error

    def _open(self, source: Path | Url | bytes | BinaryIO) -> BinaryIO:
        if isinstance(source, bytes):
            return io.BytesIO(source)
        if isinstance(source, Url):
            return _open_url(source)
        if not isinstance(source, Path):
            return source
        try:
            return source.open("rb", _HEAD_BYTES)  # a page of the API comes with one call
        except OSError as error:
            raise unreadable(self.label, error) from error
        except ValueError as error:  # a NUL byte
            raise SourceError(f"{self.label!r} is not a path: {error}.") from error

    def _decompress(self) -> _Readable:
        """The file to read from; compressed text is recognised by its first bytes."""
        start = self._file.read(4)
        whole = _Resumed(start, self._file)
        ending = os.path.splitext(self.name or "")[1]  # noqa: PTH122 (a folder has thousands of names)
        named = COMPRESSIONS.get(ending.lower()) if self._own else None
        for compression, magic in _MAGIC.items():
            if start.startswith(magic):
                return cast(_Readable, pa.CompressedInputStream(pa.PythonFile(whole, "r"), compression))
        if named:
            raise SourceError(
                f"{self.label} is not {named}, as its ending says: it begins with {start!r}. "
                "Rename it to what it is, or compress it again."
            )
        return whole

    def _fingerprint(self) -> tuple[int, int] | None:
        """Size and time of the last change of a regular file, the size of bytes; None for anything else."""
        if isinstance(self._file.raw, io.BytesIO):
            return self._file.raw.getbuffer().nbytes, 0
        if self._path is None:
            return None
        state = os.fstat(self._file.raw.fileno())
        return (state.st_size, state.st_mtime_ns) if stat.S_ISREG(state.st_mode) else None

    def _check_unchanged(self) -> None:
        if self._state != self._fingerprint():
            raise SourceError(f"{self.label} changed while it was read. Load it again once it is written completely.")


def _open_url(url: Url) -> BinaryIO:
    system, path = url.located()
    try:
        return cast(BinaryIO, system.open_input_stream(path, compression=None))
    except (OSError, pa.ArrowException) as error:
        raise url.unreadable(error) from error


def unreadable(label: str, error: OSError) -> SourceError:
    """Why a file cannot be opened, in one line."""
    label = label if len(label) <= _LONGEST_LABEL else f"{label[:80]}…{label[-80:]}"
    if isinstance(error, FileNotFoundError):
        return SourceError(f"{label} does not exist. Check the path; this folder is {Path.cwd()}.")
    return SourceError(f"{label} cannot be opened: {error.strerror or error}. Check the path and the access to it.")


class _Counted:
    """Reads from a file that must yield bytes, and counts them."""

    def __init__(self, raw: BinaryIO, label: str, on_read: Callable[[int], object] | None) -> None:
        self.raw, self._label, self._on_read = raw, label, on_read
        self.count = 0

    def read(self, size: int) -> bytes:
        data: object = self.raw.read(size)
        if isinstance(data, str):
            raise ArgumentError(f'{self._label} is open as text. Open it as bytes: open(path, "rb").')
        if not isinstance(data, bytes) or not data:
            return b""
        self._note(len(data))
        return data

    def readinto(self, view: memoryview) -> int:
        if not hasattr(self.raw, "readinto"):
            data = self.read(len(view))
            view[: len(data)] = data
            return len(data)
        count = self.raw.readinto(view) or 0
        self._note(count)
        return count

    def _note(self, count: int) -> None:
        self.count += count
        if self._on_read and count:
            self._on_read(count)


class _Resumed:
    """A file whose first bytes have been read already."""

    closed = False

    def __init__(self, start: bytes, rest: _Counted) -> None:
        self._start, self._rest = start, rest

    def read(self, size: int) -> bytes:
        start, self._start = self._start[:size], self._start[size:]
        return start + self._rest.read(size - len(start)) if size > len(start) else start

    def readinto(self, view: memoryview) -> int:
        if not self._start:
            return self._rest.readinto(view)
        start = self.read(len(view))
        view[: len(start)] = start
        return len(start)

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True
