"""`dues` and `lapse` of a history as an expert writes them by hand in Polars: see `history`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import polars as pl

KEY = ["user_guid", "member_guid", "account_guid", "unit_type"]
DUE = ["holding", "expires_on"]
LEADS = [7, 14, 30, 60, 90, 180, 365]


class Day(NamedTuple):
    """What one snapshot lists; `holding` is a number for the key."""

    on: date
    due: pl.DataFrame
    known: pl.DataFrame


class Sweep:
    """The snapshots one after the other."""

    def __init__(self, history: str) -> None:
        from deltalake import DeltaTable

        self._scan = pl.scan_delta(history)
        self._days = sorted(date.fromisoformat(each["taken_on"]) for each in DeltaTable(history).partitions())
        self.keys = pl.DataFrame(schema=dict.fromkeys(KEY, pl.String) | {"holding": pl.UInt32})

    def pairs(self) -> Iterator[tuple[Day, Day | None]]:
        """Each day with the next."""
        before = None
        for day in self._days:
            after = self._read(day)
            if before is not None:
                yield before, after
            before = after
        if before is not None:
            yield before, None

    def _read(self, day: date) -> Day:
        amount, kind, expires_on = pl.col("balance"), pl.col("balance_type"), pl.col("expires_on")
        kinds = {"total": "TOTAL_BALANCE", "plain": "BALANCE", "lot": "EXPIRING_BALANCE"}
        sums = (
            self._scan.filter(pl.col("taken_on") == day, kind.is_in(list(kinds.values())))
            .select(*KEY, "expires_on", **{name: pl.when(kind == value).then(amount) for name, value in kinds.items()})
            .group_by(*KEY, "expires_on")
            .agg(pl.col(kinds).sum(), **{f"{name}s": pl.col(name).count() for name in kinds})
            .collect(engine="streaming")
        )
        numbered = sums.join(self.keys, on=KEY, how="left", nulls_equal=True)
        if numbered["holding"].null_count():
            new = numbered.filter(pl.col("holding").is_null()).select(KEY).unique()
            self.keys = pl.concat(
                [self.keys, new.with_columns(holding=pl.int_range(pl.len(), dtype=pl.UInt32) + len(self.keys))]
            ).rechunk()
            numbered = sums.join(self.keys, on=KEY, nulls_equal=True)
        counts = numbered.group_by("holding").agg(pl.col("totals", "plains", "lots").sum())
        known = counts.filter((pl.col("totals") > 0) | (pl.col("plains") > 0))
        due = (
            numbered.filter(expires_on >= day)
            .select(*DUE, "total", "plain", "lot")
            .join(known, on="holding")
            .select(
                *DUE,
                due=pl.when(pl.col("lots") > 0).then("lot").when(pl.col("totals") > 0).then("total").otherwise("plain"),
            )
            .filter(pl.col("due") > 0)
        )
        return Day(day, due, known.select("holding"))


def dues(history: str) -> pl.DataFrame:
    """The rows of `dues`."""
    sweep, found = Sweep(history), []
    waiting = pl.DataFrame(schema={"holding": pl.UInt32, "expires_on": pl.Date})
    for at, after in sweep.pairs():
        day = pl.lit(at.on)
        if waiting.width == 2:
            waiting = at.due.select(*DUE, first_seen=day, last_seen=day, first_due="due", last_due="due")
        else:
            there = pl.col("due").is_not_null()
            new = at.due.join(waiting, on=DUE, how="anti")
            waiting = pl.concat(
                [
                    waiting.join(at.due, on=DUE, how="left")
                    .with_columns(
                        last_seen=pl.when(there).then(day).otherwise("last_seen"),
                        last_due=pl.when(there).then("due").otherwise("last_due"),
                    )
                    .drop("due"),
                    new.select(*DUE, first_seen=day, last_seen=day, first_due="due", last_due="due"),
                ]
            )
        if after is None:
            unknown = pl.lit(None, pl.Decimal(38, 9))
            found.append(waiting.with_columns(left=unknown, outcome=pl.lit("ahead")))
            break
        past = pl.col("expires_on") < after.on
        ended, waiting = waiting.filter(past), waiting.filter(~past)
        known = at.known.join(after.known, on="holding", how="semi").with_columns(known=True)
        left = pl.when("known").then(pl.when(pl.col("last_seen") == at.on).then("last_due").otherwise(0))
        found.append(
            ended.join(known, on="holding", how="left")
            .with_columns(left=left)
            .drop("known")
            .with_columns(
                outcome=pl.when(pl.col("left") > 0)
                .then(pl.lit("expired"))
                .otherwise(pl.when(pl.col("left") == 0).then(pl.lit("saved")).otherwise(pl.lit("unknown")))
            )
        )
    return (
        pl.concat(found)
        .join(sweep.keys, on="holding")
        .select(*KEY, pl.exclude("holding", *KEY))
        .sort("expires_on", *KEY, nulls_last=True)
    )


def lapse(history: str) -> pl.DataFrame:
    """The rows of `lapse`."""
    sweep = Sweep(history)
    waiting, sums = None, []
    for at, after in sweep.pairs():
        if after is None:
            break
        days_left, lead = (pl.col("expires_on") - pl.lit(at.on)).dt.total_days(), pl.col("lead_days")
        longest = pl.coalesce(pl.when(days_left >= lead).then(lead) for lead in reversed(LEADS))
        sampled = at.due.with_columns(lead_days=longest.cast(pl.Int64)).filter(
            days_left - lead < (after.on - at.on).days
        )
        waiting = sampled if waiting is None else pl.concat([waiting, sampled])
        past = pl.col("expires_on") < after.on
        ended, waiting = waiting.filter(past), waiting.filter(~past)
        if ended.is_empty():
            continue
        left = pl.col("left").fill_null(0)
        sums.append(
            ended.join(at.known, on="holding", how="semi")
            .join(after.known, on="holding", how="semi")
            .join(at.due.rename({"due": "left"}), on=DUE, how="left")
            .join(sweep.keys.select("holding", "unit_type"), on="holding")
            .group_by("unit_type", "lead_days")
            .agg(pl.col("due").sum(), expired=pl.min_horizontal("due", left).sum(), dues=pl.len())
        )
    share = pl.col("expired").cast(pl.Float64) / pl.col("due").cast(pl.Float64)
    return (
        pl.concat(sums)
        .group_by("unit_type", "lead_days")
        .agg(pl.col("due", "expired").sum(), pl.col("dues").sum().cast(pl.Int64))
        .with_columns(saved=pl.col("due") - pl.col("expired"), share_expired=share)
        .sort("unit_type", "lead_days")
    )


EXPERTS = {"dues": dues, "lapse": lapse}
