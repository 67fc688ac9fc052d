"""The command that makes rewards of any number of made-up users."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from rewards_analytics.cli.messages import say
from rewards_analytics.cli.options import date_of
from rewards_analytics.terminal import printable
from rewards_analytics.wording import count


def generate(
    out: Annotated[
        str,
        typer.Argument(
            help="A file (.parquet, .ndjson, .json, .csv; text also .gz and .zst), or a new folder: of Parquet files, "
            "or of a history with --days.",
            metavar="OUT",
        ),
    ],
    rewards: Annotated[
        int, typer.Option("--rewards", metavar="N", help="Number of rewards; of a history, those of each day.")
    ] = 1_000_000,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of every random choice.")] = 2026,
    days: Annotated[
        int | None, typer.Option("--days", metavar="N", help="Write a history with this many daily snapshots.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            "--as-of",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="Day of the (last) snapshot; 2026-11-23 if not given, so that the same seed gives the same rewards.",
        ),
    ] = None,
) -> None:
    """Write any number of rewards of made-up users, for tests and measurements.

    Memory use does not grow with their number. They are sorted by user, and the same seed gives the same rewards.
    """
    from rewards_analytics.generating import generate

    written = generate(out, rewards=rewards, seed=seed, days=days, as_of=date_of(as_of))
    of_days = f" a day, on {count(days, 'day')}," if days else ""
    say(printable(f"{count(rewards, 'reward')}{of_days} written to {written}"))
