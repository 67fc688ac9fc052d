"""Fixtures that the whole suite shares."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings

from tests import frames

os.environ["TZ"] = "UTC"

# The gate says the same of the same code: its examples are drawn alike in every run. To look further, run with
# --hypothesis-profile=explore.
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("gate")


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A real local Spark session, made once because it takes seconds to start."""
    pyspark_sql = pytest.importorskip(
        "pyspark.sql", reason='PySpark is missing: pip install "rewards-analytics[spark]"'
    )
    if shutil.which("java") is None:
        pytest.skip("Java is missing, which PySpark needs")
    session = (
        pyspark_sql.SparkSession.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        # A query of ten rows spends its time on compiling: leave that out.
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.ui.retainedExecutions", "1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(params=[*frames.ENGINES, "pyspark"])
def engine(request: pytest.FixtureRequest) -> str:
    """Each kind of frame in turn."""
    return request.param


@pytest.fixture
def make_frame(engine: str, request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Put rewards made by hand into a frame of the current kind."""
    spark = request.getfixturevalue("spark") if engine == "pyspark" else None

    def make(*rows: dict[str, Any], schema: pa.Schema = frames.SCHEMA) -> Any:
        table = frames.table(rows, schema)
        return frames.ENGINES[engine](table) if spark is None else spark.createDataFrame(table)

    return make


@pytest.fixture
def assert_rows(engine: str) -> Callable[..., None]:
    """Assert the rows of a result (of some columns, if named), in order where the kind of frame has one."""

    def check(result: Any, expected: list[tuple[Any, ...]], columns: Iterable[str] = ()) -> None:
        frame = frames.collected(result)
        found = (frame.select(*columns) if columns else frame).rows()
        if engine in frames.UNORDERED:
            found, expected = sorted(found, key=repr), sorted(expected, key=repr)
        assert found == expected

    return check
