"""Where a history is: a local folder, or the URL of an object store."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

import pyarrow.fs

from rewards_analytics.errors import ArgumentError, SourceError
from rewards_analytics.loading.delta import LOG
from rewards_analytics.loading.stores import Url

_UNUSABLE: Final = re.compile(r"[\[\]^|\x00-\x1f\x7f]|%[0-9A-Fa-f]{2}" + ("" if os.sep == "\\" else r"|\\"))
"""What deltalake misreads in a path, or cannot take."""

_BOUNDS: Final = {"connect_timeout": "5s", "timeout": "30s", "max_retries": "3", "retry_timeout": "30s"}
"""A store that does not answer is given up after half a minute, not after three."""


@dataclass(frozen=True)
class Location:
    """A place for a table.

    Attributes
    ----------
    uri
        The absolute path, or the URL.
    folder
        The local folder, None for an object store.
    options
        What a caller passes to the object store; never shown, as it may hold credentials.
    """

    uri: str
    folder: Path | None
    options: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, path: str | os.PathLike[str], options: Mapping[str, str] | None) -> Location:
        """Check a caller's path; nothing is opened."""
        if not isinstance(path, str | os.PathLike) or not os.fspath(path):
            raise ArgumentError(f"{path!r} is not the path of a history. Name a folder, or the URL of an object store.")
        uri, folder = os.fsdecode(path), None
        if uri.startswith("file:"):
            uri = Url(uri).located()[1]
        if "://" not in uri:
            folder = Path(os.path.abspath(uri))  # noqa: PTH100 (keeps links)
            uri = str(folder)
        location = cls(uri.rstrip("/") or uri, folder, dict(options or {}))
        if found := _UNUSABLE.search(uri):
            raise ArgumentError(
                f"Delta Lake cannot use the path {location.name!r}, because of {found[0]!r}. Rename it."
            )
        return location

    @property
    def name(self) -> str:
        """What messages call it, without the keys that a URL may have."""
        return Url(self.uri).label

    @property
    def table_options(self) -> dict[str, str]:
        """What deltalake passes to the store."""
        return self.options if self.folder else _BOUNDS | self.options

    @property
    def polars_options(self) -> dict[str, str] | None:
        """What Polars passes to the store; it has other names for retries."""
        return {name: value for name, value in self.options.items() if name not in _BOUNDS} or None

    @cached_property
    def files(self) -> pyarrow.fs.FileSystem:
        """The files below it. It can be sent to other processes, which open it themselves."""
        if self.folder:
            return pyarrow.fs.SubTreeFileSystem(self.uri, pyarrow.fs.LocalFileSystem())
        from deltalake.fs import DeltaStorageHandler

        return pyarrow.fs.PyFileSystem(DeltaStorageHandler(self.uri, self.table_options))

    def refuse_other_content(self) -> None:
        """Refuse a path that is a file, or a folder of other files."""
        if self.folder is None:
            return
        try:
            names = [path.name for path in self.folder.iterdir() if not path.name.startswith(".")]
        except FileNotFoundError:
            return
        except OSError as error:
            raise SourceError(f"{self.name} is not a history: {error.strerror}. Name a folder.") from error
        if names and LOG not in names:
            raise SourceError(
                f"The folder {self.name} is not a history: it holds other files, such as {min(names)!r}. Name a folder "
                "that append() made, or a new one."
            )
