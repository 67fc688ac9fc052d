"""A progress bar for loads that take more than a moment, where someone is looking."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rewards_analytics.interactive import is_interactive
from rewards_analytics.loading.sources import File, Input

_DELAY_S: Final = 2.0
"""Loads that end sooner show nothing."""


class Progress:
    """Counts bytes, files and rows; shows nothing by itself."""

    def bytes_read(self, count: int) -> None:
        """Note bytes, as they are before decompression."""

    def file_begun(self) -> None:
        """Note that another file is read."""

    def rows_read(self, count: int) -> None:
        """Note decoded rows."""


class _Bar(Progress):
    """Shows the counts on a bar of tqdm."""

    def __init__(self, bar: Any, files: int) -> None:
        self._bar, self._files = bar, files
        self._begun = self._rows = 0

    def bytes_read(self, count: int) -> None:
        self._bar.update(count)

    def file_begun(self) -> None:
        self._begun += 1

    def rows_read(self, count: int) -> None:
        self._rows += count
        self._bar.set_postfix_str(f"file {self._begun:,} of {self._files:,}, {self._rows:,} rows", refresh=False)


@contextmanager
def progress_bar(inputs: Iterable[Input]) -> Iterator[Progress]:
    """A bar on a terminal and in a notebook, and nothing anywhere else."""
    sizes = [_size(item) for item in inputs if isinstance(item, File)] if is_interactive() else []
    if not sizes:
        yield Progress()
        return
    from tqdm.auto import tqdm

    total = sum(size or 0 for size in sizes) if None not in sizes else None
    with tqdm(
        total=total, desc="Loading", unit="B", unit_scale=True, delay=_DELAY_S, leave=False, file=sys.stderr
    ) as bar:
        yield _Bar(bar, len(sizes))


def _size(file: File) -> int | None:
    """Bytes of a file; None if only reading it can tell."""
    if isinstance(file.content, bytes):
        return len(file.content)
    if isinstance(file.content, Path) and file.content.is_file():
        return file.content.stat().st_size
    return None
