"""--master and --scheduler without a cluster: wrong usage, and rows that fail. tests/clusters has the clusters."""

import pytest

from tests.loading.samples import ndjson, reward


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--master", "spark://h:7077"], "--master needs --engine pyspark."),
        (["--scheduler", "tcp://h:8786"], "--scheduler needs --engine dask."),
        (["--scheduler", "tcp://h:8786", "--engine", "duckdb"], "scheduler='tcp://h:8786' goes with engine='dask'"),
        (["--master", "spark://h:7077", "--engine", "dask"], "master='spark://h:7077' goes with engine='pyspark'"),
    ],
)
def test_an_address_without_its_engine_is_wrong_usage(run, rewards_json, words, message):
    found = run("totals", rewards_json, *words)

    assert (found.status, found.out) == (2, "")
    assert message in found.err


@pytest.mark.parametrize("engine", ["polars", "duckdb", "dask"])
def test_an_invalid_row_is_named_whatever_the_engine(run, tmp_path, engine):
    path = tmp_path / "bad.ndjson"
    path.write_bytes(ndjson(reward(1), reward(2, balance="12,50")))

    found = run("totals", path, "--engine", engine)

    assert (found.status, found.out) == (1, "")
    assert 'bad.ndjson:2: balance "12,50" is not a number' in found.err
    assert "Traceback" not in found.err
