"""Commands that check rewards, or write them in another format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from rewards_analytics.cli.messages import INVALID_DATA, say
from rewards_analytics.cli.options import Source, path_of, source_of
from rewards_analytics.cli.results import show
from rewards_analytics.terminal import printable


def check(source: Source) -> None:
    """Say what a source contains and which rows are not valid rewards; exit with 1 if there are any."""
    from rewards_analytics.loading.check import check

    report = check(source_of(source))
    show(str(report))
    if len(report.rejected):
        raise typer.Exit(INVALID_DATA)


def convert(
    source: Source,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            parser=path_of,
            metavar="PATH",
            help="File to write: .parquet, .ndjson, .json or .csv; text also .gz or .zst.",
        ),
    ],
    on_invalid: Annotated[
        Literal["raise", "drop"], typer.Option("--on-invalid", help="Refuse invalid rows, or leave them out.")
    ] = "raise",
) -> None:
    """Write the rewards of a source to one file, exactly. A write that fails leaves no partial file behind.

    Parquet is sorted by user, so that an analysis needs few users in memory at a time.
    """
    from rewards_analytics.loading import by_user
    from rewards_analytics.loading.kinds import kind_of
    from rewards_analytics.loading.load import load
    from rewards_analytics.loading.write import write

    rewards = load(source_of(source), on_invalid=on_invalid)
    # What fits into one row group is read at once, in any order.
    if kind_of(out.name) == "parquet" and len(rewards) > by_user.ROW_GROUP:
        rewards = rewards.sort("user_guid", maintain_order=True)
    path = write(rewards, out)
    say(printable(f"{len(rewards):,} rewards written to {path}"))
