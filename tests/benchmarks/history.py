"""What a history costs: `python -m tests.benchmarks.history [--days 365] [--holdings 100000]`.

Run it from the root of the project.

- `append`: the time of the last days over that of the days around the tenth (at most 1.5), and over hand-written
  Polars, which sorts the same frame and writes it to Parquet;
- `scan`: a month added up per day and unit, over hand-written Polars on the files of that month, and the number of
  files that were opened, which must be those of the month;
- `roll_forward`, and `changes` written to Parquet: their time over that of an expert's Polars that goes pair of days by
  pair too (at most 1.3), and their peak memory (at most 1 GB and 1.5 GB). The answers are equal to the last digit.
- `dues` and `lapse`: their time over that of a hand-written sweep that holds only dues not yet past (at most 1.3), and
  their peak memory (at most 3 GB). The answers are equal to the last digit.

Days differ as they do for people: some holdings earn, some redeem, lots expire and come again. With `--folder DIR` the
history stays there, and the next run measures reading alone.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

import rewards_analytics as ra
from rewards_analytics.schema import KEY
from tests.benchmarks.history_flows import QUESTIONS, compare
from tests.history.opened_files import opened_files

FIRST = date(2025, 1, 1)
WINDOW = 10
"""Days of which the fastest counts, because other work on the machine only adds."""


def snapshots(days: int, holdings: int) -> Iterator[tuple[date, pl.DataFrame]]:
    """Draw each day's rewards from a seed: a balance per holding, a lot in two of five, a goal in one of ten."""
    chance = np.random.default_rng(12)
    number = np.arange(holdings)
    units = np.array(["DOLLARS", "MILES", "POINTS", "SEGMENTS"])[number % 4]
    cents = chance.integers(10**4, 10**8, holdings)
    has_lot, has_goal = number % 5 < 2, number % 10 == 9
    expires = chance.integers(1, 400, holdings)
    key = pl.DataFrame({"holding": number, "unit_type": units}).select(
        user_guid=pl.format("USR-{}-4c1f-9d1e-8a7b6c5d4e3f", pl.col("holding") // 4),
        member_guid=pl.format("MBR-{}-4c1f-9d1e-8a7b6c5d4e3f", pl.col("holding") // 2),
        account_guid=pl.when(pl.col("holding") % 3 != 0).then(pl.format("ACT-{}-4c1f-9d1e", "holding")),
        unit_type="unit_type",
    )
    for day in range(days):
        cents += np.where(chance.random(holdings) < 0.03, chance.integers(10**3, 10**6, holdings), 0)
        cents -= np.where(chance.random(holdings) < 0.01, chance.integers(0, cents), 0)
        gone = has_lot & (expires < day)
        cents -= np.where(gone, cents // 10, 0)
        expires = np.where(gone, day + 365, expires)
        rows = [
            _rows(key, f"{day}-B", "BALANCE", cents),
            _rows(key, f"{day}-E", "EXPIRING_BALANCE", cents // 10, expires).filter(pl.Series(has_lot)),
            _rows(key, f"{day}-G", "BALANCE_TO_LEVEL", 10**8 - cents).filter(pl.Series(has_goal)),
        ]
        yield FIRST + timedelta(days=day), pl.concat(rows).sample(fraction=1, shuffle=True, seed=day)


def _rows(
    key: pl.DataFrame, prefix: str, balance_type: str, cents: np.ndarray, expires: np.ndarray | None = None
) -> pl.DataFrame:
    days = pl.Series(np.zeros(len(key), int) if expires is None else expires)
    return key.select(
        pl.format(f"RWD-{prefix}-{{}}-8a7b6c5d4e3f", pl.int_range(pl.len())).alias("guid"),
        *KEY[:3],
        pl.lit(balance_type).alias("balance_type"),
        "unit_type",
        (pl.Series(cents).cast(pl.Decimal(38, 9)) / 100).cast(pl.Decimal(38, 9)).alias("balance"),
        (pl.lit(FIRST) + pl.duration(days=days) if expires is not None else pl.lit(None, pl.Date)).alias("expires_on"),
        pl.datetime(2025, 1, 1, time_zone="UTC", time_unit="us").alias("created_at"),
        pl.lit("Miles").alias("description"),
    )


def seconds(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def append(history: ra.History, days: int, holdings: int, folder: Path) -> None:
    """Append every day, and print what the last ones cost."""
    ours, peers = [], []
    for on, rewards in snapshots(days, holdings):
        ours.append(seconds(lambda on=on, rewards=rewards: history.append(rewards, on)))
        if len(ours) >= days - WINDOW:
            file = folder / "day.parquet"
            peers.append(seconds(lambda rewards=rewards, file=file: rewards.sort(KEY).write_parquet(file)))
    tenth, last = min(ours[4 : 4 + WINDOW]), min(ours[-WINDOW:])
    _say(f"append: {last:.2f} s for {rewards.height:,} rewards; {history!r}")
    _say(f"  day {days} over day 10: {last / tenth:.2f} (at most 1.5)")
    _say(f"  over hand-written Polars: {last / min(peers):.2f}")


def scan(history: ra.History, folder: Path) -> None:
    """Add up a month, and print the ratio and the files that were opened."""
    last = history.dates()[-1]
    month = last.replace(day=1) if last.day > 27 else (last.replace(day=1) - timedelta(days=1)).replace(day=1)
    end = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    files = sorted(folder.glob(f"taken_on={month:%Y-%m}-*/*.parquet"))

    def summed(rewards: pl.LazyFrame) -> pl.DataFrame:
        sums = rewards.group_by("taken_on", "unit_type").agg(pl.col("balance").sum())
        return sums.sort("taken_on", "unit_type").collect(engine="streaming")

    def ours() -> pl.DataFrame:
        return summed(history.scan(month, end))

    def expert() -> pl.DataFrame:
        return summed(pl.scan_parquet(files, hive_partitioning=True, hive_schema={"taken_on": pl.Date}))

    assert ours().equals(expert())
    times = [(seconds(ours), seconds(expert)) for _ in range(WINDOW)]
    ratio = min(our for our, _ in times) / min(their for _, their in times)
    with opened_files(folder) as opened:
        ours()
    assert opened == {path.name for path in files}
    _say(f"scan of {month:%B %Y}: {min(our for our, _ in times):.2f} s")
    _say(f"  over hand-written Polars: {ratio:.2f}")
    _say(f"  files opened: {len(opened)}, those of the month, of {len(history.dates())}")


def main() -> None:
    """Make the history if it is not there, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--holdings", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where the history is, or will be and stays")
    parser.add_argument("--repeats", type=int, default=2, help="runs of each question")
    parser.add_argument("--questions", nargs="*", default=list(QUESTIONS), choices=list(QUESTIONS))
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = arguments.folder or scratch / "history"
        history = ra.History(folder)
        if not history.dates():
            append(history, arguments.days, arguments.holdings, scratch)
        scan(history, folder)
        compare(folder, scratch, arguments.repeats, arguments.questions)


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
