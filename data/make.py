"""Make this folder's rewards again: the same seed and day give the same bytes.

python data/make.py [--out DIR] [--users 25] [--seed 2026] [--today 2026-11-23]
"""

from __future__ import annotations

import argparse
from datetime import date
from pathlib import Path
from typing import Any

import rewards_analytics as ra
from rewards_analytics.sandbox import Clock, World
from rewards_analytics.sandbox.wire import encode

PER_PAGE = 100


def main() -> None:
    """Write every form of the same rewards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    parser.add_argument("--users", type=int, default=25)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--today", type=date.fromisoformat, default=date(2026, 11, 23))
    arguments = parser.parse_args()

    clock = Clock(arguments.today, frozen=True)
    rewards = World(users=arguments.users, seed=arguments.seed, clock=clock).rewards()
    write_all(rewards, arguments.out)


def write_all(rewards: list[dict[str, Any]], folder: Path) -> None:
    """Write the rewards as the API's own documents, and in each form that `write` knows."""
    pages = [
        {"rewards": rewards[start : start + PER_PAGE], "pagination": pagination(start, len(rewards))}
        for start in range(0, len(rewards), PER_PAGE)
    ]
    documents: dict[str, Any] = {
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


def pagination(start: int, entries: int) -> dict[str, int]:
    """The `pagination` of the page that begins with this entry."""
    return {
        "current_page": start // PER_PAGE + 1,
        "per_page": PER_PAGE,
        "total_entries": entries,
        "total_pages": -(-entries // PER_PAGE),
    }


if __name__ == "__main__":
    main()
