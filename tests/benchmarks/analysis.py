"""What the analyses cost, next to what a user would otherwise write: see `__main__`.

Each peer runs in a fresh process in each repetition, and with more than a million rewards in one for each question,
because memory matters there. Engines that take seconds to start (Spark, Dask) answer everything in one process, once.
The peers take turns, so that what else the machine does meets all alike. Seconds count from the scan of the file to the
answer in a Parquet file, without imports and starts. Memory is the peak of the process and its children, of which the
last repetition counts. The answers of the first repetition are compared before anything is counted: all to the last
digit, but those of pandas, which are floats, to nine. Of answers with millions of rows, hashes are compared.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

SHUFFLED: Final = 4_000_000
"""Rewards that are shuffled in memory."""

MOST_COMPARED: Final = 2_000_000
"""Rows of an answer that are compared one by one."""

QUESTIONS: Final = ("balances", "holdings", "totals", "expiring", "aging", "distance", "upcoming", "bands")

RUN = """
import json, os, sys, time
from pathlib import Path
from tests.benchmarks.analysis import children, peak_mb
from tests.benchmarks.peers import PEERS
peer, questions, path, folder = sys.argv[1:]
ask = PEERS[peer](path)
for question in questions.split(","):
    for process in [os.getpid(), *children(os.getpid())]:
        try:
            Path(f"/proc/{process}/clear_refs").write_text("5")  # the peak begins anew
        except OSError:
            pass
    began = time.perf_counter()
    ask(question, f"{folder}/{peer}-{question}.parquet")
    seconds = time.perf_counter() - began
    print(json.dumps({"question": question, "seconds": seconds, "peak_mb": peak_mb(os.getpid())}), flush=True)
os._exit(0)  # some engines take seconds to end
"""


def children(process: int) -> list[int]:
    """The processes that a process has started, and theirs."""
    found = []
    for each in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, each.read_text().split()):
            found += [child, *children(child)]
    return found


def peak_mb(process: int) -> float:
    """The peak of memory of a process and its children, in MB. Linux's `ru_maxrss` begins with that of the parent."""
    peak = 0
    for each in [process, *children(process)]:
        for line in Path(f"/proc/{each}/status").read_text().splitlines():
            peak += int(line.split()[1]) if line.startswith("VmHWM:") else 0
    return peak / 1024


def apart(work: Callable[..., None], *arguments: object) -> None:
    """Work in a process of its own: a child's peak memory begins at that of the process which starts it."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(process.exitcode)


def make_rewards(rows: int, path: Path) -> None:
    """Write made-up rewards, the same each time; to a folder if the name has no ending, in any order."""
    from rewards_analytics.generating import generate

    if path.suffix:
        generate(path, rewards=rows)
        return
    by_user = path.with_suffix(".parquet")
    generate(by_user, rewards=rows)
    _shuffle(by_user, path, -(-rows // SHUFFLED))
    by_user.unlink()


def _shuffle(source: Path, folder: Path, files: int) -> None:
    """Deal the rows out to files, and shuffle each file."""
    import polars as pl

    folder.mkdir()
    with tempfile.TemporaryDirectory(dir=folder.parent) as dealt:
        pl.scan_parquet(source).with_columns(file=pl.col("guid").hash(7) % files).sink_parquet(
            pl.PartitionBy(dealt, key="file", include_key=False), compression="lz4", engine="streaming"
        )
        for number in range(files):
            rows = pl.read_parquet(Path(dealt, f"file={number}", "*.parquet"))
            rows.sample(fraction=1, shuffle=True, seed=number).write_parquet(folder / f"{number}.parquet")


def asked(peer: str, questions: Sequence[str], path: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """Seconds and peak megabytes of some questions, in one fresh process; the answers are written to a folder."""
    command = [sys.executable, "-W", "ignore", "-c", RUN, peer, ",".join(questions), str(path), str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{peer} failed at {', '.join(questions)}:\n{run.stderr[-2000:]}")
    yield from (json.loads(line) for line in run.stdout.splitlines() if line.startswith("{"))


def check_equal(folder: Path, peers: Sequence[str], questions: Sequence[str]) -> None:
    """Compare the answers with those of the first of the peers."""
    import polars as pl
    from polars.testing import assert_frame_equal

    from tests.benchmarks.peers import INEXACT

    for question in questions:
        expected = pl.scan_parquet(folder / f"{peers[0]}-{question}.parquet")
        names = expected.collect_schema().names()
        is_large = expected.select(pl.len()).collect().item() > MOST_COMPARED
        for peer in peers[1:]:
            found = pl.scan_parquet(folder / f"{peer}-{question}.parquet").select(names)
            if is_large and peer not in INEXACT:
                assert_frame_equal(_digest(found), _digest(expected), check_exact=False, rel_tol=1e-12, abs_tol=0)
                continue
            rows, expected_rows = (_sorted(_comparable(each).collect()) for each in (found, expected))
            if peer not in INEXACT:
                assert_frame_equal(rows, expected_rows, check_exact=False, rel_tol=1e-12, abs_tol=0)
                amounts = pl.col(pl.Decimal(38, 9))
                assert rows.select(amounts).equals(expected_rows.select(amounts)), (peer, question)
                continue
            numbers = pl.col(pl.Decimal(38, 9)).cast(pl.Float64)
            floats = _sorted(expected_rows.with_columns(numbers)), _sorted(rows.with_columns(numbers))
            assert_frame_equal(*floats, check_exact=False, rel_tol=1e-9, abs_tol=1e-6)


def _comparable(answer: Any) -> Any:
    """The same answer with the same types."""
    import polars as pl
    from polars import selectors as cs

    schema = answer.collect_schema()
    wide = [name for name, dtype in schema.items() if dtype.is_decimal()]
    return answer.with_columns(
        pl.col(wide).cast(pl.Decimal(38, 9)),
        cs.integer().cast(pl.Int64),
        cs.categorical().cast(pl.String),
        (cs.datetime() | cs.date()).cast(pl.Date),
    ).with_columns(*(pl.col("account_guid").fill_null("") for name in schema if name == "account_guid"))


def _digest(answer: Any) -> Any:
    """The number of rows, a sum of hashes of all that is exact in a row, and the sums of the floats."""
    import polars as pl
    from polars import selectors as cs

    hashes = pl.struct(~cs.float()).hash().reinterpret(signed=True).cast(pl.Int128).sum().alias("hashes")
    return _comparable(answer).select(pl.len(), hashes, cs.float().sum()).collect(engine="streaming")


def _sorted(answer: Any) -> Any:
    from polars import selectors as cs

    texts = [*answer.select(cs.string() | cs.date()).columns]
    return answer.sort(*texts, *(name for name in answer.columns if name not in texts), nulls_last=True)


def measured(
    path: Path, peers: Sequence[str], questions: Sequence[str], repeats: int, say: Callable[[str], None], *, alone: bool
) -> Iterator[dict[str, dict[str, dict[str, list[float]]]]]:
    """After each repetition, seconds and peak megabytes so far, by peer and question; unequal answers end it.

    With `alone`, each question has a process of its own.
    """
    from tests.benchmarks.peers import SESSIONS

    runs: dict[str, dict[str, dict[str, list[float]]]] = {peer: {} for peer in peers}
    with tempfile.TemporaryDirectory() as folder:
        answers = Path(folder)
        for repetition in range(repeats):
            for chosen in [[question] for question in questions] if alone else [questions]:
                for peer in (each for each in peers if each not in SESSIONS):
                    _note(runs[peer], asked(peer, chosen, path, answers))
            for peer in (each for each in peers if each in SESSIONS and not repetition):
                _note(runs[peer], asked(peer, questions, path, answers))
            if not repetition:
                apart(check_equal, answers, peers, questions)
                say(f"Equal answers: {', '.join(peers)}")
            say(f"Repetition {repetition + 1} of {repeats} is done.")
            yield runs


def _note(runs: dict[str, dict[str, list[float]]], found: Iterator[dict[str, Any]]) -> None:
    for run in found:
        cost = runs.setdefault(run["question"], {"seconds": [], "peak_mb": []})
        cost["seconds"].append(round(run["seconds"], 3))
        cost["peak_mb"].append(round(run["peak_mb"]))


# --- Rates of the way in and of a history -----------------------------------------------------------


def rates(rewards: int, folder: Path) -> dict[str, float]:
    """What generating, loading, keeping and closing take: rewards a second, and bytes a reward."""
    import polars as pl

    import rewards_analytics as ra
    from rewards_analytics.generating import generate

    def per_second(count: int, work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        return round(count / (time.perf_counter() - began))

    parquet, text = folder / "rates.parquet", folder / "rates.ndjson"
    days, day = 8, max(rewards // 8, 1)
    found = {
        "generate_per_s": per_second(rewards, lambda: generate(parquet, rewards=rewards)),
        "generate_ndjson_per_s": per_second(rewards, lambda: generate(text, rewards=rewards)),
        "load_ndjson_per_s": per_second(rewards, lambda: ra.load(text)),
        "check_parquet_per_s": per_second(rewards, lambda: ra.check(parquet)),
    }
    history = ra.History(folder / "appended")
    frame = ra.load(parquet)
    on = pl.Series([ra.History(generate(folder / "history", rewards=day, days=days)).dates()]).explode().to_list()
    found["append_per_s"] = per_second(rewards, lambda: history.append(frame, on[-1]))
    kept = ra.History(folder / "history")
    found["roll_forward_per_s"] = per_second(day * days, lambda: ra.roll_forward(kept).collect())
    found["dues_per_s"] = per_second(day * days, lambda: ra.dues(kept).collect())
    found["bytes_parquet"] = round(parquet.stat().st_size / rewards, 2)
    found["bytes_ndjson"] = round(text.stat().st_size / rewards, 2)
    found["bytes_history"] = round(
        sum(each.stat().st_size for each in (folder / "appended").rglob("*.parquet")) / rewards, 2
    )
    return found


def print_rates(rewards: int) -> None:
    """Print the rates as JSON, for the process that started this one."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(rates(rewards, Path(folder))))  # noqa: T201


def rates_apart(rewards: int) -> dict[str, float]:
    """Measure the rates in a fresh process."""
    program = f"from tests.benchmarks.analysis import print_rates; print_rates({rewards})"
    command = [sys.executable, "-W", "ignore", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"TQDM_DISABLE": "1"})
    if run.returncode:
        raise SystemExit(f"The rates could not be measured:\n{run.stderr[-2000:]}")
    found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return found
