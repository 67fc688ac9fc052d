"""`--engine`: every analysis and every question to a history, on every engine, to the same decimals."""

import json
import os
import shutil
import subprocess
import sys
from datetime import date

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import rewards_analytics as ra
from tests.conftest import QUICK_JAVA

ENGINES = ["polars", "duckdb", "dask", pytest.param("pyspark", marks=pytest.mark.spark)]
AS_OF = ("--as-of", "2026-11-23")
COMMANDS = {
    "balances": ("--by", "member_guid"),
    "holdings": (),
    "totals": ("--by", "user_guid"),
    "expiring": AS_OF,
    "aging": AS_OF,
    "upcoming": AS_OF,
    "distance": (),
    "bands": ("--edges", "0,1000"),
    "quality": AS_OF,
}
REWARD = {"user_guid": "USR-1", "member_guid": "MBR-1", "unit_type": "MILES"}


@pytest.fixture
def session(request):
    """The session of the tests, where the engine needs one."""
    if request.node.callspec.params["engine"] == "pyspark":
        request.getfixturevalue("spark")


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("engine", ENGINES)
def test_each_analysis_gives_the_same_rows_on_each_engine(run, rewards_json, tmp_path, engine):
    source = ra.write(ra.load(rewards_json), tmp_path / "rewards.parquet")
    (tmp_path / "rates.csv").write_text("unit_type,rate\nMILES,0.01\nPOINTS,0.0075\n")

    for command, options in {**COMMANDS, "value": ("--rates", tmp_path / "rates.csv")}.items():
        loaded = run(command, source, "--format", "json", *options)
        on_engine = run(command, source, "--format", "json", *options, "--engine", engine)

        assert (on_engine.status, json.loads(on_engine.out)) == (0, json.loads(loaded.out)), command


@pytest.mark.usefixtures("session")
@pytest.mark.parametrize("engine", ENGINES)
def test_each_question_to_a_history_gives_the_same_rows_on_each_engine(run, tmp_path, engine):
    history = ra.History(tmp_path / "history")
    for day, held, due in ((10, "1000.5", 80), (12, "1600.5", 80), (13, "1300.5", 30), (20, 900, 5)):
        rewards = [
            REWARD | {"guid": f"RWD-{day}", "balance_type": "BALANCE", "balance": held},
            REWARD | {"guid": "RWD-G", "balance_type": "BALANCE_TO_LEVEL", "balance": 900, "description": "Gold"},
            REWARD | {"guid": "RWD-L", "balance_type": "EXPIRING_BALANCE", "balance": due, "expires_on": "2026-11-17"},
        ]
        history.append(rewards, date(2026, 11, day))

    for command in ("changes", "roll-forward", "pace", "dues", "lapse", "forecast", "backtest", "activity"):
        by_day = run(command, tmp_path / "history", "--format", "json")
        on_engine = run(command, tmp_path / "history", "--format", "json", "--engine", engine)

        assert (on_engine.status, json.loads(on_engine.out)) == (0, json.loads(by_day.out)), command


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_report_is_the_same_page_on_each_engine(run, rewards_json, tmp_path, engine):
    """On Dask and PySpark too, to which tests/clusters puts the report's facts."""
    source = ra.write(ra.load(rewards_json), tmp_path / "rewards.parquet")

    run("report", source, "--out", tmp_path / "loaded.html", *AS_OF)
    ended = run("report", source, "--out", tmp_path / "page.html", *AS_OF, "--engine", engine)

    assert (ended.status, ended.err) == (0, "")
    assert (tmp_path / "page.html").read_bytes() == (tmp_path / "loaded.html").read_bytes()


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_parquet_of_an_engine_is_that_of_the_loaded_rewards(run, rewards_json, tmp_path, engine):
    """Polars and DuckDB write it row by row, without all of it in memory."""
    for command, options in COMMANDS.items():
        run(command, rewards_json, "--out", tmp_path / "loaded.parquet", *options)
        ended = run(command, rewards_json, "--out", tmp_path / "written.parquet", *options, "--engine", engine)

        assert (ended.status, ended.err) == (0, ""), command
        loaded, written = (pl.read_parquet(tmp_path / f"{name}.parquet") for name in ("loaded", "written"))
        assert_frame_equal(written, loaded)


def test_standard_input_is_refused(run):
    ended = run("totals", "-", "--engine", "polars", stdin=b"{}")

    assert (ended.status, ended.out) == (2, "")
    assert "--engine reads the source several times, standard input only once. Name a file." in ended.err


@pytest.mark.parametrize(("engine", "extra"), [("duckdb", "duckdb"), ("dask", "dask"), ("pyspark", "spark")])
def test_an_engine_that_is_not_installed_names_the_extra(run, rewards_json, monkeypatch, engine, extra):
    for name in [name for name in sys.modules if name.split(".")[0] == engine or ".lazy." in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, engine, None)

    ended = run("totals", rewards_json, "--engine", engine)

    assert ended.status == 2
    assert f'{engine} is not installed: pip install "rewards-analytics[{extra}]"' in ended.err


def test_without_java_pyspark_says_what_to_install(run, rewards_json, monkeypatch, tmp_path):
    from pyspark.sql import SparkSession

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(SparkSession, "getActiveSession", classmethod(lambda _: None))

    ended = run("totals", rewards_json, "--engine", "pyspark")

    assert ended.status == 2
    assert "PySpark needs Java, which is not installed: install a Java runtime" in " ".join(ended.err.split())


def test_a_folder_whose_files_differ_names_the_file_and_the_column(run, rewards_json, tmp_path):
    rewards = ra.load(rewards_json)
    ra.write(rewards, tmp_path / "a.parquet")
    rewards.drop("unit_type").write_parquet(tmp_path / "b.parquet")

    ended = run("totals", tmp_path, "--engine", "polars")

    assert ended.status == 1
    assert "b.parquet" in ended.err
    assert "unit_type" in ended.err


WRONG_TYPES = [
    ("balance", pl.Float64, "type double: the exact amounts"),
    ("unit_type", pl.Int32, "type int32: text is needed"),
]


def write_differing(folder, rewards, column, kind):
    """Write two files of a folder, the second with another type of a column."""
    ra.write(rewards, folder / "a.parquet")
    rewards.with_columns(pl.lit(1, kind).alias(column)).write_parquet(folder / "b.parquet")
    return folder / "b.parquet"


@pytest.mark.parametrize("engine", ["polars", "duckdb", "dask"])
@pytest.mark.parametrize(("column", "kind", "says"), WRONG_TYPES)
def test_a_folder_whose_files_have_other_types_names_the_file_and_the_column(
    run, rewards_json, tmp_path, engine, column, kind, says
):
    file = write_differing(tmp_path, ra.load(rewards_json), column, kind)

    ended = run("totals", tmp_path, "--engine", engine)

    assert ended.status == 1
    assert f"Column '{column}' of {file} has the {says}" in " ".join(ended.err.split())


@pytest.mark.spark
@pytest.mark.skipif(shutil.which("java") is None, reason="Java is missing, which PySpark needs")
def test_spark_on_this_machine_reads_with_the_python_of_the_command(rewards_json, tmp_path):
    """Its own default is the `python3` of the PATH. An error on the way out of it is that of the file."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_text("#!/bin/sh\nexit 9\n")
    (tmp_path / "bin/python3").chmod(0o755)
    (tmp_path / "rewards").mkdir()
    column, kind, says = WRONG_TYPES[1]
    file = write_differing(tmp_path / "rewards", ra.load(rewards_json), column, kind)
    environment = {name: value for name, value in os.environ.items() if name != "PYSPARK_PYTHON"}

    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "rewards_analytics",
            "totals",
            file.parent,
            "--engine",
            "pyspark",
            "--master",
            "local[1]",
        ],
        env=environment | {"PATH": f"{tmp_path / 'bin'}:{environment['PATH']}", "JAVA_TOOL_OPTIONS": QUICK_JAVA},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert f"Column '{column}' of {file} has the {says}" in ended.stderr.splitlines()[-1]
