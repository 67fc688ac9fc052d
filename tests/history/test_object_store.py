"""A history on an object store: an S3 server on this machine, and stores that do not answer."""

import re
import socket
import subprocess
import sys
import time

import narwhals as nw
import polars as pl
import pytest

import rewards_analytics as ra
from tests.history.conftest import BIG, DAY_1, DAY_2, day, held, reward
from tests.history.test_members import members

BUCKET = "rewards"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "XYZZY-secret",
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


SERVER = """
import logging
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(*server.get_host_and_port(), flush=True)
input()
"""
"""In a process of its own: deltalake keeps Python's lock while it waits for some answers."""


@pytest.fixture(scope="module")
def server():
    """A client of an S3 server with an empty bucket, and the settings for deltalake."""
    pytest.importorskip("moto.server", reason='moto is missing: pip install "rewards-analytics[test]"')
    boto3 = pytest.importorskip("boto3", reason='boto3 is missing: pip install "rewards-analytics[test]"')
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        host, port = process.stdout.readline().split()
        settings = KEYS | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}
        client = boto3.client(
            "s3",
            endpoint_url=settings["AWS_ENDPOINT_URL"],
            region_name=KEYS["AWS_REGION"],
            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        )
        client.create_bucket(Bucket=BUCKET)
        yield client, settings
        process.kill()


@pytest.fixture
def store(server, request):
    """The URL of a history in the bucket, the client of the store, and its settings."""
    client, settings = server
    return f"s3://{BUCKET}/{re.sub('[^a-z0-9]', '-', request.node.name)}", client, settings


def test_a_history_on_a_store_is_like_one_in_a_folder(store):
    url, _, settings = store
    history = ra.History(url, storage_options=settings)
    assert history.dates() == []

    for number in range(1, 13):
        history.append([reward(balance=BIG)], day(number), members(f"MBR-{number}"))
    history.append([reward("RWD-2", "7")], DAY_1)

    assert history.dates() == [day(number) for number in range(1, 13)]
    assert held(ra.History(url, storage_options=settings))[:2] == [(DAY_1, "RWD-2", 7), (DAY_2, "RWD-1", int(BIG))]
    assert history.members()["member_guid"].to_list() == [f"MBR-{number}" for number in range(2, 13)]
    assert repr(history).startswith(f"History('{url}'): 12 snapshots, 2026-01-01 to 2026-01-12, 12 rewards, ")


@pytest.mark.parametrize("engine", ["polars", "duckdb", "dask"])
def test_a_store_is_scanned_on_every_engine_that_reads_it_itself(store, engine):
    url, _, settings = store
    history = ra.History(url, storage_options=settings)
    history.append([reward(balance=BIG)], DAY_1)
    history.append([reward(balance="7")], DAY_2)

    for start, amount in ((DAY_1, int(BIG)), (DAY_2, 7)):
        scan = nw.from_native(history.scan(start, start, engine=engine)).lazy()
        found = scan.select("taken_on", "balance").collect(backend="polars").to_native()
        assert found.with_columns(pl.col("taken_on").cast(pl.Date)).rows() == [(start, amount)]


def test_the_settings_of_a_store_come_from_the_environment_too(store, monkeypatch):
    url, _, settings = store
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    ra.History(url).append([reward()], DAY_1, members("MBR-1"))

    assert held(ra.History(url)) == [(DAY_1, "RWD-1", 100)]
    assert ra.History(url).members().height == 1


def test_a_vacuum_removes_what_lies_on_a_store(store):
    url, client, settings = store
    history = ra.History(url, storage_options=settings)
    history.append([reward()], DAY_1, members("MBR-1"))
    history.append([reward("RWD-2")], DAY_1, members("MBR-2"))

    history.vacuum(retention_hours=0)

    objects = client.list_objects_v2(Bucket=BUCKET, Prefix=url.rpartition("/")[2])["Contents"]
    names = [item["Key"].split("/")[1] for item in objects]
    assert sorted(name for name in names if name != "_delta_log") == ["_members", f"taken_on={DAY_1}"]
    assert held(history) == [(DAY_1, "RWD-2", 100)]


def test_a_broken_checkpoint_on_a_store_is_repaired(store):
    url, client, settings = store
    history = ra.History(url, storage_options=settings)
    for number in range(1, 12):
        history.append([reward()], day(number))
    key = f"{url.rpartition('/')[2]}/_delta_log/{9:020}.checkpoint.parquet"
    client.put_object(Bucket=BUCKET, Key=key, Body=b"PAR1")

    assert len(history.dates()) == 11


def test_a_bucket_that_does_not_exist_is_a_clear_error(store):
    _, _, settings = store

    with pytest.raises(ra.SourceError, match=r"The history s3://nowhere/history cannot be read: .* 404 Not Found"):
        ra.History("s3://nowhere/history", storage_options=settings).append([reward()], DAY_1)


# --- Stores that cannot be reached ------------------------------------------------------------------

ASK = [
    lambda history: history.append([reward()], DAY_1),
    lambda history: history.dates(),
    lambda history: history.scan(),
    lambda history: history.members(),
]


@pytest.mark.parametrize("ask", ASK, ids=["append", "dates", "scan", "members"])
def test_a_store_that_refuses_the_connection_is_a_clear_error(ask):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        settings = KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{taken.getsockname()[1]}"}
        with pytest.raises(ra.SourceError) as raised:
            ask(ra.History("s3://bucket/history", storage_options=settings))

    message = str(raised.value)
    assert message.startswith("The history s3://bucket/history cannot be read: ")
    assert message.endswith("Check the path or URL, the credentials and the network, then try again.")
    assert "\n" not in message
    assert "\x1b" not in message
    assert "XYZZY" not in message


def test_a_store_that_never_answers_is_given_up_in_bounded_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}", "timeout": "1s"}
        history = ra.History("s3://bucket/history", storage_options=settings | {"retry_timeout": "1s"})

        began = time.monotonic()
        with pytest.raises(ra.SourceError, match=r"cannot be read: .*timed out"):
            history.dates()
        assert time.monotonic() - began < 20


def test_the_bounds_hold_unless_others_are_given():
    plain = ra.History("s3://bucket/history")._location.table_options
    other = ra.History("s3://bucket/history", storage_options={"timeout": "300s"})._location.table_options

    assert plain == {"connect_timeout": "5s", "timeout": "30s", "max_retries": "3", "retry_timeout": "30s"}
    assert other["timeout"] == "300s"


def test_a_url_of_another_kind_is_a_clear_error():
    with pytest.raises(ra.SourceError, match=r"The history ftp://host/history cannot be read: Unknown scheme: ftp"):
        ra.History("ftp://host/history").dates()


def test_a_password_in_a_url_is_not_shown():
    history = ra.History("foo://user:XYZZY@host/history")

    assert "XYZZY" not in repr(history)
    assert repr(history).startswith("History('foo://host/history'): ")
