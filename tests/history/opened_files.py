"""Which files are opened, by any process, as Linux reports it."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OPENED = 0x20
_HEADER = struct.Struct("iIII")


@contextmanager
def opened_files(folder: Path) -> Iterator[set[str]]:
    """Collect the names of the files of a history's days that are opened meanwhile."""
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.inotify_init1(os.O_NONBLOCK)
    for path in folder.glob("taken_on=*"):
        assert libc.inotify_add_watch(handle, os.fsencode(path), _OPENED) >= 0, os.strerror(ctypes.get_errno())
    names: set[str] = set()
    yield names
    try:
        while events := os.read(handle, 1 << 16):
            while events:
                size = _HEADER.unpack_from(events)[3]
                names.add(events[_HEADER.size : _HEADER.size + size].rstrip(b"\0").decode())
                events = events[_HEADER.size + size :]
    except BlockingIOError:
        pass
    finally:
        os.close(handle)
    names.discard("")  # a folder itself
