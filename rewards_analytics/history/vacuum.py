"""Files that no version needs any more: those of replaced days, and those of writers that were killed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from rewards_analytics.history import members
from rewards_analytics.history.table import Version

RETENTION_HOURS: Final = 168
"""A week, as Delta's own; a reader may still compute on the files of a day that was replaced."""

_MOST_HOURS: Final = 8_760_000
"""A thousand years: no file is as old, and many more are out of the range of times."""

_STAGED: Final = re.compile(r".*#\d+")
"""Names of files that deltalake has not moved into place end like this; its own vacuum does not see them."""


def vacuum(version: Version, retention_hours: int) -> None:
    """Remove what has not been needed for some hours, and write a checkpoint."""
    retention_hours = min(retention_hours, _MOST_HOURS)
    before = datetime.now(UTC) - timedelta(hours=retention_hours)
    version.table.vacuum(retention_hours, dry_run=False, enforce_retention_duration=False, full=True)
    for file in members.unreferenced(version):
        if file.mtime <= before:
            version.location.files.delete_file(file.path)
    if version.location.folder is not None:
        for path in _staged(version.location.folder, before):
            path.unlink(missing_ok=True)
    version.table.create_checkpoint()


def _staged(folder: Path, before: datetime) -> Iterator[Path]:
    for path in folder.rglob("*#*"):
        if _STAGED.fullmatch(path.name) and path.is_file() and path.stat().st_mtime <= before.timestamp():
            yield path
