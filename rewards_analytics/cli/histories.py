"""Commands that keep a history: one snapshot of rewards a day, from a scheduled job."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from rewards_analytics.cli.messages import say_error, status_of
from rewards_analytics.cli.options import HistoryPath, Source, date_of, source_of
from rewards_analytics.errors import RewardsError


def snapshot(
    source: Source,
    history: HistoryPath,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--on", formats=["%Y-%m-%d"], metavar="YYYY-MM-DD", help="Day of the snapshot; today in UTC if not given."
        ),
    ] = None,
    vacuum: Annotated[
        bool, typer.Option("--vacuum", help="Also remove files that have not been needed for a week.")
    ] = False,
) -> None:
    """Add the rewards of a source to a history as the snapshot of one day; replace that day's snapshot if there is one.

    It is made for cron: it prints nothing, or one line if it fails. It also keeps the freshness of the members, which
    pull leaves in its folder.
    """
    try:
        _append(source, history, date_of(on) or datetime.now(UTC).date(), vacuum=vacuum)
    except RewardsError as error:
        say_error(" ".join(str(error).split()))
        raise typer.Exit(status_of(error)) from error


def _append(source: str, path: str, on: date, *, vacuum: bool) -> None:
    from rewards_analytics.client.pull.freshness import MEMBERS_FILE, read_members
    from rewards_analytics.history import History

    history = History(path)
    kept = os.path.join(source, MEMBERS_FILE)  # noqa: PTH118 - a source need not be a path
    history.append(source_of(source), on, read_members(Path(kept)) if os.path.isfile(kept) else None)  # noqa: PTH113
    if vacuum:
        history.vacuum()
