"""Rewards by hand, and every kind of frame to put them in."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa

import rewards_analytics as ra
from rewards_analytics.schema import FIELDS

TODAY = date(2026, 11, 23)
ANALYSES: dict[str, Callable[[Any], Any]] = {
    "balances": ra.balances,
    "holdings": ra.holdings,
    "totals": ra.totals,
    "expiring": lambda rewards: ra.expiring(rewards, as_of=TODAY),
    "aging": lambda rewards: ra.aging(rewards, as_of=TODAY),
    "distance": ra.distance,
    "quality": lambda rewards: ra.quality(rewards, as_of=TODAY),
    "value": lambda rewards: ra.value(rewards, {"MILES": "0.01"}),
    "upcoming": lambda rewards: ra.upcoming(rewards, as_of=TODAY),
    "bands": lambda rewards: ra.bands(rewards, (1, 50)),
}
"""Every analysis of rewards, asked on one day."""

OVER_TIME: dict[str, Callable[[Any], Any]] = {
    "changes": ra.changes,
    "roll_forward": ra.roll_forward,
    "pace": ra.pace,
    "dues": ra.dues,
    "lapse": ra.lapse,
    "forecast": ra.forecast,
    "backtest": ra.backtest,
    "activity": ra.activity,
}
"""Every analysis of a history."""

SCHEMA = pa.schema(
    [
        ("guid", pa.string()),
        ("user_guid", pa.string()),
        ("member_guid", pa.string()),
        ("account_guid", pa.string()),
        ("balance_type", pa.string()),
        ("unit_type", pa.string()),
        ("balance", pa.decimal128(38, 9)),
        ("expires_on", pa.date32()),
        ("created_at", pa.timestamp("us", "UTC")),
        ("description", pa.string()),
    ]
)

_numbers = itertools.count(1)


def reward(balance_type: str, unit: str, amount: str, on: str | None = None, **fields: Any) -> dict[str, Any]:
    """A reward of user U1, member M1, account A1, unless `fields` say otherwise."""
    row = {
        "guid": f"RWD-{next(_numbers)}",
        "user_guid": "U1",
        "member_guid": "M1",
        "account_guid": "A1",
        "balance_type": balance_type,
        "unit_type": unit,
        "balance": Decimal(amount),
        "expires_on": None if on is None else date.fromisoformat(on),
        "created_at": datetime(2026, 11, 1, 12, tzinfo=UTC),
        "description": "words",
    }
    return row | fields


def balance(unit: str, amount: str, on: str | None = None, **fields: Any) -> dict[str, Any]:
    return reward("BALANCE", unit, amount, on, **fields)


def total(unit: str, amount: str, on: str | None = None, **fields: Any) -> dict[str, Any]:
    return reward("TOTAL_BALANCE", unit, amount, on, **fields)


def lot(unit: str, amount: str, on: str | None = None, **fields: Any) -> dict[str, Any]:
    return reward("EXPIRING_BALANCE", unit, amount, on, **fields)


def to_level(unit: str, amount: str, **fields: Any) -> dict[str, Any]:
    return reward("BALANCE_TO_LEVEL", unit, amount, **fields)


def to_reward(unit: str, amount: str, **fields: Any) -> dict[str, Any]:
    return reward("BALANCE_TO_REWARD", unit, amount, **fields)


def table(rows: Iterable[dict[str, Any]], schema: pa.Schema = SCHEMA) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=schema)


# --- One constructor for each kind of frame ---------------------------------------------------------


def polars_frame(rewards: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(rewards))


def polars_lazy(rewards: pa.Table) -> pl.LazyFrame:
    return polars_frame(rewards).lazy()


def polars_categorical(rewards: pa.Table) -> pl.DataFrame:
    return polars_frame(rewards).with_columns(pl.col("balance_type", "unit_type").cast(pl.Categorical))


def pandas_arrow(rewards: pa.Table) -> pd.DataFrame:
    return rewards.to_pandas(types_mapper=pd.ArrowDtype)


def pandas_plain(rewards: pa.Table) -> pd.DataFrame:
    """Decimals, dates and text as Python objects: what a hand-made frame holds."""
    rows = rewards.to_pylist()
    columns = {name: pd.Series([row[name] for row in rows], dtype=object) for name in rewards.column_names}
    frame = pd.DataFrame(columns)
    if "created_at" in frame:
        frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
    return frame


def pyarrow_table(rewards: pa.Table) -> pa.Table:
    return rewards


def duckdb_relation(rewards: pa.Table) -> Any:
    import duckdb

    return duckdb.connect().from_arrow(rewards)


def dask_frame(rewards: pa.Table, partitions: int = 2) -> Any:
    import dask.dataframe as dd

    return dd.from_pandas(pandas_arrow(rewards), npartitions=partitions)


ENGINES: dict[str, Callable[[pa.Table], Any]] = {
    "polars": polars_frame,
    "polars_lazy": polars_lazy,
    "polars_categorical": polars_categorical,
    "pandas": pandas_arrow,
    "pandas_plain": pandas_plain,
    "pyarrow": pyarrow_table,
    "duckdb": duckdb_relation,
    "dask": dask_frame,
}
UNORDERED = {"dask", "pyspark"}


def collected(result: Any) -> pl.DataFrame:
    """Any kind of result as a Polars frame."""
    return nw.from_native(result).lazy().collect(backend="polars").to_native()


assert tuple(SCHEMA.names) == FIELDS
