"""Fixtures and markers that the whole suite shares."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings

from tests import frames, proof
from tests.chromium import chromium, violations  # noqa: F401 - fixtures: a process has one Playwright
from tests.examples import examples

os.environ["TZ"] = "UTC"

# By default the examples are the same in every run, so the same code always gets the same result. To search further,
# draw others with --hypothesis-profile=explore, and more of them with EXAMPLES=10.
settings.register_profile("gate", derandomize=True, deadline=None, max_examples=examples(40))
settings.register_profile("explore", deadline=None, max_examples=examples(40))
settings.load_profile("gate")

# It is not needed for the tests, only by those who run `python -m tests.mutation`.
collect_ignore = [] if importlib.util.find_spec("cosmic_ray") else ["mutation"]

SLOW_FIRST = ("tests/clusters", "tests/browser", "tests/notebooks", "tests/cli", "notebooks")
"""Folders whose files take longest. One of them begun last would leave the other cores idle for minutes."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep pytest-xdist from beginning with the files that have most tests, which are quick ones; count if asked to."""
    config.option.loadscopereorder = False
    proof.register(config)


QUICK_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""What makes Java quicker within its first minutes: no second compiler and no threads of a garbage collector."""

_MARKS = {"browser": "browser", "clusters": "cluster", "notebooks": "notebooks"}
"""The mark of the tests in a folder."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the slow sets, by folder and by whether a test needs the Spark session, and put the slow folders first."""

    def turn(item: pytest.Item) -> int:
        folder = PurePath(item.path).relative_to(config.rootpath).parent
        return next((place for place, first in enumerate(SLOW_FIRST) if folder.is_relative_to(first)), len(SLOW_FIRST))

    items.sort(key=turn)
    for item in items:
        for folder in _MARKS.keys() & {*item.path.relative_to(config.rootpath).parts}:
            item.add_marker(_MARKS[folder])
        parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
        is_pyspark = any(isinstance(value, str) and value == "pyspark" for value in parameters)
        if is_pyspark or "spark" in getattr(item, "fixturenames", ()):
            item.add_marker("spark")


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A real local Spark session, created once because it takes seconds to start."""
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
        # Compiling takes most of the time of a query of ten rows.
        .config("spark.sql.codegen.wholeStage", "false")
        .config("spark.sql.codegen.factoryMode", "NO_CODEGEN")
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.sql.ui.retainedExecutions", "8")
        .config("spark.driver.extraJavaOptions", QUICK_JAVA)
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
    """Make a frame of the current kind from literal rewards."""
    spark = request.getfixturevalue("spark") if engine == "pyspark" else None

    def make(*rows: dict[str, Any], schema: pa.Schema = frames.SCHEMA) -> Any:
        table = frames.table(rows, schema)
        return frames.ENGINES[engine](table) if spark is None else spark.createDataFrame(table)

    return make


@pytest.fixture
def assert_rows(engine: str) -> Callable[..., None]:
    """Assert the rows of a result (only the named columns, if any), in order if the kind of frame has one."""

    def check(result: Any, expected: list[tuple[Any, ...]], columns: Iterable[str] = ()) -> None:
        frame = frames.collected(result)
        found = (frame.select(*columns) if columns else frame).rows()
        if engine in frames.UNORDERED:
            found, expected = sorted(found, key=repr), sorted(expected, key=repr)
        assert found == expected

    return check
