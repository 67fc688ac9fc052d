"""Addresses: a Delta table is read as one, in part and as a whole, and never file by file."""

from pathlib import Path
from urllib.parse import quote

import deltalake
import pytest

import rewards_analytics as ra
from tests.loading import samples
from tests.loading.samples import FORMS, reward
from tests.loading.store import served

OLD = [reward(1), reward(2, unit_type="POINTS")]
NEW = [reward(3, user_guid="A B/C=é%20"), reward(4, unit_type="POINTS"), reward(5, unit_type="POINTS")]


@pytest.fixture(params=["load", "polars", "duckdb", "dask", "pyspark"])
def guids(request):
    """The guids of a source, by `load` and by the scan of every engine."""
    if request.param == "load":
        return lambda source: sorted(ra.load(source)["guid"])
    session = request.getfixturevalue("spark") if request.param == "pyspark" else None
    return lambda source: sorted(ra.load(ra.scan(source, engine=request.param, session=session))["guid"])


@pytest.fixture
def bucket(tmp_path):
    """A folder with a Delta table of two versions, and other files."""
    folder = tmp_path / "bucket"
    for rewards in (OLD, NEW):
        deltalake.write_deltalake(
            folder / "a table", ra.load(rewards, backend="pyarrow"), mode="overwrite", partition_by=["unit_type"]
        )
    for name in ("rewards.parquet", "rewards.csv"):
        (folder / name).write_bytes(FORMS[name](OLD))
        (folder / "unit_type=MILES").mkdir(exist_ok=True)
        (folder / f"unit_type=MILES/{name}").write_bytes(FORMS[name](OLD[:1]))
    return folder


@pytest.fixture(params=["file", "s3"])
def url(request, bucket):
    """The address of a path in the bucket."""
    if request.param == "file":
        yield lambda path: f"file://{bucket}/{quote(str(path))}"
        return
    with served(bucket.parent) as host:
        query = f"?endpoint_override={host}&scheme=http&region=us-east-1"
        yield lambda path: f"s3://KEY:S%2FCRET@bucket/{quote(str(path))}{query}"


def refusal(source):
    message = samples.refusal(source, ra.SourceError, ra.scan)
    assert "CRET" not in message
    return message


def test_of_a_delta_table_the_current_version_is_read(url, guids):
    assert guids(url("a table")) == guids(url("a table/")) == ["RWD-3", "RWD-4", "RWD-5"]
    assert guids(url("a table/unit_type=POINTS")) == ["RWD-4", "RWD-5"]
    assert guids([url("a table"), url("rewards.parquet")]) == ["RWD-1", "RWD-2", "RWD-3", "RWD-4", "RWD-5"]


def test_an_amount_and_a_text_of_a_delta_table_are_those_of_its_rewards(url):
    assert ra.load(url("a table")).sort("guid").equals(ra.load(NEW))


def test_of_the_files_in_a_delta_table_those_of_its_current_version_are_read(url, bucket):
    files = sorted(bucket.glob("a table/unit_type=POINTS/*"), key=lambda path: path.stat().st_mtime_ns)
    old, new = (url(path.relative_to(bucket)) for path in files)

    assert sorted(ra.load(new)["guid"]) == ["RWD-4", "RWD-5"]
    assert " is not part of the current version of the Delta table " in refusal(old)
    assert " is not part of the current version of the Delta table " in refusal([new, old])


def test_other_files_are_read_where_they_are(url, guids):
    assert guids(url("rewards.parquet")) == guids(url("rewards.csv")) == ["RWD-1", "RWD-2"]
    assert guids(url("unit_type=MILES/rewards.csv")) == guids(url("unit_type=MILES/rewards.parquet")) == ["RWD-1"]


def test_a_folder_that_is_not_a_table_is_read_on_this_machine_and_refused_in_a_store(url, bucket):
    if url("").startswith("file:"):
        assert ra.load(url("unit_type=MILES"))["guid"].to_list() == ["RWD-1"]
    else:
        assert "unit_type%3DMILES" in refusal(url("unit_type=MILES"))
        assert " is a folder of a store, and not a Delta table. List the addresses" in refusal(url("unit_type=MILES"))


def test_what_is_not_there_or_not_a_table_is_named(url, bucket):
    (bucket / "empty/_delta_log").mkdir(parents=True)
    (bucket / "empty/_delta_log/readme").touch()

    assert "nowhere.parquet" in refusal_when_read(url("nowhere.parquet"))
    assert " is not a Delta table that can be read (" in refusal(url("empty"))


def refusal_when_read(source):
    with pytest.raises(ra.SourceError, match="cannot be opened") as caught:
        ra.load(source)
    assert "CRET" not in str(caught.value)
    return str(caught.value)


def test_an_object_may_be_opened_by_one_who_may_not_list_its_folder(bucket):
    with served(bucket.parent, forbidden="_delta_log") as host:
        query = f"?endpoint_override={host}&scheme=http&region=us-east-1"
        assert ra.load(f"s3://KEY:SECRET@bucket/rewards.parquet{query}").height == 2


def test_a_file_address_may_have_letters_that_a_glob_would_expand(tmp_path):
    path = tmp_path / "[a] b*.csv"
    path.write_bytes(FORMS["rewards.csv"](OLD))
    Path(tmp_path / "b.csv").write_bytes(FORMS["rewards.csv"](NEW))

    assert ra.load(path.as_uri()).height == 2
