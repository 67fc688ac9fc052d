"""A Spark driver in a process of its own: a process has one Spark session, and that of the other tests is local."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import rewards_analytics as ra
from tests.clusters.questions import ask


class Driver:
    """Asks questions on a Spark cluster."""

    def __init__(self, master: str, files: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, master, files), daemon=True)
        self._process.start()
        other.close()

    def ask(self, name: str, form: str = "parquet", *, midway: Callable[[], None] | None = None) -> Any:
        """Ask a question of one form of the rewards; `midway` is called when some of its tasks are done, not all."""
        self._connection.send((name, form, midway is not None))
        answer = self._connection.recv()
        if midway:
            assert answer == "midway"
            midway()
            answer = self._connection.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """End the session."""
        self._connection.send(None)
        self._process.join(30)
        self._process.kill()


def _serve(connection: Connection, master: str, files: Path) -> None:
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master(master).getOrCreate()
    history = ra.History(files / "history").scan(engine="pyspark", session=spark)
    while (asked := connection.recv()) is not None:
        name, form, tells_midway = asked
        source = files / ("ndjson" if form == "ndjson" else "rewards.parquet")
        done = threading.Event()
        if tells_midway:
            threading.Thread(target=_tell_midway, args=(spark, connection, done), daemon=True).start()
        try:
            answer = ask(name, ra.scan(source, engine="pyspark", session=spark), history)
        except Exception as error:  # noqa: BLE001 - the tests see it
            answer = RuntimeError(str(error))
        done.set()
        connection.send(answer)
    spark.stop()


def _tell_midway(spark: Any, connection: Connection, done: threading.Event) -> None:
    tracker = spark.sparkContext.statusTracker()
    while not done.is_set():
        for stage in map(tracker.getStageInfo, tracker.getActiveStageIds()):
            if stage is not None and 0 < stage.numCompletedTasks < stage.numTasks:
                connection.send("midway")
                return
        time.sleep(0.01)
