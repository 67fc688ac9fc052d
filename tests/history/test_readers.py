"""Polars, DuckDB and Spark read the table without us, past its checkpoints."""

from decimal import Decimal

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from tests.history.conftest import BIG, day, reward

PAST_CHECKPOINTS = [12, 105]
"""Commits; the tenth and the hundredth write a checkpoint."""


@pytest.fixture(params=PAST_CHECKPOINTS)
def table(request, of_days, tmp_path):
    """The folder of a history whose first day was replaced, and its number of days."""
    history = of_days(request.param)
    history.append([reward("RWD-1", "1"), reward("RWD-2", BIG)], day(1))
    assert len([*tmp_path.glob("history/_delta_log/*.checkpoint.parquet")]) >= request.param // 10
    return str(tmp_path / "history"), request.param


def test_polars_reads_the_table(table):
    path, days = table
    rewards = pl.scan_delta(path)

    assert rewards.select(pl.len(), pl.col("taken_on").n_unique(), pl.col("balance").sum()).collect().row(0) == (
        2 * days,
        days,
        days * (days + 1) // 2 + days * Decimal(BIG),
    )
    assert rewards.filter(pl.col("balance") == Decimal(BIG)).collect().height == days
    assert rewards.filter(pl.col("balance") >= Decimal(BIG)).collect().height == days
    assert rewards.filter(pl.col("balance") < Decimal(BIG)).collect().height == days
    assert rewards.filter(pl.col("balance") == 7).collect()["taken_on"].to_list() == [day(7)]


@pytest.mark.parametrize("way", ["dataset", "files"])
def test_duckdb_reads_the_table(table, way):
    path, days = table
    connection = duckdb.connect()
    if way == "dataset":
        rewards = connection.from_arrow(DeltaTable(path).to_pyarrow_dataset())
    else:
        rewards = connection.read_parquet(DeltaTable(path).file_uris(), hive_partitioning=True)

    assert rewards.aggregate("count(*), count(DISTINCT taken_on), sum(balance)").fetchall() == [
        (2 * days, days, days * (days + 1) // 2 + days * Decimal(BIG))
    ]
    for condition, count in ((f"= {BIG}", days), (f">= {BIG}", days), (f"< {BIG}", days)):
        assert rewards.filter(f"balance {condition}").aggregate("count(*)").fetchall() == [(count,)]
    assert rewards.filter("balance = 7").select("taken_on").fetchall() == [(day(7),)]


def test_spark_reads_the_table(table, spark):
    path, days = table
    rewards = spark.read.option("basePath", path).parquet(*DeltaTable(path).file_uris())

    assert tuple(rewards.selectExpr("count(*)", "count(DISTINCT taken_on)", "sum(balance)").first()) == (
        2 * days,
        days,
        days * (days + 1) // 2 + days * Decimal(BIG),
    )
    for condition, count in ((f"= {BIG}", days), (f"< {BIG}", days)):
        assert rewards.filter(f"balance {condition}").count() == count
    assert [tuple(row) for row in rewards.filter("balance = 7").select("taken_on").collect()] == [(day(7),)]


def test_long_guids_are_found_by_readers_that_look_at_statistics(history, tmp_path):
    long = ["USR-" + "x" * 200 + end for end in ("\U0010ffff", "é", "z")]
    history.append([reward(f"RWD-{n}", user_guid=guid) for n, guid in enumerate(long)], day(1))
    path = str(tmp_path / "history")

    for guid in long:
        assert pl.scan_delta(path).filter(pl.col("user_guid") == guid).collect().height == 1
        dataset = duckdb.connect().from_arrow(DeltaTable(path).to_pyarrow_dataset())
        assert dataset.filter(duckdb.ColumnExpression("user_guid") == duckdb.ConstantExpression(guid)).shape[0] == 1
