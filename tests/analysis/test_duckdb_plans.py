"""What DuckDB does for the analyses: conditions on the balance type are those of its reader of Parquet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import rewards_analytics as ra
from rewards_analytics.analysis.distance import by_goal
from rewards_analytics.analysis.holdings import COLUMNS, by_holding, expiring_lots
from rewards_analytics.engines import from_caller

DATA = Path(__file__).parents[2] / "data"


@pytest.mark.parametrize("query", [by_holding, expiring_lots, by_goal])
def test_every_scan_of_parquet_filters_by_balance_type_and_nothing_does_after_it(query):
    rewards = ra.scan(DATA / "rewards.parquet", engine="duckdb")
    frame = from_caller(rewards, [*COLUMNS, "description"], asked_by="test").frame
    operators = [*_operators(query(frame).to_native())]

    scans = [each for each in operators if "SCAN" in each["name"]]
    filters = [str(each["extra_info"]) for each in operators if each["name"] == "FILTER"]
    assert scans
    assert all("balance_type = " in str(scan["extra_info"]["Filters"]) for scan in scans)
    assert not any("balance_type" in each for each in filters)


def _operators(relation: Any) -> Iterator[dict[str, Any]]:
    (_, plan), *_ = relation.query("plan", f"EXPLAIN (FORMAT json) {relation.sql_query()}").fetchall()
    waiting = json.loads(plan)
    while waiting:
        operator = waiting.pop()
        yield operator
        waiting += operator["children"]
