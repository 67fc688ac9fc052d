"""The questions that a cluster answers, and the files that they are about."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from polars.testing import assert_frame_equal

import rewards_analytics as ra
from rewards_analytics.cli.engines import collected
from rewards_analytics.reporting.facts import report_facts
from tests.benchmarks.analysis import make_rewards
from tests.frames import ANALYSES, OVER_TIME, TODAY

FACTS = ("headline", "source", "csv")
FILES, DAYS, ROWS = 8, 4, 2_000


def write_files(folder: Path) -> Path:
    """Write rewards as Parquet, the same as several files of NDJSON, and a history of some days."""
    make_rewards(ROWS, folder / "rewards.parquet")
    rewards = pl.read_parquet(folder / "rewards.parquet")
    (folder / "ndjson").mkdir()
    for number, part in enumerate(rewards.iter_slices(ROWS // FILES)):
        ra.write(part, folder / f"ndjson/{number}.ndjson")
    history = ra.History(folder / "history")
    for number in range(DAYS):
        on = date(2026, 9, 1) + timedelta(days=20 * number)
        # Some rewards are gone on each day, and what is held goes up and down.
        kept = rewards.filter((pl.int_range(pl.len()) + number) % 7 != 0)
        amount = (pl.col("balance") * pl.lit(1 + number % 3)).cast(pl.Decimal(38, 9))
        history.append(kept.with_columns(balance=amount), on)
    return folder


def ask(name: str, rewards: Any, history: Any) -> Any:
    """Answer a question: a frame in its order, or facts."""
    if name == "facts":
        facts = report_facts(rewards, as_of=TODAY, history=history)
        return {key: facts[key] for key in FACTS}
    return collected(ANALYSES[name](rewards) if name in ANALYSES else OVER_TIME[name](history), name)


QUESTIONS = (*ANALYSES, *OVER_TIME, "facts")


def assert_same(found: Any, expected: Any) -> None:
    """Assert that two answers are the same: to the last digit, but for floats, which are shares and not amounts."""
    if isinstance(expected, dict):
        assert found == expected
        return
    shares = pl.selectors.float()
    assert_frame_equal(found.select(~shares), expected.select(~shares))
    assert_frame_equal(found.select(shares), expected.select(shares), rel_tol=1e-12)
