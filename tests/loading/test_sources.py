"""Whatever rewards come in, they come out as the same frame."""

import datetime as dt
import gzip
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rewards_analytics as ra
from rewards_analytics.loading.chunk import TYPES
from tests import frames
from tests.loading.samples import FORMS, ndjson, page, reward, table, text, written

REWARDS = [
    reward(1, balance="12345678901234567.123456789", account_guid=None),
    reward(2, balance="-0.000000001", expires_on=None, unit_type="POINTS", created_at="2020-01-28T15:09:01-0600"),
    reward(3, balance="0", created_at=None, description='Émile, "gold"\n<b>='),
    reward(4, balance="9999999999999999999.999999999", description=None, balance_type="TOTAL_BALANCE"),
]
EXPECTED = table(REWARDS)


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("form", FORMS)
def test_every_form_holds_the_same_rewards(form, tmp_path):
    loaded = ra.load(written(form, REWARDS, tmp_path), backend="pyarrow")

    assert loaded.equals(EXPECTED)
    assert loaded.schema == TYPES


@pytest.mark.parametrize("form", FORMS)
def test_the_content_tells_the_kind_where_no_ending_does(form):
    data = FORMS[form](REWARDS)

    assert ra.load(data, backend="pyarrow").equals(EXPECTED)
    assert ra.load(io.BytesIO(data), backend="pyarrow").equals(EXPECTED)


@pytest.mark.parametrize("kind", frames.ENGINES)
def test_every_kind_of_frame_is_a_source(kind):
    loaded = ra.load(frames.ENGINES[kind](EXPECTED), backend="pyarrow")

    assert loaded.sort_by("guid").equals(EXPECTED)


def test_a_spark_frame_is_a_source(spark):
    assert ra.load(spark.createDataFrame(EXPECTED), backend="pyarrow").sort_by("guid").equals(EXPECTED)


def test_dicts_of_python_values_are_a_source():
    record = reward(
        balance=Decimal("12.5"),
        expires_on=dt.date(2027, 1, 31),
        created_at=dt.datetime(2020, 1, 28, 22, 9, 1, tzinfo=dt.timezone(dt.timedelta(hours=1))),
    )

    assert ra.load([record]).equals(ra.load([reward()]))
    assert ra.load(iter([record])).equals(ra.load([reward()]))
    assert ra.load({"rewards": [record]}).equals(ra.load([reward()]))


def test_polars_pandas_and_arrow_frames_hold_the_same(tmp_path):
    path = written("rewards.json", REWARDS, tmp_path)

    polars, pandas = ra.load(path), ra.load(path, backend="pandas")

    assert isinstance(polars, pl.DataFrame)
    assert polars.to_arrow().cast(TYPES).equals(EXPECTED)
    assert isinstance(pandas, pd.DataFrame)
    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in pandas.dtypes)
    assert pa.Table.from_pandas(pandas, preserve_index=False).cast(TYPES).equals(EXPECTED)


def test_the_columns_of_a_polars_frame_have_the_types_that_are_promised():
    assert dict(ra.load([reward()]).schema) == {
        **dict.fromkeys(["guid", "user_guid", "member_guid", "account_guid", "balance_type", "unit_type"], pl.String),
        "balance": pl.Decimal(38, 9),
        "expires_on": pl.Date,
        "created_at": pl.Datetime("us", "UTC"),
        "description": pl.String,
    }


def test_a_folder_is_read_in_sorted_order_without_what_is_no_data(in_folder):
    Path("b.ndjson").write_bytes(ndjson(reward(3)))
    Path("a").mkdir()
    Path("a/1.json").write_text(text(page(reward(2), reward(1))))
    for name in ("README.md", ".hidden.json", "_SUCCESS", "a/_log.json"):
        Path(name).write_text("no rewards")

    assert ra.load(".")["guid"].to_list() == ["RWD-2", "RWD-1", "RWD-3"]


def test_a_glob_and_a_list_of_files_are_read_in_order(in_folder):
    for number in (10, 2, 1):
        Path(f"{number}.ndjson").write_bytes(ndjson(reward(number)))

    assert ra.load("*.ndjson")["guid"].to_list() == ["RWD-1", "RWD-10", "RWD-2"]
    assert ra.load(["2.ndjson", Path("1.ndjson")])["guid"].to_list() == ["RWD-2", "RWD-1"]


def test_many_small_pages_are_read_like_one(in_folder):
    for number in range(300):
        Path(f"{number:03}.json").write_text(json.dumps(page(reward(number)), indent=number % 3 or None))

    assert ra.load("*.json")["guid"].to_list() == [f"RWD-{number}" for number in range(300)]


def test_pages_and_rewards_may_stand_in_one_file():
    lines = ndjson(reward(1), page(reward(2), reward(3)), {"reward": reward(4)})

    assert ra.load(lines)["guid"].to_list() == ["RWD-1", "RWD-2", "RWD-3", "RWD-4"]


def test_an_address_is_opened_through_arrow(tmp_path):
    path = written("rewards.ndjson.gz", REWARDS, tmp_path)

    assert ra.load(path.as_uri(), backend="pyarrow").equals(EXPECTED)


def test_a_byte_order_mark_is_no_content():
    for data in (ndjson(reward()), text([reward()]).encode(), FORMS["rewards.csv"]([reward()])):
        assert ra.load(b"\xef\xbb\xbf" + data).equals(ra.load([reward()]))


def test_packed_text_is_recognised_by_its_content(tmp_path):
    path = tmp_path / "rewards.ndjson"
    path.write_bytes(gzip.compress(ndjson(reward())))

    assert ra.load(path).height == 1


@pytest.mark.parametrize("data", [b"[]", b'{"rewards": [], "pagination": {}}', b'[{"rewards": []}]'])
def test_no_rewards_are_a_frame_without_rows(data):
    assert ra.load(data, backend="pyarrow").equals(TYPES.empty_table())


def test_an_empty_ndjson_file_and_no_dicts_are_zero_rewards(in_folder):
    Path("empty.ndjson").touch()

    assert ra.load("empty.ndjson").height == 0
    assert ra.load([]).height == 0


def test_text_that_only_looks_like_null_stays_text():
    for data in (FORMS["rewards.csv"], lambda rewards: ndjson(*rewards)):
        rewards = [reward(number, description=word) for number, word in enumerate(["NaN", "null", "NA", "None"])]
        assert ra.load(data(rewards))["description"].to_list() == ["NaN", "null", "NA", "None"]


def test_an_empty_cell_of_csv_is_null_and_an_empty_text_of_json_is_a_text():
    assert ra.load(FORMS["rewards.csv"]([reward(description="")]))["description"].to_list() == [None]
    assert ra.load(ndjson(reward(description="")))["description"].to_list() == [""]


def test_columns_and_keys_beyond_the_ten_are_left_out():
    extended = reward(updated_at="2026-01-01", tags=[1, {"guid": "no"}])

    assert ra.load(ndjson(extended)).columns == list(TYPES.names)
    assert ra.load(ra.load([reward()]).with_columns(taken_on=1)).columns == list(TYPES.names)


def test_a_value_that_is_no_option_is_refused():
    with pytest.raises(ra.ArgumentError, match=re.escape("backend='polar' is not one of 'polars', 'pandas'")):
        ra.load([], backend="polar")
    with pytest.raises(ra.ArgumentError, match="on_invalid='skip' is not one of 'raise', 'drop'"):
        ra.load([], on_invalid="skip")
