"""Rewards that are in memory: what pandas makes of them, columns of any type, and processes that were forked."""

import datetime as dt
import os
import signal
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import rewards_analytics as ra
from rewards_analytics import forks
from tests.loading.samples import reward

TABLE = ra.load([reward(1, balance="1.5")], backend="pyarrow")


def with_column(name, array):
    return TABLE.set_column(TABLE.column_names.index(name), name, array)


# --- Dicts from pandas ------------------------------------------------------------------------------

MISSING = [None, float("nan"), np.float32("nan"), np.float64("nan"), pd.NA, pd.NaT, np.datetime64("NaT")]


@pytest.mark.parametrize("value", MISSING, ids=repr)
@pytest.mark.parametrize("field", ["account_guid", "expires_on", "created_at", "description"])
def test_what_numpy_and_pandas_call_missing_is_null(field, value):
    for rows in (1, 100):
        loaded = ra.load([reward(number, **{field: value}) for number in range(rows)])
        assert loaded[field].to_list() == [None] * rows


@pytest.mark.parametrize("value", MISSING, ids=repr)
@pytest.mark.parametrize("field", ["guid", "unit_type", "balance"])
def test_what_is_missing_in_a_required_field_is_an_invalid_row(field, value):
    rejected = ra.check([reward(1), reward(2, **{field: value})]).rejected

    assert rejected.rows() == [(f"$[1].{field}", field, "is missing", None)]


@pytest.mark.parametrize("number", [np.int64(5), np.int8(5), np.uint64(5), Decimal(5), 5])
def test_whole_numbers_of_numpy_are_numbers(number):
    assert ra.load([reward(balance=number)])["balance"].to_list() == [Decimal(5)]


@pytest.mark.parametrize("number", [1.0, np.float64(1), np.float32(1), np.float16(1)])
def test_floats_stay_refused(number):
    with pytest.raises(ra.FrameError, match=r"\$\[0\].balance is the float .*1.0"):
        ra.load([reward(balance=number)])


NUMBERS = {
    "10**5000": 10**5000,
    "-10**5000": -(10**5000),
    "1e5000": Decimal("1e5000"),
    "bool": True,
    "bool of NumPy": np.bool_(True),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_any_other_number_is_an_invalid_row(name):
    number = NUMBERS[name]
    for rows in (1, 100):
        rejected = ra.check([reward(place, balance=number) for place in range(rows)]).rejected
        assert rejected.height == rows
    if not isinstance(number, bool | np.bool_):  # a column of those is refused by its type
        frame = pd.DataFrame([reward(1, balance=number)]).astype({"balance": object})
        assert ra.check(frame).rejected["field"].to_list() == ["balance"]


def test_the_records_of_a_pandas_frame_hold_what_the_frame_holds():
    frame = pd.DataFrame([reward(1, balance=5), reward(2, balance=6, expires_on=None, account_guid=None)])
    frame["expires_on"] = pd.to_datetime(frame["expires_on"])
    frame["created_at"] = pd.to_datetime(frame["created_at"])

    assert ra.load(frame.to_dict("records")).equals(ra.load(frame))
    assert ra.load(frame)["expires_on"].to_list() == [dt.date(2027, 1, 31), None]


# --- Frames -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "array",
    [
        pa.array([Decimal("1.5")], pa.decimal256(50, 9)),
        pa.array([Decimal("1.5")], pa.decimal256(76, 38)),
        pa.array([Decimal("1.5")], pa.decimal64(10, 2)),
        pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array([Decimal("1.5")])),
        pa.array(["1.5"], pa.string_view()),
        pa.array([Decimal("1.5")]).dictionary_encode(),
    ],
    ids=lambda array: str(array.type),
)
def test_an_amount_of_any_exact_type_is_read(array):
    assert ra.load(with_column("balance", array))["balance"].to_list() == [Decimal("1.5")]


def test_a_decimal256_that_does_not_fit_is_an_invalid_row():
    for amount, problem in (
        ("1e60", "has more than 19 digits before the point"),
        ("1e-9", None),
        ("1e-10", "decimals"),
    ):
        rejected = ra.check(with_column("balance", pa.array([Decimal(amount)], pa.decimal256(76, 12)))).rejected
        assert [problem in row for row in rejected["problem"]] == ([] if problem is None else [True])


@pytest.mark.parametrize(
    "array",
    [
        pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array(["MILES"])),
        pa.array(["MILES"], pa.string_view()),
        pa.array(["MILES"], pa.large_string()),
        pa.array(["MILES"]).dictionary_encode(),
    ],
    ids=lambda array: str(array.type),
)
def test_a_text_of_any_encoding_is_read(array):
    assert ra.load(with_column("unit_type", array))["unit_type"].to_list() == ["MILES"]


def test_a_column_without_a_type_is_null():
    assert ra.load(with_column("expires_on", pa.nulls(1)))["expires_on"].to_list() == [None]
    with pytest.raises(ra.InvalidRewardsError, match="unit_type is missing"):
        ra.load(with_column("unit_type", pa.nulls(1)))


OWN = {
    "decimal256": pa.array([Decimal(1)], pa.decimal256(50, 2)),
    "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    "interval": pa.array([pa.MonthDayNano([1, 1, 1])]),
    "uuid": pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"0" * 16], pa.binary(16))),
    "run-end": pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array(["x"])),
    "union": pa.UnionArray.from_dense(pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])]),
}


@pytest.mark.parametrize("kind", OWN)
def test_a_column_that_is_not_read_is_not_looked_at(kind):
    table = TABLE.append_column("mine", OWN[kind]).append_column("mine", OWN[kind])

    assert ra.load(table, backend="pyarrow").equals(TABLE)
    assert ra.load(ArrowOnly(table), backend="pyarrow").equals(TABLE)


def test_python_objects_in_a_column_of_ones_own_do_not_matter():
    polars = pl.DataFrame(TABLE).with_columns(mine=pl.Series([object()], dtype=pl.Object))
    pandas = TABLE.to_pandas().assign(mine=object())

    for frame in (polars, polars.lazy(), pandas):
        assert ra.load(frame, backend="pyarrow").equals(TABLE)


class ArrowOnly:
    """A frame that only speaks the Arrow interface."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


class BatchOnly:
    def __init__(self, batch):
        self.batch = batch

    def __arrow_c_array__(self, requested_schema=None):
        return self.batch.__arrow_c_array__(requested_schema)


def test_what_only_speaks_the_arrow_interface_is_a_frame():
    (batch,) = TABLE.to_batches()

    for frame in (ArrowOnly(TABLE), BatchOnly(batch), batch, TABLE.to_reader()):
        assert ra.load(frame, backend="pyarrow").equals(TABLE)


def test_a_column_twice_is_named_where_it_is_read():
    table = TABLE.append_column("guid", pa.array(["x"]))
    pandas = pd.concat([TABLE.to_pandas(), TABLE.to_pandas()[["guid"]]], axis=1)

    for frame in (table, ArrowOnly(table), pandas):
        with pytest.raises(ra.FrameError, match=r"The frame has the column 'guid' twice\. Rename or remove one"):
            ra.load(frame)


def test_types_that_cannot_hold_a_field_are_named():
    for name, array in (
        ("guid", OWN["uuid"]),
        ("expires_on", pa.array(pd.PeriodIndex(["2026-01-01"], freq="D"))),
        ("expires_on", pa.array([0], pa.timestamp("us", "Mars/Olympus"))),
        ("created_at", pa.array([1], pa.duration("s"))),
    ):
        with pytest.raises(ra.FrameError, match=f"Column '{name}' of the frame has the type"):
            ra.load(with_column(name, array))


# --- Forks ------------------------------------------------------------------------------------------

PROGRAM = """
import os, signal
import polars as pl
import rewards_analytics as ra
from tests.loading.samples import reward
rewards = [reward(number) for number in range(3000)]
{before}
child = os.fork()
if not child:
    signal.alarm(30)
    try:
        print(len({call}))
    except ra.RewardsError as error:
        print(error)
    os._exit(0)
print(os.waitpid(child, 0)[1])
"""
ARROW = "import pandas as pd; from tests.loading.samples import table; frame = table(rewards)"
LOST = "This process was forked from one in which Polars had started its threads."


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize(
    ("before", "call", "works"),
    [
        ("ra.load(rewards)", "ra.load(rewards)", False),
        ("ra.load(rewards)", "ra.check(rewards).reasons", False),
        ("ra.load(rewards)", "ra.scan('data/rewards.csv')", False),
        ("pl.DataFrame({'a': range(100_000)}).group_by('a').len()", "ra.load(rewards)", False),
        ("ra.load(rewards)", "str(ra.write(rewards, 'nowhere.csv'))", False),
        ("frame = ra.load(rewards)", "ra.totals(frame)", False),
        ("frame = ra.load(rewards)", "ra.totals(frame.lazy())", False),
        ("frame = ra.load(rewards).lazy()", "ra.distance(frame)", False),
        ("frame = ra.load(rewards, backend='pandas')", "ra.aging(frame)", False),
        ("frame = ra.load(rewards, backend='pyarrow')", "ra.quality(frame)", False),
        ("frame = ra.load(rewards)", "str(ra.report(frame, '/dev/null'))", False),
        ("frame = pl.DataFrame(rewards[:5]); frame.lazy().collect(engine='streaming')", "ra.load(rewards)", False),
        ("frame = ra.scan('data/rewards.csv', engine='duckdb'); ra.totals(frame).fetchall()", "ra.totals(frame)", True),
        ("frame = ra.scan('data/rewards.csv', engine='duckdb'); ra.aging(frame)", "ra.aging(frame)", False),
        ("frame = ra.scan('data/rewards.csv', engine='dask'); ra.load(frame)", "ra.aging(frame)", False),
        (f"{ARROW}; ra.AtriumClient", "ra.totals(frame)", True),
        (f"{ARROW}; ra.AtriumClient", "ra.distance(frame.to_pandas(types_mapper=pd.ArrowDtype))", True),
        ("import threading; threading.Thread(target=print).start()", "ra.load(rewards)", True),
        ("import threading; threading.Thread(target=print).start()", "ra.check(rewards).reasons", True),
    ],
)
def test_a_forked_process_works_or_says_why_not_but_never_hangs(before, works, call):
    program = PROGRAM.format(before=before, call=call)

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    said, status = run.stdout.strip().splitlines()[-2:]
    assert status == "0", signal.Signals(int(status))
    assert said.startswith(LOST) != works


def test_where_threads_have_no_names_they_are_assumed(monkeypatch, tmp_path):
    monkeypatch.setattr(forks, "_TASKS", tmp_path / "nowhere")

    assert forks._has_threads_of_polars()
