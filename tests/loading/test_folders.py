"""Folders, tables and globs: what belongs to them is read once, and what does not is passed over or refused."""

import glob
import os
import re
import sys
from contextlib import contextmanager
from pathlib import Path

import deltalake
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import rewards_analytics as ra
from rewards_analytics.loading.folders import globbed
from tests.loading.samples import FORMS, ndjson, refusal, reward

MILES = [reward(1, unit_type="MILES", balance="1000"), reward(2, unit_type="MILES", balance="20")]
POINTS = [reward(3, unit_type="POINTS", balance="900")]


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(params=["load", "polars", "duckdb", "dask", "pyspark"])
def read(request):
    """The rewards of a source, sorted by guid, by `load` and by the scan of every engine."""
    if request.param == "load":
        return lambda source: ra.load(source).sort("guid")
    session = request.getfixturevalue("spark") if request.param == "pyspark" else None
    return lambda source: ra.load(ra.scan(source, engine=request.param, session=session)).sort("guid")


def put(name, data):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


# --- Delta tables -----------------------------------------------------------------------------------


def delta(path, *versions, **options):
    for rewards in versions:
        deltalake.write_deltalake(path, ra.load(rewards, backend="pyarrow"), mode="overwrite", **options)


def test_of_a_delta_table_the_current_version_is_read(read):
    delta("table", MILES, POINTS)

    assert len(list(Path("table").glob("*.parquet"))) == 2
    assert read("table").equals(ra.load(POINTS))
    assert ra.check("table").rows == 1


def test_rows_that_were_deleted_from_a_delta_table_do_not_count(read):
    delta("table", MILES)
    deltalake.DeltaTable("table").delete("balance < 100")
    assert read("table")["guid"].to_list() == ["RWD-1"]

    deltalake.DeltaTable("table").delete("balance > 0")
    assert read("table").equals(ra.load([]))


@pytest.mark.parametrize("column", ["user_guid", "expires_on", "created_at", "balance", "account_guid"])
def test_the_partition_column_of_a_delta_table_comes_from_its_log(read, column):
    rewards = [reward(1, user_guid="A B/C%20é", account_guid=None), reward(2, created_at="2026-01-01T00:00:00.5Z")]
    delta("a table", rewards, partition_by=[column])

    assert read("a table").equals(ra.load(rewards))


def test_a_delta_table_counts_once_however_it_is_reached(read):
    delta("data/table", MILES, POINTS)
    put("data/more.ndjson", ndjson(reward(4)))

    for source in ("data", "data/*", "data/**", "data/**/*", ["data/table", "data/more.ndjson"]):
        assert read(source)["guid"].to_list() == ["RWD-3", "RWD-4"]
    for source in ("data/table/*.parquet", "data/**/*.parquet"):
        assert read(source)["guid"].to_list() == ["RWD-3"]


def test_a_part_of_a_delta_table_has_what_is_current_in_it():
    delta("table", [*MILES, *POINTS], partition_by=["unit_type"])
    delta("table", [reward(5, unit_type="MILES"), *POINTS], partition_by=["unit_type"])

    assert ra.load("table/unit_type=MILES")["guid"].to_list() == ["RWD-5"]
    old, new = sorted(Path("table/unit_type=MILES").glob("*"), key=lambda path: path.stat().st_mtime_ns)
    assert ra.load(new)["guid"].to_list() == ["RWD-5"]
    assert refusal(old).startswith(f"{old} is not part of the current version of the Delta table ")


def test_a_column_that_was_added_to_a_delta_table_later_is_null_before():
    table = ra.load(MILES, backend="pyarrow").drop_columns(["description"])
    deltalake.write_deltalake("table", table)
    deltalake.write_deltalake("table", ra.load(POINTS, backend="pyarrow"), mode="append", schema_mode="merge")

    assert ra.load("table").sort("guid")["description"].to_list() == [None, None, "Miles"]
    assert ra.load(ra.scan("table")).sort("guid")["description"].to_list() == [None, None, "Miles"]


def test_a_delta_table_that_lacks_a_column_or_cannot_be_read_is_named():
    deltalake.write_deltalake("table", ra.load(MILES, backend="pyarrow").drop_columns(["balance"]))
    assert "lacks the column 'balance'" in refusal("table")

    put("empty/_delta_log/readme", b"")
    assert refusal("empty").startswith("empty is not a Delta table that can be read")


@pytest.mark.parametrize("feature", ["deletionVectors", "columnMapping", "catalogManaged"])
def test_a_delta_table_with_a_feature_that_changes_its_rows_is_refused(feature, monkeypatch):
    delta("table", MILES)
    vectors = pa.table({"filepath": ["x"], "selection_vector": [[True, False]]})
    protocol = deltalake.table.ProtocolVersions(3, 7, [feature], [feature])
    monkeypatch.setattr(deltalake.DeltaTable, "protocol", lambda _: protocol)
    monkeypatch.setattr(deltalake.DeltaTable, "deletion_vectors", lambda _: vectors)

    if feature == "columnMapping":  # allowed, and not used
        assert ra.load("table").height == 2
    else:
        assert refusal("table").startswith(f"The Delta table table uses {feature}, which is not read here.")


def test_without_deltalake_the_error_names_the_extra(monkeypatch):
    delta("table", MILES)
    monkeypatch.setitem(sys.modules, "deltalake", None)

    message = 'table is a Delta table. deltalake is not installed: pip install "rewards-analytics[delta]"'
    assert refusal("table", ra.MissingDependencyError) == message


@pytest.mark.parametrize(("name", "kind"), [("metadata/v1.metadata.json", "Iceberg"), (".hoodie/x", "Hudi")])
def test_other_tables_are_refused_rather_than_read_file_by_file(name, kind):
    put(f"table/{name}", b"{}")
    put("table/data/rewards.csv", FORMS["rewards.csv"](MILES))

    assert refusal("table").startswith(f"table is a table of {kind}: its files also hold rows")


# --- Partitioned folders ----------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["unit_type", "user_guid", "expires_on", "account_guid"])
def test_a_column_may_be_in_the_names_of_the_folders_alone(read, column):
    rewards = [reward(1, user_guid="A B/C=é%20", account_guid=None), reward(2, expires_on=None, unit_type="POINTS")]
    pq.write_to_dataset(ra.load(rewards, backend="pyarrow"), "data", partition_cols=[column])

    assert read("data").equals(ra.load(rewards))
    assert ra.check("data").rows == 2


def test_several_levels_of_folders_may_give_a_column_each(read):
    rewards = [*MILES, *POINTS]
    pq.write_to_dataset(ra.load(rewards, backend="pyarrow"), "data", partition_cols=["user_guid", "unit_type"])

    for source in ("data", "data/user_guid=USR-1", "data/*/*/*.parquet", "data/**/*.parquet"):
        assert read(source).equals(ra.load(rewards))


@pytest.mark.parametrize("form", ["rewards.ndjson", "list.json", "pages.json", "rewards.csv", "rewards.ndjson.gz"])
@pytest.mark.parametrize("rows", [2, 500])
def test_every_kind_of_file_may_lack_what_its_folder_gives(form, rows):
    for unit in ("MILES", "POINTS"):
        rewards = [reward(f"{unit}{n}") for n in range(rows)]
        if form == "rewards.csv":
            data = pl.read_csv(FORMS[form](rewards), infer_schema=False).drop("unit_type").write_csv().encode()
        else:
            without = [{key: value for key, value in row.items() if key != "unit_type"} for row in rewards]
            data = FORMS[form](without)
        put(f"data/unit_type={unit}/{form}", data)

    assert ra.load("data")["unit_type"].to_list() == ["MILES"] * rows + ["POINTS"] * rows
    assert ra.load(ra.scan("data"))["unit_type"].to_list() == ["MILES"] * rows + ["POINTS"] * rows


def test_a_row_that_says_otherwise_than_its_folder_is_an_error_with_its_place():
    for form, place in (
        ("rewards.ndjson", "rewards.ndjson:2"),
        ("rewards.json", "rewards.json:$[1].unit_type"),
        ("rewards.csv", "rewards.csv:3"),
        ("rewards.parquet", "rewards.parquet:row 1"),
    ):
        put(f"{form}/unit_type=MILES/{form}", FORMS[form]([MILES[0], *POINTS]))
        assert refusal(form) == (
            f"{form}/unit_type=MILES/{place}: unit_type is 'POINTS', and the place of the file says 'MILES'. Correct "
            "the row, or move the file."
        )


def test_folders_that_agree_with_their_files_or_give_other_columns_change_nothing(read):
    put("data/taken_on=2026-11-01/unit_type=MILES/rewards.parquet", FORMS["rewards.parquet"](MILES))

    assert read("data").equals(ra.load(MILES))


def test_a_value_of_a_folder_that_its_column_cannot_have_is_an_invalid_row():
    put("data/expires_on=never/rewards.ndjson", ndjson(reward(1, expires_on=...)))
    put("data/user_guid=__HIVE_DEFAULT_PARTITION__/rewards.ndjson", ndjson(reward(2, user_guid=...)))

    rejected = ra.check("data").rejected
    assert rejected.select("field", "problem", "value").rows() == [
        ("expires_on", "is not a date", "never"),
        ("user_guid", "is missing", None),
    ]


# --- Other things in the folder ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["~$rewards.csv", ".~lock.rewards.csv#", "._rewards.csv", "_SUCCESS", "_old.csv", "__MACOSX/rewards.csv"]
)
def test_what_programs_leave_beside_files_is_passed_over(name):
    put("data/rewards.ndjson", ndjson(*MILES))
    put(f"data/{name}", b"\0\5 no rewards")

    for source in ("data", "data/*", "data/**", "data/**/*", "./data/*"):
        assert ra.load(source).height == 2


def test_a_glob_that_asks_for_such_names_gets_them():
    put("data/_rewards.ndjson", ndjson(*MILES))

    assert ra.load("data/_*.ndjson").height == ra.load("data/**/_*.ndjson").height == 2


# --- Links ------------------------------------------------------------------------------------------


def test_links_to_folders_are_followed_and_circles_end(read):
    put("elsewhere/rewards.ndjson", ndjson(*POINTS))
    put("data/a/rewards.ndjson", ndjson(*MILES))
    for link, target in (("data/link", "../elsewhere"), ("data/a/up", ".."), ("data/b", "a"), ("data/self", "self")):
        Path(link).symlink_to(target)

    for source in ("data", "data/**", "data/**/*.ndjson"):
        assert read(source)["guid"].to_list() == ["RWD-1", "RWD-2", "RWD-3"]


def test_a_file_and_a_link_to_it_are_read_once(read):
    put("data/2026-11.ndjson", ndjson(*MILES))
    Path("data/latest.ndjson").symlink_to("2026-11.ndjson")

    assert read("data").height == 2


def test_a_link_to_nowhere_and_a_folder_that_cannot_be_read_are_named():
    put("data/rewards.ndjson", ndjson(*MILES))
    Path("data/old.ndjson").symlink_to("gone.ndjson")

    for source in ("data", "data/*", "data/**"):
        assert refusal(source).startswith("data/old.ndjson does not exist.")


@contextmanager
def closed(folder, mode):
    """A folder without some permission, seen by a user who is not root: root may read everything."""
    Path(folder).chmod(mode)
    Path().chmod(0o755)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        Path(folder).chmod(0o755)


@pytest.fixture
def two_folders():
    put("data/a/2026/rewards.ndjson", ndjson(*MILES))
    put("data/b/2026/rewards.ndjson", ndjson(*POINTS))
    assert ra.load("data").height == 3


@pytest.mark.parametrize(
    "source",
    ["data", "data/*", "data/*/*", "data/*/*/*.ndjson", "data/[ab]/2*/*", "*/?/20*/*", "data/**/*.ndjson", "data/b/*",
     "data/b/**", "d*/**", ["data/a", "data/*/*/*"]],
)  # fmt: skip
def test_a_folder_that_cannot_be_listed_is_named(source, two_folders):
    with closed("data/b", 0o311):
        assert refusal(source).startswith("The folder data/b cannot be opened: Permission denied.")


@pytest.mark.parametrize("source", ["data", "data/*", "data/*/2026/*", "data/*/*/*.ndjson", "data/b/20*", "data/**"])
def test_a_folder_that_cannot_be_entered_is_named(source, two_folders):
    with closed("data/b", 0o644):
        assert re.match(r"(The folder )?data/b(/20.*)? cannot be opened: Permission denied\.", refusal(source))


@pytest.mark.parametrize("source", ["data/a", "data/a/*/*", "data/a*/**", "data/[!b]/*/*.ndjson", "data/a/**/*.ndjson"])
def test_a_folder_that_a_glob_does_not_reach_need_not_be_readable(source, two_folders):
    with closed("data/b", 0o000):
        assert ra.load(source).height == 2


def test_a_glob_takes_the_names_that_the_shell_takes():
    for name in ("a/1.csv", "a/.2.csv", ".b/3.csv", "c/d/4.csv", "5.csv", "a.csv/6.csv", "[x]/7.csv"):
        put(f"data/{name}", b"")
    Path("data/link").symlink_to("gone")

    patterns = [
        "data/*", "data/*/*.csv", "data/.b/*", "data/.*/*", "*/a/.*.csv", "data/[[]x]/*", "data/a/../a/*", "data/*/",
        "data/?/d/*.csv", "nowhere/*", "data/5.csv/*", "data/*/nowhere", "./*/*", "*",
    ]  # fmt: skip
    for pattern in patterns:
        assert globbed(pattern) == sorted(path.rstrip("/") for path in glob.glob(pattern))  # noqa: PTH207


def test_a_folder_below_a_path_that_is_too_long_is_named(in_folder):
    folder = os.open(".", os.O_RDONLY)
    try:
        for _ in range(20):  # deeper than a path may be long
            Path("x" * 250).mkdir()
            os.chdir("x" * 250)
    finally:
        os.fchdir(folder)
        os.close(folder)

    assert "cannot be opened: File name too long" in refusal(str(in_folder))
