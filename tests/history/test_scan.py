"""A scan is a lazy frame of one version, of every engine, and reads only the files of its days."""

import operator
import os
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.engines.parts import parts_of
from rewards_analytics.loading.lazy import parts
from rewards_analytics.schema import FIELDS
from tests.history.conftest import BIG, DAY_1, DAY_2, DAY_3, day, reward
from tests.history.opened_files import opened_files

ENGINES = ["polars", "duckdb", "dask", "pyspark"]


@pytest.fixture(params=ENGINES)
def scan(request, tmp_path):
    """Scan the history of this test on one engine."""
    engine = request.param
    session = request.getfixturevalue("spark") if engine == "pyspark" else None
    history = ra.History(tmp_path / "history")
    return lambda start=None, end=None: history.scan(start, end, engine=engine, session=session)


def rows(lazy, *columns):
    """Rows of a lazy frame, in order."""
    frame = nw.from_native(lazy).lazy().select(*columns).collect(backend="polars").to_native()
    return sorted(frame.rows())


def test_a_scan_has_the_rows_and_types_of_load_and_the_day(scan, history):
    rewards = [
        reward("RWD-1", "-9999999999999999999.999999999", account_guid="ACT-1", expires_on="2026-12-31"),
        reward("RWD-2", "0.000000001", created_at="2020-01-28T15:09:01.123456Z", description='"a",\n日'),
    ]
    history.append(rewards, DAY_1)
    history.append(rewards[:1], DAY_2)

    lazy = scan()

    assert list(nw.from_native(lazy).lazy().collect_schema()) == [*FIELDS, "taken_on"]
    assert nw.from_native(lazy).lazy().collect_schema()["taken_on"] == nw.Date
    assert ra.load(scan(end=DAY_1)).sort("guid").equals(ra.load(rewards))
    assert rows(lazy, "guid", "balance", "expires_on", "created_at", "taken_on") == [
        ("RWD-1", Decimal("-9999999999999999999.999999999"), date(2026, 12, 31), None, DAY_1),
        ("RWD-1", Decimal("-9999999999999999999.999999999"), date(2026, 12, 31), None, DAY_2),
        ("RWD-2", Decimal("0.000000001"), None, datetime(2020, 1, 28, 15, 9, 1, 123456, tzinfo=UTC), DAY_1),
    ]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("engine", ENGINES)
def test_the_characters_of_a_glob_in_the_name_of_a_history_match_themselves_alone(request, tmp_path, engine):
    session = request.getfixturevalue("spark") if engine == "pyspark" else None
    history = ra.History(tmp_path / "{a,b}*?")
    history.append([reward("RWD-1")], DAY_1)
    shutil.copytree(tmp_path / "{a,b}*?", tmp_path / "{a,b}cd")

    assert rows(history.scan(engine=engine, session=session), "guid", "taken_on") == [("RWD-1", DAY_1)]


def test_both_ends_belong_to_a_scan(scan, of_days):
    of_days(4)

    assert rows(scan(DAY_2, DAY_3), "taken_on") == [(DAY_2,), (DAY_2,), (DAY_3,), (DAY_3,)]
    assert rows(scan(end=DAY_1), "taken_on") == [(DAY_1,), (DAY_1,)]
    assert rows(scan(day(4)), "taken_on") == [(day(4),), (day(4),)]


def test_days_without_a_snapshot_have_no_rows(scan, of_days):
    of_days(2)

    lazy = scan(day(3), day(9))

    assert rows(lazy, "guid", "balance", "taken_on") == []
    assert list(nw.from_native(lazy).lazy().collect_schema()) == [*FIELDS, "taken_on"]


def test_a_scan_is_of_the_version_at_the_call(scan, history):
    history.append([reward("RWD-1")], DAY_1)
    lazy = scan()

    history.append([reward("RWD-2")], DAY_1)
    history.append([reward("RWD-3")], DAY_2)
    history.vacuum()

    assert rows(lazy, "guid", "taken_on") == [("RWD-1", DAY_1)]


def test_a_condition_on_large_amounts_is_exact(scan, history):
    history.append([reward("RWD-1", BIG), reward("RWD-2", "9007199254740992")], DAY_1)

    for compare, expected in ((operator.eq, "RWD-1"), (operator.ge, "RWD-1"), (operator.lt, "RWD-2")):
        lazy = scan()
        if hasattr(lazy, "dask"):  # where Narwhals compares amounts with a text
            chosen = lazy[compare(lazy["balance"], Decimal(BIG))]
        else:
            chosen = nw.from_native(lazy).lazy().filter(compare(nw.col("balance"), Decimal(BIG))).to_native()
        assert rows(chosen, "guid") == [(expected,)]


def test_the_scan_of_a_month_opens_only_its_files(scan, of_days, tmp_path):
    of_days(100)
    folder = tmp_path / "history"
    february = {path.name for path in folder.glob("taken_on=2026-02-*/*.parquet")}

    lazy = scan(date(2026, 2, 1), date(2026, 2, 28))
    with opened_files(folder) as names:
        assert len(rows(lazy, "guid", "balance", "taken_on")) == 56

    assert len(february) == 28
    assert names == february


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_a_condition_on_the_day_opens_only_its_file(of_days, engine, tmp_path):
    history = of_days(20)
    folder = tmp_path / "history"

    lazy = nw.from_native(history.scan(engine=engine)).lazy().filter(nw.col("taken_on") == DAY_3)
    with opened_files(folder) as names:
        assert rows(lazy.to_native(), "balance") == [(Decimal(3),), (Decimal(BIG),)]

    # To tell the columns, an engine may open one file.
    assert {path.name for path in folder.glob("taken_on=2026-01-03/*")} <= names
    assert len(names) <= 2


def test_a_scan_of_many_rewards_opens_no_file_before_it_is_computed(of_days, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "PART_ROWS", 1)
    history = of_days(3)
    [gone] = (tmp_path / "history").glob(f"taken_on={DAY_1}/*.parquet")
    gone.unlink()

    scan = history.scan()

    assert parts_of(scan) is not None
    assert scan.filter(taken_on=DAY_2).collect().height == 2


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (Path.unlink, rf"taken_on={DAY_2}/\S+\.parquet does not exist"),
        (lambda path: path.write_bytes(b"PAR1"), r"Could not open Parquet .*"),
    ],
)
def test_dask_names_the_day_that_cannot_be_read(of_days, tmp_path, damage, reason):
    scan = of_days(3).scan(engine="dask")
    [file] = (tmp_path / "history").glob(f"taken_on={DAY_2}/*.parquet")
    damage(file)

    with pytest.raises(ra.SourceError, match=rf"The snapshot of {DAY_2} cannot be read: {reason}\. If that persists"):
        ra.totals(scan).compute()


def test_wrong_arguments_are_refused(of_days):
    history = of_days(2)

    with pytest.raises(ra.ArgumentError, match=r"start=2026-01-02 is after end=2026-01-01. Swap them"):
        history.scan(DAY_2, DAY_1)
    with pytest.raises(ra.ArgumentError, match=r"end='2026-01-01' is not a date"):
        history.scan(end="2026-01-01")
    with pytest.raises(ra.ArgumentError, match=r"start=datetime.* has a time of day"):
        history.members(datetime(2026, 1, 1))
    with pytest.raises(ra.ArgumentError, match=r"engine='spark' is not one of .* Did you mean 'pyspark'"):
        history.scan(engine="spark")
    with pytest.raises(ra.ArgumentError, match=r"retention_hours must be an integer ≥ 0, got -1"):
        history.vacuum(retention_hours=-1)


def test_a_folder_named_like_a_column_is_refused_where_a_reader_would_mistake_it(tmp_path):
    history = ra.History(tmp_path / "unit_type=MILES" / "history")
    history.append([reward(unit_type="POINTS")], DAY_1)

    for engine in ("polars", "duckdb"):
        with pytest.raises(ra.ArgumentError, match=r"lies in a folder named unit_type=…, which readers take"):
            history.scan(engine=engine)


def test_of_several_such_folders_the_first_is_named(tmp_path):
    history = ra.History(tmp_path / "team=a" / "unit_type=MILES" / "balance=1" / "history")
    history.append([reward()], DAY_1)

    with pytest.raises(ra.ArgumentError, match="lies in a folder named unit_type=…"):
        history.scan()


def test_load_reads_the_rewards_of_all_days(of_days, tmp_path):
    of_days(1)

    assert ra.load(tmp_path / "history").height == 2
    assert Path(tmp_path / "history").is_dir()
    assert isinstance(ra.History(tmp_path / "history").scan(), pl.LazyFrame)
