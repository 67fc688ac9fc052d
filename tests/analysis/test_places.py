"""Answers that say where a row with their key stands get its texts."""

from __future__ import annotations

import polars as pl
import pytest

from rewards_analytics.engines import codes, places
from rewards_analytics.errors import SourceError

KEY = ["user_guid", "account_guid"]

ROWS = pl.DataFrame(
    {
        "user_guid": ["U1", "U2", "U1", "U3", "U1"],
        "account_guid": ["A1", None, "A1", "", None],
        "balance": [1, 2, 3, 4, 5],
    }
)


def answers(*found: tuple[int, int]) -> pl.DataFrame:
    """A result for each place."""
    frame = pl.DataFrame(found, schema={places.PLACE: pl.UInt32, "result": pl.Int64}, orient="row")
    at = ROWS[frame[places.PLACE]]
    code = pl.Series(places.CODE, [half << 64 for half in codes.first_halves_of(at, KEY)], pl.UInt128)
    return frame.with_columns(code)


@pytest.fixture(params=[1, 2, 5, 100])
def stretch(request, monkeypatch):
    monkeypatch.setattr(places, "_STRETCH", request.param)


@pytest.mark.usefixtures("stretch")
@pytest.mark.parametrize("batch", [1, 2, 5])
def test_texts_come_in_the_order_of_the_rows(monkeypatch, batch):
    monkeypatch.setattr(places, "BATCH_ROWS", batch)

    found = pl.concat(
        places.with_texts([answers((4, 50), (1, 20)), answers((3, 40)), answers((0, 10))], ROWS.lazy(), KEY)
    )

    assert found.columns == ["user_guid", "account_guid", "result"]
    assert found.rows() == [("U1", "A1", 10), ("U2", None, 20), ("U3", "", 40), ("U1", None, 50)]


def test_no_answers_need_no_texts():
    assert [*places.with_texts([], ROWS.lazy(), KEY)] == []


@pytest.mark.usefixtures("stretch")
@pytest.mark.parametrize("rows", [ROWS.reverse(), ROWS[:4], ROWS[:0], ROWS.with_columns(account_guid=pl.lit("A1"))])
def test_another_key_at_a_place_is_an_error(rows):
    with pytest.raises(SourceError, match="The files changed while they were read"):
        [*places.with_texts([answers((0, 10), (4, 50))], rows.lazy(), KEY)]
