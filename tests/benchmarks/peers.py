"""The six questions, asked by our functions and written by hand in three other ways."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl

import rewards_analytics
from tests.benchmarks.analysis import QUESTIONS

AS_OF = date(2026, 11, 23)
KEY = ["user_guid", "member_guid", "account_guid", "unit_type"]
EDGES = {"expired": -1, "0-30": 30, "31-60": 60, "61-90": 90, "91-180": 180, "181-365": 365}

Ask = Callable[[str], pl.DataFrame]


# --- Ours -------------------------------------------------------------------------------------------


def ours(path: str) -> Ask:
    """The functions on a lazy scan, computed as a user of Polars would."""
    _ = [getattr(rewards_analytics, question) for question in QUESTIONS]  # imports do not count
    return lambda question: analysis(question, pl.scan_parquet(path)).collect(engine="streaming")


def analysis(question: str, rewards: Any) -> Any:
    days = {"as_of": AS_OF} if question in ("expiring", "aging") else {}
    return getattr(rewards_analytics, question)(rewards, **days)


def ours_on(engine: str) -> Callable[[str], Ask]:
    """The functions on another kind of frame; reading the file counts, as it does for a lazy scan."""

    def peer(path: str) -> Ask:
        def ask(question: str) -> pl.DataFrame:
            result = nw.from_native(analysis(question, FRAMES[engine](path)))
            collected: pl.DataFrame = result.lazy().collect(backend="polars").to_native()
            return collected

        return ask

    return peer


def _pyspark(path: str) -> Any:
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.sql.session.timeZone", "UTC")
    return session.config("spark.driver.memory", "8g").getOrCreate().read.parquet(path)


def _dask(path: str) -> Any:
    import dask.dataframe as dd

    return dd.read_parquet(path, dtype_backend="pyarrow", split_row_groups=True)


def _duckdb(path: str) -> Any:
    import duckdb

    return duckdb.read_parquet(path)


def _pandas(path: str) -> Any:
    return pd.read_parquet(path, dtype_backend="pyarrow")


def _pyarrow(path: str) -> Any:
    import pyarrow.parquet as pq

    return pq.read_table(path)


FRAMES: dict[str, Callable[[str], Any]] = {
    "polars": pl.scan_parquet,
    "pyarrow": _pyarrow,
    "pandas": _pandas,
    "duckdb": _duckdb,
    "dask": _dask,
    "pyspark": _pyspark,
}


# --- An expert's Polars -----------------------------------------------------------------------------

_type, _balance, _expires_on = pl.col("balance_type"), pl.col("balance"), pl.col("expires_on")


def expert(path: str) -> Ask:
    """Hand-written lazy queries, streamed."""
    asks = {
        "balances": _expert_balances,
        "holdings": lambda rewards: _expert_holdings(rewards).sort(KEY, nulls_last=True),
        "totals": _expert_totals,
        "expiring": _expert_expiring,
        "aging": _expert_aging,
        "distance": _expert_distance,
    }
    return lambda question: asks[question](pl.scan_parquet(path)).collect(engine="streaming")


def _expert_balances(rewards: pl.LazyFrame) -> pl.LazyFrame:
    key = ["unit_type", "balance_type"]
    return rewards.group_by(key).agg(_balance.sum(), pl.len().cast(pl.Int64).alias("rewards")).sort(key)


def _expert_holdings(rewards: pl.LazyFrame) -> pl.LazyFrame:
    kinds = {"total": "TOTAL_BALANCE", "plain": "BALANCE", "lot": "EXPIRING_BALANCE"}
    columns = {name: pl.when(_type == kind).then(_balance) for name, kind in kinds.items()}
    columns |= {f"{name}_on": pl.when(_type == kind).then(_expires_on) for name, kind in kinds.items()}
    dated = _expires_on.is_not_null()
    columns |= {f"{name}_lot": pl.when((_type == kinds[name]) & dated).then(_balance) for name in ("total", "plain")}
    sums = (
        rewards.select(*KEY, **columns)
        .group_by(KEY)
        .agg(
            pl.col("total", "plain", "lot", "total_lot", "plain_lot").sum(),
            pl.col("total_on", "plain_on", "lot_on").min(),
            *(pl.col(name).count().alias(f"{name}s") for name in kinds),
        )
    )
    totals, plains, lots = pl.col("totals") > 0, pl.col("plains") > 0, pl.col("lots") > 0
    return sums.select(
        *KEY,
        available=pl.when(totals).then("total").when(plains).then("plain"),
        expiring=pl.when(lots).then("lot").when(totals).then("total_lot").otherwise("plain_lot"),
        next_expiry=pl.when(lots).then("lot_on").when(totals).then("total_on").otherwise("plain_on"),
    )


def _expert_totals(rewards: pl.LazyFrame) -> pl.LazyFrame:
    known = pl.col("available").is_not_null()
    return (
        _expert_holdings(rewards)
        .with_columns(member=pl.when(known).then("member_guid"), user=pl.when(known).then("user_guid"))
        .group_by("unit_type")
        .agg(
            pl.col("available", "expiring").sum(),
            pl.col("available").count().cast(pl.Int64).alias("holdings"),
            (pl.col("member").n_unique().cast(pl.Int64) - pl.col("member").has_nulls()).alias("members"),
            (pl.col("user").n_unique().cast(pl.Int64) - pl.col("user").has_nulls()).alias("users"),
        )
        .sort("unit_type")
    )


def _expert_lots(rewards: pl.LazyFrame) -> pl.LazyFrame:
    listed, totals = rewards.filter(_type == "EXPIRING_BALANCE"), rewards.filter(_type == "TOTAL_BALANCE")
    dated = rewards.filter(_type.is_in(["BALANCE", "TOTAL_BALANCE"]) & _expires_on.is_not_null())
    unlisted = dated.join(listed.select(KEY), on=KEY, how="anti", nulls_equal=True)
    plain = unlisted.filter(_type == "BALANCE").join(totals.select(KEY), on=KEY, how="anti", nulls_equal=True)
    parts = [listed, unlisted.filter(_type == "TOTAL_BALANCE"), plain]
    return pl.concat([part.select("unit_type", "balance", "expires_on") for part in parts])


def _expert_expiring(rewards: pl.LazyFrame) -> pl.LazyFrame:
    period = _expires_on.dt.truncate("1mo").alias("period")
    sums = (
        _expert_lots(rewards)
        .filter(_expires_on >= AS_OF)
        .group_by(period, "unit_type")
        .agg(_balance.sum().alias("expiring"), pl.len().cast(pl.Int64).alias("rewards"))
        .collect(engine="streaming")
    )
    months = pl.date_range(AS_OF.replace(day=1), sums["period"].max(), "1mo", eager=True).alias("period")
    calendar = sums.select("unit_type").unique().join(months.to_frame(), how="cross")
    return (
        calendar.join(sums, on=["period", "unit_type"], how="left")
        .with_columns(pl.col("expiring", "rewards").fill_null(0))
        .sort("unit_type", "period")
        .with_columns(cumulative=pl.col("expiring").cum_sum().over("unit_type"))
        .select("period", "unit_type", "expiring", "rewards", "cumulative")
        .lazy()
    )


def _expert_aging(rewards: pl.LazyFrame) -> pl.LazyFrame:
    days = (_expires_on - AS_OF).dt.total_days()
    bucket = pl.when(days.is_null()).then(pl.lit("undated"))
    for name, last in EDGES.items():
        bucket = bucket.when(days <= last).then(pl.lit(name))
    return (
        _expert_lots(rewards)
        .group_by(bucket.otherwise(pl.lit("over 365")).alias("bucket"), "unit_type")
        .agg(_balance.sum().alias("expiring"), pl.len().cast(pl.Int64).alias("rewards"))
        .join(_every_bucket(), on=["bucket", "unit_type"], how="right")
        .with_columns(pl.col("expiring", "rewards").fill_null(0))
        .select("bucket", "unit_type", "expiring", "rewards")
    )


def _every_bucket() -> pl.LazyFrame:
    buckets = pl.LazyFrame({"bucket": [*EDGES, "over 365", "undated"]})
    return pl.LazyFrame({"unit_type": ["DOLLARS", "MILES", "POINTS", "SEGMENTS"]}).join(buckets, how="cross")


def _expert_distance(rewards: pl.LazyFrame) -> pl.LazyFrame:
    goals = rewards.filter(_type.is_in(["BALANCE_TO_LEVEL", "BALANCE_TO_REWARD"]))
    held = _expert_holdings(rewards.filter(_type.is_in(["BALANCE", "TOTAL_BALANCE"]))).select(*KEY, "available")
    remaining = pl.max_horizontal("balance", pl.lit(0).cast(pl.Decimal(38, 9)))
    has = pl.max_horizontal(pl.col("available").cast(pl.Float64), pl.lit(0.0))
    reached = pl.col("remaining") <= 0
    share = has / (has + pl.col("remaining").cast(pl.Float64))
    return (
        goals.join(held, on=KEY, how="left", nulls_equal=True)
        .with_columns(remaining=remaining, goal=_type.str.strip_prefix("BALANCE_TO_"))
        .with_columns(
            reached=reached,
            progress=pl.when(reached).then(1.0).when(pl.col("available").is_not_null()).then(share),
        )
        .select(*KEY, "goal", "description", "remaining", "available", "progress", "reached")
        .sort("progress", "remaining", *KEY, "goal", "description", descending=[True] + [False] * 7, nulls_last=True)
    )


# --- SQL --------------------------------------------------------------------------------------------

_HOLDINGS = """
    SELECT user_guid, member_guid, account_guid, unit_type,
        coalesce(sum(balance) FILTER (balance_type = 'TOTAL_BALANCE'), sum(balance) FILTER (balance_type = 'BALANCE'))
            AS available,
        CASE WHEN bool_or(balance_type = 'EXPIRING_BALANCE')
            THEN sum(balance) FILTER (balance_type = 'EXPIRING_BALANCE')
            WHEN bool_or(balance_type = 'TOTAL_BALANCE')
            THEN coalesce(sum(balance) FILTER (balance_type = 'TOTAL_BALANCE' AND expires_on IS NOT NULL), 0)
            ELSE coalesce(sum(balance) FILTER (balance_type = 'BALANCE' AND expires_on IS NOT NULL), 0) END AS expiring,
        CASE WHEN bool_or(balance_type = 'EXPIRING_BALANCE')
            THEN min(expires_on) FILTER (balance_type = 'EXPIRING_BALANCE')
            WHEN bool_or(balance_type = 'TOTAL_BALANCE')
            THEN min(expires_on) FILTER (balance_type = 'TOTAL_BALANCE')
            ELSE min(expires_on) FILTER (balance_type = 'BALANCE') END AS next_expiry
    FROM rewards GROUP BY ALL"""
_LOTS = """
    SELECT unit_type, balance, expires_on FROM rewards WHERE balance_type = 'EXPIRING_BALANCE'
    UNION ALL
    SELECT unit_type, balance, expires_on FROM rewards AS row
    WHERE expires_on IS NOT NULL AND balance_type IN ('TOTAL_BALANCE', 'BALANCE') AND NOT EXISTS (
        FROM rewards AS other
        WHERE other.user_guid = row.user_guid AND other.member_guid = row.member_guid
            AND other.account_guid IS NOT DISTINCT FROM row.account_guid AND other.unit_type = row.unit_type
            AND (other.balance_type = 'EXPIRING_BALANCE'
                OR (row.balance_type = 'BALANCE' AND other.balance_type = 'TOTAL_BALANCE')))"""
_SQL = {
    "balances": """
        SELECT unit_type, balance_type, sum(balance) AS balance, count(*) AS rewards FROM rewards
        GROUP BY ALL ORDER BY ALL""",
    "holdings": f"SELECT * FROM ({_HOLDINGS}) ORDER BY ALL NULLS LAST",
    "totals": f"""
        SELECT unit_type, sum(available) AS available, sum(expiring) AS expiring, count(available) AS holdings,
            count(DISTINCT member_guid) FILTER (available IS NOT NULL) AS members,
            count(DISTINCT user_guid) FILTER (available IS NOT NULL) AS users
        FROM ({_HOLDINGS}) GROUP BY ALL ORDER BY ALL""",
    "expiring": f"""
        WITH sums AS (
            SELECT date_trunc('month', expires_on)::DATE AS period, unit_type, sum(balance) AS expiring,
                count(*) AS rewards
            FROM ({_LOTS}) WHERE expires_on >= $as_of GROUP BY ALL),
        calendar AS (
            SELECT unnest(generate_series(date_trunc('month', $as_of), (SELECT max(period) FROM sums),
                INTERVAL 1 MONTH))::DATE AS period, unit_type
            FROM (SELECT DISTINCT unit_type FROM sums))
        SELECT period, unit_type, coalesce(expiring, 0) AS expiring, coalesce(rewards, 0) AS rewards,
            sum(coalesce(expiring, 0)) OVER (PARTITION BY unit_type ORDER BY period) AS cumulative
        FROM calendar LEFT JOIN sums USING (period, unit_type) ORDER BY unit_type, period""",
    "aging": f"""
        WITH buckets AS (
            SELECT unnest(['expired', '0-30', '31-60', '61-90', '91-180', '181-365', 'over 365', 'undated']) AS bucket),
        sums AS (
            SELECT unit_type, sum(balance) AS expiring, count(*) AS rewards,
                CASE WHEN expires_on IS NULL THEN 'undated'
                    WHEN expires_on < $as_of THEN 'expired'
                    WHEN expires_on - $as_of <= 30 THEN '0-30' WHEN expires_on - $as_of <= 60 THEN '31-60'
                    WHEN expires_on - $as_of <= 90 THEN '61-90' WHEN expires_on - $as_of <= 180 THEN '91-180'
                    WHEN expires_on - $as_of <= 365 THEN '181-365' ELSE 'over 365' END AS bucket
            FROM ({_LOTS}) GROUP BY ALL)
        SELECT bucket, unit_type, coalesce(expiring, 0) AS expiring, coalesce(rewards, 0) AS rewards
        FROM buckets CROSS JOIN (SELECT DISTINCT unit_type FROM sums) LEFT JOIN sums USING (bucket, unit_type)""",
    "distance": f"""
        WITH goals AS (
            SELECT *, greatest(balance, 0) AS remaining, replace(balance_type, 'BALANCE_TO_', '') AS goal FROM rewards
            WHERE balance_type IN ('BALANCE_TO_LEVEL', 'BALANCE_TO_REWARD'))
        SELECT goals.user_guid, goals.member_guid, goals.account_guid, goals.unit_type, goal, description, remaining,
            available,
            CASE WHEN remaining <= 0 THEN 1 WHEN available IS NOT NULL THEN greatest(available, 0)::DOUBLE
                / (greatest(available, 0)::DOUBLE + remaining::DOUBLE) END AS progress,
            remaining <= 0 AS reached
        FROM goals LEFT JOIN ({_HOLDINGS}) AS held ON held.user_guid = goals.user_guid
            AND held.member_guid = goals.member_guid AND held.account_guid IS NOT DISTINCT FROM goals.account_guid
            AND held.unit_type = goals.unit_type
        ORDER BY progress DESC NULLS LAST, remaining, 1, 2, 3, 4, 5, 6""",
}


def sql(path: str) -> Ask:
    """Hand-written SQL in DuckDB."""

    def ask(question: str) -> pl.DataFrame:
        import duckdb

        connection = duckdb.connect()
        connection.execute(f"CREATE VIEW rewards AS FROM read_parquet('{path}')")
        days = {"as_of": AS_OF} if "$as_of" in _SQL[question] else {}
        return connection.sql(_SQL[question], params=days).pl()

    return ask


# --- An analyst's pandas ----------------------------------------------------------------------------


def analyst(path: str) -> Ask:
    """Pandas as it is mostly written: floats, and a column for every condition."""

    def ask(question: str) -> pl.DataFrame:
        rewards = pd.read_parquet(path)
        rewards["balance"] = rewards["balance"].astype(float)
        rewards["account_guid"] = rewards["account_guid"].fillna("")
        rewards["expires_on"] = pd.to_datetime(rewards["expires_on"])
        return pl.DataFrame({"rows": [len(_ANALYST[question](rewards))]})

    return ask


def _analyst_available(rewards: Any) -> Any:
    sums = rewards.pivot_table(index=KEY, columns="balance_type", values="balance", aggfunc="sum")
    return sums["TOTAL_BALANCE"].fillna(sums["BALANCE"]).rename("available").reset_index()


def _analyst_lots(rewards: Any) -> Any:
    rewards["is_lot"] = rewards["balance_type"] == "EXPIRING_BALANCE"
    rewards["is_total"] = rewards["balance_type"] == "TOTAL_BALANCE"
    rewards[["has_lot", "has_total"]] = rewards.groupby(KEY)[["is_lot", "is_total"]].transform("max")
    kind, dated = rewards["balance_type"], rewards["expires_on"].notna()
    of_available = (kind == "TOTAL_BALANCE") | ((kind == "BALANCE") & ~rewards["has_total"])
    return rewards[(kind == "EXPIRING_BALANCE") | (~rewards["has_lot"] & dated & of_available)]


def _analyst_totals(rewards: Any) -> Any:
    held = _analyst_available(rewards).dropna(subset="available")
    groups = held.groupby("unit_type")
    return groups.agg(
        available=("available", "sum"),
        holdings=("available", "count"),
        members=("member_guid", "nunique"),
        users=("user_guid", "nunique"),
    ).join(_analyst_lots(rewards).groupby("unit_type")["balance"].sum())


def _analyst_expiring(rewards: Any) -> Any:
    lots = _analyst_lots(rewards)
    lots = lots[lots["expires_on"] >= pd.Timestamp(AS_OF)]
    sums = lots.groupby(["unit_type", lots["expires_on"].dt.to_period("M")])["balance"].agg(["sum", "count"])
    sums["cumulative"] = sums.groupby("unit_type")["sum"].cumsum()
    return sums


def _analyst_aging(rewards: Any) -> Any:
    lots = _analyst_lots(rewards)
    days = (lots["expires_on"] - pd.Timestamp(AS_OF)).dt.days
    buckets = pd.cut(days, [-100_000, -1, 30, 60, 90, 180, 365, 1_000_000])
    return lots.groupby(["unit_type", buckets], observed=False)["balance"].agg(["sum", "count"])


def _analyst_distance(rewards: Any) -> Any:
    goals = rewards[rewards["balance_type"].isin(["BALANCE_TO_LEVEL", "BALANCE_TO_REWARD"])]
    goals = goals.merge(_analyst_available(rewards), on=KEY, how="left")
    remaining, held = goals["balance"].clip(lower=0), goals["available"].clip(lower=0)
    goals["progress"] = (held / (held + remaining)).where(remaining > 0, 1)
    return goals.sort_values(["progress", "balance"], ascending=[False, True])


_ANALYST: dict[str, Callable[[Any], Any]] = {
    "balances": lambda rewards: rewards.groupby(["unit_type", "balance_type"])["balance"].agg(["sum", "count"]),
    "holdings": lambda rewards: _analyst_available(rewards).merge(
        _analyst_lots(rewards).groupby(KEY).agg(expiring=("balance", "sum"), next_expiry=("expires_on", "min")),
        on=KEY,
        how="left",
    ),
    "totals": _analyst_totals,
    "expiring": _analyst_expiring,
    "aging": _analyst_aging,
    "distance": _analyst_distance,
}

PEERS: dict[str, Callable[[str], Ask]] = {
    "ours": ours,
    "expert": expert,
    "sql": sql,
    "analyst": analyst,
    **{f"ours on {engine}": ours_on(engine) for engine in FRAMES},
}
