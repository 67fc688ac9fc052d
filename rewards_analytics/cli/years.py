"""A year of a sandbox: daily snapshots of a synthetic world in a history, with the truth in a folder of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rewards_analytics.cli.messages import say
from rewards_analytics.cli.results import show
from rewards_analytics.errors import ArgumentError
from rewards_analytics.files import writable_folder

if TYPE_CHECKING:
    from rewards_analytics.history import History

DAYS = 365


def write_year(path: str, *, members: int, seed: int, start: date | None, days: int) -> None:
    """Write the snapshots of `days` days into the history at `path`, and the truth into a folder named after it."""
    from rewards_analytics.history import History
    from rewards_analytics.sandbox.year import Year

    year = Year(members=members, seed=seed, start=_first_day(start, days), days=days)
    folder = _truth_folder(path)
    history = History(path)
    _refuse_days(history, path)
    writable_folder(folder)
    say(f"Writing {days:,} daily snapshots of {members:,} synthetic members.")
    for snapshot in year.snapshots():
        # In a world of two or three members, a day may list nobody. Such a day is left out.
        if len(snapshot.rewards):
            history.append(snapshot.rewards, snapshot.taken_on, snapshot.members)
    year.truth.write(folder)
    show(f"History: {path}\nTruth:   {folder}  (README.md describes it)")


def _first_day(start: date | None, days: int) -> date:
    """Day of the first snapshot, so that the last one is of today or earlier."""
    today = datetime.now(UTC).date()
    if days < 1:
        raise ArgumentError.below("days", days, 1, kind="an integer")
    if days > (today - date.min).days:
        raise ArgumentError(f"--days {days} is more than the calendar has. Pass fewer days.")
    if start is None:
        return today - timedelta(days=days - 1)
    if (today - start).days < days - 1:
        last = today - timedelta(days=days - 1)
        raise ArgumentError(f"{days:,} days from {start} end in the future. Pass --from {last} or an earlier day.")
    return start


def _truth_folder(path: str) -> Path:
    """Folder of the truth: never inside the table, whose files are the table's own."""
    if "://" in path:
        raise ArgumentError(
            f"--history {path} is not a folder. Name one; its truth is written into a folder next to it."
        )
    folder = Path(path)
    if not folder.name:
        raise ArgumentError(f"--history {path!r} has no name to call the truth after. Name a new folder.")
    return folder.with_name(f"{folder.name}-truth")


def _refuse_days(history: History, path: str) -> None:
    if dates := history.dates():
        raise ArgumentError(
            f"{path} already has the snapshots of {len(dates):,} days, {dates[0]} to {dates[-1]}. Name a new folder."
        )
