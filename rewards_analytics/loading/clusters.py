"""Where a lazy frame is computed: the session or client of its engine, and an error when a cluster is lost.

Spark and Dask wait for workers forever. Here a second thread counts the workers during a computation, and stops it once
there have been none for as long as the engine's own settings allow.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rewards_analytics.errors import ArgumentError, ClusterError, MissingDependencyError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CONNECT_S: Final = 10.0
"""Seconds in which a machine must answer."""

_EVERY_S: Final = 0.5
_STANDALONE: Final = "spark://"
_MASTER: Final = re.compile(r"(spark|k8s)://.+|yarn|local(-cluster)?(\[.*\])?")


@contextmanager
def computing(engine: str, *, master: str | None = None, scheduler: str | None = None) -> Iterator[Any]:
    """Compute with an engine, on this machine or on a cluster; yields what `scan` takes as `session`.

    Parameters
    ----------
    engine
        An engine of `scan`.
    master
        Address of a Spark cluster, such as `spark://host:7077`; the cores of this machine if None. Spark's setting
        `spark.scheduler.maxRegisteredResourcesWaitingTime` (30 seconds by default) limits how long a cluster may have
        no workers.
    scheduler
        Address of a Dask scheduler, such as `tcp://host:8786`; threads of this process if None. Dask's setting
        `distributed.comm.timeouts.connect` (30 seconds by default) limits how long it may have no workers.

    Raises
    ------
    ArgumentError
        If the address belongs to another engine.
    MissingDependencyError
        If the engine or Java is not installed.
    ClusterError
        If the cluster cannot be reached, or has no workers for too long.
    """
    for name, address, of_engine in (("master", master, "pyspark"), ("scheduler", scheduler, "dask")):
        if address is not None and engine != of_engine:
            raise ArgumentError(f"{name}={address!r} goes with engine={of_engine!r}, not with engine={engine!r}.")
    if engine == "pyspark":
        with _spark(master) as session:
            yield session
    elif engine == "dask" and scheduler is not None:
        with _dask(scheduler):
            yield None
    else:
        yield None


# --- Spark ------------------------------------------------------------------------------------------


@contextmanager
def _spark(master: str | None) -> Iterator[SparkSession]:
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra("pyspark", "spark") from error
    active = SparkSession.getActiveSession()
    if active is not None and master is None:
        yield active  # the caller's own session: they started it and will stop it
        return
    _require_java()
    address = master or "local[*]"
    if not _MASTER.fullmatch(address):
        raise _not_a_master(address)
    is_local = address.startswith("local")
    if is_local:
        # Spark would start the `python3` of the PATH, which need not have this package.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    elif address.startswith(_STANDALONE):
        _require_reachable(address)
    builder = SparkSession.builder.appName("rewards-analytics").master(address)
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    try:
        session = builder.config(map=settings).getOrCreate()
    except Exception as error:  # Py4J raises many kinds, and each means that the session did not start
        if is_local or "JAVA_GATEWAY_EXITED" in str(error):
            raise ClusterError.not_started("Spark", _reason(error)) from error
        raise ClusterError.unreachable(f"Spark at {address}", _reason(error)) from error
    context: Any = session.sparkContext
    try:
        if is_local:
            yield session
            return
        patience = context._jsc.sc().conf().getTimeAsMs("spark.scheduler.maxRegisteredResourcesWaitingTime", "30s")

        def executors() -> int:
            return len(context._jsc.sc().statusTracker().getExecutorInfos()) - 1  # without the driver

        with _watched(f"the Spark cluster at {address}", executors, context.cancelAllJobs, patience / 1000):
            yield session
    finally:
        session.stop()


def _require_java() -> None:
    """Refuse to start Spark where there is no Java: its own script says so in several lines and hides the cause."""
    home = os.environ.get("JAVA_HOME")
    if home and not (Path(home) / "bin/java").exists():  # Spark then looks nowhere else
        raise MissingDependencyError(
            f"PySpark needs Java, and JAVA_HOME={home} has no bin/java. Set JAVA_HOME to an installed Java runtime, or "
            "unset it to use the java of the PATH."
        )
    if home or shutil.which("java"):
        return
    raise MissingDependencyError(
        "PySpark needs Java, which is not installed: install a Java runtime (apt-get install default-jre-headless, "
        "brew install openjdk), or set JAVA_HOME."
    )


def _not_a_master(master: str) -> ArgumentError:
    return ArgumentError(f"master={master!r} is not the address of a Spark cluster, such as spark://host:7077.")


def _require_reachable(master: str) -> None:
    """Refuse an address of masters of which none answers, which Spark would try for a minute."""
    problem: OSError | None = None
    for address in master.removeprefix(_STANDALONE).split(","):
        host, _, port = address.rpartition(":")
        if not host or not port.isdigit() or int(port) > 65535:
            raise _not_a_master(master)
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_S).close()
        except OSError as error:
            problem = error
        else:
            return
    raise ClusterError.unreachable(f"The Spark master at {master}", str(problem)) from problem


# --- Dask -------------------------------------------------------------------------------------------


@contextmanager
def _dask(scheduler: str) -> Iterator[None]:
    try:
        import dask
        from distributed import Client
    except ModuleNotFoundError as error:
        raise MissingDependencyError.for_extra("dask", "dask") from error
    try:
        client: Any = Client(scheduler, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise ClusterError.unreachable(f"The Dask scheduler at {scheduler}", _reason(error)) from error
    patience = dask.utils.parse_timedelta(dask.config.get("distributed.comm.timeouts.connect"))

    def workers() -> int:
        return len(client.sync(client.scheduler.ncores, callback_timeout=CONNECT_S))

    def stop() -> None:
        client.close(timeout=_EVERY_S)

    try:
        with _watched(f"the Dask cluster at {scheduler}", workers, stop, patience):
            yield
    finally:
        client.close(timeout=CONNECT_S)


# --- Both -------------------------------------------------------------------------------------------


@contextmanager
def _watched(cluster: str, workers: Callable[[], int], stop: Callable[[], object], patience: float) -> Iterator[None]:
    """Stop the computation and raise a `ClusterError` if a cluster has no worker for some seconds."""
    done, lost = threading.Event(), threading.Event()

    def watch() -> None:
        last_seen = time.monotonic()
        while not done.wait(_EVERY_S):
            try:
                found = workers()
            except Exception:  # noqa: BLE001 - whatever fails on the way, no worker is seen
                found = 0
            now = time.monotonic()
            if found > 0 and not lost.is_set():
                last_seen = now
            elif now - last_seen > patience:
                lost.set()
                with suppress(Exception):  # what it stops may have ended by itself
                    stop()  # again and again: another computation may begin

    watcher = threading.Thread(target=watch, name="cluster", daemon=True)
    watcher.start()
    try:
        yield
    except Exception as error:
        if lost.is_set():
            raise ClusterError.without_workers(cluster, patience) from error
        raise
    finally:
        done.set()


def _reason(error: Exception) -> str:
    """The first line of an error of an engine, which has many."""
    return str(error).strip().partition("\n")[0] or type(error).__name__
