"""Rows that wait on disk in piles come back as they were."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from rewards_analytics.engines.piles import Piles

SCHEMA = {
    "pile": pl.Int64,
    "text": pl.String,
    "kind": pl.Categorical,
    "level": pl.Enum(["low", "high"]),
    "amount": pl.Decimal(38, 9),
    "day": pl.Date,
    "at": pl.Datetime("us", "UTC"),
    "progress": pl.Float64,
    "is_reached": pl.Boolean,
    "nothing": pl.Null,
}
ROWS = [
    (2, "b\0$é", "x", "high", Decimal("1.000000001"), date(2026, 11, 23), datetime(2026, 1, 2, tzinfo=UTC), 0.5, True),
    (0, "", None, None, Decimal(-(10**28)), None, None, None, None),
    (2, None, "y", "low", None, date(1, 1, 1), None, 1.0, False),
]


def of(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame([(*row, None) for row in rows], schema=SCHEMA, orient="row")


def by_pile(rows: pl.DataFrame) -> pl.Series:
    return rows["pile"]


def test_rows_of_a_pile_keep_their_order_and_their_types(tmp_path):
    piles = Piles(tmp_path)
    piles.put([of(*ROWS), of(), of(ROWS[2], ROWS[0])], by_pile)

    assert [(number, piles.rows(number)) for number in piles.numbers] == [(0, 1), (2, 4)]
    assert_frame_equal(pl.concat(piles.read(2)), of(ROWS[0], ROWS[2], ROWS[2], ROWS[0]))
    assert_frame_equal(piles.take(2), of(ROWS[0], ROWS[2], ROWS[2], ROWS[0]))
    assert_frame_equal(piles.take(0), of(ROWS[1]))


def test_a_pile_is_read_in_the_batches_in_which_it_was_put_there(tmp_path):
    piles = Piles(tmp_path)
    piles.put([of(*ROWS), of(ROWS[1]), of(ROWS[2])], by_pile)

    assert [len(rows) for rows in piles.read(2)] == [2, 1]
    assert piles.values(2, "text").to_list() == ["b\0$é", None, None]
    assert piles.values(2, "text", every=2).to_list() == ["b\0$é", None]


def test_a_pile_that_is_scanned_can_be_read_more_than_once(tmp_path):
    piles = Piles(tmp_path)
    piles.put([of(*ROWS), of(ROWS[2])], by_pile)

    scan = piles.scan(2)

    joined = scan.join(scan.group_by("text").len(), on="text", nulls_equal=True, maintain_order="left")
    assert joined.collect()["len"].to_list() == [1, 2, 2]


def test_a_pile_that_was_taken_is_gone(tmp_path):
    piles = Piles(tmp_path)
    piles.put([of(*ROWS)], by_pile)

    piles.take(2)
    assert piles.numbers == [0]
    piles.remove(0)
    assert piles.numbers == []
    assert [*tmp_path.iterdir()] == []


def test_a_pile_that_is_drained_is_gone_at_the_end(tmp_path):
    piles = Piles(tmp_path)
    piles.put([of(*ROWS), of(ROWS[2])], by_pile)

    batches = piles.drain(2)
    assert len(next(batches)) == 2
    assert piles.numbers == [0, 2]
    assert [len(rows) for rows in batches] == [1]
    assert piles.numbers == [0]
    assert [file.name for file in tmp_path.iterdir()] == ["0"]


def test_no_rows_make_no_pile(tmp_path):
    piles = Piles(tmp_path)
    piles.put([of()], by_pile)
    piles.put([], by_pile)

    assert piles.numbers == []


@pytest.mark.parametrize("first", ["shared", "own"])
def test_a_text_that_many_rows_share_is_written_once_for_each_pile(tmp_path, first):
    rows = pl.DataFrame({"pile": [number % 2 for number in range(1000)]})
    shared = rows.with_columns(text=pl.lit("a long description " * 10))
    own = rows.with_columns(text=pl.concat_str(pl.lit("a long description " * 10), pl.int_range(1000)))
    batches = {"shared": [shared, own], "own": [own, shared]}[first]
    piles = Piles(tmp_path)

    piles.put(batches[:1], by_pile)
    size = sum(file.stat().st_size for file in tmp_path.iterdir())
    piles.put(batches[1:], by_pile)

    assert (size < 20_000) == (first == "shared")
    assert piles.take(1)["text"].to_list() == [text for batch in batches for text in batch["text"][1::2]]


def test_there_may_be_more_piles_than_files_that_may_be_open(tmp_path):
    rows = pl.DataFrame({"pile": range(3000)})
    piles = Piles(tmp_path)

    piles.put([rows, rows], by_pile)

    assert piles.numbers == [*range(3000)]
    assert piles.take(2999)["pile"].to_list() == [2999, 2999]


def test_an_error_in_a_batch_comes_out(tmp_path):
    def batches():
        yield of(*ROWS)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        Piles(tmp_path).put(batches(), by_pile)
