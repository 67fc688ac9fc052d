"""Where a history is: a local folder, or the URL of an object store."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rewards_analytics.errors import ArgumentError, SourceError

_UNUSABLE: Final = re.compile(r"[\[\]^|\x00-\x1f\x7f]|%[0-9A-Fa-f]{2}" + ("" if os.sep == "\\" else r"|\\"))
"""What deltalake misreads in a local path."""

_BOUNDS: Final = {"connect_timeout": "5s", "timeout": "30s", "max_retries": "3", "retry_timeout": "30s"}
"""A store that does not answer is given up after about a minute; the default is three."""


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
        What deltalake and Polars pass to the object store; never shown, as it may hold credentials.
    """

    uri: str
    folder: Path | None
    options: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, path: str | os.PathLike[str], options: Mapping[str, str] | None) -> Location:
        """Check a caller's path; nothing is opened."""
        if not isinstance(path, str | os.PathLike) or not (text := os.fsdecode(path)):
            raise ArgumentError(f"{path!r} is not the path of a history. Pass a folder or the URL of an object store.")
        if "://" in text and not text.startswith("file://"):
            return cls(text.rstrip("/"), None, _BOUNDS | dict(options or {}))
        folder = Path(os.path.abspath(text.removeprefix("file://")))  # noqa: PTH100 (keeps links)
        if found := _UNUSABLE.search(str(folder)):
            raise ArgumentError(
                f"Delta Lake cannot use the path {str(folder)!r}: it holds {found[0]!r}. Rename the folder."
            )
        return cls(str(folder), folder, dict(options or {}))

    def refuse_other_content(self) -> None:
        """Refuse a path that is a file, or a folder of other files."""
        if self.folder is None:
            return
        try:
            names = [path.name for path in self.folder.iterdir() if not path.name.startswith(".")]
        except FileNotFoundError:
            return
        except OSError as error:
            raise SourceError(f"{self.uri} is not a history: {error.strerror}. Name a folder.") from error
        if names and "_delta_log" not in names:
            raise SourceError(
                f"The folder {self.uri} is not a history: it holds other files, such as {min(names)!r}. Name a folder "
                "that append() made, or a new one."
            )
