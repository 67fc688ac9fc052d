"""A Spark cluster of separate processes gives the same answers as one machine, even if it loses a worker."""

import json
import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.clusters.commands import assert_ends_without_workers, error_without_anyone_listening
from tests.clusters.driver import Driver
from tests.clusters.processes import Machines, Workers, wait_for
from tests.clusters.questions import QUESTIONS, assert_same
from tests.conftest import QUICK_JAVA

pytest.importorskip("pyspark", reason='PySpark is missing: pip install "rewards-analytics[spark]"')
if shutil.which("java") is None:
    pytest.skip("Java is missing, which PySpark needs", allow_module_level=True)

import pyspark

SPARK_CLASS = Path(pyspark.__file__).parent / "bin/spark-class"
SETTINGS = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.driver.extraJavaOptions": QUICK_JAVA,
    "spark.executor.extraJavaOptions": QUICK_JAVA,
    "spark.executor.memory": "512m",
    "spark.executor.cores": "1",
    "spark.cores.max": "2",
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.enabled": "false",
    # Compiling takes most of the time of a query of few rows.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    # A worker that is frozen is noticed by its silence alone.
    "spark.network.timeout": "10s",
    "spark.network.timeoutInterval": "2s",
    "spark.executor.heartbeatInterval": "2s",
    "spark.storage.blockManagerHeartbeatTimeoutMs": "10s",
    "spark.shuffle.io.connectionTimeout": "10s",
    "spark.shuffle.io.maxRetries": "1",
    "spark.shuffle.io.retryWait": "1s",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "12s",
}


class Cluster:
    """A master, and two workers with room for two drivers."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        _, self.address = machines.start(
            [*self._class_of("master.Master"), "--webui-port", "0"], r"Starting Spark master at (\S+)"
        )
        self.workers = Workers(self._start_worker)

    def _start_worker(self):
        options = ["--webui-port", "0", "-c", "2", "-m", "1200m", "--work-dir", str(self.work), self.address]
        return self._machines.start([*self._class_of("worker.Worker"), *options], r"(Successfully registered)")[0]

    @staticmethod
    def _class_of(name: str) -> list[str]:
        return [str(SPARK_CLASS), f"org.apache.spark.deploy.{name}", "--host", "127.0.0.1", "--port", "0"]

    @property
    def work(self) -> Path:
        return self._machines.folder / "work"


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Settings of everything that starts."""
    folder = tmp_path_factory.mktemp("spark")
    (folder / "conf").mkdir()
    lines = (f"{name} {value}\n" for name, value in SETTINGS.items())
    (folder / "conf/spark-defaults.conf").write_text("".join(lines))
    return {
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": QUICK_JAVA,
        "PYSPARK_PYTHON": sys.executable,
    }


@pytest.fixture(scope="module")
def cluster(environment, tmp_path_factory):
    with Machines(tmp_path_factory.mktemp("machines"), environment) as machines:
        yield Cluster(machines)


@pytest.fixture(scope="module")
def driver(cluster, environment, files):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        driver = Driver(cluster.address, files)
    yield driver
    driver.close()


@pytest.fixture(autouse=True)
def two_workers(request):
    if "cluster" in request.fixturenames:
        request.getfixturevalue("cluster").workers.restore()


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_answer_is_that_of_one_machine(driver, expected, name):
    assert_same(driver.ask(name), expected(name))


@pytest.mark.parametrize("name", ["totals", "upcoming"])
def test_a_worker_that_is_killed_in_the_middle_costs_nothing_but_time(cluster, driver, expected, name):
    assert_same(driver.ask(name, "ndjson", midway=cluster.workers.machines[0].kill), expected(name))


def test_a_worker_that_freezes_in_the_middle_costs_nothing_but_time(cluster, driver, expected):
    frozen = cluster.workers.machines[0]

    answer = driver.ask("totals", "ndjson", midway=lambda: frozen.signal(signal.SIGSTOP))

    assert_same(answer, expected("totals"))
    frozen.kill()


def test_the_command_line_computes_on_the_cluster(cluster, environment, expected, files, command):
    run = command(
        *("totals", files / "ndjson", "--engine", "pyspark", "--master", cluster.address, "--format", "json"),
        **environment,
    )
    out, err = run.communicate()

    assert run.returncode == 0, err
    assert json.loads(out) == [
        {name: value if isinstance(value, str | int) else f"{value:f}" for name, value in row.items()}
        for row in expected("totals").rows(named=True)
    ]


def test_the_command_line_ends_soon_after_all_workers_are_lost(cluster, environment, files, command):
    arguments = ("holdings", files / "ndjson", "--engine", "pyspark", "--master", cluster.address)
    known = {*cluster.work.glob("app-*/*")}
    run = command(*arguments, **environment)
    wait_for(lambda: {*cluster.work.glob("app-*/*")} - known, "an executor of the command")
    assert_ends_without_workers(run, cluster.workers, f"Spark cluster at {cluster.address}", 12)


def test_a_master_that_cannot_be_reached_is_named(tmp_path, command):
    master, err = error_without_anyone_listening(command, tmp_path, "spark", "--engine", "pyspark", "--master")

    assert f"The Spark master at {master} cannot be reached: " in err
    assert "Connection refused" in err


def test_without_java_the_command_line_says_what_to_install(tmp_path, command):
    (tmp_path / "rewards.json").write_text("[]")
    run = command("totals", "rewards.json", "--engine", "pyspark", PATH=str(Path(sys.executable).parent), JAVA_HOME="")
    _, err = run.communicate()

    assert run.returncode == 2
    assert "PySpark needs Java, which is not installed: install a Java runtime (apt-get install" in err


def test_a_java_home_without_java_is_named(tmp_path, command):
    (tmp_path / "rewards.json").write_text("[]")
    run = command("totals", "rewards.json", "--engine", "pyspark", JAVA_HOME="/nowhere")
    _, err = run.communicate()

    assert run.returncode == 2
    assert "PySpark needs Java, and JAVA_HOME=/nowhere has no bin/java. Set JAVA_HOME to" in err


def test_a_java_that_fails_is_not_taken_for_a_lost_cluster(tmp_path, command):
    (tmp_path / "rewards.json").write_text("[]")
    (tmp_path / "bin").mkdir()
    java = tmp_path / "bin" / "java"
    java.write_text("#!/bin/sh\necho too old >&2; exit 1\n")
    java.chmod(0o755)
    run = command("totals", "rewards.json", "--engine", "pyspark", JAVA_HOME=str(tmp_path))
    _, err = run.communicate()

    assert run.returncode == 1
    assert "too old" in err
    assert "Spark did not start on this machine: [JAVA_GATEWAY_EXITED]" in err
    assert "Check its own messages, the version of Java (JAVA_HOME, PATH) and the free memory." in err


@pytest.mark.parametrize("master", ["host:7077", "localhost:7077", "tcp://host:7077", "spark://host"])
def test_an_address_that_is_not_of_a_master_is_refused(tmp_path, command, master):
    (tmp_path / "rewards.json").write_text("[]")
    run = command("totals", "rewards.json", "--engine", "pyspark", "--master", master)
    _, err = run.communicate()

    assert run.returncode == 2
    assert f"master={master!r} is not the address of a Spark cluster, such as spark://host:7077." in err
