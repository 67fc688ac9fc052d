"""Questions of a history, asked by our functions and by hand-written Polars: see `history`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.analysis import apart

if TYPE_CHECKING:
    import polars as pl

QUESTIONS = {"roll_forward": 1000, "changes": 1500, "dues": 3000, "lapse": 3000}
"""The questions, with the megabytes that each may take."""

RUN = """
import json, resource, sys, time
from tests.benchmarks.history_flows import PEERS
peer, question, history, out = sys.argv[1:]
began = time.perf_counter()
PEERS[peer](question, history, out)
seconds = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peak_mb": used.ru_maxrss / 1024}))
"""


# --- The questions, asked in two ways ----------------------------------------------------------------


def ours(question: str, history: str, out: str) -> None:
    """The functions of the package."""
    import rewards_analytics

    getattr(rewards_analytics, question)(rewards_analytics.History(history)).sink_parquet(out)


def expert(question: str, history: str, out: str) -> None:
    """Hand-written Polars, pair of days by pair."""
    import polars as pl
    import pyarrow.parquet as pq

    from tests.benchmarks.history_dues import EXPERTS

    if question in EXPERTS:
        EXPERTS[question](history).write_parquet(out)
        return
    if question == "changes":
        writer = None
        for rows in _expert_pairs(history):
            table = rows.sort(_KEY, nulls_last=True).to_arrow()
            writer = writer or pq.ParquetWriter(out, table.schema, compression="zstd")
            writer.write_table(table)
        writer.close()
        return
    status, opening, closing = pl.col("status"), pl.col("opening"), pl.col("closing")
    sums = [
        rows.group_by("from_date", "to_date", "unit_type").agg(
            opening.sum(),
            closing.filter(status == "new").sum().alias("joined"),
            pl.col("earned", "redeemed", "expired").sum(),
            opening.filter(status == "gone").sum().alias("left"),
            closing.sum(),
        )
        for rows in _expert_pairs(history)
    ]
    expired, redeemed = pl.col("expired"), pl.col("redeemed")
    share = expired.cast(pl.Float64) / (expired + redeemed).cast(pl.Float64)
    moves = pl.col("joined", "earned", "redeemed", "expired", "left").sum()
    (
        pl.concat(sums)
        .sort("to_date")
        .group_by("unit_type", pl.col("to_date").dt.truncate("1mo").alias("period"))
        .agg(opening.first(), moves, closing.last())
        .with_columns(expiry_share=pl.when(expired + redeemed > 0).then(share))
        .sort("unit_type", "period")
        .write_parquet(out)
    )


_KEY = ["user_guid", "member_guid", "account_guid", "unit_type"]


def _expert_pairs(history: str) -> Iterator[pl.DataFrame]:
    import polars as pl
    from deltalake import DeltaTable

    scan = pl.scan_delta(history)
    days = sorted(date.fromisoformat(each["taken_on"]) for each in DeltaTable(history).partitions())
    unknown, before = pl.lit(None, pl.Decimal(38, 9)), None
    opening, closing = pl.col("opening"), pl.col("closing")
    held = opening.is_not_null() & closing.is_not_null()
    for place, day in enumerate(days):
        after = _expert_day(scan, day, days[place + 1] if place + 1 < len(days) else day)
        if before is not None:
            yield (
                pl.concat(
                    [
                        before.select(*_KEY, "due", opening="available", closing=unknown),
                        after.select(*_KEY, due=unknown, opening=unknown, closing="available"),
                    ]
                )
                .group_by(_KEY)
                .agg(pl.col("due", "opening", "closing").max())
                .with_columns(
                    status=pl.when(held)
                    .then(pl.lit("held"))
                    .when(opening.is_null())
                    .then(pl.lit("new"))
                    .otherwise(pl.lit("gone")),
                    expired=pl.when(held).then(pl.col("due").clip(0, pl.max_horizontal(opening, 0))),
                )
                .with_columns(flow=closing - opening + pl.col("expired"))
                .select(
                    pl.lit(days[place - 1]).alias("from_date"),
                    pl.lit(day).alias("to_date"),
                    *_KEY,
                    "status",
                    "opening",
                    "closing",
                    "expired",
                    earned=pl.when(pl.col("flow") > 0).then("flow").when(held).then(0),
                    redeemed=pl.when(pl.col("flow") < 0).then(-pl.col("flow")).when(held).then(0),
                )
            )
        before = after


def _expert_day(scan: pl.LazyFrame, day: date, until: date) -> pl.DataFrame:
    import polars as pl

    amount, kind, expires_on = pl.col("balance"), pl.col("balance_type"), pl.col("expires_on")
    due = (expires_on >= day) & (expires_on < until)
    total, plain, lot = kind == "TOTAL_BALANCE", kind == "BALANCE", kind == "EXPIRING_BALANCE"
    parts = {"total": total, "plain": plain, "listed": lot}
    parts |= {"lot": lot & due, "total_lot": total & due, "plain_lot": plain & due}
    totals, plains, lots = pl.col("totals") > 0, pl.col("plains") > 0, pl.col("lots") > 0
    return (
        scan.filter(pl.col("taken_on") == day, total | plain | lot)
        .select(*_KEY, **{name: pl.when(rows).then(amount) for name, rows in parts.items()})
        .group_by(_KEY)
        .agg(
            pl.col("total", "plain", "lot", "total_lot", "plain_lot").sum(),
            totals=pl.col("total").count(),
            plains=pl.col("plain").count(),
            lots=pl.col("listed").count(),
        )
        .filter(totals | plains)
        .select(
            *_KEY,
            available=pl.when(totals).then("total").otherwise("plain"),
            due=pl.when(lots).then("lot").when(totals).then("total_lot").otherwise("plain_lot"),
        )
        .collect(engine="streaming")
    )


PEERS = {"ours": ours, "expert": expert}


# --- Measuring --------------------------------------------------------------------------------------


def measured(peer: str, question: str, history: Path, out: Path) -> dict[str, float]:
    """Seconds, seconds of processor time, and peak megabytes of one question, in a fresh process."""
    command = [sys.executable, "-W", "ignore", "-c", RUN, peer, question, str(history), str(out)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{peer} failed at {question}:\n{run.stderr[-2000:]}")
    result: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return result


def check_equal(ours: Path, expert: Path) -> None:
    """Compare two answers, to the last digit."""
    import polars as pl
    from polars.testing import assert_frame_equal

    found, expected = pl.scan_parquet(ours), pl.scan_parquet(expert)
    columns = found.collect_schema().names()
    amounts = pl.col(pl.Decimal(38, 9))
    if "from_date" not in columns:
        assert_frame_equal(found, expected.select(columns))
        return
    # Too many rows to compare at once: day by day.
    for day in found.select("to_date").unique().collect()["to_date"].sort():
        of_day = pl.col("to_date") == day
        rows = [each.filter(of_day).select("status", amounts, *_KEY).collect() for each in (found, expected)]
        assert_frame_equal(*rows)


def compare(history: Path, folder: Path, repeats: int, questions: Sequence[str]) -> None:
    """Print the best of some runs of each question in processes of their own, and the ratios that are promised."""
    for question in questions:
        best: dict[str, dict[str, float]] = {}
        for _ in range(repeats):
            # In turn, so that what else the machine does meets both alike.
            for peer in PEERS:
                found = measured(peer, question, history, folder / f"{peer}.parquet")
                best[peer] = {name: min(value, best.get(peer, found)[name]) for name, value in found.items()}
        apart(check_equal, folder / "ours.parquet", folder / "expert.parquet")
        ratios = {name: best["ours"][name] / best["expert"][name] for name in ("seconds", "cpu")}
        _say(
            f"{question:14} {best['ours']['seconds']:7.1f} s, {ratios['seconds']:.2f} of the expert's (processor time "
            f"{ratios['cpu']:.2f}; at most 1.3); peak {best['ours']['peak_mb']:.0f} MB (at most {QUESTIONS[question]}; "
            f"expert {best['expert']['peak_mb']:.0f})"
        )


def _say(words: str) -> None:
    print(words, flush=True)  # noqa: T201
