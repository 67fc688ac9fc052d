"""Eight questions, asked by our functions on every engine, and as a user would write them by hand on four."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import narwhals as nw
import pandas as pd
import polars as pl

import rewards_analytics as ra

QUESTIONS: Final = ("balances", "holdings", "totals", "expiring", "aging", "distance", "upcoming", "bands")
AS_OF = date(2026, 11, 23)
UNTIL = AS_OF + timedelta(days=90)
KEY = ["user_guid", "member_guid", "account_guid", "unit_type"]
EDGES = {"expired": -1, "0-30": 30, "31-60": 60, "61-90": 90, "91-180": 180, "181-365": 365}
BANDS = [1, 1_000, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 1_000_000]

Ask = Callable[[str, str], None]
"""Writes the answer to a question to a Parquet file."""

COMPRESSION: Final = "zstd"
"""How every peer compresses its answer: the default of Polars. The default of DuckDB costs less."""


# --- Ours -------------------------------------------------------------------------------------------


def analysis(question: str, rewards: Any) -> Any:
    days: dict[str, Any] = {"as_of": AS_OF} if question in ("expiring", "aging", "upcoming") else {}
    return getattr(ra, question)(rewards, **days | ({"until": UNTIL} if question == "upcoming" else {}))


def ours_on(engine: str) -> Callable[[str], Ask]:
    """The functions on a scan of an engine, or on a frame in memory; reading the file counts, starting it does not."""

    def peer(path: str) -> Ask:
        session = {"duckdb": _duckdb, "pyspark": _spark}.get(engine, lambda: None)()
        for question in QUESTIONS:  # imports do not count
            analysis(question, ra.load([]))
        if engine not in ("pandas", "pyarrow"):
            analysis("balances", ra.scan(path, engine=engine, session=session))  # computes nothing yet

        def ask(question: str, answer: str) -> None:
            if engine in ("pandas", "pyarrow"):
                result = analysis(question, ra.load(path, backend=engine))
            else:
                result = analysis(question, ra.scan(path, engine=engine, session=session))
            if engine == "polars":
                result.sink_parquet(answer, engine="streaming")
            elif engine == "duckdb":
                result.write_parquet(answer, compression=COMPRESSION)
            else:
                nw.from_native(result).lazy().collect(backend="polars").write_parquet(answer)

        return ask

    return peer


def _duckdb() -> Any:
    import duckdb

    # What does not fit in memory would wait in the working directory.
    connection = duckdb.connect(config={"temp_directory": str(Path(tempfile.gettempdir(), "duckdb"))})
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def _spark() -> Any:
    from pyspark.sql import SparkSession

    session = SparkSession.builder.master("local[2]").config("spark.sql.session.timeZone", "UTC")
    for name, value in {
        "driver.memory": "8g",
        "ui.enabled": "false",
        "ui.showConsoleProgress": "false",
        "log.level": "ERROR",
    }.items():
        session = session.config(f"spark.{name}", value)
    started = session.getOrCreate()
    started.sql("SELECT 1").toArrow()  # the start of the session does not count
    return started


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
        "upcoming": _expert_upcoming,
        "bands": _expert_bands,
    }
    return lambda question, answer: asks[question](pl.scan_parquet(path)).sink_parquet(answer, engine="streaming")


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
    return pl.concat([part.select(*KEY, "balance", "expires_on") for part in parts])


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


def _expert_upcoming(rewards: pl.LazyFrame) -> pl.LazyFrame:
    held = _expert_holdings(rewards.filter(_type.is_in(["BALANCE", "TOTAL_BALANCE"]))).select(*KEY, "available")
    return (
        _expert_lots(rewards)
        .filter(_expires_on.is_between(AS_OF, UNTIL))
        .group_by(*KEY, "expires_on")
        .agg(_balance.sum().alias("expiring"), pl.len().cast(pl.Int64).alias("rewards"))
        .join(held, on=KEY, how="left", nulls_equal=True)
        .with_columns(days_left=(_expires_on - AS_OF).dt.total_days())
        .sort("expires_on", "unit_type", "expiring", *KEY, descending=[False, False, True] + [False] * 4)
    )


def _expert_bands(rewards: pl.LazyFrame) -> pl.LazyFrame:
    edges = pl.LazyFrame({"at_least": [None, *BANDS], "below": [*BANDS, None]}).cast(pl.Decimal(38, 9))
    held = (
        _expert_holdings(rewards)
        .filter(pl.col("available").is_not_null())
        .select("member_guid", "unit_type", "available")
    )
    at_least = pl.when(pl.col("available") < BANDS[0]).then(None)
    for least, below in zip(BANDS, [*BANDS[1:], None], strict=True):
        at_least = at_least.when(True if below is None else pl.col("available") < below).then(pl.lit(least))
    sums = (
        held.with_columns(at_least=at_least.cast(pl.Decimal(38, 9)))
        .group_by("unit_type", "at_least")
        .agg(
            pl.len().cast(pl.Int64).alias("holdings"),
            pl.col("member_guid").n_unique().cast(pl.Int64).alias("members"),
            pl.col("available").sum(),
        )
    )
    return (
        sums.select("unit_type")
        .unique()
        .join(edges, how="cross")
        .join(sums, on=["unit_type", "at_least"], how="left", nulls_equal=True)
        .with_columns(pl.col("holdings", "members", "available").fill_null(0))
    )


# --- SQL, in DuckDB and in Spark --------------------------------------------------------------------

_DIALECTS = {
    "duckdb": {
        "days": "(expires_on - {as_of})",
        "months": "unnest(generate_series({first}, {last}, INTERVAL 1 MONTH))",
    },
    "spark": {
        "days": "datediff(expires_on, {as_of})",
        "months": "explode(sequence({first}, {last}, INTERVAL 1 MONTH))",
    },
}
_AS_OF, _UNTIL = f"DATE '{AS_OF}'", f"DATE '{UNTIL}'"
_BUCKETS = ", ".join(f"('{name}')" for name in (*EDGES, "over 365", "undated"))
_EDGES = ", ".join(
    f"(CAST({least} AS DECIMAL(38, 9)), CAST({below} AS DECIMAL(38, 9)))"
    for least, below in zip(["NULL", *BANDS], [*BANDS, "NULL"], strict=True)
)
_HOLDINGS = """
    SELECT user_guid, member_guid, account_guid, unit_type,
        coalesce(sum(balance) FILTER (WHERE balance_type = 'TOTAL_BALANCE'),
            sum(balance) FILTER (WHERE balance_type = 'BALANCE')) AS available,
        CASE WHEN bool_or(balance_type = 'EXPIRING_BALANCE')
            THEN sum(balance) FILTER (WHERE balance_type = 'EXPIRING_BALANCE')
            WHEN bool_or(balance_type = 'TOTAL_BALANCE')
            THEN coalesce(sum(balance) FILTER (WHERE balance_type = 'TOTAL_BALANCE' AND expires_on IS NOT NULL), 0)
            ELSE coalesce(sum(balance) FILTER (WHERE balance_type = 'BALANCE' AND expires_on IS NOT NULL), 0)
            END AS expiring,
        CASE WHEN bool_or(balance_type = 'EXPIRING_BALANCE')
            THEN min(expires_on) FILTER (WHERE balance_type = 'EXPIRING_BALANCE')
            WHEN bool_or(balance_type = 'TOTAL_BALANCE')
            THEN min(expires_on) FILTER (WHERE balance_type = 'TOTAL_BALANCE')
            ELSE min(expires_on) FILTER (WHERE balance_type = 'BALANCE') END AS next_expiry
    FROM rewards GROUP BY ALL"""
_SAME = """other.user_guid = lot.user_guid AND other.member_guid = lot.member_guid
            AND other.account_guid IS NOT DISTINCT FROM lot.account_guid AND other.unit_type = lot.unit_type"""
_LOTS = f"""
    SELECT user_guid, member_guid, account_guid, unit_type, balance, expires_on FROM rewards
    WHERE balance_type = 'EXPIRING_BALANCE'
    UNION ALL
    SELECT user_guid, member_guid, account_guid, unit_type, balance, expires_on FROM rewards AS lot
    WHERE expires_on IS NOT NULL AND balance_type IN ('TOTAL_BALANCE', 'BALANCE')
        AND NOT EXISTS (
            SELECT 1 FROM rewards AS other WHERE {_SAME} AND (other.balance_type = 'EXPIRING_BALANCE'
                OR (lot.balance_type = 'BALANCE' AND other.balance_type = 'TOTAL_BALANCE')))"""
_SQL = {
    "balances": """
        SELECT unit_type, balance_type, sum(balance) AS balance, count(*) AS rewards FROM rewards
        GROUP BY ALL ORDER BY 1, 2""",
    "holdings": f"SELECT * FROM ({_HOLDINGS}) AS held ORDER BY 1, 2, 3 NULLS LAST, 4",
    "totals": f"""
        SELECT unit_type, sum(available) AS available, sum(expiring) AS expiring, count(available) AS holdings,
            count(DISTINCT member_guid) FILTER (WHERE available IS NOT NULL) AS members,
            count(DISTINCT user_guid) FILTER (WHERE available IS NOT NULL) AS users
        FROM ({_HOLDINGS}) AS held GROUP BY ALL ORDER BY 1""",
    "expiring": f"""
        WITH sums AS (
            SELECT CAST(date_trunc('month', expires_on) AS DATE) AS period, unit_type, sum(balance) AS expiring,
                count(*) AS rewards
            FROM ({_LOTS}) AS lots WHERE expires_on >= {_AS_OF} GROUP BY ALL),
        edges AS (SELECT max(period) AS last FROM sums),
        months AS (SELECT {{months}} AS month FROM edges),
        calendar AS (SELECT CAST(month AS DATE) AS period, unit_type FROM months
            CROSS JOIN (SELECT DISTINCT unit_type FROM sums) AS units)
        SELECT period, unit_type, coalesce(expiring, 0) AS expiring, coalesce(rewards, 0) AS rewards,
            sum(coalesce(expiring, 0)) OVER (PARTITION BY unit_type ORDER BY period) AS cumulative
        FROM calendar LEFT JOIN sums USING (period, unit_type) ORDER BY unit_type, period""",
    "aging": f"""
        WITH buckets AS (SELECT * FROM (VALUES {_BUCKETS}) AS named(bucket)),
        sums AS (
            SELECT unit_type, sum(balance) AS expiring, count(*) AS rewards,
                CASE WHEN expires_on IS NULL THEN 'undated'
                    WHEN expires_on < {_AS_OF} THEN 'expired'
                    WHEN {{days}} <= 30 THEN '0-30' WHEN {{days}} <= 60 THEN '31-60'
                    WHEN {{days}} <= 90 THEN '61-90' WHEN {{days}} <= 180 THEN '91-180'
                    WHEN {{days}} <= 365 THEN '181-365' ELSE 'over 365' END AS bucket
            FROM ({_LOTS}) AS lots GROUP BY ALL)
        SELECT bucket, unit_type, coalesce(expiring, 0) AS expiring, coalesce(rewards, 0) AS rewards
        FROM buckets CROSS JOIN (SELECT DISTINCT unit_type FROM sums) AS units
            LEFT JOIN sums USING (bucket, unit_type)""",
    "distance": f"""
        WITH goals AS (
            SELECT *, greatest(balance, 0) AS remaining, replace(balance_type, 'BALANCE_TO_', '') AS goal FROM rewards
            WHERE balance_type IN ('BALANCE_TO_LEVEL', 'BALANCE_TO_REWARD'))
        SELECT goals.user_guid, goals.member_guid, goals.account_guid, goals.unit_type, goal, description, remaining,
            available,
            CASE WHEN remaining <= 0 THEN 1.0D WHEN available IS NOT NULL
                THEN CAST(greatest(available, 0) AS DOUBLE)
                / (CAST(greatest(available, 0) AS DOUBLE) + CAST(remaining AS DOUBLE)) END AS progress,
            remaining <= 0 AS reached
        FROM goals LEFT JOIN ({_HOLDINGS}) AS held ON held.user_guid = goals.user_guid
            AND held.member_guid = goals.member_guid AND held.account_guid IS NOT DISTINCT FROM goals.account_guid
            AND held.unit_type = goals.unit_type
        ORDER BY progress DESC NULLS LAST, remaining, 1, 2, 3, 4, 5, 6""",
    "upcoming": f"""
        WITH due AS (
            SELECT user_guid, member_guid, account_guid, unit_type, expires_on, {{days}} AS days_left,
                sum(balance) AS expiring, count(*) AS rewards
            FROM ({_LOTS}) AS lots WHERE expires_on BETWEEN {_AS_OF} AND {_UNTIL} GROUP BY ALL)
        SELECT due.*, available FROM due LEFT JOIN ({_HOLDINGS}) AS held ON held.user_guid = due.user_guid
            AND held.member_guid = due.member_guid AND held.account_guid IS NOT DISTINCT FROM due.account_guid
            AND held.unit_type = due.unit_type
        ORDER BY expires_on, due.unit_type, due.expiring DESC, 1, 2, 3""",
    "bands": f"""
        WITH edges AS (SELECT * FROM (VALUES {_EDGES}) AS named(at_least, below)),
        held AS (SELECT * FROM ({_HOLDINGS}) AS all_held WHERE available IS NOT NULL)
        SELECT units.unit_type, at_least, below, count(available) AS holdings, count(DISTINCT member_guid) AS members,
            coalesce(sum(available), 0) AS available
        FROM edges CROSS JOIN (SELECT DISTINCT unit_type FROM held) AS units LEFT JOIN held
            ON held.unit_type = units.unit_type AND (at_least IS NULL OR available >= at_least)
            AND (below IS NULL OR available < below)
        GROUP BY ALL ORDER BY 1, 2""",
}


def _in_dialect(question: str, dialect: str) -> str:
    first = f"CAST(date_trunc('month', {_AS_OF}) AS DATE)"
    parts = {name: text.format(as_of=_AS_OF, first=first, last="last") for name, text in _DIALECTS[dialect].items()}
    text = _SQL[question].format(**parts)
    return text if dialect == "spark" else text.replace("1.0D", "1.0::DOUBLE")


def duckdb_sql(path: str) -> Ask:
    """Hand-written SQL in DuckDB."""
    connection = _duckdb()
    files = f"{path}/*.parquet" if Path(path).is_dir() else path
    connection.execute(f"CREATE VIEW rewards AS FROM read_parquet('{files}')")
    return lambda question, answer: connection.sql(_in_dialect(question, "duckdb")).write_parquet(
        answer, compression=COMPRESSION
    )


def spark_sql(path: str) -> Ask:
    """The same SQL in Spark, on two local cores."""
    session = _spark()
    session.read.parquet(path).createOrReplaceTempView("rewards")

    def ask(question: str, answer: str) -> None:
        pl.DataFrame(pl.from_arrow(session.sql(_in_dialect(question, "spark")).toArrow())).write_parquet(answer)

    return ask


# --- An analyst's pandas ----------------------------------------------------------------------------


def analyst(path: str) -> Ask:
    """Pandas as it is mostly written: floats, and a column for every condition."""

    def ask(question: str, answer: str) -> None:
        rewards = pd.read_parquet(path)
        rewards["balance"] = rewards["balance"].astype(float)
        rewards["account_guid"] = rewards["account_guid"].fillna("")
        rewards["expires_on"] = pd.to_datetime(rewards["expires_on"])
        pl.from_pandas(_ANALYST[question](rewards)).write_parquet(answer)

    return ask


def _analyst_available(rewards: Any) -> Any:
    kinds = rewards[rewards["balance_type"] != "BALANCE_TO_LEVEL"]
    sums = kinds.pivot_table(index=KEY, columns="balance_type", values="balance", aggfunc="sum")
    return sums["TOTAL_BALANCE"].fillna(sums["BALANCE"]).rename("available").reset_index()


def _analyst_lots(rewards: Any) -> Any:
    rewards["is_lot"] = rewards["balance_type"] == "EXPIRING_BALANCE"
    rewards["is_total"] = rewards["balance_type"] == "TOTAL_BALANCE"
    rewards[["has_lot", "has_total"]] = rewards.groupby(KEY)[["is_lot", "is_total"]].transform("max")
    kind, dated = rewards["balance_type"], rewards["expires_on"].notna()
    of_available = (kind == "TOTAL_BALANCE") | ((kind == "BALANCE") & ~rewards["has_total"])
    return rewards[(kind == "EXPIRING_BALANCE") | (~rewards["has_lot"] & dated & of_available)]


def _analyst_balances(rewards: Any) -> Any:
    groups = rewards.groupby(["unit_type", "balance_type"])["balance"]
    return groups.agg(balance="sum", rewards="count").reset_index()


def _analyst_holdings(rewards: Any) -> Any:
    lots = _analyst_lots(rewards).groupby(KEY).agg(expiring=("balance", "sum"), next_expiry=("expires_on", "min"))
    everyone = rewards[KEY].drop_duplicates()
    held = everyone.merge(_analyst_available(rewards), on=KEY, how="left").merge(lots, on=KEY, how="left")
    return held.fillna({"expiring": 0}).sort_values(KEY)


def _analyst_totals(rewards: Any) -> Any:
    held = _analyst_holdings(rewards)
    known = held.dropna(subset="available").groupby("unit_type")
    sums = known.agg(
        available=("available", "sum"),
        holdings=("available", "count"),
        members=("member_guid", "nunique"),
        users=("user_guid", "nunique"),
    )
    return sums.join(held.groupby("unit_type")["expiring"].sum()).reset_index()


def _analyst_expiring(rewards: Any) -> Any:
    lots = _analyst_lots(rewards)
    lots = lots[lots["expires_on"] >= pd.Timestamp(AS_OF)]
    months = lots["expires_on"].dt.to_period("M").rename("period")
    sums = lots.groupby(["unit_type", months])["balance"].agg(expiring="sum", rewards="count")
    calendar = pd.period_range(AS_OF, months.max(), freq="M")
    every = pd.MultiIndex.from_product([sums.index.unique("unit_type"), calendar], names=["unit_type", "period"])
    sums = sums.reindex(every, fill_value=0)
    sums["cumulative"] = sums.groupby("unit_type")["expiring"].cumsum()
    return sums.reset_index().assign(period=lambda each: each["period"].dt.to_timestamp())


def _analyst_aging(rewards: Any) -> Any:
    lots = _analyst_lots(rewards)
    days = (lots["expires_on"] - pd.Timestamp(AS_OF)).dt.days
    names = [*EDGES, "over 365", "undated"]
    buckets = pd.cut(days, [-1e9, *EDGES.values(), 1e9], labels=names[:-1])
    buckets = buckets.cat.add_categories("undated").fillna("undated").rename("bucket")
    sums = lots.groupby(["unit_type", buckets], observed=False)["balance"].agg(expiring="sum", rewards="count")
    return sums.reset_index().astype({"bucket": str})


def _analyst_distance(rewards: Any) -> Any:
    goals = rewards[rewards["balance_type"].isin(["BALANCE_TO_LEVEL", "BALANCE_TO_REWARD"])]
    goals = goals.merge(_analyst_available(rewards), on=KEY, how="left")
    goals["remaining"] = goals["balance"].clip(lower=0)
    held = goals["available"].clip(lower=0)
    goals["reached"] = goals["remaining"] <= 0
    goals["progress"] = (held / (held + goals["remaining"])).where(~goals["reached"], 1)
    goals["goal"] = goals["balance_type"].str.removeprefix("BALANCE_TO_")
    columns = [*KEY, "goal", "description", "remaining", "available", "progress", "reached"]
    return goals.sort_values(["progress", "remaining", *KEY], ascending=[False] + [True] * 5)[columns]


def _analyst_upcoming(rewards: Any) -> Any:
    lots = _analyst_lots(rewards)
    lots = lots[lots["expires_on"].between(pd.Timestamp(AS_OF), pd.Timestamp(UNTIL))]
    due = lots.groupby([*KEY, "expires_on"])["balance"].agg(expiring="sum", rewards="count").reset_index()
    due["days_left"] = (due["expires_on"] - pd.Timestamp(AS_OF)).dt.days
    return due.merge(_analyst_available(rewards), on=KEY, how="left").sort_values(["expires_on", "unit_type"])


def _analyst_bands(rewards: Any) -> Any:
    held = _analyst_available(rewards).dropna(subset="available")
    edges = pd.DataFrame({"at_least": [None, *BANDS], "below": [*BANDS, None]}, dtype=float)
    held["at_least"] = pd.cut(held["available"], [-1e20, *BANDS, 1e20], right=False, labels=range(len(BANDS) + 1))
    sums = held.groupby(["unit_type", "at_least"], observed=False).agg(
        holdings=("available", "count"), members=("member_guid", "nunique"), available=("available", "sum")
    )
    sums = sums.reset_index()
    return sums.assign(**{name: edges.loc[sums["at_least"].astype(int), name].to_numpy() for name in edges})


_ANALYST: dict[str, Callable[[Any], Any]] = {
    "balances": _analyst_balances,
    "holdings": _analyst_holdings,
    "totals": _analyst_totals,
    "expiring": _analyst_expiring,
    "aging": _analyst_aging,
    "distance": _analyst_distance,
    "upcoming": _analyst_upcoming,
    "bands": _analyst_bands,
}

OURS: Final = ("polars", "duckdb", "dask", "pyspark", "pandas", "pyarrow")
PEERS: dict[str, Callable[[str], Ask]] = {
    **{f"ours on {engine}": ours_on(engine) for engine in OURS},
    "Polars": expert,
    "DuckDB SQL": duckdb_sql,
    "Spark SQL": spark_sql,
    "pandas": analyst,
}
"""Everybody who answers, by name."""

HAND_WRITTEN: Final = {"polars": "Polars", "duckdb": "DuckDB SQL", "pyspark": "Spark SQL", "pandas": "pandas"}
"""What a user would otherwise write on an engine."""

INEXACT: Final = {"pandas"}
"""Those who answer with floats."""

SESSIONS: Final = {"ours on pyspark", "ours on dask", "Spark SQL"}
"""Those who take seconds to start, and answer all questions in one process, as people use them."""
