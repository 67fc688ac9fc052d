"""Generate this folder's rewards: the same seed and day give the same bytes.

python data/make.py [--out DIR] [--users 25] [--members 40] [--seed 2026] [--today 2026-11-23]
"""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from pathlib import Path

import polars as pl

import rewards_analytics as ra
from rewards_analytics.atrium import MOST_PER_PAGE, JsonObject
from rewards_analytics.sandbox import Clock, World
from rewards_analytics.sandbox.api.calls import cut_page
from rewards_analytics.sandbox.encoding import encode
from rewards_analytics.sandbox.year import Year

DAYS = 365


def main() -> None:
    """Write the same rewards in every format, and a year of daily snapshots of others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--users", type=int, default=25)
    parser.add_argument("--members", type=int, default=40)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--today", type=date.fromisoformat, default=date(2026, 11, 23))
    arguments = parser.parse_args()

    clock = Clock(arguments.today, frozen=True)
    rewards = World(users=arguments.users, seed=arguments.seed, clock=clock).rewards()
    write_all(rewards, arguments.out)
    start = arguments.today - timedelta(days=DAYS - 1)
    write_year(Year(members=arguments.members, seed=arguments.seed, start=start, days=DAYS), arguments.out / "_history")


def write_all(rewards: list[JsonObject], folder: Path) -> None:
    """Write the rewards as the API's own documents, and in each format of `write`."""
    pages = [
        cut_page("rewards", rewards, dict, page=page, per_page=MOST_PER_PAGE)
        for page in range(1, -(-len(rewards) // MOST_PER_PAGE) + 1)
    ]
    documents: dict[str, object] = {
        "list.json": rewards,
        "pages.json": pages,
        "reward.json": {"reward": rewards[0]},
        **{f"pages/page-{number}.json": page for number, page in enumerate(pages, start=1)},
    }
    for name, document in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(encode(document) + "\n", encoding="utf-8")

    frame = ra.load(rewards)
    for ending in ("json", "ndjson", "ndjson.gz", "ndjson.zst", "csv", "csv.gz", "parquet"):
        ra.write(frame, folder / f"rewards.{ending}")


def write_year(year: Year, folder: Path) -> None:
    """Write the snapshots of a year, the state of the members' connections, and the truth behind them."""
    folder.mkdir(parents=True, exist_ok=True)
    rewards, members = [], []
    for snapshot in year.snapshots():
        taken_on = pl.lit(snapshot.taken_on).alias("taken_on")
        rewards.append(snapshot.rewards.with_columns(taken_on))
        members.append(snapshot.members.with_columns(taken_on))
    for name, frames in {"rewards": rewards, "members": members}.items():
        # Small before fast: it is written once.
        pl.concat(frames).write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=15)
    year.truth.write(folder)


if __name__ == "__main__":
    main()
