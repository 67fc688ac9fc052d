"""How fast, and with how much memory, rewards are loaded: a table of ratios to peers in the same run.

    python -m tests.benchmarks.loading

Times are of the processor (user and system, over all threads), the least of several runs: on a shared machine they
vary less than the clock, which the table shows too. Memory is the peak of a process that only loads.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

NAMES = [
    "guid", "user_guid", "member_guid", "account_guid", "balance_type", "unit_type", "balance", "expires_on",
    "created_at", "description",
]  # fmt: skip


def line(number: int, rng: random.Random, balance: str | None = None) -> str:
    """One reward as the API writes it; about 380 bytes."""
    account = "null" if number % 5 == 0 else f'"ACT-{number // 2:032d}"'
    expires = "null" if number % 3 else f'"2027-{1 + number % 12:02d}-{1 + number % 28:02d}"'
    kind = ["BALANCE", "TOTAL_BALANCE", "EXPIRING_BALANCE", "BALANCE_TO_LEVEL"][number % 4]
    unit = ["MILES", "POINTS", "DOLLARS", "SEGMENTS"][number % 4]
    amount = balance or f"{rng.randrange(10**6)}.{rng.randrange(100):02d}"
    moment = f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:00+0000"
    return (
        f'{{"guid":"RWD-{number:032d}","user_guid":"USR-{number // 20:032d}","member_guid":"MBR-{number // 10:032d}",'
        f'"account_guid":{account},"balance_type":"{kind}","unit_type":"{unit}","balance":{amount},'
        f'"expires_on":{expires},"created_at":"{moment}","description":"Points in the programme {number % 1000}"}}'
    )


# --- The data ---------------------------------------------------------------------------------------


def write_data(folder: Path, rows: int, pages: int, large: int) -> None:
    """Make the same data each time, from a seed."""
    rng = random.Random(1)
    bad = set(rng.sample(range(rows), 10))
    with (folder / "clean.ndjson").open("w") as clean, (folder / "bad.ndjson").open("w") as spoiled:
        for number in range(rows):
            good = line(number, rng)
            clean.write(f"{good}\n")
            spoiled.write(f"{line(number, rng, '12,50')}\n" if number in bad else f"{good}\n")
    (folder / "pages").mkdir()
    for page in range(pages):
        rewards = ",".join(line(page * 60 + number, rng) for number in range(60))
        (folder / "pages" / f"{page:05}.json").write_text(f'{{"rewards":[{rewards}],"pagination":{{}}}}')
    _write_parquet(folder, large)


def _write_parquet(folder: Path, rows: int) -> None:
    """Parquet of many rows: the clean ones again and again, each time with guids of their own."""
    import polars as pl

    import rewards_analytics as ra

    rewards = ra.load(folder / "clean.ndjson")
    (folder / "large").mkdir()
    for part in range(-(-rows // len(rewards))):
        own = pl.concat_str(pl.lit(f"{part}-"), "guid")
        users = pl.concat_str(pl.lit(f"{part}-"), "user_guid")
        ra.write(rewards.with_columns(own.alias("guid"), users.alias("user_guid")), folder / f"large/{part:03}.parquet")


# --- What is compared -------------------------------------------------------------------------------


def load_clean(folder: Path) -> Any:
    import rewards_analytics as ra

    return ra.load(folder / "clean.ndjson")


def load_with_bad_rows(folder: Path) -> Any:
    import rewards_analytics as ra

    try:
        ra.load(folder / "bad.ndjson")
    except ra.InvalidRewardsError as error:
        return error.rejected
    raise AssertionError("the bad rows were not found")


def load_pages(folder: Path) -> Any:
    import rewards_analytics as ra

    return ra.load(folder / "pages")


def polars_inexact(folder: Path) -> Any:
    import polars as pl

    return pl.read_ndjson(folder / "clean.ndjson").with_columns(
        pl.col("expires_on").str.to_date(),
        pl.col("created_at").str.to_datetime("%Y-%m-%dT%H:%M:%S+0000", time_zone="UTC"),
    )


def duckdb_inexact(folder: Path) -> Any:
    import duckdb

    types = dict.fromkeys(NAMES, "VARCHAR") | {
        "balance": "DECIMAL(38, 9)",
        "expires_on": "DATE",
        "created_at": "TIMESTAMP",
    }
    # To a Polars frame, as `load` gives one; its Arrow table alone takes about a tenth less.
    return duckdb.connect().read_json(str(folder / "clean.ndjson"), columns=types).pl()


def pandas_with_conversions(folder: Path) -> Any:
    import pandas as pd
    import pyarrow as pa

    frame = pd.read_json(folder / "clean.ndjson", lines=True, dtype=False, convert_dates=False)
    table = pa.table({name: pa.array(frame[name], from_pandas=True) for name in NAMES})
    amounts = table["balance"].cast(pa.string()).cast(pa.decimal128(38, 9))
    moments = table["created_at"].cast(pa.timestamp("us", "UTC"))
    days = table["expires_on"].cast(pa.date32())
    typed = table.set_column(6, "balance", amounts).set_column(7, "expires_on", days)
    return typed.set_column(8, "created_at", moments).to_pandas(types_mapper=pd.ArrowDtype)


def pages_with_json_normalize(folder: Path) -> Any:
    import pandas as pd

    pages = (json.loads(path.read_bytes()) for path in sorted((folder / "pages").iterdir()))
    return pd.concat([pd.json_normalize(page, "rewards") for page in pages])


def scan_large(folder: Path) -> Any:
    import rewards_analytics as ra

    return ra.balances(ra.scan(folder / "large")).collect(engine="streaming")


# --- Measuring --------------------------------------------------------------------------------------


class Cost(NamedTuple):
    """Seconds of the processor and of the clock, and the peak of memory in MB."""

    processor: float
    clock: float
    peak: float


TASKS: dict[str, Callable[[Path], Any]] = {
    task.__name__: task
    for task in (
        load_clean, load_with_bad_rows, load_pages, polars_inexact, duckdb_inexact, pandas_with_conversions,
        pages_with_json_normalize, scan_large,
    )
}  # fmt: skip


def measure(task: str, folder: Path) -> Cost:
    """Run a task in this process; a first run on nothing would only warm the imports, so they count apart."""
    import duckdb  # noqa: F401
    import pandas as pd  # noqa: F401
    import polars as pl  # noqa: F401
    import pyarrow.json  # noqa: F401

    import rewards_analytics.loading.pipeline  # noqa: F401

    processor, clock = time.process_time(), time.perf_counter()
    result = TASKS[task](folder)
    cost = time.process_time() - processor, time.perf_counter() - clock
    del result
    return Cost(*cost, _peak())


def _peak() -> float:
    """The peak of this process in MB. Linux's `ru_maxrss` would begin with that of the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s*(\d+)", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measured(task: str, folder: Path, runs: int) -> Cost:
    """The least of several runs, each in a process of its own."""
    costs = []
    for _ in range(runs):
        command = [sys.executable, "-m", __spec__.name, "--task", task, "--folder", str(folder)]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        costs.append(Cost(*json.loads(run.stdout.splitlines()[-1])))
    return Cost(*(min(values) for values in zip(*costs, strict=True)))


def report(folder: Path, runs: int) -> Iterator[str]:
    """The table, line by line."""
    costs: dict[str, Cost] = {}
    yield f"{'task':28} {'processor s':>12} {'clock s':>9} {'peak MB':>9}"
    for task in TASKS:
        costs[task] = measured(task, folder, 1 if "pandas" in task or "normalize" in task else runs)
        yield f"{task:28} {costs[task].processor:12.2f} {costs[task].clock:9.2f} {costs[task].peak:9.0f}"
    text = (folder / "clean.ndjson").stat().st_size / 2**20
    yield ""
    yield f"{'ratio':58} {'processor':>9} {'clock':>7}   wanted"
    for label, over, under, wanted in [
        ("load / Polars' inexact reader", "load_clean", "polars_inexact", "<= 0.8"),
        ("load / DuckDB's inexact reader", "load_clean", "duckdb_inexact", "<= 1.25"),
        ("pandas.read_json with conversions / load", "pandas_with_conversions", "load_clean", ">= 10"),
        ("load with 10 bad rows / load", "load_with_bad_rows", "load_clean", "<= 4"),
        ("json_normalize of pages / load of pages", "pages_with_json_normalize", "load_pages", ">= 10"),
    ]:
        one, two = costs[over], costs[under]
        yield f"{label:58} {one.processor / two.processor:9.2f} {one.clock / two.clock:7.2f}   {wanted}"
    yield f"{'peak of load / size of the text':58} {costs['load_clean'].peak / text:9.2f} {'':7}   <= 3"
    yield f"{'peak of balances over a scan of large Parquet, MB':58} {costs['scan_large'].peak:9.0f} {'':7}   < 2048"


def main() -> None:
    """Make the data, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--large", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--task", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        print(json.dumps(measure(options.task, options.folder)))  # noqa: T201
        return
    with tempfile.TemporaryDirectory() as folder:
        write_data(Path(folder), options.rows, options.pages, options.large)
        for text in report(Path(folder), options.runs):
            print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
