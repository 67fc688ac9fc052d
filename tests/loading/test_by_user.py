"""Parquet sorted by user declares it, and keeps the rows of a user in one row group."""

import pyarrow.parquet as pq
import pytest

from rewards_analytics import load, write
from rewards_analytics.loading import by_user


def rewards(*users: str) -> list[dict[str, object]]:
    return [
        {
            "guid": f"RWD-{place}",
            "user_guid": user,
            "member_guid": "MBR-1",
            "balance_type": "BALANCE",
            "unit_type": "MILES",
            "balance": place,
        }
        for place, user in enumerate(users)
    ]


@pytest.fixture
def groups_of_two(monkeypatch):
    monkeypatch.setattr(by_user, "ROW_GROUP", 2)


@pytest.mark.usefixtures("groups_of_two")
def test_a_row_group_ends_with_the_last_reward_of_a_user(tmp_path):
    path = write(rewards("A", "B", "B", "B", "C", "D", "E"), tmp_path / "rewards.parquet")

    file = pq.ParquetFile(path)
    groups = [file.read_row_group(place, ["user_guid"])["user_guid"].to_pylist() for place in range(3)]
    assert groups == [["A", "B", "B", "B"], ["C", "D"], ["E"]]
    assert file.metadata.row_group(0).sorting_columns == (pq.SortingColumn(1),)
    assert load(path)["guid"].to_list() == [f"RWD-{place}" for place in range(7)]


@pytest.mark.usefixtures("groups_of_two")
def test_rows_in_another_order_are_written_in_it_and_not_declared(tmp_path):
    path = write(rewards("B", "A", "B"), tmp_path / "rewards.parquet")

    metadata = pq.read_metadata(path)
    assert metadata.num_row_groups == 2
    assert metadata.row_group(0).sorting_columns == ()
    assert load(path)["user_guid"].to_list() == ["B", "A", "B"]


def test_no_rewards_are_a_file_without_row_groups(tmp_path):
    path = write([], tmp_path / "rewards.parquet")

    assert load(path).is_empty()
