"""Members are checked and typed before they are kept."""

from datetime import UTC, datetime

import polars as pl
import pytest

import rewards_analytics as ra
from rewards_analytics.history.members import TYPES, typed
from tests.history.conftest import DAY_1, reward

ROW = ("USR-1", "MBR-1", "CONNECTED", datetime(2026, 1, 1, tzinfo=UTC), 3)


def frame(*rows):
    return pl.DataFrame(list(rows), schema=TYPES, orient="row")


def test_members_that_are_computed_later_are_the_same():
    members = frame(("USR-2", *ROW[1:]), ROW)

    assert typed(members).rows() == typed(members.lazy()).rows() == [ROW, ("USR-2", *ROW[1:])]


@pytest.mark.parametrize(
    ("row", "named"), [(("USR-1", None, *ROW[2:]), "member_guid"), ((None, None, *ROW[2:]), "user_guid")]
)
def test_the_first_column_with_a_null_is_named(row, named):
    with pytest.raises(ra.FrameError, match=f"members has a null in '{named}'"):
        typed(frame(ROW, row))


def test_a_column_of_another_type_is_an_error_of_one_line():
    members = frame(ROW).with_columns(rewards=pl.lit("many"))

    with pytest.raises(ra.FrameError, match=r"^members has a column of another type than [^\n]*: conversion [^\n]*\.$"):
        typed(members)


def test_a_column_of_pandas_with_two_types_is_an_error_of_ours():
    members = frame(ROW, ROW).to_pandas().astype({"user_guid": object}).assign(user_guid=["USR-1", 2])

    with pytest.raises(ra.FrameError, match=r"^members has a column of another type than [^\n]*int[^\n]*\.$"):
        typed(members)


def test_a_history_without_members_can_be_vacuumed(history):
    history.append([reward()], DAY_1)

    history.vacuum()

    assert history.dates() == [DAY_1]
