"""A Dask cluster of separate processes gives the same answers as one machine, even if it loses a worker."""

import signal
import sys
import threading
import time

import pytest

import rewards_analytics as ra
from tests.clusters.commands import assert_ends_without_workers, error_without_anyone_listening
from tests.clusters.processes import Machines, Workers, wait_for
from tests.clusters.questions import QUESTIONS, ask, assert_same

distributed = pytest.importorskip("distributed", reason='Dask is missing: pip install "rewards-analytics[dask]"')

SETTINGS = {
    # A worker that is frozen is noticed by its silence alone.
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10s",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "8s",
}
PYTHON = [sys.executable, "-W", "ignore", "-m"]


class Cluster:
    """A scheduler and two workers."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        _, self.address = machines.start(
            [*PYTHON, "distributed.cli.dask_scheduler", *options], r"Scheduler at:\s+(tcp://\S+)"
        )
        self.workers = Workers(self._start_worker)

    def _start_worker(self):
        options = ["--no-nanny", "--nthreads", "1", "--memory-limit", "1GB", "--no-dashboard", "--host", "127.0.0.1"]
        options += ["--local-directory", str(self._machines.folder)]
        return self._machines.start(
            [*PYTHON, "distributed.cli.dask_worker", self.address, *options], r"(Registered to):"
        )[0]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Machines(tmp_path_factory.mktemp("machines"), SETTINGS) as machines:
        yield Cluster(machines)


@pytest.fixture
def client(cluster):
    """A client, which Dask uses by itself while it is open."""
    cluster.workers.restore()
    with distributed.Client(cluster.address) as client:
        client.wait_for_workers(2, timeout=60)
        yield client


def answer_of(name, files, form="rewards.parquet"):
    history = ra.History(files / "history").scan(engine="dask")
    return ask(name, ra.scan(files / form, engine="dask"), history)


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_answer_is_that_of_one_machine(client, expected, files, name):
    assert_same(answer_of(name, files), expected(name))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_worker_that_is_lost_in_the_middle_costs_nothing_but_time(cluster, client, expected, files, number):
    lost = cluster.workers.machines[0]
    at_work = threading.Event()

    def lose():
        # Its tasks have begun, and some of the work is done.
        wait_for(lambda: client.processing() and any(client.has_what().values()), "tasks on the workers")
        lost.signal(number)
        at_work.set()

    thread = threading.Thread(target=lose)
    thread.start()
    answer = answer_of("totals", files, "ndjson")
    assert at_work.is_set()
    thread.join()

    assert_same(answer, expected("totals"))
    lost.kill()


def test_the_command_line_computes_on_the_cluster(cluster, expected, files, command, tmp_path):
    import polars as pl

    cluster.workers.restore()
    arguments = ("changes", files / "history", "--engine", "dask", "--scheduler", cluster.address)
    run = command(*arguments, "--out", "changes.parquet")
    _, err = run.communicate()

    assert run.returncode == 0, err
    assert_same(pl.read_parquet(tmp_path / "changes.parquet"), expected("changes"))


def test_the_command_line_ends_soon_after_all_workers_are_lost(cluster, files, command):
    cluster.workers.restore()
    for machine in cluster.workers.machines:
        machine.signal(signal.SIGSTOP)  # so that no task is done before
    run = command("totals", files / "ndjson", "--engine", "dask", "--scheduler", cluster.address, **SETTINGS)
    time.sleep(5)
    assert_ends_without_workers(run, cluster.workers, f"Dask cluster at {cluster.address}", 8)


def test_a_scheduler_that_cannot_be_reached_is_named(tmp_path, command):
    scheduler, err = error_without_anyone_listening(command, tmp_path, "tcp", "--engine", "dask", "--scheduler")

    assert f"The Dask scheduler at {scheduler} cannot be reached: " in err
