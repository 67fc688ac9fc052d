"""Where a history is, and what is passed to its store."""

import pyarrow.fs
import pytest

import rewards_analytics as ra
from rewards_analytics.history.location import Location

BOUNDS = {"connect_timeout": "5s", "timeout": "30s", "max_retries": "3", "retry_timeout": "30s"}


@pytest.mark.parametrize(
    ("path", "uri"),
    [("/data/history", "/data/history"), ("/data/history/", "/data/history"), ("/data/x/../history", "/data/history")],
)
def test_a_folder_is_an_absolute_path(path, uri):
    location = Location.of(path, None)

    assert (location.uri, str(location.folder)) == (uri, uri)


@pytest.mark.parametrize("url", ["s3://bucket/history", "s3://bucket/history/", "s3://bucket/history//"])
def test_a_url_has_no_slash_at_its_end(url):
    assert Location.of(url, None).uri == "s3://bucket/history"
    assert Location.of(url, None).folder is None


@pytest.mark.parametrize("name", ["a\\b", "a[b", "a]b", "a^b", "a|b", "a\nb", "a\x7fb", "a%20b"])
def test_a_path_that_delta_lake_misreads_is_refused(name):
    with pytest.raises(ra.ArgumentError, match="Delta Lake cannot use the path"):
        Location.of(f"/data/{name}", None)


def test_a_store_gets_bounds_unless_they_are_given():
    assert Location.of("s3://bucket/history", None).table_options == BOUNDS
    given = Location.of("s3://bucket/history", {"timeout": "1s", "region": "x"})
    assert given.table_options == BOUNDS | {"timeout": "1s", "region": "x"}


def test_a_folder_gets_the_options_alone():
    assert Location.of("/data/history", {"region": "x"}).table_options == {"region": "x"}
    assert Location.of("/data/history", None).table_options == {}


def test_polars_gets_no_bounds():
    assert Location.of("s3://bucket/history", {"timeout": "1s", "region": "x"}).polars_options == {"region": "x"}
    assert Location.of("s3://bucket/history", {"timeout": "1s"}).polars_options is None
    assert Location.of("s3://bucket/history", None).polars_options is None


def test_the_files_of_a_folder_are_those_below_it(tmp_path):
    (tmp_path / "words.txt").write_text("words")

    files = Location.of(tmp_path, None).files

    assert isinstance(files, pyarrow.fs.SubTreeFileSystem)
    with files.open_input_file("words.txt") as file:
        assert file.read() == b"words"


@pytest.mark.parametrize("options", [None, {"region": "x"}])
def test_options_are_never_shown(options):
    assert "region" not in repr(Location.of("s3://bucket/history", options))
