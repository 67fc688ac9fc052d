"""The kinds of frame and of column that an analysis takes, those that it refuses, and what it gives back."""

import decimal
from decimal import Decimal as D

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rewards_analytics as ra
from rewards_analytics.errors import ArgumentError, FrameError, MissingColumnError
from tests import frames
from tests.frames import ANALYSES, TODAY, balance, lot, to_level

ROWS = [
    balance("MILES", "100.5", account_guid=None),
    lot("MILES", "30", on="2026-12-24", account_guid=None),
    to_level("SEGMENTS", "5", description="Gold"),
]
TOTALS = [("MILES", D("100.5"), D(30), 1, 1, 1), ("SEGMENTS", None, D(0), 0, 0, 0)]

RESULT_TYPES = {
    "balances": {"unit_type": "text", "balance_type": "text", "balance": "amount", "rewards": "count"},
    "holdings": {
        "user_guid": "text",
        "member_guid": "text",
        "account_guid": "text",
        "unit_type": "text",
        "available": "amount",
        "expiring": "amount",
        "next_expiry": "day",
    },
    "totals": {
        "unit_type": "text",
        "available": "amount",
        "expiring": "amount",
        "holdings": "count",
        "members": "count",
        "users": "count",
    },
    "expiring": {
        "period": "day",
        "unit_type": "text",
        "expiring": "amount",
        "rewards": "count",
        "cumulative": "amount",
    },
    "aging": {"bucket": "text", "unit_type": "text", "expiring": "amount", "rewards": "count"},
    "distance": {
        "user_guid": "text",
        "member_guid": "text",
        "account_guid": "text",
        "unit_type": "text",
        "goal": "text",
        "description": "text",
        "remaining": "amount",
        "available": "amount",
        "progress": "share",
        "reached": "yes or no",
    },
    "quality": {"check": "text", "severity": "text", "rewards": "count", "example_guid": "text"},
    "value": {
        "unit_type": "text",
        "available": "amount",
        "rate": "amount",
        "value": "amount",
        "expiring": "amount",
        "expiring_value": "amount",
    },
    "upcoming": {
        "expires_on": "day",
        "days_left": "count",
        "user_guid": "text",
        "member_guid": "text",
        "account_guid": "text",
        "unit_type": "text",
        "expiring": "amount",
        "rewards": "count",
        "available": "amount",
    },
    "bands": {
        "unit_type": "text",
        "at_least": "amount",
        "below": "amount",
        "holdings": "count",
        "members": "count",
        "available": "amount",
    },
}
DTYPES = {
    "text": nw.String(),
    "amount": nw.Decimal(38, 9),
    "count": nw.Int64(),
    "day": nw.Date(),
    "share": nw.Float64(),
    "yes or no": nw.Boolean(),
}


@pytest.mark.parametrize("rows", [ROWS, []], ids=["some rewards", "no rewards"])
@pytest.mark.parametrize("name", ANALYSES)
def test_results_have_the_same_columns_and_types_on_every_engine(make_frame, name, rows):
    result = nw.from_native(ANALYSES[name](make_frame(*rows)))

    assert dict(result.collect_schema()) == {column: DTYPES[kind] for column, kind in RESULT_TYPES[name].items()}


@pytest.mark.parametrize("name", ANALYSES)
def test_the_same_kind_of_frame_comes_back_and_the_input_is_untouched(make_frame, name):
    rewards = make_frame(*ROWS)
    before = frames.collected(rewards)

    result = ANALYSES[name](rewards)

    assert type(result) is type(rewards)
    assert frames.collected(rewards).equals(before)


def in_pandas(**columns):
    """The three rewards in pandas, with some columns made in another way."""
    frame = frames.pandas_plain(frames.table(ROWS))
    for name, make in columns.items():
        frame[name] = make(frame[name])
    return frame


@pytest.mark.parametrize(
    "rewards",
    [
        in_pandas(expires_on=lambda days: pd.to_datetime(days)),
        in_pandas(unit_type=lambda units: units.astype("category"), user_guid=lambda guids: guids.astype("string")),
        in_pandas(account_guid=lambda guids: guids.astype("str")),
        in_pandas(account_guid=lambda _: [None, None, np.nan]),
        in_pandas(created_at=lambda times: times.dt.tz_localize(None)),
        in_pandas(created_at=lambda _: [None] * 3, description=lambda _: [None] * 3),
        in_pandas().convert_dtypes(),
        in_pandas().set_index("guid", drop=False).iloc[::-1],
        frames.pandas_arrow(frames.table(ROWS)).astype({"balance": pd.ArrowDtype(pa.decimal128(20, 2))}),
    ],
    ids=["datetime64", "category", "str", "nan", "naive times", "nulls alone", "convert_dtypes", "index", "scale 2"],
)
def test_pandas_frames_of_any_dtype_give_the_same_totals(rewards):
    assert frames.collected(ra.totals(rewards)).rows() == TOTALS
    assert frames.collected(ra.quality(rewards, as_of=TODAY))["rewards"].sum() == 0


def test_whole_numbers_are_exact_amounts():
    rewards = frames.polars_frame(frames.table(ROWS)).with_columns(balance=pl.col("balance").cast(pl.Int64))

    assert ra.totals(rewards)["available"].to_list() == [D(100), None]


def test_a_narwhals_frame_gives_the_frame_in_it():
    result = ra.totals(nw.from_native(frames.polars_frame(frames.table(ROWS))))

    assert result.rows() == TOTALS


FLOATS = frames.SCHEMA.set(6, pa.field("balance", pa.float64()))


def test_amounts_that_are_floats_are_refused_with_the_way_out(make_frame):
    rows = [row | {"balance": float(row["balance"])} for row in ROWS]

    with pytest.raises(FrameError, match=r"balance.*(load\(\)|cast)"):
        ra.totals(make_frame(*rows, schema=FLOATS))


def test_a_float_among_decimals_is_refused():
    with pytest.raises(FrameError, match=r"cannot read column 'balance'.*float"):
        ra.totals(in_pandas(balance=lambda _: [D("1.5"), 2.5, D(3)]))


def test_more_than_nine_decimals_are_refused_and_never_rounded():
    with decimal.localcontext(prec=50):
        amounts = [D("0.1234567891"), D(1), D(1)]

    with pytest.raises(FrameError, match="balance"):
        ra.totals(in_pandas(balance=lambda _: amounts))
    with pytest.raises(FrameError, match="keeps 9 decimals, and column 'balance' has 10"):
        ra.totals(frames.polars_frame(frames.table(ROWS)).with_columns(pl.col("balance").cast(pl.Decimal(38, 10))))


@pytest.mark.parametrize("amount", ["10000000000000000000", "-10000000000000000000"])
def test_an_amount_that_could_overflow_a_sum_is_refused(amount):
    with pytest.raises(FrameError, match=r"below 10\^19"):
        ra.totals(frames.polars_frame(frames.table([balance("MILES", amount)])))


def test_a_missing_amount_is_refused():
    with pytest.raises(FrameError, match="null in 1"):
        ra.totals(frames.polars_frame(frames.table([balance("MILES", "1") | {"balance": None}])))


def test_text_where_a_date_or_an_amount_is_due_is_refused():
    texts = frames.polars_frame(frames.table(ROWS)).with_columns(pl.col("expires_on", "balance").cast(pl.String))

    with pytest.raises(FrameError, match="reads 'balance' as exact decimals, and the column holds String"):
        ra.balances(texts)
    with pytest.raises(FrameError, match="reads 'expires_on' as dates, and the column holds String"):
        ra.aging(frames.polars_frame(frames.table(ROWS)).with_columns(texts["expires_on"]))


@pytest.mark.parametrize("rewards", ["data/rewards.json", [{"guid": "R"}], None, pl.Series([1])], ids=repr)
def test_what_is_no_frame_is_refused_with_the_way_to_load_it(rewards):
    with pytest.raises(FrameError, match=r"takes a frame of rewards .* Load it first"):
        ra.totals(rewards)


def test_a_missing_column_is_named_with_those_there_are_and_the_nearest(make_frame):
    schema = pa.schema([field.with_name("expires") if field.name == "expires_on" else field for field in frames.SCHEMA])
    rows = [{**row, "expires": row["expires_on"]} for row in ROWS]

    with pytest.raises(MissingColumnError, match=r"'expires_on' is missing .* Did you mean 'expires'\?") as caught:
        ra.aging(make_frame(*rows, schema=schema))

    assert caught.value.missing == ["expires_on"]
    assert "expires" in caught.value.found


def test_a_calendar_too_large_for_memory_is_refused_before_it_is_made():
    rewards = frames.table(
        [lot("MILES", "1", on="2026-12-01", user_guid=f"U{number}") for number in range(200)]
        + [lot("MILES", "1", on="9999-12-31")]
    )

    with pytest.raises(ArgumentError, match=r"has 582,423,400 rows .* more than 200,000,000\. Pass until="):
        ra.expiring(rewards, as_of=TODAY, every="day", by="user_guid")


def test_a_lazy_frame_stays_lazy():
    assert isinstance(ra.totals(frames.polars_lazy(frames.table(ROWS))), pl.LazyFrame)
    assert isinstance(ra.expiring(frames.polars_lazy(frames.table(ROWS)), as_of=TODAY), pl.LazyFrame)
