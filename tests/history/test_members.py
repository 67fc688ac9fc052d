"""A day's members are kept with its rewards, and change with them."""

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest

import rewards_analytics as ra
from tests import frames
from tests.history.conftest import DAY_1, DAY_2, DAY_3, reward

COLUMNS = ["user_guid", "member_guid", "connection_status", "aggregated_at", "rewards", "taken_on"]
FOUR = datetime(2026, 1, 1, 4, tzinfo=UTC)


def members(*guids, aggregated_at=FOUR):
    return pl.DataFrame(
        {
            "user_guid": ["USR-1"] * len(guids),
            "member_guid": guids,
            "connection_status": ["CONNECTED"] * len(guids),
            "aggregated_at": [aggregated_at] * len(guids),
            "rewards": [3] * len(guids),
        }
    )


def test_members_are_read_back_with_their_day(history):
    history.append([reward()], DAY_2, members("MBR-2", "MBR-1"))
    history.append([reward()], DAY_1, members("MBR-1", aggregated_at=None))

    found = history.members()

    assert found.schema == {
        "user_guid": pl.String,
        "member_guid": pl.String,
        "connection_status": pl.String,
        "aggregated_at": pl.Datetime("us", "UTC"),
        "rewards": pl.Int64,
        "taken_on": pl.Date,
    }
    assert found.rows() == [
        ("USR-1", "MBR-1", "CONNECTED", None, 3, DAY_1),
        ("USR-1", "MBR-1", "CONNECTED", FOUR, 3, DAY_2),
        ("USR-1", "MBR-2", "CONNECTED", FOUR, 3, DAY_2),
    ]


def test_both_ends_belong_to_the_members(history):
    for on in (DAY_1, DAY_2, DAY_3):
        history.append([reward()], on, members("MBR-1"))

    assert history.members(DAY_2, DAY_3)["taken_on"].to_list() == [DAY_2, DAY_3]
    assert history.members(end=DAY_1)["taken_on"].to_list() == [DAY_1]


def test_a_day_without_members_has_none(history):
    history.append([reward()], DAY_1)

    assert history.members().columns == COLUMNS
    assert history.members().rows() == []


def test_replacing_a_day_replaces_its_members(history):
    history.append([reward()], DAY_1, members("MBR-1", "MBR-2"))
    history.append([reward()], DAY_1, members("MBR-3"))
    assert history.members()["member_guid"].to_list() == ["MBR-3"]

    history.append([reward()], DAY_1)
    assert history.members().rows() == []


def test_members_are_kept_past_checkpoints(history):
    history.append([reward()], DAY_1, members("MBR-1"))
    for _ in range(25):
        history.append([reward()], DAY_2)

    assert history.members()["member_guid"].to_list() == ["MBR-1"]


def test_times_of_any_zone_are_the_same_instants(history):
    there = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=5)))
    history.append([reward()], DAY_1, members("MBR-1").with_columns(aggregated_at=pl.lit(there)))
    history.append([reward()], DAY_2, members("MBR-1").with_columns(aggregated_at=pl.lit(FOUR.replace(tzinfo=None))))

    assert history.members()["aggregated_at"].to_list() == [FOUR, FOUR]


@pytest.mark.parametrize("kind", ["polars", "polars_lazy", "pandas", "pyarrow", "duckdb", "dask", "pyspark"])
def test_members_are_any_frame(history, kind, request):
    table = members("MBR-1").to_arrow(compat_level=pl.CompatLevel.oldest())
    make = frames.ENGINES.get(kind) or request.getfixturevalue("spark").createDataFrame

    history.append([reward()], DAY_1, make(table))

    assert history.members()["aggregated_at"].to_list() == [FOUR]


def test_freshness_takes_what_was_kept(history):
    history.append([reward()], DAY_1, members("MBR-1"))

    rewards, of_day = history.scan(DAY_1, DAY_1).collect(), history.members(DAY_1, DAY_1)

    assert ra.freshness(rewards, of_day, as_of=DAY_1).height == 1


def test_a_file_of_members_that_is_gone_is_a_clear_error(history, tmp_path):
    history.append([reward()], DAY_1, members("MBR-1"))
    [file] = (tmp_path / "history" / "_members").rglob("*.parquet")

    file.write_bytes(b"PAR1")
    with pytest.raises(ra.SourceError, match=r"The history .* cannot be read"):
        history.members()
    file.unlink()
    with pytest.raises(ra.SourceError, match=r"The history .* cannot be read"):
        history.members()
