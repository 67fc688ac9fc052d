"""Fixtures of the tests of a history."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import dask
import pyarrow as pa
import pytest

from tests.analysis.over_time import histories


@pytest.fixture(autouse=True)
def _quick_dask() -> Iterator[None]:
    """Threads take Dask longer for ten rows."""
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture(params=[*histories.KINDS, "pyspark"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each kind of history in turn."""
    return request.param


@pytest.fixture
def make_history(engine: str, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Make a history of the current kind from snapshots."""
    spark = request.getfixturevalue("spark") if engine == "pyspark" else None

    def make(*snapshots: list[dict[str, Any]], schema: pa.Schema = histories.SCHEMA) -> Any:
        table = histories.table(itertools.chain(*snapshots), schema)
        return histories.KINDS[engine](table) if spark is None else spark.createDataFrame(table)

    return make
