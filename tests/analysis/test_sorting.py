"""Rows that do not fit in memory come in the order that they would have there."""

from __future__ import annotations

import tempfile
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from polars.testing import assert_frame_equal

from rewards_analytics.engines import sorting
from rewards_analytics.engines.sorting import Order, in_order
from tests.examples import examples

SCHEMA = {"user": pl.String, "progress": pl.Float64, "remaining": pl.Decimal(38, 9), "row": pl.Int64}

values = st.tuples(
    st.sampled_from([None, 0.0, 0.25, 0.5, 1.0]), st.sampled_from([None, *map(Decimal, ("-1", "0", "0.5", "7"))])
)
batches = st.lists(st.lists(values, min_size=1, max_size=9), max_size=9)


@pytest.fixture(autouse=True)
def little_memory(monkeypatch):
    monkeypatch.setattr(sorting, "MOST_ROWS", 4)
    monkeypatch.setattr(sorting, "_SPANS", 3)
    monkeypatch.setattr(sorting, "_SPAN_ROWS", 2)


def frames_of(rows_of_batches):
    """A frame of each batch, which is that of a user; the users ascend."""
    row = 0
    for place, rows in enumerate(rows_of_batches):
        numbered = [(f"U{place}", *each, row := row + 1) for each in rows]
        yield pl.DataFrame(numbered, schema=SCHEMA, orient="row")


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches, st.lists(st.booleans(), min_size=2, max_size=2))
def test_the_order_is_that_of_all_rows_together(given_batches, descending):
    order = Order(["progress", "remaining", "user", "row"], [*descending, False, False], ascending="user")

    found = [*in_order(frames_of(given_batches), order)]

    together = pl.concat([*frames_of(given_batches), pl.DataFrame(schema=SCHEMA)])
    assert_frame_equal(pl.concat([pl.DataFrame(schema=SCHEMA), *found]), order.sort(together))


def test_first_rows_that_are_all_alike_do_not_keep_the_others_from_being_sorted():
    rows = [[(1.0, Decimal(0))] * 6, [(0.5, Decimal(5))] * 2 + [(0.25, Decimal(1))] * 6, [(None, Decimal(2))] * 6]

    found = pl.concat(in_order(frames_of(rows), Order(["progress", "row"], [True, False])))

    assert found["progress"].to_list() == [1.0] * 6 + [0.5] * 2 + [0.25] * 6 + [None] * 6
    assert found["row"].to_list() == [*range(1, 21)]


def test_batches_that_are_in_order_are_sorted_one_by_one():
    rows = [[(1.0, Decimal(2)), (0.5, Decimal(1))], [(0.25, Decimal(0))]]

    found = [*in_order(frames_of(rows), Order(["user", "progress"], [False, False], ascending="user"))]

    assert [batch["progress"].to_list() for batch in found] == [[0.5, 1.0], [0.25]]


def test_rows_wait_in_a_folder_with_the_characters_of_a_glob_in_its_name(tmp_path, monkeypatch):
    folder = tmp_path / "[1]"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    rows = [[(0.5, Decimal(1))] * 4, [(0.25, Decimal(2))] * 4]

    found = pl.concat(in_order(frames_of(rows), Order(["progress", "row"], [False, False])))

    assert found["progress"].to_list() == [0.25] * 4 + [0.5] * 4
    assert list(folder.iterdir()) == []
