"""Which tables are histories, and what is said of the others."""

from datetime import date

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

import rewards_analytics as ra
from rewards_analytics.history.location import Location
from rewards_analytics.history.table import current
from tests.history.conftest import DAY_1, reward


def test_a_table_of_other_columns_is_not_a_history_and_both_are_named(tmp_path):
    write_deltalake(tmp_path, pl.DataFrame({"a": [1]}))

    with pytest.raises(ra.SourceError, match=r"Its columns: a .*; partitioned by: nothing\. Those of a history: guid "):
        ra.History(tmp_path).dates()


def test_a_table_in_other_partitions_is_not_a_history(tmp_path):
    snapshot = ra.load([reward()]).with_columns(taken_on=pl.lit(DAY_1))
    write_deltalake(tmp_path, snapshot.to_arrow(), partition_by=["unit_type", "taken_on"])

    with pytest.raises(ra.SourceError, match=r"partitioned by: unit_type, taken_on\. Those of a history"):
        ra.History(tmp_path).dates()


def test_a_version_knows_its_days_and_how_many_rewards_they_have(history, tmp_path):
    history.append([reward("RWD-1"), reward("RWD-2")], date(2026, 1, 2))
    history.append([reward("RWD-1")], DAY_1)

    version = current(Location.of(tmp_path / "history", None))

    assert version.dates == [DAY_1, date(2026, 1, 2)]
    assert [part.rewards for part in version.parts] == [1, 2]
    assert version.members_of(DAY_1) == 0
    assert DeltaTable(tmp_path / "history").version() == version.table.version()
