"""The kinds of history that the functions take, what they give back, and what they refuse."""

import datetime as dt
from decimal import Decimal as D

import duckdb
import narwhals as nw
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rewards_analytics as ra
from rewards_analytics.errors import FrameError, MissingColumnError, RewardsWarning
from tests import frames
from tests.analysis.over_time.histories import SCHEMA, Stored, snapshot, table
from tests.frames import balance, lot, to_level

NOV_1, NOV_2 = dt.date(2026, 11, 1), dt.date(2026, 11, 2)
DAYS = [
    snapshot("2026-11-01", balance("MILES", "10", account_guid=None), lot("MILES", "3", on="2026-11-01")),
    snapshot("2026-11-02", balance("MILES", "12", account_guid=None), to_level("MILES", "4", account_guid=None)),
]
ROWS = [reward for day in DAYS for reward in day]

FUNCTIONS = {name: frames.OVER_TIME[name] for name in ("changes", "roll_forward", "pace", "activity")}
KEY = dict.fromkeys(("user_guid", "member_guid", "account_guid", "unit_type"), "text")
TYPES = {
    "changes": {
        "from_date": "day",
        "to_date": "day",
        **KEY,
        "status": "text",
        **dict.fromkeys(("opening", "closing", "expired", "earned", "redeemed"), "amount"),
    },
    "roll_forward": {
        "period": "day",
        "unit_type": "text",
        **dict.fromkeys(("opening", "joined", "earned", "redeemed", "expired", "left", "closing"), "amount"),
        "expiry_share": "share",
    },
    "pace": {
        **KEY,
        "goal": "text",
        "description": "text",
        "remaining": "amount",
        "earned_per_day": "amount",
        "days_left": "count",
        "expected_on": "day",
    },
    "activity": {
        **KEY,
        "available": "amount",
        "last_earned_on": "day",
        "last_redeemed_on": "day",
        "idle_days": "count",
        "earned": "amount",
        "redeemed": "amount",
    },
}
POLARS_TYPES = {
    "day": pl.Date(),
    "text": pl.String(),
    "amount": pl.Decimal(38, 9),
    "share": pl.Float64(),
    "count": pl.Int64(),
}
KINDS = {
    "polars": pl.DataFrame,
    "polars_lazy": pl.LazyFrame,
    "polars_categorical": pl.DataFrame,
    "pandas": pd.DataFrame,
    "pandas_plain": pd.DataFrame,
    "pyarrow": pa.Table,
    "duckdb": duckdb.DuckDBPyRelation,
    "stored": pl.LazyFrame,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_result_is_of_the_callers_kind_with_one_type_for_each_column(make_history, engine, name):
    result = FUNCTIONS[name](make_history(*DAYS))

    if engine in KINDS:
        assert isinstance(result, KINDS[engine])
    else:
        assert type(result).__module__.startswith(engine)
    if engine in ("dask", "pyspark"):  # checked where the frame is, which may type a column by its rows
        types = {column: str(dtype) for column, dtype in nw.from_native(result).collect_schema().items()}
        assert {column for column, dtype in types.items() if dtype == "Decimal(precision=38, scale=9)"} == {
            column for column, kind in TYPES[name].items() if kind == "amount"
        }
    found = frames.collected(result)
    assert dict(found.schema) == {column: POLARS_TYPES[kind] for column, kind in TYPES[name].items()}
    assert len(found)


# --- One rule for every frame ------------------------------------------------------------------------


def typed(rows, **types):
    """A table in which some columns have another type."""
    return table(rows, pa.schema([field.with_type(types.get(field.name, field.type)) for field in SCHEMA]))


def every_row(**values):
    return [row | values for row in ROWS]


def one_row(**values):
    return [ROWS[0] | values, *ROWS[1:]]


BAD = {
    "taken_on is null": ("taken_on", typed(one_row(taken_on=None))),
    "taken_on has a time of day": (
        "taken_on",
        typed(every_row(taken_on=dt.datetime(2026, 11, 2, 8)), taken_on=pa.timestamp("us")),
    ),
    "taken_on is text": ("taken_on", typed(every_row(taken_on="2026-11-02"), taken_on=pa.string())),
    "user_guid is null": ("user_guid", typed(one_row(user_guid=None))),
    "unit_type is null": ("unit_type", typed(one_row(unit_type=None))),
    "balance_type is null": ("balance_type", typed(one_row(balance_type=None))),
    "balance is null": ("balance", typed(one_row(balance=None))),
    "balance is too large": ("balance", typed(one_row(balance=D("1e19")))),
    "balance is a float": ("balance", typed(every_row(balance=1.5), balance=pa.float64())),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    ("name", "engine"),
    [(name, engine) for name in frames.OVER_TIME for engine in ("polars_lazy", "stored")]
    + [("changes", engine) for engine in ("polars", "pandas", "duckdb")],
)
def test_nothing_bad_is_passed_over(name, engine, bad):
    column, history = BAD[bad]
    if engine == "stored" and column == "taken_on":
        return  # its days are its own affair

    make = Stored if engine == "stored" else frames.ENGINES[engine]
    with pytest.raises(Exception, match=rf"{column}"):
        frames.collected(frames.OVER_TIME[name](make(history)))


@pytest.mark.parametrize("bad", [bad for bad in BAD if bad.startswith("taken_on") or bad == "balance is null"])
@pytest.mark.parametrize("engine", ["dask", "pyspark"])
def test_nothing_bad_is_passed_over_elsewhere(engine, bad, request):
    column, history = BAD[bad]
    if engine == "pyspark":
        frame = request.getfixturevalue("spark").createDataFrame(history)
    else:
        frame = frames.dask_frame(history, partitions=1)

    with pytest.raises(Exception, match=rf"{column}"):
        frames.collected(ra.changes(frame))


def test_a_day_that_is_missing_is_refused_at_the_call_also_of_a_lazy_frame():
    history = frames.polars_lazy(BAD["taken_on is null"][1])

    with pytest.raises(FrameError, match=r"changes\(\) needs 'taken_on' in every row, and it is null in some rows"):
        ra.changes(history)


@pytest.mark.parametrize("kind", ["polars", "polars_lazy", "pandas", "duckdb"])
def test_midnights_are_days(kind):
    rows = [row | {"taken_on": dt.datetime.combine(row["taken_on"], dt.time())} for row in ROWS]
    history = frames.ENGINES[kind](typed(rows, taken_on=pa.timestamp("us")))

    assert frames.collected(ra.changes(history))["to_date"].unique().to_list() == [NOV_2]


def test_a_frame_without_the_day_lacks_it():
    with pytest.raises(MissingColumnError, match=r"Column 'taken_on' is missing \(pace\(\) reads them\)"):
        ra.pace(frames.polars_frame(frames.table([balance("MILES", "1")])))


@pytest.mark.parametrize("history", ["history", [{"guid": "R"}], None], ids=repr)
def test_what_is_neither_a_frame_nor_a_history_is_refused(history):
    with pytest.raises(
        FrameError, match=r"changes\(\) takes a History, or a frame of rewards with a column 'taken_on'"
    ):
        ra.changes(history)


def test_a_frame_with_columns_named_like_the_methods_of_a_history_is_a_frame():
    history = frames.pandas_arrow(table(ROWS)).assign(dates=1, scan=2)

    assert len(ra.changes(history)) == 1


def test_a_stream_of_arrow_data_is_read_once():
    assert ra.changes(table(ROWS).to_reader()).equals(ra.changes(table(ROWS)))


def test_columns_that_are_not_read_may_be_of_any_type():
    history = frames.polars_frame(table(ROWS)).with_columns(guid=pl.lit(1.5), from_date=pl.lit("x"))

    assert len(ra.changes(history)) == 1


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("make", [frames.polars_frame, frames.duckdb_relation, Stored])
def test_a_history_of_one_day_says_that_there_is_nothing_to_compare(name, make):
    words = rf"{name}\(\) compares one snapshot with the next, and the history has only that of 2026-11-01: it shows no"

    with pytest.warns(RewardsWarning, match=words):
        frames.collected(FUNCTIONS[name](make(table(DAYS[0]))))


# --- How it is computed -----------------------------------------------------------------------------


def test_spark_scans_once_broadcasts_the_calendar_and_exchanges_once(spark, capsys):
    ra.changes(spark.createDataFrame(table(ROWS))).explain()

    plan = capsys.readouterr().out
    assert plan.count("Exchange hashpartitioning") == 1
    assert plan.count("BroadcastHashJoin") == 1
    assert plan.count("LocalTableScan") == 2  # the rewards, and the calendar
