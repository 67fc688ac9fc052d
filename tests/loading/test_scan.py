"""Lazy frames hold what `load` returns, on every engine."""

import gzip
import os
import stat
import tempfile
from pathlib import Path

import narwhals as nw
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rewards_analytics as ra
from rewards_analytics.loading.lazy import splits
from rewards_analytics.loading.sources import inputs
from tests.loading.samples import FORMS, ndjson, reward, written

REWARDS = [
    reward(1, balance="12345678901234567.123456789", account_guid=None),
    reward(2, balance="-0.000000001", expires_on=None, created_at="2020-01-28T15:09:01.123456-0600"),
    reward(3, balance="9999999999999999999.999999999", description='"a",\n', created_at=None),
]
ENGINES = ["polars", "duckdb", "dask", "pyspark"]


@pytest.fixture(params=ENGINES)
def scan(request):
    engine = request.param
    session = request.getfixturevalue("spark") if engine == "pyspark" else None
    return lambda source: ra.scan(source, engine=engine, session=session)


@pytest.mark.parametrize(
    "form", ["rewards.ndjson", "pages.json", "rewards.csv", "rewards.parquet", "rewards.ndjson.gz"]
)
def test_a_scan_holds_the_rows_and_types_of_load(scan, form, tmp_path):
    path = written(form, REWARDS, tmp_path)

    lazy = scan(path)

    assert nw.from_native(lazy).implementation is not nw.Implementation.UNKNOWN
    assert ra.load(lazy).sort("guid").equals(ra.load(path))


def test_a_folder_is_scanned_whole(scan, tmp_path):
    written("rewards.ndjson", REWARDS[:1], tmp_path)
    written("rewards.csv", REWARDS[1:], tmp_path)

    assert ra.load(scan(tmp_path)).height == 3


@pytest.mark.parametrize("further", [[{}, {"note": 1}], [{"note": 1}, {}], [{"note": 1}, {"note": "text"}]])
def test_files_of_a_folder_may_have_different_further_columns(scan, further, tmp_path):
    for number, note in enumerate(further):
        table = ra.load(REWARDS[number : number + 1], backend="pyarrow")
        for name, value in note.items():
            table = table.append_column(name, pa.array([value]))
        pq.write_table(table, tmp_path / f"{number}.parquet")

    lazy = scan(tmp_path)

    assert ra.load(lazy).sort("guid").equals(ra.load(REWARDS[:2]))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("name", ["a*", "a?", "[ab]", "{ab,b}"])
def test_the_characters_of_a_glob_in_the_name_of_a_folder_match_themselves_alone(scan, name, tmp_path):
    folder, other = tmp_path / name, tmp_path / "ab"
    folder.mkdir(), other.mkdir()
    path = ra.write(ra.load(REWARDS[:1]), folder / "rewards.parquet")
    ra.write(ra.load(REWARDS[1:]), other / "rewards.parquet")

    assert ra.load(scan(path))["guid"].to_list() == [REWARDS[0]["guid"]]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize(
    "name", ["_a.parquet", ".a.parquet", "a:b.parquet", "_b/a.parquet", ".b/a.parquet", "b:c/a.parquet"]
)
def test_a_file_is_read_whatever_its_name_is(scan, name, tmp_path):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    other = ra.write(ra.load(REWARDS[1:]), tmp_path / "other.parquet")

    lazy = scan([ra.write(ra.load(REWARDS[:1]), path), other])

    assert sorted(ra.load(lazy)["guid"]) == [reward["guid"] for reward in REWARDS]


def test_a_bad_value_fails_the_computation_with_its_place(scan, tmp_path):
    path = tmp_path / "bad.ndjson"
    path.write_bytes(ndjson(reward(1), reward(2, balance="12,50")))
    lazy = scan(path)

    # Each engine has an error of its own; ours stands in it.
    with pytest.raises(Exception, match=r'bad.ndjson:2: balance "12,50" is not a number'):
        nw.from_native(lazy).lazy().collect(backend="pyarrow")


def test_parquet_with_a_bad_value_fails_the_computation_with_its_place(scan, tmp_path):
    path = tmp_path / "bad.parquet"
    ra.load(REWARDS).with_columns(user_guid=pl.Series(["USR-1", None, "USR-1"])).write_parquet(path)
    lazy = scan(path)

    with pytest.raises(Exception, match=r"bad.parquet:row 1: user_guid is missing"):
        nw.from_native(lazy).lazy().collect(backend="pyarrow")


def test_a_scan_of_polars_takes_columns_rows_and_conditions(tmp_path):
    for form in ("rewards.ndjson", "rewards.parquet"):
        lazy = ra.scan(written(form, REWARDS, tmp_path))
        assert lazy.select("guid").head(2).collect()["guid"].to_list() == ["RWD-1", "RWD-2"]
        assert lazy.filter(pl.col("balance") < 0).select("guid").collect()["guid"].to_list() == ["RWD-2"]


def test_a_scan_can_be_computed_again(scan, tmp_path):
    lazy = scan(written("rewards.ndjson", REWARDS, tmp_path))

    assert ra.load(lazy).height == 3
    assert ra.load(lazy).height == 3


def test_a_scan_of_a_relative_path_is_computed_from_any_folder(scan, tmp_path, monkeypatch):
    for form in ("rewards.ndjson", "rewards.parquet"):
        written(form, REWARDS, tmp_path)
        monkeypatch.chdir(tmp_path)
        lazy = scan(form)
        monkeypatch.chdir("/")
        assert ra.load(lazy).height == 3


def test_large_ndjson_is_split_at_line_ends(scan, tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "SPAN_BYTES", 5000)
    path = tmp_path / "many.ndjson"
    path.write_bytes(ndjson(*(reward(n) for n in range(100))))

    assert len(splits.splits([*inputs(path)])) == 5
    assert sorted(ra.load(scan(path))["guid"]) == sorted(f"RWD-{n}" for n in range(100))


def test_a_split_counts_lines_from_the_start_of_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "SPAN_BYTES", 1000)
    path = tmp_path / "many.ndjson"
    path.write_bytes(ndjson(*(reward(n, balance="x" if n == 77 else "1") for n in range(100))))

    with pytest.raises(ra.InvalidRewardsError, match=r"many.ndjson:78: balance"):
        ra.scan(path, engine="dask").compute()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (Path.unlink, r"many\.ndjson does not exist"),
        (lambda path: path.write_bytes(b""), r"many\.ndjson changed after scan\(\) looked at it\. Scan it again"),
    ],
)
def test_a_split_of_a_file_that_is_not_the_same_any_more_says_so(tmp_path, monkeypatch, change, error):
    monkeypatch.setattr(splits, "SPAN_BYTES", 1000)
    path = tmp_path / "many.ndjson"
    path.write_bytes(ndjson(*map(reward, range(100))))
    lazy = ra.scan(path, engine="dask")
    change(path)

    with pytest.raises(ra.SourceError, match=error):
        lazy.compute()


@pytest.mark.parametrize("form", ["rewards.ndjson", "rewards.json", "rewards.csv", "rewards.ndjson.gz"])
def test_a_byte_that_is_not_utf8_fails_the_computation_with_its_place(scan, form, tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "SPAN_BYTES", 5000)
    path = tmp_path / form
    data = FORMS["rewards.ndjson" if form.endswith("gz") else form]([reward(n) for n in range(100)])
    at = data.rindex(b"Miles")
    line, column = data.count(b"\n", 0, at) + 1, at - data.rfind(b"\n", 0, at)
    data = data[:at] + b"\xc9" + data[at + 1 :]
    path.write_bytes(gzip.compress(data) if form.endswith("gz") else data)

    with pytest.raises(Exception, match=f"{path}, line {line}, column {column}: the byte 0xC9 is not UTF-8"):
        nw.from_native(scan(path)).lazy().collect(backend="pyarrow")


def test_a_row_in_a_split_that_contradicts_its_folder_has_its_line(tmp_path, monkeypatch):
    monkeypatch.setattr(splits, "SPAN_BYTES", 1000)
    path = tmp_path / "unit_type=MILES/many.ndjson"
    path.parent.mkdir()
    path.write_bytes(ndjson(*(reward(n, unit_type="POINTS" if n == 77 else "MILES") for n in range(100))))

    with pytest.raises(ra.SourceError, match=r"many.ndjson:78: unit_type is 'POINTS'"):
        ra.scan(path, engine="dask").compute()


def test_what_is_no_file_cannot_be_scanned():
    with pytest.raises(ra.ArgumentError, match=r"scan.. reads files again for each computation, .* with a bytes"):
        ra.scan(ndjson(reward()))
    with pytest.raises(ra.ArgumentError, match=r"engine='spark' is not one of .* Did you mean 'pyspark'"):
        ra.scan("rewards.json", engine="spark")


def test_spark_without_a_session_says_how_to_pass_one(tmp_path, monkeypatch):
    pytest.importorskip("pyspark")
    from pyspark.sql import SparkSession

    monkeypatch.setattr(SparkSession, "getActiveSession", lambda: None)

    with pytest.raises(ra.ArgumentError, match=r"There is no active SparkSession. Pass one"):
        ra.scan(written("rewards.csv", REWARDS, tmp_path), engine="pyspark")


def test_a_connection_of_our_own_takes_half_the_memory_and_puts_the_rest_where_no_other_user_reads_it(tmp_path):
    duckdb = pytest.importorskip("duckdb", reason='DuckDB is missing: pip install "rewards-analytics[duckdb]"')
    relation = ra.scan(written("rewards.csv", REWARDS, tmp_path), engine="duckdb")

    def setting(name):
        return relation.query("rewards", f"SELECT current_setting('{name}')").fetchall()[0][0]

    half = duckdb.connect(config={"memory_limit": "50%"}).sql("SELECT current_setting('memory_limit')").fetchall()[0][0]
    assert (setting("memory_limit"), setting("TimeZone")) == (half, "UTC")
    folder = Path(setting("temp_directory"))
    assert not folder.exists()  # DuckDB makes it when it needs it
    assert folder.parent.parent == Path(tempfile.gettempdir())
    assert os.name == "nt" or stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_the_callers_own_connection_keeps_its_settings(tmp_path):
    duckdb = pytest.importorskip("duckdb", reason='DuckDB is missing: pip install "rewards-analytics[duckdb]"')
    session, untouched = duckdb.connect(), duckdb.connect()
    settings = "SELECT name, value FROM duckdb_settings() ORDER BY name"

    ra.load(ra.scan(written("rewards.csv", REWARDS, tmp_path), engine="duckdb", session=session))

    assert session.sql(settings).fetchall() == untouched.sql(settings).fetchall()


def test_too_little_memory_of_a_connection_names_the_ways_out(tmp_path):
    duckdb = pytest.importorskip("duckdb", reason='DuckDB is missing: pip install "rewards-analytics[duckdb]"')
    session = duckdb.connect(config={"memory_limit": "10MB", "threads": 1})
    rewards = ra.load([reward(number) for number in range(1000)])
    ra.write(
        pl.concat([rewards.with_columns(user_guid=pl.lit(f"USR-{n:0200}")) for n in range(100)]), tmp_path / "r.parquet"
    )

    with pytest.raises(
        ra.RewardsError, match=r"^DuckDB needs more memory than it may use \(.* used\)\. Use the engine"
    ):
        ra.show.summary(ra.scan(tmp_path / "r.parquet", engine="duckdb", session=session))
